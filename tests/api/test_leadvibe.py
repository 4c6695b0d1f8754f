"""LeadVibe's API as its document tells it: the checklist's L-1 to L-51, over a real socket."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col

from core import engine, ids, parts
from core.db import now
from core.models import Account, Import, ImportPart, Upload
from tests.api.conftest import Api, Customer
from tests.api.leadvibe import Caller, example
from tests.api.shapes import TIME, assert_shaped
from worker import sweeper
from worker.jobs import do_part


@pytest.fixture
def caller(customer: Customer) -> Caller:
    """Somebody with an account of their own."""
    return Caller(customer)


JANE = b"Email,First Name,Phone\njane@example.com,Jane,+1-555-0100\n"


def documented(dialect: str = "leadvibe", bad: int = 20, rows: int = 1_000) -> bytes:
    """A file of so many rows like the document's: rows 45 and 102 are its errors."""
    lines = [",".join(example(dialect, "preview.response")["headers"])]
    for row in range(1, rows + 1):
        email = f"p{row}@example.com"
        if row == 45:
            email = "not-an-email"
        elif row == 102 or 102 < row <= 100 + bad:
            email = ""
        lines.append(f"{email},Ana{row},Lee,Ditto Ltd,+1-555-0{row:03}")
    return "\n".join(lines).encode()


# ---- the examples ------------------------------------------------------------------------------


def test_the_documented_preview(caller: Caller) -> None:
    """L-1, L-2, L-4, L-6, L-7: a file like the document's gets the document's answer."""
    shown = example("leadvibe", "preview.response")
    rows = [*shown["sample_rows"], *(["ana@example.com", "Ana", "Lee", "", ""] for _ in range(998))]
    table = [shown["headers"], *rows]
    found = caller.send("\n".join(",".join(row) for row in table).encode())

    assert found["sample_rows"][:2] == shown.pop("sample_rows")
    assert_shaped(found, shown)


def test_five_rows_are_a_sample(caller: Caller) -> None:
    """L-5: of many rows the first five are shown, as lists; of fewer rows all of them."""
    many = caller.send(b"Email,Name\n" + b"".join(b"p%d@example.com,P\n" % n for n in range(9)))
    few = caller.send(b"Email,Name\nana@example.com,\n")

    assert many["sample_rows"] == [[f"p{n}@example.com", "P"] for n in range(5)]
    assert few["sample_rows"] == [["ana@example.com", ""]] and few["row_count"] == 1


def test_the_documented_start(caller: Caller) -> None:
    """L-12 to L-19: the document's request is taken, and gets the document's answer."""
    asked = example("leadvibe", "start.request")
    header = b"Email,First Name,Last Name,Company,Job Title,Phone,LinkedIn\n"
    row = b"p%d@example.com,Ana,Lee,Ditto Ltd,Buyer,+1-555-0%03d,linkedin.com/in/ana%d\n"
    sent = caller.send(header + b"".join(row % (n, n, n) for n in range(1_000)))
    found = caller.start(**{**asked, "file_id": sent["file_id"]})

    assert_shaped(found, example("leadvibe", "start.response"))
    assert found["ignored_columns"] == []
    caller.customer.api.work()
    job = caller.job(found["job_id"])
    for name in ("primary_identifier", "field_mappings", "alias_mappings"):
        assert job[name] == asked[name]
    lead = caller.leads()["p7@example.com"]
    assert (lead["first_name"], lead["title"]) == ("Ana", "Buyer")
    assert lead["identifiers"] == {
        "email:p7@example.com", "phone:+15550007", "social:linkedin.com/in/ana7",
    }  # fmt: skip


def test_the_documented_job(caller: Caller) -> None:
    """L-26 to L-29, L-32, L-35: 230 of the document's 1000 people are there already."""
    shown = example("leadvibe", "job.response")
    mapped = {"field_mappings": shown["field_mappings"]}
    before = b"Email,Company\n" + b"".join(b"p%d@example.com,Old\n" % n for n in range(200, 430))
    caller.run(before, field_mappings={"Company": "company"})
    found = caller.run(documented(), **mapped)

    errors, total = found.pop("errors"), shown["failed_count"]
    assert_shaped(errors[:2], shown.pop("errors"))
    assert_shaped(found, shown)
    assert len(errors) == total and not found["errors_truncated"]
    assert [error["line"] for error in errors[:2]] == [46, 103]
    assert caller.leads()["p200@example.com"]["company"] == "Ditto Ltd"


