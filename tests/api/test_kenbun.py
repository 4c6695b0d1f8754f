"""kenbun's API as its document tells it, the checklist's K-1 to K-17: LeadVibe's, but for a text.

What the two documents share is tried in ``test_leadvibe``; here is what shows that it is the same.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlmodel import col, select

from bot.dialects.leadvibe.routes import KENBUN, KENBUN_HOST, LEADVIBE
from core.db import now
from core.models import Upload
from tests.api.conftest import Customer
from tests.api.leadvibe import FIXTURES, Caller, example
from tests.api.shapes import assert_shaped
from tests.api.test_leadvibe import JANE, at_work, documented, given_up


@pytest.fixture
def caller(customer: Customer) -> Caller:
    """Somebody with an account of their own, who calls kenbun."""
    return Caller(customer, "/kenbun")


def test_it_is_one_api() -> None:
    """K-2: both have the same endpoints, with the same types and limits."""
    tables = [[replace(e, handle=len) for e in d.endpoints] for d in (LEADVIBE, KENBUN)]
    hosts = [replace(e, handle=len) for e in KENBUN_HOST.endpoints]

    assert tables[0] == tables[1] == hosts


def test_the_documented_flow(caller: Caller) -> None:
    """K-1, K-3, K-6, K-8, K-10: preview, start, look and list answer like the document's examples,
    on a file like its own."""
    shown = example("kenbun", "preview.response")
    rows = [*shown.pop("sample_rows"), *(["a@example.com", "A", "B", "", ""] for _ in range(998))]
    table = [shown["headers"], *rows]
    assert_shaped(caller.send("\n".join(",".join(row) for row in table).encode()), shown)

    before = b"Email,Company\n" + b"".join(b"p%d@example.com,Old\n" % n for n in range(200, 430))
    caller.run(before, field_mappings={"Company": "company"})
    job, listed = example("kenbun", "job.response"), example("kenbun", "jobs.response")
    started = caller.start(
        caller.send(documented("kenbun"))["file_id"], field_mappings=job["field_mappings"]
    )
    assert_shaped(started, example("kenbun", "start.response"))
    caller.customer.api.work()
    found = caller.job(started["job_id"])
    found["errors"] = found["errors"][:2]
    assert_shaped(found, job)
    page = caller.jobs()
    page["jobs"].pop()  # who was there before came by an import too
    page["total"] -= 1
    assert_shaped(page, listed)


def test_what_cannot_be_previewed(caller: Caller) -> None:
    """K-4: 400 without a file or a table with a header row, 413 above 10 MB, 415 for no CSV."""
    none = caller.http.post("/kenbun/leads/import/preview", data={"file": "leads.csv"})
    empty, headless = (
        caller.try_to_send(b""),
        caller.try_to_send(b"a@example.com,A\nb@example.com,B"),
    )
    large = caller.try_to_send(b"x" * (10 * 1024 * 1024 + 1))
    picture = caller.try_to_send(b"\x89PNG\r\n", "leads.png", "image/png")

    refused = [answer.status_code for answer in (none, empty, headless, large, picture)]
    assert refused == [400, 400, 400, 413, 415]
    assert "10 MB" in large.json()["error"]
    assert picture.json()["error"] == "The file must be a CSV."


def test_what_cannot_be_started(caller: Caller, other: Customer) -> None:
    """K-7, K-17: 400 for what is missing or does not fit, 404 for a file that is unknown, another
    OU's, or was sent more than an hour ago."""
    sent, foreign = caller.send(JANE), Caller(other, "/kenbun").send(JANE)
    file_id, mail = sent["file_id"], {"column": "Mail", "kind": "email"}
    bad = [
        caller.http.post("/kenbun/leads/import/start", json={"file_id": file_id}),
        caller.try_to_start(),
        caller.try_to_start(file_id=file_id, primary_identifier=mail),
        caller.try_to_start(file_id=file_id, alias_mappings={"Phone": "phone"}),
    ]
    lost = [caller.try_to_start(file_id=one) for one in ("preview_abc123", foreign["file_id"])]
    with caller.customer.api.station.database.writing() as session:
        mine = col(Upload.account_id) == caller.customer.account_id
        [upload] = session.scalars(select(Upload).where(mine))
        assert upload.expires_at and 3_590_000 < upload.expires_at - upload.created_at < 3_660_000
        upload.expires_at = now(session)
        session.add(upload)
    lost.append(caller.try_to_start(file_id=file_id))

    assert [answer.status_code for answer in bad] == [400] * 4
    assert {(answer.status_code, answer.text) for answer in lost} == {(404, lost[0].text)}
    assert caller.jobs()["total"] == 0


