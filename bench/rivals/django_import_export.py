"""django-import-export as its documentation sets it up, with its bulk mode on."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[2]}},
    INSTALLED_APPS=["import_export"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()

from django.db import connection, models  # noqa: E402  (Django has to be set up before)
from import_export import fields, resources  # noqa: E402
from tablib import Dataset  # noqa: E402

COLUMNS = {
    "email": "Email", "phone": "Phone", "first_name": "First Name", "last_name": "Last Name",
    "company": "Company", "title": "Job Title", "city": "City", "country": "Country",
    "source": "Lead Source", "booth": "Booth",
}  # fmt: skip


class Person(models.Model):
    """A lead, keyed by its email."""

    email = models.CharField(max_length=254, unique=True)
    phone = models.CharField(max_length=40, db_index=True)
    first_name = models.CharField(max_length=200)
    last_name = models.CharField(max_length=200)
    company = models.CharField(max_length=200)
    title = models.CharField(max_length=200)
    city = models.CharField(max_length=200)
    country = models.CharField(max_length=200)
    source = models.CharField(max_length=200)
    booth = models.CharField(max_length=200)

    class Meta:
        """It needs an application that is installed; any will do."""

        app_label = "import_export"


class People(resources.ModelResource):
    """Email tells whether a row is new."""

    class Meta:
        """In bulk, without the differences it would show to a person."""

        model = Person
        import_id_fields = ("email",)
        fields = tuple(COLUMNS)
        use_bulk = True
        batch_size = 1_000
        skip_unchanged = True
        skip_diff = True


for name, column in COLUMNS.items():
    People.fields[name] = fields.Field(
        attribute=name, column_name=column, widget=People.fields[name].widget
    )

with connection.schema_editor() as editor:
    editor.create_model(Person)
began = time.perf_counter()
data = Dataset().load(Path(sys.argv[1]).read_text(encoding="utf-8"), format="csv")
result = People().import_data(data, raise_errors=True)
assert not result.has_errors()
assert Person.objects.count() == len(data)
print(time.perf_counter() - began)