def test_the_documented_list(caller: Caller) -> None:
    """L-22, L-23: one job that is completed and one at work, like the document's."""
    shown = example("leadvibe", "jobs.response")
    completed, running = shown.pop("jobs")
    caller.run(b"Email,Company\n" + b"".join(b"p%d@example.com,Old\n" % n for n in range(200, 430)))
    caller.run(documented(), field_mappings={"Company": "company"})
    sent = caller.send(documented(rows=500), name="contacts.csv")
    started = caller.start(sent["file_id"])
    at_work(caller, started["job_id"], created=250, updated=100, failed=5)
    found = caller.jobs(limit=2)

    newest, older = found.pop("jobs")
    assert_shaped(newest, running)
    assert_shaped(older, completed)
    assert (found["total"], found["page"], found["limit"]) == (3, 1, 2)
    assert [caller.jobs()[name] for name in ("page", "limit")] == [shown["page"], shown["limit"]]


def at_work(caller: Caller, job_id: str, **counts: int) -> None:
    """Make a job look like one that a worker is at."""
    change = update(Import).where(col(Import.id) == ids.read("job", job_id))
    with caller.customer.api.station.database.writing() as session:
        session.execute(change.values(status="in_progress", started_at=now(session), **counts))


# ---- preview -----------------------------------------------------------------------------------


def test_it_is_kept_for_an_hour(caller: Caller) -> None:
    """L-3, L-8, L-45: a file ID ends after 3,600 seconds, and the answer says when."""
    sent = caller.send(JANE)
    with caller.customer.api.station.database.reading() as session:
        drafted = session.get(Import, (caller.customer.account_id, _number(sent["file_id"])))
        assert drafted is not None
        upload = session.get(Upload, (caller.customer.account_id, drafted.upload_id))
    assert upload is not None and upload.expires_at is not None

    assert upload.expires_at - upload.created_at == pytest.approx(3_600_000, abs=60_000)
    assert sent["file_id"].startswith("preview_") and TIME.fullmatch(sent["expires_at"])


def _number(file_id: str) -> int:
    number = ids.read("preview", file_id)
    assert number is not None
    return number


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n\n\n", "empty"),
        (b"Email,Name\n", "no rows"),
        (b"jane@example.com,Jane\njohn@example.com,John\n", "no header row"),
        (b'{"a": 1}', "JSON"),
        (b"<html><body>Please log in</body></html>", "web page"),
    ],
)
def test_no_csv(caller: Caller, content: bytes, words: str) -> None:
    """L-9, L-43: a text that is no table with a header row is a 400 that says so."""
    refused = caller.try_to_send(content)

    assert refused.status_code == 400 and words in refused.json()["error"]


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"data": {"file": "leads.csv"}},
        {"files": {"upload": ("leads.csv", JANE)}},
        {"json": {"file": "Email\n"}},
        {"content": JANE, "headers": {"Content-Type": "text/csv"}},
    ],
)
def test_no_file(caller: Caller, request_: Any) -> None:
    """L-9: without a file in the field "file" it is a 400."""
    refused = caller.http.post("/leads/import/preview", **request_)

    assert refused.status_code == 400
    assert refused.json()["code"] == "file_missing"


