"""Idempotency-Key: a request sent twice has one effect and one answer."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import col, update

import bot.api.idempotency
from bot.dialects.leadvibe import wire as leadvibe_wire
from core import idempotency, imports
from core.db import Database
from core.errors import WrongState
from core.idempotency import KEPT_MS, Held, Kept, Other, Running
from core.models import IdempotencyKey
from core.uploads import Files
from tests.api import dying
from tests.api.conftest import Api, Customer
from tests.parts.programs import started

CSV = b"Email,First Name\nada@fjord-labs.com,Ada\n"


def preview(customer: Customer) -> httpx.Response:
    return customer.http.post("/leads/import/preview", files={"file": ("x.csv", CSV)})


def send_file(customer: Customer, content: bytes, key: str, tag: str = "") -> httpx.Response:
    """A file that is imported at once."""
    return customer.http.post(
        "/v1/leads/import/csv",
        files={"file": ("x.csv", content)},
        data={"tag": tag},
        headers={b"Idempotency-Key": key.encode()},
    )


def start(customer: Customer, file_id: str, key: str, **other: Any) -> httpx.Response:
    body = {"file_id": file_id, "primary_identifier": {"column": "Email", "kind": "email"}, **other}
    return customer.http.post("/leads/import/start", json=body, headers={"Idempotency-Key": key})


def jobs(customer: Customer) -> list[str]:
    found = customer.http.get("/leads/import/jobs").json()
    return [job["job_id"] for job in found["jobs"]]


def test_the_same_request_gets_the_same_answer(customer: Customer) -> None:
    """The second answer is the first one again, and nothing was started twice."""
    file_id = preview(customer).json()["file_id"]
    first, second = start(customer, file_id, "k1"), start(customer, file_id, "k1")

    assert (first.status_code, first.content) == (202, second.content) == (202, first.content)
    assert second.status_code == 202
    assert second.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["content-type"] == first.headers["content-type"]
    assert second.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert jobs(customer) == [first.json()["job_id"]]


def test_another_request_with_the_same_key(customer: Customer) -> None:
    """Another body or another path is a 422, and nothing of it is done."""
    file_id = preview(customer).json()["file_id"]
    job = start(customer, file_id, "k1").json()["job_id"]

    assert start(customer, file_id, "k1", country="DE").status_code == 422
    refused = customer.http.post(
        f"/leads/import/jobs/{job}/cancel", headers={"Idempotency-Key": "k1"}
    )
    assert refused.status_code == 422 and refused.json()["code"] == "idempotency_key_reused"
    assert jobs(customer) == [job]


def test_a_key_is_one_account_s(customer: Customer, other: Customer) -> None:
    """Two accounts may use the same key; neither sees the other's answer."""
    answers = [
        start(each, preview(each).json()["file_id"], "same", country="DE")
        for each in (customer, other)
    ]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert len(jobs(customer)) == len(jobs(other)) == 1
    assert jobs(customer) != jobs(other)


def test_a_file_is_known_by_its_bytes(api: Api, customer: Customer) -> None:
    """The same file in another form is the same request; its second copy does not stay."""
    files: Files = api.station.files
    with api.working():
        first = send_file(customer, CSV, "f")
        assert first.status_code == 200, first.text
        before = sorted(files.root.glob("??/*"))
        second = send_file(customer, CSV, "f")  # with a boundary of its own

        assert second.headers["Idempotent-Replayed"] == "true" and second.content == first.content
        assert sorted(files.root.glob("??/*")) == before
        more = CSV + b"bob@fjord-labs.com,Bob\n"
        assert send_file(customer, more, "f").status_code == 422
        assert send_file(customer, CSV, "f", tag="other").status_code == 422
        assert sorted(files.root.glob("??/*")) == before


def test_a_refusal_is_an_answer(customer: Customer) -> None:
    """What was refused is refused again in the same words, as Stripe does; a request that never
    got so far, because it was not as documented, leaves its key free."""
    malformed = customer.http.post(
        "/leads/import/start", json={"file_id": 5}, headers={"Idempotency-Key": "r"}
    )
    assert malformed.status_code == 400
    first, second = start(customer, "preview_0", "r"), start(customer, "preview_0", "r")

    assert first.status_code == second.status_code == 404
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true" and first.content == second.content