def test_statuses(caller: Caller) -> None:
    """K-9, K-17: a job is queued, in progress, then completed, while nobody waits for it; or it is
    cancelled. One that failed is in ``test_storage_fails``."""
    file_id = caller.send(JANE)["file_id"]
    first, second = (caller.start(file_id) for _ in range(2))
    seen = [first["status"], caller.job(first["job_id"])["status"]]
    at_work(caller, first["job_id"])
    seen.append(caller.job(first["job_id"])["status"])
    cancelled = caller.http.post(f"/kenbun/leads/import/jobs/{second['job_id']}/cancel")
    caller.customer.api.work()
    seen.append(caller.job(first["job_id"])["status"])

    assert seen == ["queued", "queued", "in_progress", "completed"]
    assert cancelled.json()["status"] == caller.job(second["job_id"])["status"] == "cancelled"


def test_who_is_there_already(caller: Caller, other: Customer) -> None:
    """K-12, K-13, K-16, K-17: the document's example: Jane has 555-0200, a row says 555-0100, she
    has both then. Empty cells keep what is there, others update it, unknown fields are ignored,
    names of fields are not case-sensitive, texts stay texts; another OU sees nothing of her."""
    aliases = {"alias_mappings": {"Phone": "_alias_phone", "Mobile": "_alias_phone"}}
    fields = {"Title": "TITLE", "Company": "Company", "Notes": "notes", "Shoe": "no such field"}
    header = b"Email,Phone,Mobile,Title,Company,Notes,Shoe\n"
    before = caller.run(
        header + b"jane@example.com,555-0200,,Buyer,Old,,39\n", field_mappings=fields, **aliases
    )
    found = caller.run(
        header + b"jane@example.com,555-0100,+1 555 0100,,New,007,39\nben@example.com,,,,,,\n",
        field_mappings=fields, **aliases,
    )  # fmt: skip

    assert (before["created_count"], found["created_count"], found["updated_count"]) == (1, 1, 1)
    jane = caller.leads()["jane@example.com"]
    assert jane == {
        "email": "jane@example.com", "title": "Buyer", "company": "New",
        "notes": "007", "tags": [], "identifiers": {
            "email:jane@example.com", "phone:+15550200", "phone:+15550100",
        },
    }  # fmt: skip
    assert Caller(other, "/kenbun").jobs()["total"] == 0 and Caller(other).leads() == {}


def test_rows_that_fail(caller: Caller) -> None:
    """K-13, K-14: identifiers are checked; rows that fail are told with number and reason, and stop
    no other row."""
    found = caller.run(b"Email\nana@example.com\nnot-an-email\n \nben@example.com\n")

    assert (found["status"], found["created_count"], found["failed_count"]) == ("completed", 2, 1)
    [error] = found["errors"]
    assert (error["row"], error["error"], error["value"]) == (
        2, "Invalid email format", "not-an-email",
    )  # fmt: skip


def test_the_documented_request(caller: Caller) -> None:
    """K-5, K-16: the document's request is taken as it stands, but for the file."""
    asked = example("kenbun", "start.request")
    content = (
        b"Email,First Name,Last Name,Company,Job Title,Phone,LinkedIn\n"
        b"jane@example.com,Jane,Doe,Acme,Buyer,+1-555-0100,linkedin.com/in/jane\n"
    )
    caller.start(**{**asked, "file_id": caller.send(content)["file_id"]})
    caller.customer.api.work()

    lead = caller.leads()["jane@example.com"]
    assert (lead["company"], lead["title"], len(lead["identifiers"])) == ("Acme", "Buyer", 3)


def test_storage_fails(caller: Caller) -> None:
    """K-9, K-15: rows that we could not store have the text "Server error"."""
    started = caller.start(caller.send(JANE)["file_id"])
    given_up(caller, started["job_id"])
    found = caller.job(started["job_id"])

    assert found["status"] == "failed"
    assert [error["error"] for error in found["errors"]] == ["Server error"]


