"""What breaks heals: after every fault the outcome is that of an import nobody disturbed.

Each test imports a small file of its own in three parts, through the real requests, queue and
processes, with short leases. ``check`` holds for all of them: the same leads, changes, problems and
counts as of an undisturbed import, and a thread with one card, one summary and one file.

A test runs on both databases where a fault comes between the writes of rows, which each database
rolls back and locks in its own way; else on one of them, in turn.
"""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlmodel import Session, col, select

from core import survey
from core.db import Database
from core.models import Identifier, Import, ImportPart, Lead, LeadChange, RowProblem
from core.tally import COUNTS
from core.uploads import Files
from sandbox.client import Message
from tests.core import life
from tests.parts.databases import copied_sqlite
from tests.worker.faults import ROWS_PER_PART
from tests.worker.plant import Plant, soon

pytestmark = pytest.mark.slow

ROWS = 2 * ROWS_PER_PART + 10  # three parts
_tags = (f"t{n}" for n in count(1))


def leads_file(tag: str) -> bytes:
    """Rows with bad emails, and with leads that come again in a later part with another name.

    The second part has none of that: there only the claim stops it from being counted twice.
    """
    lines = ["Email,First Name,Company"]
    for row in range(1, ROWS + 1):
        bad = row % 19 == 0 and not ROWS_PER_PART < row <= 2 * ROWS_PER_PART
        person = {203: 3, 208: 104}.get(row, row)
        email = f"p{person} at {tag}" if bad else f"p{person}@{tag}.fjord-labs.com"
        lines.append(f"{email},Ada {row},Fjord {person % 7}")
    return "\n".join(lines).encode()


@dataclass(frozen=True)
class Outcome:
    """What an import did, without ids and times."""

    leads: list[Any]  #: identifiers, fields and version of each lead
    changes: list[Any]
    problems: list[Any]
    counts: dict[str, int]
    status: str


def outcome(database: Database, job: Import, tag: str) -> Outcome:
    """What one import did to the leads of one file."""
    with database.reading() as session:
        names = _names(session, tag)
        found = session.exec(select(Lead).where(col(Lead.id).in_(names)))
        leads = [(names[x.id], _untagged(x.fields, tag), x.version) for x in found]
        mine = col(LeadChange.import_id) == job.id
        changes = [(names[x.lead_id], x.row) for x in session.exec(select(LeadChange).where(mine))]
        wrong = session.exec(select(RowProblem).where(col(RowProblem.import_id) == job.id))
        problems = [(x.row, x.line, x.code, x.value.replace(tag, "TAG")) for x in wrong]
    counts = {name: getattr(job, name) for name in (*COUNTS, "unprocessed", "total")}
    return Outcome(sorted(leads, key=repr), sorted(changes), sorted(problems), counts, job.status)


def _names(session: Session, tag: str) -> dict[int, str]:
    """Leads by their email, the file's tag taken out of it."""
    mine = col(Identifier.value).endswith(f"@{tag}.fjord-labs.com")
    return {
        x.lead_id: x.value.replace(tag, "TAG") for x in session.exec(select(Identifier).where(mine))
    }


def _untagged(fields: dict[str, str], tag: str) -> dict[str, str]:
    return {name: value.replace(tag, "TAG") for name, value in sorted(fields.items())}


