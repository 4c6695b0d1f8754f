"""Transactions, conflicts, the clock and the schema."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select
from sqlmodel import Session, SQLModel

from core.db import (
    Database,
    is_conflict,
    newest_revision,
    now_ms,
    schema_revision,
    upgrade,
)
from core.models import Account
from tests.parts.postgres import Postgres


def test_migrations_make_the_models(database: Database) -> None:
    """The migrated schema is the one the models describe."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)

        assert compare_metadata(context, SQLModel.metadata) == []


def test_the_newest_migration() -> None:
    """The numbers of the files say what Alembic reads in them: one chain, and its end."""
    scripts = ScriptDirectory(str(files("core") / "migrations"))

    assert newest_revision() == scripts.get_current_head()
    assert [x.revision for x in scripts.walk_revisions()] == sorted(
        (Path(x.path).name.partition("_")[0] for x in scripts.walk_revisions()), reverse=True
    )


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without a schema."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    yield server.create("empty")
    server.drop("empty")


def test_concurrent_upgrades(empty: str) -> None:
    """Several processes that start at once upgrade the schema once."""
    databases = [Database(empty) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(upgrade, databases))

    head = ScriptDirectory(str(files("core") / "migrations")).get_current_head()
    assert {schema_revision(database) for database in databases} == {head}
    assert not upgrade(databases[0])
    for database in databases:
        database.close()


def test_clock_is_unix_milliseconds(database: Database) -> None:
    """Both databases tell the time in Unix milliseconds."""
    with database.reading() as session:
        told = session.execute(select(now_ms())).scalar_one()

    assert abs(told - time.time() * 1000) < 2_000


def test_conflict_is_tried_again(database: Database) -> None:
    """A unique violation rolls back and the work is done anew."""
    with database.writing() as session:
        session.add(Account(name="acme", created_at=1))
    tries: list[int] = []

    def work(session: Session) -> str:
        tries.append(1)
        session.add(Account(name="acme" if len(tries) < 3 else "other", created_at=1))
        session.flush()
        return "done"

    assert database.transact(work) == "done"
    assert len(tries) == 3


def test_other_failures_are_not_tried_again(database: Database) -> None:
    """What is no conflict is raised at once, and nothing is kept."""

    def work(session: Session) -> None:
        session.add(Account(name="acme", created_at=1))
        session.flush()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.transact(work)
    with database.reading() as session:
        assert session.execute(select(Account)).all() == []
    assert not is_conflict(ZeroDivisionError())


def test_concurrent_writers_wait(database: Database) -> None:
    """Writers that read before they write wait for each other instead of failing."""
    with database.writing() as session:
        session.add(Account(name="acme", created_at=0))

    def add(_: int) -> None:
        def work(session: Session) -> None:
            account = session.execute(select(Account).with_for_update()).scalar_one()
            account.created_at += 1
            session.add(account)

        database.transact(work)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))

    with database.reading() as session:
        assert session.execute(select(Account)).scalar_one().created_at == 40
