"""What the tests of this folder run against: a Slack, or a whole Leadport on either database."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import sandbox.main
from core.db import Database
from core.uploads import Files
from sandbox.client import Message, Person
from sandbox.config import Config
from tests.parts.databases import copied_postgres, copied_sqlite
from tests.worker.plant import SECRET, TOKEN, Plant, running_plant, serving, url_of
from worker.queue import Bell
from worker.station import Pace, Station
from worker.workspaces import Workspaces


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def plants(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Plant]:
    """Shared by the tests of a module; each uses leads of its own."""
    folder: Path = tmp_path_factory.mktemp("plant")
    if request.param == "sqlite":
        template = request.getfixturevalue("migrated_sqlite")
        copied = copied_sqlite(template, folder)
    else:
        copied = copied_postgres(request.getfixturevalue("postgres"))
    with copied as database, running_plant(database, folder) as plant:
        yield plant


@pytest.fixture
def plant(plants: Plant) -> Iterator[Plant]:
    """A plant in which nothing is broken."""
    plants.mend()
    yield plants
    plants.mend()


@dataclass
class Slack:
    """A workspace with nobody behind the app's address, and ana in it."""

    url: str
    ana: Person

    def workspaces(self, token: str = TOKEN) -> Workspaces:
        """Our way to it."""
        return Workspaces(token, api_url=f"{self.url}/api/", timeout=20)

    def share(self, content: bytes, name: str = "leads.csv") -> Message:
        """A shared file."""
        return self.ana.share((name, content))

    def replies(self, shared: Message) -> list[Message]:
        """What the app has said under a file."""
        return [m for m in self.ana.thread(shared) if m.by_app]


@pytest.fixture(scope="module")
def slacks() -> Iterator[Slack]:
    """Shared by the tests of a module."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        url = url_of(bound)
        config = Config("http://127.0.0.1:9/", SECRET, TOKEN, url, events=frozenset())
        with serving(sandbox.main.create_app(config), bound), Person(url, "ana") as ana:
            yield Slack(url, ana)


@pytest.fixture
def slack(slacks: Slack) -> Slack:
    """An empty workspace in which everything works."""
    slacks.ana.sandbox.reset()
    slacks.ana.sandbox.do("/clear_faults")
    return slacks


@pytest.fixture
def station(sqlite_database: Database, tmp_path: Path, slack: Slack) -> Station:
    """A station on SQLite with nobody to ring, whose leases and pauses are over at once."""
    pace = Pace(lease_ms=400, delivery_lease_ms=400, edit_ms=0, max_claims=3)
    return Station(sqlite_database, Files(tmp_path / "files"), Bell(None), slack.workspaces(), pace)
