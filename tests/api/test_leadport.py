"""What Leadport adds to LeadVibe's jobs: cancel, undo, forecast, files and events (X-23, X-24)."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import update
from sqlmodel import col

from bot.dialects import leadvibe
from bot.dialects.leadvibe import events
from bot.dialects.leadvibe.additions import LEADPORT
from core import ids
from core.db import now
from core.models import Import, Upload
from tests.api.conftest import Customer
from tests.api.leadvibe import Caller

CONTENT = b"""Email,First Name,Phone
jane@example.com,Janet,+1-555-0100
not-an-email,Nobody,
ben@example.com,Ben,
ben@example.com,Benjamin,
ana@example.com,Ana,
"""
MAPPED: dict[str, Any] = {
    "field_mappings": {"First Name": "first_name"},
    "alias_mappings": {"Phone": "_alias_phone"},
}


@pytest.fixture
def caller(customer: Customer) -> Caller:
    """Somebody who has Jane and Ana already."""
    caller = Caller(customer)
    known = b"Email,First Name\njane@example.com,Jane\nana@example.com,Ana\n"
    caller.run(known, field_mappings={"First Name": "first_name"})
    return caller


def post(caller: Caller, job: Any, what: str) -> httpx.Response:
    return caller.http.post(f"/leads/import/jobs/{job['job_id']}/{what}")


def get(caller: Caller, job: Any, what: str, **headers: str) -> httpx.Response:
    return caller.http.get(f"/leads/import/jobs/{job['job_id']}/{what}", headers=headers)


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    """The rows of a CSV that was downloaded."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def refused(answer: httpx.Response, status: int) -> str:
    """The words of a problem (RFC 9457)."""
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, problem["status"]) == (status, status)
    assert problem["title"] and problem["type"] and problem["code"]
    return str(problem["detail"])


# ---- cancel ------------------------------------------------------------------------------------


def test_cancel(caller: Caller) -> None:
    """X-24: what was not reached is unprocessed; once more is harmless, after the end it is 409."""
    job = caller.start(caller.send(CONTENT)["file_id"], **MAPPED)
    answers = [post(caller, job, "cancel") for _ in range(2)]
    caller.customer.api.work()
    done = caller.run(CONTENT, **MAPPED)

    assert [a.status_code for a in answers] == [200, 200]
    assert [a.json()["status"] for a in answers] == ["cancelled", "cancelled"]
    found = caller.job(job["job_id"])
    assert (found["unprocessed_count"], found["cancel_requested"]) == (5, True)
    assert "nothing to cancel" in refused(post(caller, done, "cancel"), 409)


# ---- undo --------------------------------------------------------------------------------------


def test_undo(caller: Caller) -> None:
    """X-23: told beforehand, then done: created leads go, changed ones are what they were."""
    before = caller.leads()
    job = caller.run(CONTENT, **MAPPED)
    after = caller.leads()
    told = post(caller, job, "undo?dry_run=true")
    assert caller.leads() == after

    counts = {"deleted": 1, "restored": 1, "kept": 0, "gone": 0}
    assert told.status_code == 200 and told.json() == {"job_id": job["job_id"], **counts}
    began = post(caller, job, "undo")
    assert began.status_code == 202 and began.json()["undo"]["state"] == "undoing"
    caller.customer.api.work()
    done = caller.job(job["job_id"])["undo"]
    assert done.pop("undone_at") and done == {"state": "undone", **counts}
    assert caller.leads() == before
    lines = rows(get(caller, job, "undo.csv"))
    assert sorted(line["leadport_undo"] for line in lines) == ["deleted", "restored"]