def test_eight_at_once_start_one_import(customer: Customer) -> None:
    """Of identical requests that race, one is done; the others get its answer, or a 409."""
    file_id = preview(customer).json()["file_id"]
    together = threading.Barrier(8)

    def send(_: int) -> httpx.Response:
        together.wait(60)
        return start(customer, file_id, "race")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))

    assert {answer.status_code for answer in answers} <= {202, 409}
    done = {answer.content for answer in answers if answer.status_code == 202}
    assert len(done) == 1 and len(jobs(customer)) == 1
    assert start(customer, file_id, "race").content in done


@pytest.mark.parametrize("key", ["x" * 256, "a key", "clé", "\x7f"])
def test_a_key_that_is_none(customer: Customer, key: str) -> None:
    """A key is 1 to 255 printable characters of ASCII."""
    refused = send_file(customer, CSV, key)
    assert refused.status_code == 400 and "Idempotency-Key" in refused.text
    file_id = preview(customer).json()["file_id"]
    assert start(customer, file_id, "~" * 255).status_code == 202


def test_a_crash_frees_the_key(
    api: Api, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a 500 the same request is simply done."""
    with monkeypatch.context() as patched:
        patched.setattr(imports, "again", None)
        file_id = preview(customer).json()["file_id"]
        assert start(customer, file_id, "c").status_code == 500
    again = start(customer, file_id, "c")

    assert again.status_code == 202 and "Idempotent-Replayed" not in again.headers
    assert start(customer, file_id, "c").content == again.content


# ---- a process that is gone before its answer was kept -----------------------------------------


@pytest.fixture(params=["api", "postgres_api"])
def somebody(request: pytest.FixtureRequest) -> Iterator[Customer]:
    """An account on each database."""
    api: Api = request.getfixturevalue(request.param)
    customer = api.customer()
    with customer.http:
        yield customer


def lose_answers(patched: pytest.MonkeyPatch) -> None:
    """From now on what was done is done, and its answer is not kept: as if the process had died."""

    async def gone(*_: Any) -> None:
        pass

    patched.setattr(bot.api.idempotency, "_end", gone)


def lapse(customer: Customer) -> None:
    """Let the time pass in which a process that lives would have renewed its lease."""
    with customer.api.station.database.writing() as session:
        mine = col(IdempotencyKey.account_id) == customer.account_id
        session.execute(update(IdempotencyKey).where(mine).values(lease_until=0))


def test_a_start_whose_answer_was_lost(somebody: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next try gets the answer of the job that was started, rebuilt, and starts no other; it
    is the same for the third, which gets the kept one. Nobody else gets the key."""
    file_id = preview(somebody).json()["file_id"]
    ignored = {"field_mappings": {"First Name": "no such field"}}
    with monkeypatch.context() as patched:
        lose_answers(patched)
        lost = start(somebody, file_id, "k", **ignored)
    assert lost.status_code == 202 and lost.json()["ignored_columns"] == ["First Name"]
    assert start(somebody, file_id, "k", **ignored).status_code == 409

    lapse(somebody)
    assert start(somebody, file_id, "k", country="DE").status_code == 422
    for _ in range(2):
        again = start(somebody, file_id, "k", **ignored)
        assert (again.status_code, again.content) == (202, lost.content)
        assert again.headers["Idempotent-Replayed"] == "true"
    assert jobs(somebody) == [lost.json()["job_id"]]


@pytest.mark.slow
def test_a_process_that_was_killed(somebody: Customer, tmp_path: Path) -> None:
    """The web process is killed by force when the job is started and nothing answered yet: the
    next one answers for that job, and starts no other."""
    file_id, station = preview(somebody).json()["file_id"], somebody.api.station
    port = tmp_path / "port"
    told = {
        dying.DATABASE: station.database.engine.url.render_as_string(hide_password=False),
        dying.FOLDER: str(station.files.root.parent),
        dying.PORT: str(port),
    }
    process = started(dying.main, told, tmp_path / "said")
    try:
        patience = time.monotonic() + 120
        while not port.exists():
            assert time.monotonic() < patience, (tmp_path / "said").read_text()
            time.sleep(0.02)
        url = f"http://127.0.0.1:{port.read_text()}"
        with httpx.Client(base_url=url, headers=somebody.http.headers, timeout=120) as http:
            doomed = replace(somebody)
            doomed.http.close()
            doomed.http = http
            with pytest.raises(httpx.TransportError):
                start(doomed, file_id, "k")
        assert process.wait(120) == -signal.SIGKILL
    finally:
        process.kill()

    [job] = jobs(somebody)
    lapse(somebody)
    again = start(somebody, file_id, "k")
    assert (again.status_code, again.json()["job_id"]) == (202, job)
    assert again.headers["Idempotent-Replayed"] == "true" and jobs(somebody) == [job]


def test_an_error_after_the_start(somebody: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What went wrong only while the answer was made is answered for at once, and done once."""
    file_id = preview(somebody).json()["file_id"]
    with monkeypatch.context() as patched:
        patched.setattr(leadvibe_wire, "started", None)
        assert start(somebody, file_id, "e").status_code == 500
    assert len(jobs(somebody)) == 1
    again = start(somebody, file_id, "e")

    assert again.status_code == 202 and jobs(somebody) == [again.json()["job_id"]]


@pytest.mark.parametrize("path", ["/v1/leads/import/csv", "/api/leads/upload/confirm"])
def test_an_import_at_once_whose_answer_was_lost(
    somebody: Customer, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """SendKit's and Naturalead's uploads are imported once, and the second try gets the results."""
    files: Files = somebody.api.station.files

    def send() -> httpx.Response:
        headers = {"Idempotency-Key": "u"}
        if "confirm" in path:
            content = "Phone,First Name\n+442079460018,Ada\n"
            mapping = {"Phone": "phone", "First Name": "firstName"}
            body = {"content": content, "mapping": mapping}
            return somebody.http.post(path, json=body, headers=headers)
        return somebody.http.post(path, files={"file": ("x.csv", CSV)}, headers=headers)

    with somebody.api.working():
        with monkeypatch.context() as patched:
            lose_answers(patched)
            lost = send()
        assert lost.status_code == 200, lost.text
        kept = sorted(files.root.glob("??/*"))
        lapse(somebody)
        again = send()

    assert (again.status_code, again.content) == (200, lost.content)
    assert sorted(files.root.glob("??/*")) == kept
    assert len(jobs(somebody)) == 1


@pytest.mark.parametrize("path", ["/leads/import/jobs/{}/undo", "/api/leads/imports/{}/rollback"])
def test_an_undo_whose_answer_was_lost(
    somebody: Customer, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """The second try is told how the first one's undo goes on, not that it was begun already."""
    job = start(somebody, preview(somebody).json()["file_id"], "s").json()["job_id"]
    url, headers = path.format(job), {"Idempotency-Key": "u"}
    somebody.api.work()
    with somebody.api.working():
        with monkeypatch.context() as patched:
            lose_answers(patched)
            assert somebody.http.post(url, headers=headers).status_code in (200, 202)
        lapse(somebody)
        again = somebody.http.post(url, headers=headers)

    assert again.status_code in (200, 202), again.text
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_request_that_still_runs(api: Api, customer: Customer) -> None:
    """While the first request runs, the second is told to wait; a dead one's lease runs out."""
    file_id = preview(customer).json()["file_id"]
    first = start(customer, file_id, "s")
    assert first.status_code == 202
    mine = (col(IdempotencyKey.account_id) == customer.account_id, col(IdempotencyKey.key) == "s")
    running = {"status": None, "body": b"", "lease_until": 1 << 60}
    with api.station.database.writing() as session:
        session.execute(update(IdempotencyKey).where(*mine).values(**running))
    refused = start(customer, file_id, "s")
    assert refused.status_code == 409 and refused.json()["code"] == "idempotency_still_running"

    with api.station.database.writing() as session:
        session.execute(update(IdempotencyKey).where(*mine).values(lease_until=0))
    assert start(customer, file_id, "s").status_code == 202


def test_keys_that_start_nothing_are_let_be(customer: Customer) -> None:
    """What only looks needs no key, and minds none."""
    for _ in range(2):
        answer = customer.http.get("/leads/import/jobs", headers={"Idempotency-Key": "a b"})
        assert answer.status_code == 200 and "Idempotent-Replayed" not in answer.headers


# ---- the table, on both databases --------------------------------------------------------------


@pytest.fixture
def account_id(database: Database) -> int:
    with database.writing() as session:
        return imports.account(session, "acme").id or 0


def begin(database: Database, account_id: int, request: str, lease_ms: int = 60_000) -> Any:
    return database.transact(
        lambda s: idempotency.begin(s, account_id, "k", request, lease_ms=lease_ms)
    )


def test_the_life_of_a_key(database: Database, account_id: int) -> None:
    """Held, running, kept; free again when given back, and after 24 hours."""
    held = begin(database, account_id, "a")
    assert isinstance(held, Held)
    assert isinstance(begin(database, account_id, "a"), Running)
    assert isinstance(begin(database, account_id, "b"), Other)
    answer = Kept(201, "text/plain", b"\x00\xff", {"Location": "/x"})
    assert database.transact(lambda s: idempotency.renew(s, held))
    assert database.transact(lambda s: idempotency.keep(s, held, answer))
    assert begin(database, account_id, "a") == answer
    assert isinstance(begin(database, account_id, "b"), Other)

    assert database.transact(idempotency.drop_expired) == 0
    with database.writing() as session:
        old = imports.now(session) - KEPT_MS - 1_000
        session.execute(update(IdempotencyKey).values(created_at=old))
    fresh = begin(database, account_id, "b")
    assert isinstance(fresh, Held)
    database.transact(lambda s: idempotency.give_back(s, fresh))
    assert isinstance(begin(database, account_id, "c"), Held)
    with database.writing() as session:
        session.execute(update(IdempotencyKey).values(created_at=old, lease_until=old))
    assert database.transact(idempotency.drop_expired) == 1


def test_a_late_one_keeps_nothing(database: Database, account_id: int) -> None:
    """Whose lease ran out and was taken over can neither keep an answer nor give the key back."""
    late = begin(database, account_id, "a", lease_ms=-1_000)
    held = begin(database, account_id, "b")
    assert isinstance(late, Held) and isinstance(held, Held)

    assert not database.transact(lambda s: idempotency.renew(s, late))
    assert not database.transact(lambda s: idempotency.keep(s, late, Kept(200, "", b"late")))
    database.transact(lambda s: idempotency.give_back(s, late))
    assert isinstance(begin(database, account_id, "b"), Running)
    assert database.transact(lambda s: idempotency.keep(s, held, Kept(200, "", b"mine")))
    kept = begin(database, account_id, "b")
    assert isinstance(kept, Kept) and kept.body == b"mine"


def test_what_was_started_is_noted_once(database: Database, account_id: int) -> None:
    """Whoever takes over a key under which something was started learns what. The late one, whose
    key was taken, cannot start anything; and giving the key back does not lose the note."""
    late = begin(database, account_id, "a", lease_ms=-1_000)
    held = begin(database, account_id, "a", lease_ms=-1_000)
    assert isinstance(late, Held) and isinstance(held, Held) and held.started is None
    with pytest.raises(WrongState):
        database.transact(lambda s: idempotency.note(s, late, 6))
    database.transact(lambda s: idempotency.note(s, held, 7))

    assert isinstance(begin(database, account_id, "b"), Other)
    heir = begin(database, account_id, "a")
    assert isinstance(heir, Held) and heir.started == 7
    assert isinstance(begin(database, account_id, "a"), Running)
    database.transact(lambda s: idempotency.give_back(s, heir))
    last = begin(database, account_id, "a")
    assert isinstance(last, Held) and last.started == 7


def test_one_of_many_gets_the_key(database: Database, account_id: int) -> None:
    """Threads that ask at the same time: exactly one holds it."""
    with ThreadPoolExecutor(6) as pool:
        states = list(pool.map(lambda _: begin(database, account_id, "a"), range(6)))

    assert [type(state) for state in states].count(Held) == 1
    assert [type(state) for state in states].count(Running) == 5
