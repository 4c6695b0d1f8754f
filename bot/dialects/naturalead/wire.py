"""Naturalead's words: what requests hold, and core values as the JSON of its documents. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from bot.api.endpoint import Wire
from bot.dialects.naturalead import rules as policy
from core import ids
from core.asking import FailedRow
from core.columns import CUSTOM
from core.leads import Found
from core.models import Import, Lead, Upload

#: Characters of a column's or field's name.
_LONGEST = 1_000
Text = Annotated[str, Field(max_length=_LONGEST)]
Names = Annotated[dict[Text, Text], Field(max_length=10_000)]
Tags = Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=policy.MOST_TAGS)]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
FileName = Annotated[str, Field(max_length=255, description="Shown in the history of imports.")]


class Camel(BaseModel):
    """What goes out, with its names in camel case."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True
    )


# ---- what arrives ------------------------------------------------------------------------------


class Arriving(Wire):
    """What comes in, with its names in camel case."""

    model_config = ConfigDict(alias_generator=to_camel)


class Content(Arriving):
    """A CSV as a text (Np-2)."""

    content: str = Field(min_length=1, description="The CSV itself.")
    file_name: FileName = "upload.csv"


class Confirm(Arriving):
    """What a file's columns mean; the file is that of a preview, or comes as a text (Np-2)."""

    upload_id: str | None = Field(default=None, max_length=100)
    content: str | None = Field(default=None, description="The CSV itself, without a preview.")
    mapping: Names = Field(description="Column -> lead field; one of them is phone.")
    tags: Tags = Field(default_factory=list, description="Added to every lead of the import.")
    country: str | None = Field(
        default=None, max_length=100, description="Where phones without a country are from."
    )
    file_name: FileName = "upload.csv"


class Span(Arriving):
    """Which part of a list (Np-4)."""

    skip: int = Field(default=0, ge=0, le=10_000_000)
    limit: int = Field(default=policy.PAGE, ge=1, le=policy.MOST_PAGE)


class LeadSpan(Span):
    """Which leads (N-18)."""

    import_batch_id: str | None = Field(
        default=None, max_length=100, description="Only leads of this import."
    )


class Search(Arriving):
    """What to look for."""

    q: str = Field(min_length=1, max_length=200)
    limit: int = Field(default=policy.PAGE, ge=1, le=policy.MOST_PAGE)


class Rollback(Arriving):
    """Whether to do it."""

    dry_run: bool = Field(default=False, description="Only tell the counts.")


# ---- what goes out -----------------------------------------------------------------------------


class Preview(Camel):
    """A file that was read, in the words of the guide and of the reference (X-9)."""

    columns: list[str]
    rows: list[dict[str, str]]
    upload_id: str
    headers: list[str]
    preview_rows: list[dict[str, str]]
    total_rows: int
    expires_at: Time
    suggested_mapping: dict[str, str]
    notes: list[str]


class Batch(Camel):
    """An import. ``imported + duplicatesSkipped + errors`` is ``total`` once it has ended.

    ``imported`` counts rows that created or updated a lead, ``duplicatesSkipped`` those that
    brought nothing new or were left out, ``errors`` those that failed or were not come to.
    """

    total: int
    imported: int
    duplicates_skipped: int
    errors: int
    import_batch_id: str
    status: str
    file_name: str
    created: int
    updated: int
    unchanged: int
    skipped: int
    failed: int
    unprocessed: int
    created_at: Time
    completed_at: Time | None
    rolled_back: bool


class RowError(Camel):
    """A row that failed; ``row`` counts data rows, ``line`` lines of the file."""

    row: int
    line: int
    column: str
    code: str
    message: str
    value: str


class Outcome(Batch):
    """An import with its first failed rows and the columns that no field was named for."""

    error_details: list[RowError]
    ignored_columns: list[str]
    tags: list[str]


class History(Camel):
    """Imports, the newest first (N-19)."""

    data: list[Batch]
    total: int
    skip: int
    limit: int


class LeadShown(Camel):
    """A lead (Np-6)."""

    id: str
    phone: str | None
    name: str | None
    email: str | None
    source: str | None
    tags: list[str]
    custom_fields: dict[str, str]
    created_at: Time
    updated_at: Time