def test_undo_at_the_wrong_time(caller: Caller) -> None:
    """A job that has not ended, or was undone, cannot be undone: 409, and in which state it is."""
    job = caller.start(caller.send(CONTENT)["file_id"], **MAPPED)
    early = [post(caller, job, what) for what in ("undo", "undo?dry_run=true")]
    no_file = get(caller, job, "undo.csv")
    caller.customer.api.work()
    post(caller, job, "undo")
    caller.customer.api.work()

    assert all("not begun" in refused(answer, 409) for answer in early)
    refused(no_file, 409)
    assert "undone already" in refused(post(caller, job, "undo"), 409)
    assert caller.http.post(f"/leads/import/jobs/{job['job_id']}/undo?dry_run=x").status_code == 400


# ---- files -------------------------------------------------------------------------------------


def test_the_files_of_a_job(caller: Caller) -> None:
    """errors.csv has the failed rows as they came and why; results.csv has every row with one
    outcome, and the outcomes add up to the counts."""
    job = caller.run(CONTENT, **MAPPED)
    failed, all_ = rows(get(caller, job, "errors.csv")), rows(get(caller, job, "results.csv"))

    assert [(row["Email"], row["leadport_row"]) for row in failed] == [("not-an-email", "2")]
    outcomes = [row["leadport_outcome"] for row in all_]
    assert outcomes == ["updated", "failed", "created", "unchanged", "unchanged"]
    assert (
        len(outcomes)
        == job["total_rows"]
        == sum(
            job[f"{name}_count"]
            for name in ("created", "updated", "failed", "skipped", "unprocessed")
        )
    )
    assert job["unchanged_count"] == outcomes.count("unchanged")


def test_cells_that_look_like_formulas(caller: Caller) -> None:
    """The rows of the files are what was sent, to the letter, so that they can be sent again; what
    Leadport adds to them is never a formula."""
    sent = ["=1+1", "+49 30 1234567", "-2", "@SUM(A1)", '=HYPERLINK("http://x")']
    table = [["Email", "Note"], *([text, text] for text in sent)]
    lines = ["".join(f'"{cell.replace(chr(34), chr(34) * 2)}",' for cell in row) for row in table]
    job = caller.run("\n".join(line[:-1] for line in lines).encode())

    for name in ("errors.csv", "results.csv"):
        found = rows(get(caller, job, name))
        assert [[row["Email"], row["Note"]] for row in found] == table[1:]
        added = [cell for row in found for name, cell in row.items() if name.startswith("leadport")]
        assert not [cell for cell in added if cell[:1] in tuple("=+-@\t\r")]


def test_the_files_of_a_job_that_runs(caller: Caller) -> None:
    """The results come with the end; the failed rows so far can be had before."""
    job = caller.start(caller.send(CONTENT)["file_id"], **MAPPED)

    assert rows(get(caller, job, "errors.csv")) == []
    assert "ended" in refused(get(caller, job, "results.csv"), 409)
    caller.customer.api.work()


# ---- forecast ----------------------------------------------------------------------------------


def test_forecast(caller: Caller) -> None:
    """The forecast of a file is what its import then gives, and it writes no lead."""
    file_id, before = caller.send(CONTENT)["file_id"], caller.leads()
    body = {"file_id": file_id, "primary_identifier": {"column": "Email", "kind": "email"}}
    told = caller.http.post("/leads/import/forecast", json={**body, **MAPPED})
    again = caller.http.get(f"/leads/import/forecast/{file_id}")

    assert told.status_code == 200 and told.json() == again.json()
    assert caller.leads() == before and caller.jobs()["total"] == 1
    found = told.json()
    assert (found["status"], found["rows_seen"], found["total_rows"]) == ("done", 5, 5)
    assert "invalid_email" in {group["code"] for group in found["problems"]}
    started = caller.start(file_id, **MAPPED)
    caller.customer.api.work()
    job = caller.job(started["job_id"])
    counts = ("created", "updated", "failed", "unchanged", "skipped")
    same = [*(f"{name}_count" for name in counts), "primary_identifier", *MAPPED]
    assert {name: found[name] for name in same} == {name: job[name] for name in same}


