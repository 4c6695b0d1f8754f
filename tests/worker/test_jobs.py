"""Parts as a worker runs them, and the sweep that finds what a worker has left."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from core import imports, parts
from core.db import Database
from core.errors import DownloadRefused
from core.models import Import, ImportPart
from core.parts import Claim, PartKey
from core.rules import ImportRules
from core.uploads import Files, Stored
from tests.bot.showing import words
from tests.core import life
from worker import card, jobs, sweeper
from worker.jobs import do_part
from worker.lease import renewed
from worker.queue import QUICK, ROWS, Bell, name_of, rq_queue
from worker.slack_files import Download, NotYet
from worker.station import Pace, Station
from worker.workspaces import Workspaces

CONTENT = b"Email,Name\nada@fjord-labs.com,Ada\nbo@fjord-labs.com,Bo\n"
LEASE_MS = 700


@pytest.fixture
def station(database: Database, tmp_path: Path) -> Station:
    """A station with neither queue nor Slack, whose leases are short."""
    pace = Pace(lease_ms=LEASE_MS, max_claims=3)
    return Station(database, Files(tmp_path / "files"), Bell(None), Workspaces(""), pace)


@pytest.fixture
def first(station: Station) -> PartKey:
    """The first part of a draft whose file lies in the store."""
    return life.offer(station.database, station.files, CONTENT)


def part(station: Station, key: PartKey) -> ImportPart:
    with station.database.reading() as session:
        return session.get_one(ImportPart, tuple(key))


def job(station: Station, key: PartKey) -> Import:
    return life.get(station.database, key)


def waiting(station: Station) -> list[PartKey]:
    with station.database.reading() as session:
        return parts.waiting(session)


def claim(station: Station, key: PartKey, lease_ms: int = LEASE_MS) -> Claim | None:
    return station.database.transact(
        lambda s: parts.claim(s, key, owner="another", lease_ms=lease_ms)
    )


def die(station: Station, key: PartKey) -> None:
    """Claim a part, and do not end it before the lease is over."""
    assert claim(station, key, lease_ms=1)
    time.sleep(0.01)


def started(station: Station, first: PartKey) -> PartKey:
    """The first part of rows of the import, started."""
    for key in (first, first._replace(kind="forecast")):
        do_part(station, key)
    life.start(station.database, first)
    return first._replace(kind="write")


def test_parts_make_an_import(station: Station, first: PartKey) -> None:
    """Reading, forecast and rows, each run once, make a completed import."""
    rows = started(station, first)
    do_part(station, rows)

    done = job(station, first)
    assert (done.status, done.created, done.total) == ("completed", 2, 2)
    assert waiting(station) == []


def test_a_part_rung_for_twice_is_done_once(station: Station, first: PartKey) -> None:
    """The second job for a part finds nothing to do."""
    rows = started(station, first)
    do_part(station, rows)
    do_part(station, rows)

    assert part(station, rows).token == 1
    assert job(station, first).created == 2


def long_import(station: Station) -> PartKey:
    """The first of three parts of rows of a started import."""
    rows = b"".join(b"p%d@fjord-labs.com,P\n" % n for n in range(3_000))
    return started(station, life.offer(station.database, station.files, b"Email,Name\n" + rows))


def test_one_job_goes_on_while_nobody_waits(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that RQ started for the first part does the others too, and ends the import."""
    rows = long_import(station)
    monkeypatch.setattr(jobs, "_station", station)

    jobs.run_part(*rows)

    assert [part(station, rows._replace(ordinal=n)).token for n in range(3)] == [1, 1, 1]
    assert (job(station, rows).status, job(station, rows).created) == ("completed", 3_000)


