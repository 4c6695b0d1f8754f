"""Where the benchmarks run: fresh databases on SQLite and PostgreSQL, and lists to import."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bench import lists
from core.db import Database
from tests.parts.databases import TEMPLATE, migrated, template
from tests.parts.postgres import Postgres, running_postgres

#: A server as somebody would run it; the floor is measured on the same one.
POSTGRES = (
    "listen_addresses=",
    "shared_buffers=512MB",
    "max_wal_size=4GB",
    "checkpoint_timeout=30min",
    "log_min_messages=fatal",
)


@dataclass
class Ground:
    """A folder, a PostgreSQL server started on demand, and files made once."""

    folder: Path
    _stack: ExitStack
    _server: Postgres | None = None
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def server(self) -> Postgres:
        """The server, with the template of an empty database."""
        if self._server is None:
            self._server = self._stack.enter_context(running_postgres(POSTGRES))
            template(self._server)
        return self._server

    @contextmanager
    def database(self, kind: str) -> Iterator[str]:
        """The URL of an empty database, ``sqlite`` or ``postgresql``, dropped afterwards."""
        number = next(self._numbers)
        if kind == "postgresql":
            yield self.server.create(f"bench_{number}", TEMPLATE)
            self.server.drop(f"bench_{number}")
            return
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="sqlite-") as folder:
            url = f"sqlite:///{Path(folder) / 'leadport.db'}"
            migrated(url)
            yield url

    def people(self, rows: int, first: int = 0) -> Path:
        """A list of leads."""
        path = self.folder / f"leads-{first}-{rows}.csv"
        return path if path.exists() else lists.write(path, rows, first)


@contextmanager
def ground() -> Iterator[Ground]:
    """A ground, with nothing left of it afterwards."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="lp-bench-"))
        yield Ground(Path(folder), stack)


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """The database at ``url`` in this process."""
    database = Database(url)
    try:
        yield database
    finally:
        database.close()