class Leads(Camel):
    """Leads from a place on, the newest first (Np-4)."""

    data: list[LeadShown]
    total: int
    skip: int
    limit: int


class Hits(Camel):
    """Leads that were found (Np-4); ``total`` of them are here."""

    leads: list[LeadShown]
    total: int


class Deleted(Camel):
    """A lead that was deleted."""

    id: str
    deleted: bool


class RolledBack(Camel):
    """What rolling an import back did to its leads, or would do.

    Created ones are deleted and changed ones restored; those that somebody touched since are kept,
    and those that somebody deleted are gone.
    """

    import_batch_id: str
    state: str
    deleted: int
    restored: int
    kept: int
    gone: int


def preview(drafted: Import, upload: Upload) -> Preview:
    """A file that was read."""
    header: list[str] = upload.sheet["format"]["header"]
    sample = upload.sheet["sample"][: policy.SAMPLE_ROWS]
    rows = [dict(zip(header, cells, strict=False)) for cells in sample]
    guesses = [guess["target"] for guess in upload.sheet["guesses"]]
    return Preview(
        columns=header,
        rows=rows,
        upload_id=ids.show("upload", drafted.id),
        headers=header,
        preview_rows=rows,
        total_rows=upload.sheet["row_count"],
        expires_at=time(upload.expires_at or 0),
        suggested_mapping=policy.suggested(header, guesses),
        notes=upload.sheet["notes"],
    )


def batch(job: Import, upload: Upload) -> Batch:
    """An import in the history."""
    return Batch(**_batch(job, upload))


def outcome(job: Import, upload: Upload, problems: Sequence[FailedRow]) -> Outcome:
    """All about an import."""
    header = upload.sheet["format"]["header"]
    return Outcome(
        **_batch(job, upload),
        error_details=[_row_error(problem) for problem in problems],
        ignored_columns=[
            column for column, target in zip(header, job.mapping, strict=True) if target == "skip"
        ],
        tags=job.rules.get("tags", []),
    )


def _batch(job: Import, upload: Upload) -> dict[str, Any]:
    return {
        "total": job.total,
        "imported": job.created + job.updated,
        "duplicates_skipped": job.unchanged + job.skipped,
        "errors": job.failed + job.unprocessed,
        "import_batch_id": ids.show("job", job.id),
        "status": "in_progress" if job.status == "paused" else job.status,
        "file_name": upload.name,
        "created": job.created,
        "updated": job.updated,
        "unchanged": job.unchanged,
        "skipped": job.skipped,
        "failed": job.failed,
        "unprocessed": job.unprocessed,
        "created_at": time(job.created_at),
        "completed_at": time(job.completed_at) if job.completed_at else None,
        "rolled_back": job.undo_state == "undone",
    }


def _row_error(problem: FailedRow) -> RowError:
    return RowError(
        row=problem.row, line=problem.line, column=problem.column, code=problem.code,
        message=problem.message, value=problem.value,
    )  # fmt: skip


_OWN = ("phone", "name", "email", "source")


def lead(found: Lead | Found) -> LeadShown:
    """A lead. What is none of Naturalead's four fields is a custom field (N-13)."""
    fields: Mapping[str, str] = found.fields
    parts = (fields.get("first_name", ""), fields.get("last_name", ""))
    own = {name: fields.get(name) for name in _OWN}
    own["name"] = own["name"] or " ".join(filter(None, parts)) or None
    return LeadShown(
        id=ids.show("lead", found.id),
        **own,
        tags=found.tags,
        custom_fields=_custom(fields),
        created_at=time(found.created_at),
        updated_at=time(found.updated_at),
    )


def _custom(fields: Mapping[str, str]) -> dict[str, str]:
    """The other fields by their names; of two with one name, the custom one keeps its prefix."""
    others = {name: value for name, value in fields.items() if name not in _OWN}
    bare = {name: name.removeprefix(CUSTOM) for name in others}
    return {
        name if bare[name] != name and bare[name] in fields else bare[name]: value
        for name, value in others.items()
    }


def time(milliseconds: int) -> str:
    """ISO 8601 in UTC."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