@pytest.fixture(scope="module")
def undisturbed(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The outcome of the same file in one process, with no queue, no Slack and no faults."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch, copied_sqlite(migrated_sqlite, folder) as database:
        patch.setattr(survey, "ROWS_PER_MARK", ROWS_PER_PART)
        job = life.run(database, Files(folder / "files"), leads_file("calm"))
        return outcome(database, job, "calm")


@dataclass
class Drop:
    """A file of the test's own, in the thread it was shared in."""

    plant: Plant
    tag: str
    expected: Outcome
    shared: Message | None = None

    @property
    def content(self) -> bytes:
        return leads_file(self.tag)

    def share(self) -> Message:
        self.shared = self.plant.share(self.content)
        return self.shared

    def share_and_offer(self) -> Message:
        """Share, and wait for the card to offer the import."""
        return self.plant.offer(self.share())

    def start(self) -> None:
        assert self.shared
        self.plant.start(self.shared)

    def check(self) -> None:
        """It ends as an undisturbed import does, and everything was said once."""
        assert self.shared
        job = self.plant.ended(self.shared)
        found = outcome(self.plant.database, job, self.tag)
        assert found == self.expected
        assert sum(found.counts.values()) == 2 * found.counts["total"]
        self.check_thread()

    def check_thread(self) -> None:
        """One card, one summary, one file of problems."""
        assert self.shared
        soon(lambda: self._files() and not self.plant.busy(), "the thread is quiet")
        said = self.plant.replies(self.shared)
        assert len(said) == 3, [m.text for m in said]
        assert "summary is below" in said[0].words
        assert "Not imported" in said[1].words
        assert self._files() == ["leads-problems.csv"]

    def _files(self) -> list[str]:
        assert self.shared
        return [f["name"] for m in self.plant.replies(self.shared) for f in m.files]


@pytest.fixture
def drop(plant: Plant, undisturbed: Outcome) -> Drop:
    return Drop(plant, next(_tags), undisturbed)


def test_nothing_breaks(drop: Drop) -> None:
    """Without a fault the import through Slack does what the engine alone does."""
    drop.share_and_offer()
    drop.start()
    drop.check()


#: For what has nothing to do with the database.
on_one_database = pytest.mark.parametrize("plants", ["sqlite"], indirect=True, scope="module")
#: For what several processes do at once, which SQLite does one after the other.
on_postgres = pytest.mark.parametrize("plants", ["postgres"], indirect=True, scope="module")


# ---- a killed work horse -----------------------------------------------------------------------

READING = [
    ("claimed", "1"),
    ("downloaded", "1"),
    ("before a part's commit", "1"),
    ("after the forecast", "1"),
    ("before a post", "1"),
    ("after a post", "1"),
    ("after an edit", "1"),
]
WRITING = [
    ("claimed", "2"),
    ("before a part's commit", "1"),
    ("before a part's commit", "3"),
    ("after a part's commit", "3"),
]
ENDING = [
    ("after the settling", "3"),
    ("before a post", "1"),
    ("after a post", "1"),
    ("after the upload", "1"),
    ("after the share", "1"),
]


@on_one_database
@pytest.mark.parametrize(("point", "hit"), READING)
def test_killed_before_the_import(drop: Drop, point: str, hit: str) -> None:
    """A process that is killed while a file is taken in leaves nothing behind and loses nothing."""
    drop.plant.break_at(point, hit)
    drop.share_and_offer()
    drop.plant.broken()
    drop.start()
    drop.check()


@pytest.mark.parametrize(("point", "hit"), WRITING)
def test_killed_during_the_import(drop: Drop, point: str, hit: str) -> None:
    """A process that is killed while rows are imported writes each part once or not at all."""
    drop.share_and_offer()
    drop.plant.break_at(point, hit)
    drop.start()
    drop.plant.broken()
    drop.check()


@on_one_database
@pytest.mark.parametrize(("point", "hit"), ENDING)
def test_killed_at_the_end(drop: Drop, point: str, hit: str) -> None:
    """A process that is killed while the end is told leaves it told once."""
    test_killed_during_the_import(drop, point, hit)


def test_the_worker_is_killed_with_all_its_processes(drop: Drop) -> None:
    """After kill -9 of every process of the worker in mid-import, a new one finishes it."""
    drop.share_and_offer()
    drop.plant.break_at("before a part's commit", "2", signal.SIGSTOP)
    drop.start()
    drop.plant.broken()
    drop.plant.kill_worker()
    drop.plant.work()
    drop.check()


# ---- a stopped one -----------------------------------------------------------------------------


def test_a_zombie_imports_nothing(drop: Drop) -> None:
    """A work horse that wakes after its part was done by another writes nothing."""
    drop.share_and_offer()
    drop.plant.break_at("claimed", "2", signal.SIGSTOP)
    drop.start()
    zombie = drop.plant.broken()
    drop.check()
    os.kill(zombie, signal.SIGCONT)
    soon(lambda: drop.plant.is_gone(zombie), "the zombie quits")
    drop.check()


# Not on SQLite: the sweeper that is stopped may hold the one write lock there, by another of its
# threads, and then everybody waits until it goes on.
@on_postgres
@pytest.mark.parametrize("point", ["before a post", "after a post"])
def test_a_zombie_says_nothing_twice(drop: Drop, point: str) -> None:
    """A process that wakes after another has posted the summary leaves one summary."""
    shared = drop.share()
    drop.plant.offer(shared)
    # It may be the sweeper that stands still: then the other worker's one goes on.
    with drop.plant.second_worker():
        drop.plant.break_at(point, "1", signal.SIGSTOP)
        drop.start()
        zombie = drop.plant.broken()
        drop.plant.ended(shared)
        os.kill(zombie, signal.SIGCONT)
        time.sleep(0.3)
        drop.check()


# ---- a queue that forgets ----------------------------------------------------------------------


@on_one_database
def test_everything_in_redis_is_lost(drop: Drop) -> None:
    """FLUSHALL in mid-import costs seconds: the sweeper rings anew for what waits."""
    drop.share_and_offer()
    drop.plant.break_at("claimed", "2", signal.SIGSTOP)
    drop.start()
    held = drop.plant.broken()
    with redis.Redis.from_url(drop.plant.queue.url) as client:
        client.flushall()
    os.kill(held, signal.SIGCONT)
    drop.check()


@on_one_database
def test_redis_is_killed_and_comes_back(drop: Drop) -> None:
    """An import during which Redis is killed goes on when it is back."""
    drop.share_and_offer()
    drop.plant.break_at("claimed", "2", signal.SIGSTOP)
    drop.start()
    held = drop.plant.broken()
    drop.plant.queue.kill()
    os.kill(held, signal.SIGCONT)
    time.sleep(0.3)
    drop.plant.queue.start()
    drop.check()


@on_one_database
def test_redis_is_away_when_a_file_comes(drop: Drop) -> None:
    """A file shared while Redis is away is accepted, and read when it is back."""
    drop.plant.queue.kill()
    shared = drop.share()
    card = drop.plant.ana.wait_for(shared, lambda m: m.by_app)
    assert "Reading" in card.text
    drop.plant.queue.start()
    drop.plant.offer(shared)
    drop.start()
    drop.check()


# ---- the same thing twice ----------------------------------------------------------------------


@on_postgres
def test_the_same_event_four_times_at_once(drop: Drop) -> None:
    """Of four deliveries of one event that arrive together, one makes an import and a card."""
    drop.plant.web.closed = True
    drop.share()
    drop.plant.web.closed = False
    again = drop.plant.ana.sandbox.redeliver(event="message", times=4, together=True)
    assert [delivery["status"] for delivery in again] == [200] * 4

    drop.plant.offer(drop.shared or pytest.fail())
    assert len(drop.plant.jobs(drop.shared or pytest.fail())) == 1
    drop.start()
    drop.check()


@on_postgres
def test_import_is_clicked_twice(drop: Drop) -> None:
    """Of three clicks on *Import* at once, one starts the import; the others are told."""
    card = drop.share_and_offer()
    with ThreadPoolExecutor(3) as pool:
        clicks = list(
            pool.map(lambda _: drop.plant.ana.click(card, "start_import", stale=True), range(3))
        )

    assert all(click.ok for click in clicks)
    drop.check()
    told = [m.text for m in drop.plant.ana.thread(card) if m.ephemeral]
    assert len(told) == 2


# ---- a Slack that fails ------------------------------------------------------------------------

#: What goes wrong when the card is posted, and what when the summary is.
REFUSALS: list[list[dict[str, Any]]] = [
    [{"kind": "accept_then_500"}, {"kind": "accept_then_drop"}],
    [{"kind": "ratelimited", "retry_after": 1}, {"kind": "hang", "seconds": 2.8}],
]


@on_one_database
@pytest.mark.parametrize("refusals", REFUSALS, ids=["lost answers", "late answers"])
def test_slack_fails_at_a_post(drop: Drop, refusals: list[dict[str, Any]]) -> None:
    """Whether or not Slack took a message that it failed to answer, the thread has it once."""
    at_card, at_summary = refusals
    drop.plant.ana.sandbox.fault("chat.postMessage", **at_card)
    drop.share_and_offer()
    drop.plant.ana.sandbox.fault("chat.postMessage", **at_summary)
    drop.start()
    drop.check()


@on_one_database
def test_slack_fails_at_all_else(drop: Drop) -> None:
    """Edits and the upload are tried again, and the file of problems is shared once."""
    slack = drop.plant.ana.sandbox
    slack.fault("files.info", "http_500")
    drop.share_and_offer()
    slack.fault("chat.update", "accept_then_500")
    slack.fault("files.completeUploadExternal", "accept_then_500")
    drop.start()
    drop.check()


# ---- what never works --------------------------------------------------------------------------


@on_one_database
def test_a_part_that_always_crashes(drop: Drop) -> None:
    """A part is given up after some claims: its rows are unprocessed, and the user is told."""
    shared = drop.share()
    drop.plant.offer(shared)
    drop.plant.break_at("before a part's commit", "2+")
    drop.start()
    soon(lambda: _state_of_part(drop, 1) == "given_up", "the second part is given up")
    drop.plant.mend()
    job = drop.plant.ended(shared)

    whole = drop.expected.counts
    assert (job.status, job.unprocessed) == ("completed", ROWS_PER_PART)
    assert sum(getattr(job, name) for name in (*COUNTS, "unprocessed")) == job.total == ROWS
    assert job.failed == whole["failed"]  # none of them was in the second part
    assert job.created == whole["created"] - ROWS_PER_PART + 1  # row 208 repeats one of its leads
    assert "100 rows could not be processed" in drop.plant.replies(shared)[1].words


@on_one_database
def test_a_file_that_always_crashes(drop: Drop) -> None:
    """A file whose reading never ends is refused on its card, not left at *Reading*."""
    drop.plant.break_at("downloaded", "1+")
    shared = drop.share()
    card = drop.plant.ana.wait_for(shared, lambda m: "was not imported" in m.text)

    assert "internal error" in card.words
    assert len(drop.plant.replies(shared)) == 1


def _state_of_part(drop: Drop, ordinal: int) -> str:
    job = drop.plant.job(drop.shared or pytest.fail())
    assert job
    with drop.plant.database.reading() as session:
        return session.get_one(ImportPart, (job.account_id, job.id, "write", ordinal)).state