def test_one_job_makes_way_for_another_import(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job does one part of a long import and no more while a part of another one waits."""
    rows = long_import(station)
    other = life.offer(station.database, station.files, CONTENT)
    monkeypatch.setattr(jobs, "_station", station)

    jobs.run_part(*rows)

    assert set(waiting(station)) == {rows._replace(ordinal=1), other}


def test_a_turn_ends(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the import, a job stops after its time, before RQ would end it by force."""
    rows = long_import(station)
    monkeypatch.setattr(jobs, "_station", station)
    monkeypatch.setattr(jobs, "TURN_SECONDS", 0.0)

    jobs.run_part(*rows)

    assert waiting(station) == [rows._replace(ordinal=1)]


def breaking(monkeypatch: pytest.MonkeyPatch, work: Callable[[Station, Claim], None]) -> None:
    monkeypatch.setitem(jobs.WORK, "write", work)


def test_a_failed_part_rests_and_is_tried_again(
    station: Station, first: PartKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unexpected failure is raised to RQ, and the part is free again after a rest."""
    rows = started(station, first)

    def fail(station: Station, claim: Claim) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        breaking(broken, fail)
        with pytest.raises(ZeroDivisionError):
            do_part(station, rows)
    assert waiting(station) == []

    time.sleep(LEASE_MS / 4_000 + 0.02)
    assert waiting(station) == [rows]
    do_part(station, rows)
    assert job(station, first).status == "completed"


def test_a_part_that_was_taken_over_is_left_alone(
    station: Station, first: PartKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that finds its part claimed by another quits quietly and writes nothing."""
    rows = started(station, first)
    write = jobs.WORK["write"]

    def late(station: Station, mine: Claim) -> None:
        station.database.transact(lambda s: parts.release(s, mine))
        assert claim(station, rows)
        write(station, mine)

    breaking(monkeypatch, late)
    do_part(station, rows)

    assert (part(station, rows).state, part(station, rows).token) == ("running", 2)
    assert job(station, first).created == 0


def test_a_long_part_keeps_its_lease(station: Station, first: PartKey) -> None:
    """While a part is worked on nobody else can claim it, however long it takes."""
    mine = claim(station, first)
    assert mine

    with renewed(station.database, mine):
        time.sleep(LEASE_MS / 1_000 * 1.6)
        assert claim(station, first) is None
    time.sleep(LEASE_MS / 1_000 * 1.1)

    assert claim(station, first)


def test_an_unequipped_process_says_so() -> None:
    """A job in a process that was never given a database fails with a clear word."""
    with pytest.raises(RuntimeError, match="not equipped"):
        jobs.run_part(1, 2, "write", 0)


# ---- the sweep ---------------------------------------------------------------------------------


def test_the_sweep_ends_what_nobody_ended(station: Station, first: PartKey) -> None:
    """An import whose worker died between its last part and the end is ended by the sweep."""
    rows = started(station, first)
    life_claim = claim(station, rows)
    assert life_claim
    jobs.WORK["write"](station, life_claim)
    assert job(station, first).status != "completed"

    sweeper.sweep(station)

    assert job(station, first).status == "completed"


def test_the_sweep_ends_a_cancelled_import(station: Station, first: PartKey) -> None:
    """An import that was cancelled while a part ran, which then died, is ended all the same."""
    rows = started(station, first)
    die(station, rows)
    station.database.transact(lambda s: imports.cancel(s, *first[:2]))

    sweeper.sweep(station)
    for key in waiting(station):
        do_part(station, key)

    assert job(station, first).status == "cancelled"


def test_the_sweep_gives_up(station: Station, first: PartKey) -> None:
    """A file whose reading died every time is refused with a reason, not left unread for ever."""
    given_up(station, first)

    refused = job(station, first)
    assert (refused.status, refused.failure_code) == ("failed", "internal_error")
    assert waiting(station) == []


def given_up(station: Station, key: PartKey) -> None:
    """Claim a part as often as may be without ending it, and sweep."""
    for _ in range(station.pace.max_claims):
        die(station, key)
    sweeper.sweep(station)


def test_a_forecast_that_is_given_up_is_not_waited_for(station: Station, first: PartKey) -> None:
    """The card says that there will be no forecast; the import can be started all the same."""
    do_part(station, first)

    given_up(station, first._replace(kind="forecast"))

    assert job(station, first).forecast == {"given_up": True}
    with station.database.reading() as session:
        shown = card.render(card.gather(session, *first[:2]))
    assert "The forecast could not be made; you can import all the same." in shown.text
    assert "Counting" not in shown.text + words(shown.blocks)
    life.start(station.database, first)


def test_an_old_forecast_that_is_given_up_says_nothing(station: Station, first: PartKey) -> None:
    """After the mapping was changed only the forecast of the new one counts."""
    do_part(station, first)
    draft = job(station, first)
    rules = ImportRules.from_json(draft.rules)
    station.database.transact(
        lambda s: imports.set_mapping(s, *first[:2], ["email", "skip"], rules)
    )

    given_up(station, first._replace(kind="forecast"))

    assert job(station, first).forecast == {}
    do_part(station, first._replace(kind="forecast", ordinal=1))
    assert job(station, first).forecast["created"] == 2


def test_the_sweep_rings_for_what_is_not_in_the_queue(
    station: Station, first: PartKey, valkey: str
) -> None:
    """What was lost is rung for once; what is still in the queue is not rung for again."""
    ringing = replace(station, bell=Bell(valkey))
    other = life.offer(station.database, station.files, CONTENT)
    ringing.bell.ring([first])

    for _ in range(3):
        sweeper.sweep(ringing)

    with redis.Redis.from_url(valkey) as client:
        rung = [job_id.rpartition("-")[0] for job_id in rq_queue(QUICK, client).job_ids]
    assert rung == [name_of(first), name_of(other)]


def test_imports_take_turns(station: Station, valkey: str) -> None:
    """After a part the import's next one goes to the end of the queue, behind other imports."""
    ringing = replace(station, bell=Bell(valkey))
    header, row = b"Email\n", b"p%d@fjord-labs.com\n"
    long = header + b"".join(row % n for n in range(1_500))
    rows = started(station, life.offer(station.database, station.files, long))
    others = started(station, life.offer(station.database, station.files, CONTENT))
    with redis.Redis.from_url(valkey) as client:
        client.flushall()
        ringing.bell.ring([others])
        do_part(ringing, rows)
        rung = [job_id.rpartition("-")[0] for job_id in rq_queue(ROWS, client).job_ids]

    assert rung == [name_of(others), name_of(rows._replace(ordinal=1))]


@pytest.fixture
def shared(station: Station) -> PartKey:
    """The first part of a draft whose file is yet to be fetched from Slack."""
    with station.database.writing() as session:
        account = imports.account(session, "default").id or 0
        origin = {"door": "slack", "team": "T", "channel": "C", "thread_ts": "1.2"}
        draft = imports.draft(session, account, "a.csv", source={"slack_file": "F1"}, origin=origin)
    return PartKey(account, draft.id, "read", 0)


def shown(station: Station, key: PartKey) -> str:
    with station.database.reading() as session:
        return card.render(card.gather(session, *key[:2])).text


def fetching(station: Station, monkeypatch: pytest.MonkeyPatch, refusals: int) -> Station:
    """A station whose Slack hands over the file after so many refusals."""
    left = iter(range(refusals))

    def fetch(download: Download, files: Files, *, last_try: bool) -> Stored:
        if next(left, None) is None:
            return files.put([CONTENT], 1_000)
        if last_try:
            raise DownloadRefused("Slack did not hand it over.")
        raise NotYet("status 503")

    monkeypatch.setattr(jobs.slack_files, "fetch", fetch)
    return replace(station, workspaces=Workspaces("xoxb", api_url="http://127.0.0.1:9/"))


def test_a_download_is_tried_again_within_seconds(
    station: Station, shared: PartKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long leases are, a file that cannot be had rests a second; the card says so."""
    patient = replace(station, pace=Pace(lease_ms=60_000))
    slack = fetching(patient, monkeypatch, refusals=1)

    do_part(slack, shared)

    assert shown(slack, shared).endswith("Slack has not given the file yet; trying again.")
    assert waiting(slack) == []
    time.sleep(1.05)
    [again] = waiting(slack)
    do_part(slack, again)
    assert "Slack has not" not in shown(slack, shared)
    assert job(slack, shared).total == 2


def test_a_download_is_not_tried_for_ever(
    station: Station, shared: PartKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rests double up to a minute; the last try refuses the file in words."""
    slack = fetching(station, monkeypatch, refusals=100)
    monkeypatch.setattr(jobs, "DOWNLOAD_RESTS", (1,) * len(jobs.DOWNLOAD_RESTS))
    key, tries = shared, 0
    while job(slack, shared).status == "draft":
        do_part(slack, key)
        tries += 1
        key = key._replace(ordinal=tries)
        time.sleep(0.01)

    assert tries == len(jobs.DOWNLOAD_RESTS) + 1
    assert job(slack, shared).failure_message == "Slack did not hand it over."
    assert waiting(slack) == []


def test_the_rests_of_a_download() -> None:
    """The first tries follow each other in seconds, and all of them take some minutes."""
    assert jobs.DOWNLOAD_RESTS[:4] == (1_000, 2_000, 4_000, 8_000)
    assert 180_000 < sum(jobs.DOWNLOAD_RESTS) < 600_000


def test_a_rest_that_is_over_is_rung_for_at_the_next_tick(
    station: Station, shared: PartKey, valkey: str
) -> None:
    """A file to be read does not wait for the sweep; it is rung for once."""
    ringing = replace(station, bell=Bell(valkey))

    sweeper.ring_reads(ringing)
    sweeper.ring_reads(ringing)

    with redis.Redis.from_url(valkey) as client:
        rung = [job_id.rpartition("-")[0] for job_id in rq_queue(QUICK, client).job_ids]
    assert rung == [name_of(shared)]


def test_a_dismissed_file_is_not_fetched(
    station: Station, shared: PartKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that was dismissed before it was read stays where it is."""
    slack = fetching(station, monkeypatch, refusals=0)
    station.database.transact(lambda session: imports.dismiss(session, *shared[:2]))

    do_part(slack, shared)

    assert waiting(slack) == []
    assert [p for p in station.files.root.rglob("*") if p.is_file()] == []
