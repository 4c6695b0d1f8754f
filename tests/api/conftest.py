"""The HTTP API over a real socket: a web process, keys, and a worker that works on demand.

The server is started once for a module; every test has an account of its own in it.
"""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from bot.web import create_app
from core import imports, keys, parts
from core.db import Database
from core.uploads import Files
from tests.parts.databases import copied_postgres, copied_sqlite
from tests.parts.postgres import Postgres
from tests.parts.working import working
from tests.sandbox.conftest import serving
from worker.jobs import do_part
from worker.queue import Bell
from worker.settings import Settings
from worker.station import Pace, Station
from worker.workspaces import Workspaces

_numbers = itertools.count(1)
#: Tests send more requests a minute than any customer does.
UNLIMITED = {"rate_address": 0, "rate_key": 0, "rate_account": 0}


@dataclass
class Api:
    """A running web process, seen from outside; ``work`` is what the row workers would do."""

    url: str
    station: Station

    def customer(self, *scopes: str, name: str = "") -> Customer:
        """A new account with one key."""
        name = name or f"account {next(_numbers)}"

        def make(session: Any) -> tuple[int, str]:
            account_id = cast(int, imports.account(session, name).id)
            _, key = keys.create(session, account_id, "test", scopes or keys.DEFAULT_SCOPES)
            return account_id, key

        account_id, key = self.station.database.transact(make)
        return Customer(self, account_id, key)

    def work(self, rounds: int = 200) -> None:
        """Do every part that waits, until none does."""
        for _ in range(rounds):
            with self.station.database.reading() as session:
                waiting = parts.waiting(session)
            if not waiting:
                return
            for part in waiting:
                do_part(self.station, part)
        raise AssertionError("the work never ends")

    def working(self) -> AbstractContextManager[None]:
        """A worker beside the test, for as long as the context is open."""
        return working(self.work)


@dataclass
class Customer:
    """An account, and an HTTP client that brings its key."""

    api: Api
    account_id: int
    key: str
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        headers = {"Authorization": f"Bearer {self.key}"}
        # Without TLS there is nothing to verify, and reading the certificates takes a tenth of a
        # second for each client.
        self.http = httpx.Client(
            base_url=self.api.url, headers=headers, timeout=60, verify=False, trust_env=False
        )


@contextmanager
def running_api(database: Database, folder: Path, **settings: Any) -> Iterator[Api]:
    """A web process on a free port, with nobody to ring unless ``redis_url`` is given."""
    with socket.create_server(("127.0.0.1", 0)) as web_socket:
        url = f"http://127.0.0.1:{web_socket.getsockname()[1]}"
        chosen = Settings(data_dir=folder, base_url=url, **{**UNLIMITED, **settings})
        files, bell, workspaces = Files(folder / "files"), Bell(chosen.redis_url), Workspaces("")
        app = create_app(chosen, database, files, bell, workspaces)
        with serving(app, web_socket):
            yield Api(url, Station(database, files, bell, workspaces, Pace(edit_ms=0)))


@pytest.fixture(scope="module")
def api(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The web process of this module, on SQLite."""
    folder = tmp_path_factory.mktemp("api")
    with copied_sqlite(migrated_sqlite, folder) as database, running_api(database, folder) as api:
        yield api


@pytest.fixture(scope="module")
def postgres_api(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The web process of this module, on PostgreSQL."""
    folder = tmp_path_factory.mktemp("api")
    with copied_postgres(postgres) as database, running_api(database, folder) as api:
        yield api


@pytest.fixture
def customer(api: Api) -> Iterator[Customer]:
    """A new account that may do everything but manage itself."""
    customer = api.customer()
    with customer.http:
        yield customer


@pytest.fixture
def other(api: Api) -> Iterator[Customer]:
    """Another account, which has nothing to do with the first."""
    customer = api.customer()
    with customer.http:
        yield customer
