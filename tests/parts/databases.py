"""Databases for the tests: every test gets its own, copied from one where the migrations ran."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sqlmodel import SQLModel

from core.db import Database, upgrade
from tests.parts.postgres import Postgres

TEMPLATE = "leadport_template"
_numbers = count(1)
#: Databases that are empty again. To empty one takes a tenth of the time that a new one takes.
_left: dict[Postgres, list[str]] = {}


def migrated(url: str) -> Database:
    """The database at ``url`` at the newest schema, with no connection left open."""
    database = Database(url)
    upgrade(database)
    database.close()
    return database


@contextmanager
def copied_sqlite(template: Path, folder: Path) -> Iterator[Database]:
    """A copy of a migrated file. Its journal is folded in: nobody is connected to it."""
    shutil.copy(template, folder / "leadport.db")
    database = Database(f"sqlite:///{folder / 'leadport.db'}")
    yield database
    database.close()


@contextmanager
def copied_postgres(server: Postgres) -> Iterator[Database]:
    """A copy of the template on the server: a new one, or one that a test before has left."""
    left = _left.setdefault(server, [])
    if not left:
        left.append(f"test_{next(_numbers)}")
        server.create(left[0], TEMPLATE)
    name = left.pop()
    database = Database(server.url(name))
    yield database
    database.close()
    server.empty(name, SQLModel.metadata.tables)
    left.append(name)