def test_ten_megabytes(caller: Caller) -> None:
    """L-10, L-44: 10 MB are taken in, one byte more is not."""
    most = 10 * 1024 * 1024
    line = b"ana@example.com," + b"note " * 96 + b"x\n"
    content = (b"Email,Notes\n" + line * (most // len(line) + 1))[: most - 1] + b"\n"

    with caller.customer.api.working():
        assert len(content) == most and caller.send(content)["row_count"] > 20_000
    refused = caller.try_to_send(content + b"\n")
    assert refused.status_code == 413 and "10 MB" in refused.json()["error"]


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [
        ("leads.xlsx", "application/octet-stream", b"PK\x03\x04"),
        ("leads.csv", "text/csv", b"PK\x03\x04"),
        ("leads.pdf", "application/pdf", b"%PDF-1.7"),
        ("leads.csv", "text/csv", b"\x89PNG\r\n"),
        ("leads.json", "application/json", b"{}"),
        ("leads.txt", "text/plain", JANE),
        ("leads", "image/png", JANE),
    ],
)
def test_it_must_be_a_csv(caller: Caller, name: str, kind: str, content: bytes) -> None:
    """L-11: what is called otherwise, or begins like something else, is a 415."""
    refused = caller.try_to_send(content, name, kind)

    assert refused.status_code == 415 and refused.json()["error"] == "The file must be a CSV."


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("leads.csv", "application/vnd.ms-excel"),
        ("LEADS.CSV", "application/octet-stream"),
        ("leads.tsv", "text/tab-separated-values"),
        ("export", "text/csv; charset=utf-8"),
        ("-", "application/octet-stream"),
    ],
)
def test_what_browsers_call_a_csv(caller: Caller, name: str, kind: str) -> None:
    """L-11: a CSV by its name or by its type is one, whatever a browser thinks of the other."""
    assert caller.send(JANE, name, kind)["file_name"] == name


def test_other_encodings(caller: Caller) -> None:
    """L-49: UTF-8 is recommended, others are read too, and the answer says which it was."""
    text = "Email,First Name\nzoe@example.com,Zoë Müller\n"
    found = {e: caller.send(text.encode(e)) for e in ("utf-8", "utf-16", "cp1252")}

    assert {each["sample_rows"][0][1] for each in found.values()} == {"Zoë Müller"}
    assert [each["encoding"][:5] for each in found.values()] == ["UTF-8", "UTF-1", "Windo"]


# ---- start -------------------------------------------------------------------------------------

GOOD: dict[str, Any] = {"primary_identifier": {"column": "Email", "kind": "email"}}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "file_id"),
        ({"file_id": None}, "file_id"),
        ({"file_id": 7}, "file_id"),
        ({"file_id": "p" * 101}, "file_id"),
        ({"primary_identifier": None}, "primary_identifier"),
        ({"primary_identifier": "Email"}, "primary_identifier"),
        ({"primary_identifier": {"column": "Email"}}, "primary_identifier.kind"),
        ({"primary_identifier": {"kind": "email"}}, "primary_identifier.column"),
        ({"primary_identifier": {"column": "", "kind": "email"}}, "primary_identifier.column"),
        ({"primary_identifier": {"column": ["Email"], "kind": "email"}}, "primary_identifier.c"),
        ({"primary_identifier": {"column": "Email", "kind": "fax"}}, "primary_identifier.kind"),
        ({"field_mappings": ["First Name"]}, "field_mappings"),
        ({"field_mappings": {"First Name": 7}}, "field_mappings.First Name"),
        ({"field_mappings": {"First Name": "x" * 1_001}}, "field_mappings.First Name"),
        ({"field_mappings": {str(n): "notes" for n in range(10_001)}}, "field_mappings"),
        ({"alias_mappings": {"Phone": "phone"}}, "alias_mappings"),
        ({"alias_mappings": {"Phone": "_alias_fax"}}, "alias_mappings"),
        ({"country": ""}, "country"),
        ({"country": "Atlantis"}, "country"),
    ],
)
def test_a_request_that_does_not_fit(caller: Caller, body: dict[str, Any], field: str) -> None:
    """L-13 to L-15, L-18, L-20: what is missing, of a wrong type or too long is a 400 naming it."""
    file_id = caller.send(JANE)["file_id"]
    whole = {**GOOD, "file_id": file_id, **body} if body else GOOD
    refused = caller.http.post("/leads/import/start", json=whole)

    assert refused.status_code == 400, refused.text
    assert any(place.startswith(field) for place in refused.json()["fields"]), refused.text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"primary_identifier": {"column": "Mail", "kind": "email"}}, "no column “Mail”"),
        ({"field_mappings": {"Nope": "notes", "Nix": "title"}}, "no column “Nope”, “Nix”"),
        ({"field_mappings": {"Nope": "a field of nobody's"}}, "no column “Nope”"),
        ({"alias_mappings": {"Fax": "_alias_phone"}}, "no column “Fax”"),
        ({"field_mappings": {"Phone": "email"}}, "“Email” and “Phone” are both mapped to Email"),
        ({"field_mappings": {"Email": "notes"}}, "“Email” is mapped to both Email and Notes"),
        ({"alias_mappings": {"Email": "_alias_phone"}}, "“Email” is mapped to both"),
        (
            {"field_mappings": {"Phone": "title", "First Name": "title"}},
            "“First Name” and “Phone” are both mapped to Job title",
        ),
    ],
)
def test_a_mapping_that_does_not_fit(caller: Caller, body: dict[str, Any], words: str) -> None:
    """L-20, X-11: absent columns, two columns for one field and two fields for one column are a
    400 that names them."""
    refused = caller.try_to_start(file_id=caller.send(JANE)["file_id"], **body)

    assert refused.status_code == 400 and words in refused.json()["error"], refused.text


