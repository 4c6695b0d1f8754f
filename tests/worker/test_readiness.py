"""What a worker does before it forks."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy.pool import QueuePool
from sqlmodel import select

from core import emails, vocabulary
from core.db import Database
from core.models import Account, Import
from core.uploads import Files
from worker import readiness, slack_files
from worker.queue import Bell
from worker.station import Station
from worker.workspaces import Workspaces


@pytest.fixture(autouse=True)
def unfrozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is garbage here is collected after the test."""
    monkeypatch.setattr(readiness.gc, "freeze", lambda: None)


def station_on(database: Database, folder: Path) -> Station:
    return Station(database, Files(folder / "files"), Bell(None), Workspaces(""))


def test_ready_to_fork(database: Database, tmp_path: Path) -> None:
    """What each job needs is loaded, statements are compiled; no thread, connection or row is left.

    Connections and threads would not survive the fork, or be shared by it.
    """
    threads = set(threading.enumerate())

    readiness.prepare(station_on(database, tmp_path))

    assert vocabulary._lexicon.cache_info().currsize == 1
    assert emails._library.cache_info().currsize == 1
    assert slack_files.trusted.cache_info().currsize == 1
    assert len(database.engine._compiled_cache or ()) > 3
    assert isinstance(database.engine.pool, QueuePool)
    assert database.engine.pool.checkedin() + database.engine.pool.checkedout() == 0
    assert set(threading.enumerate()) <= threads
    with database.reading() as session:
        assert session.exec(select(Import)).all() == session.exec(select(Account)).all() == []


def test_a_database_that_is_away_is_waited_for_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker whose database goes away while it gets ready says so, and goes on."""
    away = Database("postgresql://nobody@127.0.0.1:1/leads")

    readiness.prepare(station_on(away, tmp_path))

    assert "the database is away: OperationalError" in caplog.text
