"""Undoing an import as a worker does it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sqlmodel import select

from core import parts, undo
from core.db import Database
from core.models import Import, Lead
from core.parts import PartKey
from core.uploads import Files
from tests.core import life
from worker import sweeper
from worker.jobs import do_part
from worker.queue import Bell
from worker.station import Pace, Station
from worker.workspaces import Workspaces

CONTENT = b"Email,Name\nada@fjord-labs.com,Ada\nbo@fjord-labs.com,Bo\n"


@pytest.fixture
def station(sqlite_database: Database, tmp_path: Path) -> Station:
    """A station with neither queue nor Slack."""
    pace = Pace(lease_ms=100, max_claims=2)
    files = Files(tmp_path / "files")
    return Station(sqlite_database, files, Bell(None), Workspaces(""), pace)


@pytest.fixture
def first(station: Station) -> PartKey:
    """The first part of an undo that somebody asked for."""
    done = life.run(station.database, station.files, CONTENT)
    station.database.transact(lambda s: undo.start(s, done.account_id, done.id))
    return PartKey(done.account_id, done.id, "undo", 0)


def undone(station: Station, key: PartKey) -> Import:
    return life.get(station.database, key)


def test_a_worker_undoes(station: Station, first: PartKey) -> None:
    """The part of an undo, run as a job, deletes what the import created."""
    do_part(station, first)

    assert undone(station, first).undo_state == "undone"
    with station.database.reading() as session:
        assert session.exec(select(Lead)).all() == []


def test_the_sweep_gives_an_undo_up(station: Station, first: PartKey) -> None:
    """An undo that dies every time is given up, says so, and can be asked for again."""
    for _ in range(station.pace.max_claims):
        claim = station.database.transact(lambda s: parts.claim(s, first, owner="dead", lease_ms=1))
        assert claim
        time.sleep(0.01)

    sweeper.sweep(station)

    assert undone(station, first).undo_state == "failed"
    station.database.transact(lambda s: undo.start(s, first.account_id, first.import_id))
    do_part(station, first._replace(ordinal=1))
    assert undone(station, first).undo_counts["deleted"] == 2