def test_a_file_that_is_not_there(caller: Caller, other: Customer) -> None:
    """L-21, L-45: an unknown, a foreign and an expired file are the same 404."""
    sent = caller.send(JANE)
    foreign = Caller(other).send(JANE)["file_id"]
    unknown = [caller.try_to_start(file_id=one) for one in ("preview_abc123", "x", foreign)]
    mine = col(Upload.account_id) == caller.customer.account_id
    with caller.customer.api.station.database.writing() as session:
        session.execute(update(Upload).where(mine).values(expires_at=now(session)))
    expired = caller.try_to_start(file_id=sent["file_id"])

    assert {(r.status_code, r.json()["error"]) for r in (*unknown, expired)} == {
        (404, "File ID expired or not found. Previews expire after 1 hour: send the file again.")
    }


def test_a_file_may_be_started_again(caller: Caller) -> None:
    """L-45: while it is kept, a file can be imported several times, each time as a new job."""
    file_id = caller.send(JANE)["file_id"]
    jobs = {caller.start(file_id)["job_id"] for _ in range(3)}
    caller.customer.api.work()

    found = [caller.job(one) for one in sorted(jobs)]
    assert len(jobs) == 3 and {one["status"] for one in found} == {"completed"}
    assert sum(one["created_count"] for one in found) == 1
    assert sum(one["unchanged_count"] for one in found) == 2


def test_it_runs_in_the_background(caller: Caller) -> None:
    """L-24, L-25, L-46, L-47: a job is queued, then its counts move while it is in progress."""
    content = b"Email\n" + b"".join(b"p%d@example.com\n" % n for n in range(3_000))
    started = caller.start(caller.send(content)["file_id"])
    queued = caller.job(started["job_id"])
    seen = [queued]
    while seen[-1]["created_count"] == 0:
        do_next_part(caller.customer.api)
        seen.append(caller.job(started["job_id"]))
    caller.customer.api.work()
    done = caller.job(started["job_id"])

    assert queued["status"] == "queued"
    assert (queued["started_at"], queued["completed_at"]) == (None, None)
    moving = seen[-1]
    assert moving["status"] == "in_progress" and moving["completed_at"] is None
    assert 0 < moving["created_count"] < 3_000 and TIME.fullmatch(moving["started_at"])
    assert (done["status"], done["created_count"]) == ("completed", 3_000)
    assert TIME.fullmatch(done["completed_at"])


def do_next_part(api: Api) -> None:
    with api.station.database.reading() as session:
        key = parts.waiting(session)[0]
    do_part(api.station, key)


