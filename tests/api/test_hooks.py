"""Incoming hooks: single leads from forms and other tools, read like a file of one row."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import col, func, select

from bot.api.failures import InvalidRequest, UnsupportedType
from bot.dialects.webhooks import sent
from core import ids, imports, singles
from core.db import Database
from core.models import Import, IncomingHook, Lead, Upload
from core.sheet import read
from core.uploads import Files
from tests.api.conftest import Api, Customer, running_api
from tests.parts.databases import copied_sqlite

SECRET_KEY = "a secret key for tests"
FORM = "application/x-www-form-urlencoded"

TYPEFORM = {
    "event_id": "01HXTYPEFORMEVENT",
    "event_type": "form_response",
    "form_response": {
        "form_id": "lT4Z3j",
        "token": "a3a12ec67a1365927098a606107fac15",
        "hidden": {"source": "newsletter"},
        "definition": {
            "fields": [
                {"id": "a", "title": "What is your email?", "type": "email", "ref": "r1"},
                {"id": "b", "title": "First name", "type": "short_text", "ref": "r2"},
                {"id": "c", "title": "Topics", "type": "multiple_choice", "ref": "r3"},
                {"id": "d", "title": "Newsletter?", "type": "yes_no", "ref": "r4"},
                {"id": "e", "title": "Seats", "type": "number", "ref": "r5"},
            ]
        },
        "answers": [
            {"type": "email", "email": "ada@fjord-labs.com", "field": {"id": "a", "type": "email"}},
            {"type": "text", "text": "Ada, \"the\" first\nof her name", "field": {"id": "b"}},
            {"type": "choices", "choices": {"labels": ["CSV", "CRM"]}, "field": {"id": "c"}},
            {"type": "boolean", "boolean": True, "field": {"id": "d"}},
            {"type": "number", "number": 12, "field": {"id": "e"}},
        ],
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def api(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("hooks")
    with (
        copied_sqlite(migrated_sqlite, folder) as database,
        running_api(database, folder, secret_key=SECRET_KEY) as running,
    ):
        yield running


@pytest.fixture
def admin(api: Api) -> Iterator[Customer]:
    """An account, by a key that may manage it."""
    customer = api.customer("admin")
    with customer.http:
        yield customer


def hook(customer: Customer, **wanted: Any) -> Any:
    made = customer.http.post("/webhooks/incoming", json=wanted)
    assert made.status_code == 201, made.text
    return made.json()


def leads(customer: Customer) -> list[dict[str, str]]:
    with customer.api.station.database.reading() as session:
        mine = select(Lead).where(col(Lead.account_id) == customer.account_id)
        return [lead.fields for lead in session.scalars(mine.order_by(col(Lead.id)))]


def count(customer: Customer, model: Any) -> int:
    with customer.api.station.database.reading() as session:
        mine = col(model.account_id) == customer.account_id
        return session.scalar(select(func.count()).where(mine)) or 0


# ---- taking leads ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b'{"email": "Ada@Fjord-Labs.com", "first_name": "Ada", "Phone": "+1 202 555 0143"}', ""),
        (b'{"lead": {"Email": "ada@fjord-labs.com", "phone": "+12025550143"}, '
         b'"x": {"First Name": "Ada"}}', "application/json; charset=utf-8"),
        (b'[{"email": "ada@fjord-labs.com", "firstName": "Ada", "phone": ["+12025550143"]}]',
         "application/vnd.api+json"),
        (b"email=ada%40fjord-labs.com&First+name=Ada&Phone=%2B12025550143", FORM),
    ],
)  # fmt: skip
def test_a_lead_in_any_clothes(api: Api, content: bytes, content_type: str) -> None:
    """JSON, nested or in a list, and forms: the same lead."""
    customer = api.customer("admin")
    with customer.http:
        url = hook(customer)["url"]
    headers = {"Content-Type": content_type} if content_type else {}
    answer = httpx.post(url, content=content, headers=headers)

    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert told["status"] == "created" and told["problems"] == []
    assert ids.read("lead", told["lead_id"]) and ids.read("job", told["job_id"])
    [fields] = leads(customer)
    assert (fields["email"], fields["first_name"], fields["phone"]) == (
        "ada@fjord-labs.com", "Ada", "+12025550143",
    )  # fmt: skip


def test_it_is_an_import_like_any_other(api: Api, admin: Customer) -> None:
    """It can be looked at, exported and undone; who is known is updated, or left as she is."""
    url = hook(admin, name="Contact form")["url"]
    first = httpx.post(url, json={"email": "ada@fjord-labs.com", "company": "Fjord"}).json()
    same = httpx.post(url, json={"email": "ada@fjord-labs.com", "company": "Fjord"}).json()
    other = httpx.post(url, json={"email": "ada@fjord-labs.com", "company": "Labs"}).json()

    assert [each["status"] for each in (first, same, other)] == ["created", "unchanged", "updated"]
    assert len({each["lead_id"] for each in (first, same, other)}) == 1
    job = admin.http.get(f"/leads/import/jobs/{other['job_id']}").json()
    assert job["status"] == "completed" and job["file_name"] == "Contact form.csv"
    results = admin.http.get(f"/leads/import/jobs/{other['job_id']}/results.csv")
    assert "updated" in results.text and "Labs" in results.text
    undone = admin.http.post(f"/leads/import/jobs/{other['job_id']}/undo")
    assert undone.status_code in (200, 202)
    api.work()
    assert leads(admin)[0]["company"] == "Fjord"


def test_a_mapping_of_its_own(admin: Customer) -> None:
    """Fields that the hook maps mean what it says; the others are recognised as usual."""
    made = hook(admin, mapping={"Question 7": "company", "weird": "custom:Booth"})
    body = {"email": "ada@fjord-labs.com", "question-7": "Fjord", "weird": "12", "Company": "No"}
    answer = httpx.post(made["url"], json=body)

    assert answer.status_code == 202, answer.text
    [fields] = leads(admin)
    assert (fields["company"], fields["custom:Booth"]) == ("Fjord", "12")
    assert fields["custom:Company"] == "No"
    refused = admin.http.post("/webhooks/incoming", json={"mapping": {"a": "b"}})
    assert refused.status_code == 422 and "“b”" in refused.json()["detail"]


def test_a_row_that_fails_says_why(admin: Customer) -> None:
    """The problems of the row are told, and kept with the import."""
    url = hook(admin)["url"]
    refused = httpx.post(url, json={"email": "not an address", "first_name": "Bob"})

    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    problem = refused.json()
    assert problem["code"] == "row_failed" and problem["status"] == 422
    assert "invalid_email" in [each["code"] for each in problem["problems"]]
    assert problem["problems"][0]["field"] == "email"
    job = admin.http.get(f"/leads/import/jobs/{problem['job_id']}").json()
    assert job["status"] == "completed" and leads(admin) == []


def test_what_is_no_lead(api: Api, admin: Customer) -> None:
    """What cannot be read, or holds nobody, is refused and leaves nothing behind."""
    url, files = hook(admin)["url"], api.station.files
    before = sorted(files.root.glob("??/*"))
    for content, content_type, status in [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'"text"', "application/json", 400),
        (b"{}", "application/json", 400),
        (b'{"email": ""}', "application/json", 400),
        (b'{"email": "\\ud800"}', "application/json", 400),
        (b'\xff{"email": "x"}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"a":' * 30 + b"1" + b"}" * 30, "application/json", 400),
        (json.dumps({f"f{n}": "x" for n in range(300)}).encode(), "application/json", 400),
        (b"&".join(b"f%d=x" % n for n in range(300)), FORM, 400),
        (b"%ff=1", FORM, 400),
        (b"<lead/>", "application/xml", 415),
        (b'{"first_name": "Bob"}', "application/json", 422),
        (b'{"email": "' + b"x" * 300_000 + b'"}', "application/json", 413),
    ]:
        refused = httpx.post(url, content=content, headers={"Content-Type": content_type})
        assert refused.status_code == status, (content[:50], refused.text)
        assert refused.headers["content-type"] == "application/problem+json"
    assert count(admin, Import) == count(admin, Upload) == 0
    assert sorted(files.root.glob("??/*")) == before


def test_a_delivery_that_comes_twice(admin: Customer) -> None:
    """By its webhook-id a delivery is taken once, however many come at the same time."""
    url = hook(admin)["url"]

    def send(number: int) -> httpx.Response:
        body = {"email": f"p{number % 2}@fjord-labs.com"}
        return httpx.post(url, json=body, headers={"webhook-id": f"msg_{number % 2}"}, timeout=60)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, range(12)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 2
    assert count(admin, Import) == len(leads(admin)) == 2
    assert httpx.post(url, json={"email": "p0@fjord-labs.com"}).json()["status"] == "unchanged"


def test_two_hooks_with_the_same_ids(admin: Customer) -> None:
    """An id tells deliveries of one hook apart, and says nothing about another's."""
    for number in range(2):
        url = hook(admin)["url"]
        body = {"email": f"p{number}@fjord-labs.com"}
        answer = httpx.post(url, json=body, headers={"webhook-id": "1"})
        assert answer.json()["status"] == "created"


