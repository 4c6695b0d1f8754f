"""The whole road over real sockets: a sandbox, the web process, a worker that works on demand."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import SQLModel

import sandbox.main
from bot.web import create_app
from core import outbox, parts
from core.db import Database
from core.outbox import OutboxKey
from core.uploads import Files
from sandbox.client import Message, Person, Sandbox
from sandbox.config import Config
from tests.parts.working import working
from tests.sandbox.conftest import serving
from worker import thread
from worker.jobs import do_part
from worker.queue import Bell
from worker.settings import Settings
from worker.station import Pace, Station
from worker.workspaces import Workspaces

SECRET, TOKEN = "a signing secret of 32 characters", "xoxb-a-token-of-the-sandbox"

LEADS = (
    b"First Name,Last Name,Email,Phone,Booth\n"
    b"Ada,Lovelace,ada@fjord-labs.com,+44 20 7946 0018,A1\n"
    b"Alan,Turing,alan@fjord-labs.com,+44 20 7946 0019,A2\n"
    b"Grace,Hopper,grace-at-navy,,B1\n"
    b"Edsger,Dijkstra,edsger@fjord-labs.com,,B2\n"
)


@dataclass
class Office:
    """A workspace with Leadport in it, seen from outside; ``work`` is all that workers would do."""

    url: str  #: of the web process
    station: Station
    sandbox: Sandbox
    ana: Person  #: a workspace admin
    ben: Person  #: a member
    guest: Person

    def work(self, rounds: int = 50) -> None:
        """Do every part and send every message that waits, until nothing does."""
        for _ in range(rounds):
            with self.station.database.reading() as session:
                waiting, due = parts.waiting(session), outbox.due(session)
            if not waiting and not due:
                return
            for key in due:
                thread.deliver(self.station, key)
            for part in waiting:
                do_part(self.station, part)
        raise AssertionError("the work never ends")

    def working(self) -> AbstractContextManager[None]:
        """A worker beside the test, for as long as the context is open."""
        return working(self.work)

    def card(self, shared: Message, who: Person | None = None) -> Message:
        """The newest card under a file, as it is after all work that waits."""
        reader = who or self.ana
        self.taken(shared)
        self.work()
        return reader.wait_for(shared, lambda m: m.by_app and not m.ephemeral)

    def card_less(self, shared: Message) -> None:
        """Do all work there is after the app has heard of a file."""
        self.taken(shared)
        self.work()

    def replies(self, shared: Message) -> list[Message]:
        """What the app has said under a file, to everybody."""
        return [m for m in self.ana.thread(shared) if m.by_app and not m.ephemeral]

    def whispers(self, shared: Message, who: Person) -> list[str]:
        """What the app has said under a file to this person alone."""
        return [m.text for m in who.thread(shared) if m.ephemeral]

    def count(self, model: type[SQLModel]) -> int:
        """How many rows a table has."""
        with self.station.database.reading() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0

    def due(self) -> list[OutboxKey]:
        """The messages that wait."""
        with self.station.database.reading() as session:
            return outbox.due(session)

    def deliver(self) -> None:
        """Send the messages that wait, and do no other work."""
        for key in self.due():
            thread.deliver(self.station, key)

    def hear(self, what: str) -> None:
        """Wait until the app has answered an event of this type."""
        self._until(lambda d: d["what"] == what, what)

    def refused(self, what: str) -> None:
        """Wait until the app has failed to take a delivery of this kind."""
        until = time.monotonic() + 30
        while not any(d["what"] == what and not d["ok"] for d in self.sandbox.deliveries()):
            assert time.monotonic() < until, "it was taken"
            time.sleep(0.005)

    def heard(self, what: str) -> dict[str, Any]:
        """The last delivery of a kind, such as ``message.file_share``."""
        return next(d for d in reversed(self.sandbox.deliveries()) if d["what"] == what)

    def taken(self, shared: Message) -> None:
        """Wait until the app has answered the event of this message."""
        self._until(lambda d: f'"{shared.ts}"' in d["body"], "the message")

    def _until(self, fits: Callable[[dict[str, Any]], bool], what: str) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if any(d["ok"] and fits(d) for d in self.sandbox.deliveries("event")):
                return
            time.sleep(0.005)
        raise AssertionError(f"{what} was not taken: {self.sandbox.deliveries('event')}")


@pytest.fixture
def office(sqlite_database: Database, tmp_path: Path) -> Iterator[Office]:
    """An office on SQLite."""
    with opened(sqlite_database, tmp_path) as office:
        yield office


@pytest.fixture
def postgres_office(postgres_database: Database, tmp_path: Path) -> Iterator[Office]:
    """An office on PostgreSQL."""
    with opened(postgres_database, tmp_path) as office:
        yield office


@contextmanager
def opened(database: Database, folder: Path) -> Iterator[Office]:
    """Sandbox and web process on free ports, with nobody to ring."""
    with (
        socket.create_server(("127.0.0.1", 0)) as slack_socket,
        socket.create_server(("127.0.0.1", 0)) as web_socket,
    ):
        slack = f"http://127.0.0.1:{slack_socket.getsockname()[1]}"
        web = f"http://127.0.0.1:{web_socket.getsockname()[1]}"
        files, bell = Files(folder / "files"), Bell(None)
        workspaces = Workspaces(TOKEN, api_url=f"{slack}/api/")
        settings = Settings(
            data_dir=folder, slack_bot_token=TOKEN, slack_signing_secret=SECRET,
            slack_api_url=f"{slack}/api/",
        )  # fmt: skip
        app = create_app(settings, database, files, bell, workspaces)
        config = Config(f"{web}/slack/events", SECRET, TOKEN, slack, retry_delays=(0.2, 0.5))
        with serving(sandbox.main.create_app(config), slack_socket), serving(app, web_socket):
            station = Station(database, files, bell, workspaces, Pace(edit_ms=0))
            people = [Person(slack, name, timeout=30) for name in ("ana", "ben", "guest")]
            with Sandbox(slack) as control:
                yield Office(web, station, control, *people)
            for person in people:
                person.close()