@pytest.mark.parametrize(
    ("kind", "value", "key", "alias"),
    [
        ("email", "Ana@Example.com", "email:ana@example.com", "ana@example.net"),
        ("phone", "+1 212 555 0100", "phone:+12125550100", "+1 212 555 0101"),
        ("cookie", "c-1234-abcd", "cookie:c-1234-abcd", "c-1234-abce"),
        ("external_id", "B-7", "external_id:B-7", "B-8"),
        ("social", "https://www.linkedin.com/in/ana/", "social:linkedin.com/in/ana", "@ana"),
    ],
)
def test_every_kind_of_identifier(
    caller: Caller, kind: str, value: str, key: str, alias: str
) -> None:
    """L-15, L-18, L-30, L-31: rows can be known by any of the five kinds, and have any alias."""
    asked: dict[str, Any] = {"primary_identifier": {"column": "Id", "kind": kind}}
    first = caller.run(f"Id,Title\n{value},one\n".encode(), **asked)
    asked |= {"field_mappings": {"Title": "title"}, "alias_mappings": {"Also": f"_alias_{kind}"}}
    again = caller.run(f"Id,Title,Also\n{value},two,{alias}\n".encode(), **asked)

    assert (first["created_count"], again["created_count"], again["updated_count"]) == (1, 0, 1)
    assert again["primary_identifier"] == asked["primary_identifier"]
    [lead] = caller.leads().values()
    assert lead["title"] == "two" and key in lead["identifiers"]
    assert [one.split(":")[0] for one in lead["identifiers"]] == [kind, kind]


# ---- jobs --------------------------------------------------------------------------------------


def test_pages(caller: Caller) -> None:
    """L-22: 25 on a page unless told otherwise, 100 at most, the newest first, page by page."""
    started = caller.start(caller.send(JANE)["file_id"])["job_id"]
    caller.customer.api.work()
    further = {ids.show("job", one) for one in copies(caller, started, 26)}
    pages = [caller.jobs(), caller.jobs(page=2), caller.jobs(page=3), caller.jobs(limit=100)]

    assert [len(one["jobs"]) for one in pages] == [25, 2, 0, 27]
    assert {one["total"] for one in pages} == {27} and pages[1]["page"] == 2
    listed = [job["job_id"] for one in pages[:2] for job in one["jobs"]]
    assert listed[0] == started and set(listed) == {started, *further}


def copies(caller: Caller, job_id: str, count: int) -> list[int]:
    """So many older imports like this one."""
    with caller.customer.api.station.database.writing() as session:
        key = (caller.customer.account_id, ids.read("job", job_id))
        like = session.get_one(Import, key)
        made = [ids.new_id() for _ in range(count)]
        for one in made:
            older = {"id": one, "created_at": like.created_at - 1}
            session.add(Import(**{**like.model_dump(), **older}))
    return made


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "limit=0", "limit=101", "page="])
def test_a_page_that_there_is_not(caller: Caller, query: str) -> None:
    """L-22: a page or a limit out of bounds is a 400 that names it."""
    refused = caller.http.get(f"/leads/import/jobs?{query}")

    assert refused.status_code == 400
    assert list(refused.json()["fields"]) == [query.partition("=")[0]]


def test_a_job_that_is_not_there(caller: Caller, other: Customer) -> None:
    """L-28, L-48: an unknown job, another account's and a mere preview are the same 404."""
    file_id = caller.send(JANE)["file_id"]
    foreign = Caller(other).start(Caller(other).send(JANE)["file_id"])["job_id"]
    wanted = ["job_abc123", "x" * 500, foreign, file_id, file_id.replace("preview", "job")]
    refused = [caller.http.get(f"/leads/import/jobs/{one}") for one in wanted]

    assert {(r.status_code, r.text) for r in refused} == {(404, refused[0].text)}
    assert caller.jobs()["total"] == 0


def test_statuses(caller: Caller) -> None:
    """L-25: cancelled before its first row, a job is cancelled; its rows are unprocessed."""
    started = caller.start(caller.send(JANE)["file_id"])
    answer = caller.http.post(f"/leads/import/jobs/{started['job_id']}/cancel")
    found = caller.job(started["job_id"])

    assert answer.status_code == 200 and answer.json() == found
    assert (found["status"], found["unprocessed_count"]) == ("cancelled", 1)
    assert [job["status"] for job in caller.jobs()["jobs"]] == ["cancelled"]
    assert caller.leads() == {}


