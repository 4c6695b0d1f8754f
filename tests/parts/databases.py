"""Databases for the tests: every test gets its own, copied from one where the migrations ran."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlmodel import SQLModel, create_engine

import core.db
from core.db import Database, upgrade
from tests.parts.postgres import Postgres

TEMPLATE = "leadport_template"
_numbers = count(1)
#: Databases that are empty again. To empty one takes a tenth of the time that a new one takes.
_left: dict[Postgres, list[str]] = {}
#: An engine for each kind of database: the first of this process that has connected to one.
_first: dict[str, Engine] = {}


def remember_statements() -> None:
    """From now on let every engine know what the engines before it have compiled.

    What is new to an engine it compiles, and keeps. Nearly every test has an engine of its own, and
    asks what the test before has asked: to compile that again takes longer than to do it.
    """
    core.db.create_engine = _created


def _created(url: str, **options: Any) -> Engine:
    engine = create_engine(url, **options)
    first = _first.get(engine.name)
    if first is None or first.dialect.server_version_info is None:  # it could not connect
        _first[engine.name] = engine
    else:
        # Compiled statements are kept by dialect. What a dialect learns from its server is the same
        # for all of ours.
        engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
    return engine


def migrated(url: str) -> Database:
    """The database at ``url`` at the newest schema, with no connection left open."""
    database = Database(url)
    upgrade(database)
    database.close()
    return database


def template(server: Postgres) -> None:
    """Make the database that ``copied_postgres`` copies."""
    migrated(server.create(TEMPLATE))


def template_file(path: Path) -> None:
    """Make the file that ``copied_sqlite`` copies."""
    migrated(f"sqlite:///{path}")


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