def test_its_own_host(customer: Customer) -> None:
    """K-2: for the host api.kenbun.io its paths are where the document has them, and every other
    host is LeadVibe's."""
    caller = Caller(customer)
    started = caller.start(caller.send(JANE)["file_id"])
    given_up(caller, started["job_id"])
    path = f"/leads/import/jobs/{started['job_id']}"
    hosts = ("api.kenbun.io", "API.kenbun.io:443", "api.leadvibe.com", "localhost")
    told = [customer.http.get(path, headers={"Host": host}).json() for host in hosts]

    words = [job["errors"][0]["error"] for job in told]
    assert words == ["Server error", "Server error", "Database error", "Database error"]


def test_a_job_that_is_not_there(caller: Caller) -> None:
    """K-11: 404, in the same words as LeadVibe's."""
    answers = [
        caller.http.get(f"{prefix}/leads/import/jobs/job_abc123") for prefix in ("", "/kenbun")
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text == answers[1].text


# ---- both documents' own commands --------------------------------------------------------------

#: The files that the commands speak of, and a row for each.
TABLES = {
    "leads.csv": b"Email,First Name,Last Name,Company,Phone\n"
    b"jane@example.com,Jane,Doe,Acme,555-0100\n",
    "contacts.csv": b"Email,FirstName,LastName,Company,Title\n"
    b"ben@example.com,Ben,Ray,Ditto,Buyer\n",
    "preview_xyz789": b"Email,Name,Company,Booth Notes,Mobile,Badge ID\n"
    b"ana@example.com,Ana,Ditto,Tall,+1-555-0102,B-7\n",
    "preview_update123": b"Email,Updated Title,Current Company\nben@example.com,Chief,Elsewhere\n",
}  # fmt: skip


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
@pytest.mark.parametrize(("dialect", "prefix"), [("leadvibe", ""), ("kenbun", "/kenbun")])
def test_the_documents_commands(
    customer: Customer, tmp_path: Path, dialect: str, prefix: str
) -> None:
    """L-42, K-16: the documents' commands run in a shell, one after another, with the host, the
    token and the ids of an earlier answer in place of theirs; every use case does what it says."""
    caller = Caller(customer, prefix)
    for name, content in TABLES.items():
        (tmp_path / name).write_bytes(content)
    script = (FIXTURES / dialect / "curl.sh").read_text(encoding="utf-8")
    ids = {
        name: caller.send(content)["file_id"]
        for name, content in TABLES.items()
        if name.startswith("preview")
    }
    earlier = caller.start(caller.send(JANE)["file_id"])  # kenbun's looks at a job before any start
    ids |= {"preview_abc123": "", "job_abc123": earlier["job_id"]}
    for command in script.strip().split("\n\n"):
        answer = run(caller, tmp_path, command, ids)
        ids["preview_abc123"] = answer.get("file_id", ids["preview_abc123"])
        ids["job_abc123"] = answer.get("job_id", ids["job_abc123"])
        customer.api.work()

    leads = caller.leads()
    assert "ben@example.com" in leads and leads["ana@example.com"]["notes"] == "Tall"
    assert "external_id:B-7" in leads["ana@example.com"]["identifiers"]
    if dialect == "leadvibe":  # kenbun's document shows no command for these two
        assert "phone:+15550100" in leads["jane@example.com"]["identifiers"]
        assert (leads["ben@example.com"]["title"], leads["ben@example.com"]["company"]) == (
            "Chief", "Elsewhere",
        )  # fmt: skip


def run(caller: Caller, folder: Path, command: str, ids: dict[str, str]) -> Any:
    """The answer to a command of the document."""
    base = f"{caller.customer.api.url}{caller.prefix}"
    for old, new in {
        "https://api.leadvibe.com": base, "https://api.kenbun.io": base,
        "<token>": caller.customer.key, **ids,
    }.items():  # fmt: skip
        command = command.replace(old, new)
    command = command.replace("curl ", "curl -sS --fail-with-body --noproxy '*' ", 1)
    done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, timeout=120)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return orjson.loads(done.stdout)