def given_up(caller: Caller, job_id: str) -> None:
    """Let the first part of a job be claimed, and never done, until it is given up."""
    station = caller.customer.api.station
    with station.database.reading() as session:
        key = next(k for k in parts.waiting(session) if k.import_id == ids.read("job", job_id))
    for _ in range(station.pace.max_claims):
        assert engine.take(station.database, key, owner="test", lease_ms=0)
    sweeper.sweep(station)
    caller.customer.api.work()


def test_storage_fails(caller: Caller) -> None:
    """L-25, L-41: rows that we could not store have failed with the document's "Database error";
    where that is all of them, so has the job."""
    all_lost = caller.start(caller.send(b"Email\nana@example.com\nben@example.com\n")["file_id"])
    given_up(caller, all_lost["job_id"])
    found = caller.job(all_lost["job_id"])

    assert (found["status"], found["failed_count"], found["created_count"]) == ("failed", 2, 0)
    assert_shaped(
        found["errors"], [{"row": n, "error": "Database error", "value": ""} for n in (1, 2)]
    )
    [listed] = caller.jobs()["jobs"]
    assert (listed["status"], listed["failed_count"]) == ("failed", 2)


def test_storage_fails_in_part(caller: Caller) -> None:
    """L-29, L-40, L-41: what could be stored is; the job is completed and its errors are in the
    order of the rows."""
    content = b"Email\n" + b"".join(b"p%d@example.com\n" % n for n in range(1, 2_500)) + b"bad\n"
    started = caller.start(caller.send(content)["file_id"])
    with caller.customer.api.station.database.reading() as session:
        first = session.get(
            ImportPart, (caller.customer.account_id, ids.read("job", started["job_id"]), "write", 0)
        )
    assert first is not None and first.rows < 2_500
    given_up(caller, started["job_id"])
    found = caller.job(started["job_id"])

    assert found["status"] == "completed"
    assert (found["failed_count"], found["created_count"]) == (first.rows + 1, 2_499 - first.rows)
    assert len(found["errors"]) == 1_000 and found["errors_truncated"]
    assert [error["row"] for error in found["errors"]] == list(range(1, 1_001))
    assert found["unprocessed_count"] == 0


# ---- what happens to leads ---------------------------------------------------------------------


def test_aliases_are_added(caller: Caller) -> None:
    """L-33: the document's example: Jane has 555-0200, a row says 555-0100, she has both then."""
    phones = {"alias_mappings": {"Phone": "_alias_phone"}}
    caller.run(b"Email,Phone\njane@example.com,555-0200\n", **phones)
    found = caller.run(b"Email,Phone\njane@example.com,555-0100\n", **phones)

    assert (found["created_count"], found["updated_count"]) == (0, 1)
    assert caller.leads()["jane@example.com"]["identifiers"] == {
        "email:jane@example.com", "phone:+15550200", "phone:+15550100",
    }  # fmt: skip


def test_where_phones_are_from(caller: Caller) -> None:
    """X-21: phones that name no country are from the request's, else the account's, else the
    document's own; the answer says which."""
    phones = {"alias_mappings": {"Phone": "_alias_phone"}}
    german = caller.run(b"Email,Phone\na@example.com,030 1234567\n", country="Germany", **phones)
    database = caller.customer.api.station.database
    with database.writing() as session:
        account = session.get(Account, caller.customer.account_id)
        assert account is not None
        account.settings = {"default_region": "FR"}
        session.add(account)
    french = caller.run(b"Email,Phone\nb@example.com,01 23 45 67 89\n", **phones)

    assert (german["country"], french["country"]) == ("DE", "FR")
    found = caller.leads()
    assert "phone:+49301234567" in found["a@example.com"]["identifiers"]
    assert "phone:+33123456789" in found["b@example.com"]["identifiers"]