def test_another_lead_under_the_same_key(admin: Customer) -> None:
    """An Idempotency-Key says that the request is the same: with another lead it is refused."""
    url, headers = hook(admin)["url"], {"Idempotency-Key": "k" * 255}
    first, again, other = (
        httpx.post(url, json={"email": f"{name}@fjord-labs.com"}, headers=headers)
        for name in ("ada", "ada", "bob")
    )

    assert first.status_code == 202 and first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert [lead["email"] for lead in leads(admin)] == ["ada@fjord-labs.com"]


@pytest.mark.parametrize("header", ["webhook-id", "Idempotency-Key"])
def test_long_names_of_deliveries(admin: Customer, header: str) -> None:
    """Two deliveries whose long names differ only at their end are two."""
    url = hook(admin)["url"]
    for number in "121":
        body, headers = {"email": f"p{number}@fjord-labs.com"}, {header: "x" * 250 + number}
        assert httpx.post(url, json=body, headers=headers).json()["status"] == "created"

    assert count(admin, Lead) == 2


# ---- Typeform ----------------------------------------------------------------------------------


def signature(body: bytes, secret: str) -> str:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return f"sha256={base64.b64encode(digest).decode()}"


def test_typeform_s_answers(admin: Customer) -> None:
    """Answers go by the titles of their questions; an event that comes twice is taken once."""
    secret = "a secret of typeform's"
    made = hook(admin, secret=secret, mapping={"Topics": "tags"})
    body = json.dumps(TYPEFORM).encode()
    headers = {"Typeform-Signature": signature(body, secret), "Content-Type": "application/json"}
    first = httpx.post(made["url"], content=body, headers=headers)
    second = httpx.post(made["url"], content=body, headers=headers)

    assert made["signed"] and first.status_code == 202, first.text
    assert first.json() == second.json() and count(admin, Import) == 1
    [fields] = leads(admin)
    assert fields["email"] == "ada@fjord-labs.com"
    assert fields["first_name"] == 'Ada, "the" first\nof her name'
    assert fields["source"] == "newsletter" and fields["custom:Seats"] == "12"