def test_a_long_forecast(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it takes longer the answer is 202 and says where to ask again."""
    monkeypatch.setattr("bot.dialects.leadvibe.forecasts._PATIENCE", 0.0)
    monkeypatch.setattr("bot.dialects.leadvibe.forecasts._SMALL", 0)
    file_id = caller.send(CONTENT)["file_id"]
    body = {"file_id": file_id, "primary_identifier": {"column": "Email", "kind": "email"}}
    answer = caller.http.post("/leads/import/forecast", json=body)
    where = str(answer.request.url.join(answer.headers["Location"]))
    caller.customer.api.work()

    assert answer.status_code == 202 and answer.json()["status"] == "running"
    assert caller.http.get(where).json()["status"] == "done"


def test_no_forecast(caller: Caller, other: Customer) -> None:
    """A forecast nobody asked for, of an unknown, a foreign or an expired file: problems."""
    mine, foreign = caller.send(CONTENT)["file_id"], Caller(other).send(CONTENT)["file_id"]
    missing = [caller.http.get(f"/leads/import/forecast/{one}") for one in (mine, foreign, "x")]
    body = {"file_id": mine, "primary_identifier": {"column": "Nope", "kind": "email"}}
    wrong = caller.http.post("/leads/import/forecast", json=body)
    with caller.customer.api.station.database.writing() as session:
        uploads = col(Upload.account_id) == caller.customer.account_id
        session.execute(update(Upload).where(uploads).values(expires_at=now(session)))
    expired = caller.http.post("/leads/import/forecast", json=body)

    assert [refused(answer, 404) for answer in missing]
    assert "no column “Nope”" in refused(wrong, 400)
    assert "expired" in refused(expired, 410)


# ---- events ------------------------------------------------------------------------------------


def told(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """The events of a stream."""
    event: dict[str, Any] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if name in ("id", "event", "data"):
            event[name] = value
        elif not line and "data" in event:
            yield {**event, "data": orjson.loads(event["data"])}
            event = {}


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at jobs more often than one would."""
    monkeypatch.setattr(events, "_LOOK", 0.01)


def test_events(caller: Caller, eager: None) -> None:
    """Progress is told as it comes, then the end, and the stream ends; it can be gone on with."""
    job = caller.start(caller.send(CONTENT)["file_id"], **MAPPED)
    path = f"/leads/import/jobs/{job['job_id']}/events"
    with caller.http.stream("GET", path) as stream:
        coming = told(stream.iter_lines())
        first = next(coming)
        caller.customer.api.work()
        rest = list(coming)

    assert stream.headers["Content-Type"].startswith("text/event-stream")
    assert (first["event"], first["data"]["status"]) == ("progress", "queued")
    assert [one["event"] for one in rest[-1:]] == ["end"]
    assert {one["event"] for one in rest[:-1]} <= {"progress"}
    [listed] = [one for one in caller.jobs()["jobs"] if one["job_id"] == job["job_id"]]
    assert rest[-1]["data"] == listed
    assert len({one["id"] for one in (first, *rest)}) == len(rest) + 1
    again = get(caller, job, "events", **{"Last-Event-ID": first["id"]})
    assert [one["id"] for one in told(iter(again.text.splitlines()))] == [rest[-1]["id"]]
    assert get(caller, job, "events", **{"Last-Event-ID": rest[-1]["id"]}).status_code == 204


def test_events_of_an_undo(caller: Caller, eager: None) -> None:
    """A job that is being undone has not told its end yet."""
    job = caller.run(CONTENT, **MAPPED)
    post(caller, job, "undo")
    with caller.http.stream("GET", f"/leads/import/jobs/{job['job_id']}/events") as stream:
        coming = told(stream.iter_lines())
        first = next(coming)
        caller.customer.api.work()
        last = list(coming)[-1]

    assert (first["event"], first["data"]["undo"]["state"]) == ("progress", "undoing")
    assert (last["event"], last["data"]["undo"]["state"]) == ("end", "undone")


def test_silence(caller: Caller, eager: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that has nothing to tell sends comments, so that nobody takes it for dead, and ends
    after a while for the client to connect anew."""
    monkeypatch.setattr(events, "_SILENCE", 0.0)
    monkeypatch.setattr(events, "_LONGEST", 0.2)
    job = caller.start(caller.send(CONTENT)["file_id"], **MAPPED)
    text = get(caller, job, "events").text
    caller.customer.api.work()

    assert text.startswith("retry: ") and text.count("event: progress") == 1
    assert ": still there\n" in text and "event: end" not in text


def test_too_many_follow(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account has so many connections at a time; one that was closed makes room again."""
    monkeypatch.setattr(events, "_MOST", 1)
    monkeypatch.setattr(events, "_LOOK", 0.01)
    job = caller.start(caller.send(CONTENT)["file_id"], **MAPPED)
    with caller.http.stream("GET", f"/leads/import/jobs/{job['job_id']}/events") as stream:
        coming = told(stream.iter_lines())
        next(coming)
        second = get(caller, job, "events")
        caller.customer.api.work()
        assert [one["event"] for one in coming][-1] == "end"

    assert "at a time" in refused(second, 429) and second.headers["Retry-After"]
    assert get(caller, job, "events").status_code == 200


# ---- its page ----------------------------------------------------------------------------------

PAGE = Path(leadvibe.__file__).with_name("doc.md")


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_commands_of_its_page(customer: Customer, tmp_path: Path) -> None:
    """The commands of doc.md run one after another, with the ids of the answers before."""
    (tmp_path / "leads.csv").write_bytes(CONTENT)
    [block] = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    found = {"preview_...": "", "job_...": ""}
    told_: list[str] = []
    with customer.api.working():
        for command in re.split(r"\n(?=curl )", block.strip()):
            for old, new in found.items():
                command = command.replace(old, new)
            told_.append(curl(customer, tmp_path, command))
            for name in re.findall(r'"((?:preview|job)_[0-9a-z]{13})"', told_[-1])[:1]:
                found[f"{name.split('_')[0]}_..."] = name

    preview, forecast, started, followed, job = told_
    assert '"file_id"' in preview and '"job_id"' in started
    assert orjson.loads(forecast)["created_count"] == 3
    assert "event: end" in followed and orjson.loads(job)["status"] == "completed"


def curl(customer: Customer, folder: Path, command: str) -> str:
    """What a command of the page prints."""
    script = command.replace("curl ", "curl -sS --fail-with-body --noproxy '*' ", 1)
    env = {**os.environ, "LEADPORT": customer.api.url, "KEY": customer.key}
    argv = ["sh", "-c", script]
    done = subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def test_its_page_names_every_path() -> None:
    """The table of doc.md has every endpoint that Leadport adds, and no other."""
    shown = re.findall(r"^\| `(\w+) (/\S+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(shown) == sorted((e.method, e.path) for e in LEADPORT.endpoints)


# ---- whose -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "what"),
    [
        ("POST", "cancel"),
        ("POST", "undo"),
        ("POST", "undo?dry_run=true"),
        ("GET", "errors.csv"),
        ("GET", "results.csv"),
        ("GET", "undo.csv"),
        ("GET", "events"),
    ],
)
def test_jobs_of_others(customer: Customer, other: Customer, method: str, what: str) -> None:
    """Another account's job, an unknown one and a mere preview look the same: there is none."""
    caller = Caller(customer)
    job = Caller(other).run(CONTENT, **MAPPED)["job_id"]
    draft = caller.send(CONTENT)["file_id"].replace("preview", "job")
    wanted = (job, draft, ids.show("job", 1), "x")
    answers = [caller.http.request(method, f"/leads/import/jobs/{w}/{what}") for w in wanted]

    assert {refused(answer, 404) for answer in answers} == {"There is no such import."}
    with other.api.station.database.reading() as session:
        theirs = session.get_one(Import, (other.account_id, ids.read("job", job)))
    assert (theirs.status, theirs.undo_state) == ("completed", "")