def test_doubled_and_empty_aliases(caller: Caller) -> None:
    """L-37: an alias that is there already is ignored, and so is an empty one."""
    phones = {"alias_mappings": {"Phone": "_alias_phone", "Mobile": "_alias_phone"}}
    content = b"Email,Phone,Mobile\njane@example.com,+1-555-0100,+1 555 0100\nben@example.com,,\n"
    first, again = caller.run(content, **phones), caller.run(content, **phones)

    assert (first["created_count"], first["failed_count"]) == (2, 0)
    assert (again["updated_count"], again["unchanged_count"]) == (2, 2)
    found = caller.leads()
    assert len(found["jane@example.com"]["identifiers"]) == 2
    assert found["ben@example.com"]["identifiers"] == {"email:ben@example.com"}


def test_an_alias_of_somebody_else(caller: Caller) -> None:
    """X-20, X-22: an alias that another lead has stays with it; a bad one costs only itself."""
    phones = {"alias_mappings": {"Phone": "_alias_phone"}}
    caller.run(b"Email,Phone\njane@example.com,+1-555-0100\n", **phones)
    found = caller.run(
        b"Email,Phone\nben@example.com,+1-555-0100\nana@example.com,call me\n", **phones
    )

    assert (found["created_count"], found["failed_count"]) == (2, 0)
    leads = caller.leads()
    assert "phone:+15550100" in leads["jane@example.com"]["identifiers"]
    assert leads["ben@example.com"]["identifiers"] == {"email:ben@example.com"}
    assert leads["ana@example.com"]["identifiers"] == {"email:ana@example.com"}


def test_empty_cells_keep_what_is_there(caller: Caller) -> None:
    """L-34, L-35: an empty cell changes nothing, any other does."""
    fields = {"field_mappings": {"Title": "title", "Company": "company"}}
    caller.run(b"Email,Title,Company\njane@example.com,Buyer,Old\n", **fields)
    caller.run(b"Email,Title,Company\njane@example.com, ,New\n", **fields)

    lead = caller.leads()["jane@example.com"]
    assert (lead["title"], lead["company"]) == ("Buyer", "New")


def test_unknown_fields_are_ignored(caller: Caller) -> None:
    """L-36, Lp-2: a field that nobody defined is ignored and its column named; one that the account
    uses already is known, and so is a custom field that is called one."""
    content = b"Email,Booth,Size\njane@example.com,B12,XL\n"
    first = caller.start(
        caller.send(content)["file_id"],
        field_mappings={"Booth": "booth no", "Size": "custom:Shirt Size"},
    )
    caller.customer.api.work()
    known = caller.start(caller.send(content)["file_id"], field_mappings={"Booth": "SHIRT SIZE"})
    caller.customer.api.work()

    assert (first["ignored_columns"], known["ignored_columns"]) == (["Booth"], [])
    assert caller.job(first["job_id"])["field_mappings"] == {"Size": "custom:Shirt Size"}
    lead = caller.leads()["jane@example.com"]
    assert lead["custom:Shirt Size"] == "B12"
    assert not [name for name in lead if "booth" in name.lower()]


def test_fields_in_any_case(caller: Caller) -> None:
    """L-50, L-51: First_Name, COMPANY and jobTitle are first_name, company and title."""
    caller.run(
        b"Email,A,B,C,D,E,F\njane@example.com,Jane,Doe,Acme,Buyer,Tall,Retail\n",
        field_mappings={
            "A": "First_Name", "B": "LAST_NAME", "C": "COMPANY", "D": "Title", "E": "Notes",
            "F": "Industry",
        },
    )  # fmt: skip

    lead = caller.leads()["jane@example.com"]
    names = ("first_name", "last_name", "company", "title", "notes", "industry")
    assert [lead[name] for name in names] == ["Jane", "Doe", "Acme", "Buyer", "Tall", "Retail"]


def test_texts_stay_texts(caller: Caller) -> None:
    """L-38: nothing is converted: leading zeros, dates and inner blanks come back as they came."""
    values = ["007", "1e5", "2025-01-15", "a  b", "TRUE", "1,5"]
    row = ",".join(f'"{value}"' for value in values)
    names = [f"C{n}" for n in range(len(values))]
    caller.run(
        f"Email,{','.join(names)}\njane@example.com,{row}\n".encode(),
        field_mappings={name: f"custom:{name}" for name in names},
    )

    lead = caller.leads()["jane@example.com"]
    assert [lead[f"custom:{name}"] for name in names] == values