def test_a_signature_that_does_not_fit(api: Api, admin: Customer) -> None:
    """With a secret nothing is taken in without its signature; the secret is stored encrypted."""
    made = hook(admin, secret="a secret of typeform's")
    body = json.dumps(TYPEFORM).encode()
    for wrong in (
        "",
        "sha256=",
        signature(body, "another"),
        signature(body + b" ", "a secret"),
        "é",
    ):
        headers = {b"Typeform-Signature": wrong.encode()}
        refused = httpx.post(made["url"], content=body, headers=headers)
        assert refused.status_code == 403 and refused.json()["code"] == "bad_signature"
    assert count(admin, Import) == 0
    with api.station.database.reading() as session:
        assert "typeform" not in str([row.secret for row in session.scalars(select(IncomingHook))])


# ---- the hooks ---------------------------------------------------------------------------------


def test_hooks_are_made_listed_and_revoked(api: Api, admin: Customer) -> None:
    """The address is shown once; a revoked hook is as good as none, as is another's."""
    made = hook(admin, name="Form")
    assert made["url"].startswith(f"{api.url}/hooks/lph_")
    [listed] = admin.http.get("/webhooks/incoming").json()["hooks"]
    assert listed["id"] == made["id"] and "url" not in listed and listed["last_used_at"] is None
    body = {"email": "ada@fjord-labs.com"}
    assert httpx.post(made["url"], json=body).status_code == 202
    assert admin.http.get("/webhooks/incoming").json()["hooks"][0]["last_used_at"]

    stranger, plain = api.customer("admin"), api.customer()
    with stranger.http, plain.http:
        path = f"/webhooks/incoming/{made['id']}"
        assert stranger.http.delete(path).status_code == 404
        assert stranger.http.get("/webhooks/incoming").json() == {"hooks": []}
        assert plain.http.post("/webhooks/incoming", json={}).status_code == 403
    assert admin.http.delete(path).json()["revoked_at"]
    unknown = httpx.post(f"{api.url}/hooks/lph_nobody", json=body)
    revoked = httpx.post(made["url"], json=body)
    assert revoked.status_code == unknown.status_code == 404 and revoked.json() == unknown.json()