def test_only_identifiers_are_checked(caller: Caller) -> None:
    """L-39: a field may hold anything; an identifier that is none fails its row."""
    found = caller.run(
        b"Email,Country,Site\njane@example.com,Atlantis,no site\nnobody,Chile,x\n",
        field_mappings={"Country": "country", "Site": "website"},
    )

    assert (found["created_count"], found["failed_count"]) == (1, 1)
    assert caller.leads()["jane@example.com"]["country"] == "Atlantis"


def test_the_texts_of_errors(caller: Caller) -> None:
    """L-27, L-40, L-41: every failed row is told once, by its number, in the document's words,
    while the others go on."""
    emails = caller.run(b"Email\nana@example.com\nnot-an-email\n \nben@example.com\n")
    phones = caller.run(
        b"Phone,Email\n+1-555-0100,ana@example.com\n555-CALL-ME-NOW,x@example.com\n,y@example.com\n",
        primary_identifier={"column": "Phone", "kind": "phone"},
    )

    told = [[(e["row"], e["error"], e["value"]) for e in job["errors"]] for job in (emails, phones)]
    assert told == [
        [(2, "Invalid email format", "not-an-email")],
        [(2, "Invalid phone format", "555-CALL-ME-NOW"), (3, "Missing required identifier", "")],
    ]
    assert (emails["created_count"], phones["failed_count"]) == (2, 2)


def test_a_row_without_its_identifier(caller: Caller) -> None:
    """L-41, X-5: a row needs the primary identifier, whatever else it brings and is wrong."""
    found = caller.run(
        b"Email,Phone\n,+1-555-0100\n,nonsense\n", alias_mappings={"Phone": "_alias_phone"}
    )

    assert [e["error"] for e in found["errors"]] == ["Missing required identifier"] * 2


def test_the_identifier_as_a_field(caller: Caller) -> None:
    """X-34: the primary identifier may be mapped as a field or an alias too, and is always one."""
    both = {"field_mappings": {"Email": "EMAIL"}, "alias_mappings": {"Email": "_alias_email"}}
    found = caller.run(b"Email\njane@example.com\n", **both)

    assert found["created_count"] == 1
    assert caller.leads()["jane@example.com"]["identifiers"] == {"email:jane@example.com"}


def test_however_many_rows_fail(caller: Caller) -> None:
    """L-40: an import of this API never stops to ask, even where nearly all rows fail."""
    content = b"Email\n" + b"nonsense\n" * 1_050 + b"ana@example.com\n"
    found = caller.run(content)

    assert (found["status"], found["failed_count"], found["created_count"]) == (
        "completed", 1_050, 1,
    )  # fmt: skip
    assert len(found["errors"]) == 1_000 and found["errors_truncated"]


# ---- the document's own commands ---------------------------------------------------------------


def test_an_account_is_an_ou(caller: Caller, other: Customer) -> None:
    """L-48: two accounts import the same people, and neither sees anything of the other."""
    caller.run(JANE, field_mappings={"First Name": "first_name"})
    theirs = Caller(other)
    found = theirs.run(JANE)

    assert (found["created_count"], theirs.jobs()["total"], caller.jobs()["total"]) == (1, 1, 1)
    assert "first_name" not in theirs.leads()["jane@example.com"]


def test_without_a_key(api: Api) -> None:
    """L-1: every endpoint wants the Bearer token."""
    paths = [("POST", "preview"), ("POST", "start"), ("GET", "jobs"), ("GET", "jobs/job_abc123")]
    with httpx.Client(base_url=f"{api.url}/leads/import", verify=False) as http:
        refused = [http.request(method, path) for method, path in paths]

    assert {r.status_code for r in refused} == {401}
    assert {r.json()["code"] for r in refused} == {"unauthenticated"}