def test_a_hook_has_the_limits_of_a_key(migrated_sqlite: Path, tmp_path: Path) -> None:
    """A hook is counted as a key is, and its address before anything is asked for."""
    with (
        copied_sqlite(migrated_sqlite, tmp_path) as database,
        running_api(database, tmp_path, rate_key=2) as running,
    ):
        customer = running.customer("admin")
        with customer.http:
            url = hook(customer)["url"]
        answers = [httpx.post(url, json={"email": "a@fjord-labs.com"}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert int(answers[-1].headers["Retry-After"]) >= 1


# ---- reading (pure), and on both databases -----------------------------------------------------

_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=15,
)


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(_texts, _json, max_size=5))
def test_any_json_is_read_or_refused(found: dict[str, Any]) -> None:
    """Every text that is in the JSON is in the fields; names are unlike each other."""
    try:
        fields = sent.read(json.dumps(found).encode(), "application/json").fields
    except (InvalidRequest, UnsupportedType):
        return
    names = [name.casefold() for name in fields]
    assert len(set(names)) == len(names) and all(name.strip() for name in names)
    values = "\n".join(fields.values())
    assert all(text in values for text in _texts_in(found))


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts_in(inner)


_names = st.lists(
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=9),
    min_size=1,
    max_size=5,
    unique_by=str.casefold,
)


@settings(max_examples=40, deadline=None)
@given(_names, st.data())
def test_the_file_reads_as_it_was_written(names: list[str], data: st.DataObject) -> None:
    """The file of one row, read as any file is, gives the very fields."""
    inner = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r\x85"))
    fields = {name: f"<{data.draw(inner)}>" for name in names}
    one = singles.single(fields)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "one.csv"
        file.write_bytes(one.content)
        [row] = read(file, one.sheet.format)
    assert dict(zip(one.header, row.cells, strict=True)) == fields and row.line == 2


def test_on_both_databases(database: Database, tmp_path: Path) -> None:
    """Leads that come at the same moment are one lead, on SQLite and on PostgreSQL."""
    files = Files(tmp_path / "files")
    with database.writing() as session:
        account_id = imports.account(session, "acme").id or 0
    one = singles.single({"Email": "ada@fjord-labs.com", "Company": "Fjord"})

    def send(_: int) -> singles.Taken:
        stored = files.put([one.content], 1_000_000, ".csv")
        return database.transact(
            lambda session: singles.take(session, account_id, "x.csv", one, stored, {})
        )

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(send, range(8)))
    assert sorted(each.status for each in taken) == ["created", *["unchanged"] * 7]
    assert len({each.lead_id for each in taken}) == 1 and None not in {taken[0].lead_id}
