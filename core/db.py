"""Engines, transactions, the database's clock and schema upgrades."""

from __future__ import annotations

import random
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import orjson
from sqlalchemy import BigInteger, Connection, Engine, event, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement
from sqlmodel import Session, create_engine

#: How long a SQLite writer waits for another, in milliseconds.
_BUSY_TIMEOUT = 30_000
_LOOK_EVERY = (0.001, 0.004)  # seconds between two looks whether SQLite may be written to
#: Any constant will do: it names the lock under which migrations run.
_MIGRATION_LOCK = 7_236_501


_TRIES = 8
_PAUSE = 0.01  # seconds; doubled by every try

T = TypeVar("T")


def conflicts() -> tuple[type[Exception], ...]:
    """What a database driver raises, with and without SQLAlchemy around it."""
    # SQLAlchemy loads psycopg with the first PostgreSQL engine. Loading it here would make every
    # program that uses SQLite wait for it, a tenth of its start.
    psycopg = sys.modules.get("psycopg")
    return (DBAPIError, sqlite3.Error, *([psycopg.Error] if psycopg else []))


def is_conflict(error: BaseException) -> bool:
    """Whether another writer was in the way, so that the same work may succeed if done again.

    A unique violation counts: it means that another import took an identifier first.
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, conflicts()):
        return False
    if isinstance(cause, sqlite3.Error):
        return cause.sqlite_errorname.startswith(
            (
                "SQLITE_BUSY",
                "SQLITE_LOCKED",
                "SQLITE_CONSTRAINT_PRIMARYKEY",
                "SQLITE_CONSTRAINT_UNIQUE",
            )
        )
    return getattr(cause, "sqlstate", None) in ("23505", "40001", "40P01", "55P03")


class now_ms(FunctionElement[int]):  # noqa: N801  (reads as SQL in the statements that use it)
    """The database's own clock in Unix milliseconds, moving within a transaction."""

    type = BigInteger()
    inherit_cache = True
    name = "now_ms"


@compiles(now_ms, "postgresql")
def _now_postgresql(element: Any, compiler: Any, **kwargs: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"


@compiles(now_ms, "sqlite")
def _now_sqlite(element: Any, compiler: Any, **kwargs: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000.0 AS INTEGER)"


_NOW = select(now_ms())


def now(session: Session) -> int:
    """The database's clock, in Unix milliseconds."""
    return int(session.execute(_NOW).scalar_one())


class Database:
    """One database, SQLite or PostgreSQL, named by a SQLAlchemy URL."""

    def __init__(self, url: str, *, durable: bool = True) -> None:
        """``durable=False`` makes a scratch SQLite file fast and worthless after a crash."""
        self.url = _with_driver(url)
        self.engine = _engine(self.url, durable)
        #: The same one. Each made by ``execution_options`` finds out anew which events it has.
        self._writer = self.engine.execution_options(leadport_begin="IMMEDIATE")

    @property
    def is_sqlite(self) -> bool:
        """Whether there is but one writer at a time."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that may write: committed at the end, rolled back on an exception.

        On SQLite it takes the write lock at once: a transaction that reads first and writes later
        would fail with SQLITE_BUSY_SNAPSHOT without waiting.
        """
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads, and holds up nobody."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def transact(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` in a writing transaction, anew after a conflict with another writer.

        ``work`` must have no effect outside the database: it may run several times. Raises what it
        raises, and the last conflict after ``_TRIES`` tries.
        """
        for attempt in range(1, _TRIES + 1):
            try:
                with self.writing() as session:
                    return work(session)
            except conflicts() as error:
                if attempt == _TRIES or not is_conflict(error):
                    raise
                time.sleep(random.uniform(0.5, 1) * _PAUSE * 2**attempt)  # noqa: S311  (jitter)
        raise AssertionError("unreachable")

    def after_fork(self) -> None:
        """Forget connections that belong to the parent process, without closing them."""
        self.engine.dispose(close=False)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _with_driver(url: str) -> str:
    """``postgres://`` and ``postgresql://`` mean psycopg 3."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _engine(url: str, durable: bool) -> Engine:
    options: dict[str, Any] = {
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        # What is known of a file of a million rows is a long text, and read with every job.
        "json_deserializer": orjson.loads,
        # What an error says ends up in logs and in the queue: never the values of a statement.
        "hide_parameters": True,
    }
    if make_url(url).get_backend_name() == "sqlite":
        name = make_url(url).database
        if name and name != ":memory:":
            Path(name).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, connect_args={"timeout": _BUSY_TIMEOUT / 1000}, **options)
        event.listen(engine, "connect", _prepare_sqlite if durable else _prepare_scratch)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(url, pool_pre_ping=True, **options)


def _prepare_sqlite(connection: Any, record: Any) -> None:
    # The driver's own transaction handling sends no BEGIN before a SELECT; ours does.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT}")
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.close()


def _prepare_scratch(connection: Any, record: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=OFF")
    connection.execute("PRAGMA synchronous=OFF")


def _begin_sqlite(connection: Connection) -> None:
    how = connection.get_execution_options().get("leadport_begin", "DEFERRED")
    if how == "IMMEDIATE" and _has_begun_to_write(connection):
        return
    connection.exec_driver_sql(f"BEGIN {how}")


def _has_begun_to_write(connection: Connection) -> bool:
    """Take SQLite's one write lock as soon as it is free; false where that takes too long.

    SQLite's own wait looks every tenth of a second in the end. Between two parts of an import the
    lock is free for less: whoever looked so rarely would wait for the end of the import.
    """
    driver: Any = connection.connection.driver_connection
    until = time.monotonic() + _BUSY_TIMEOUT / 1000
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while time.monotonic() < until:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                time.sleep(random.uniform(*_LOOK_EVERY))  # noqa: S311  (jitter)
            else:
                return True
        return False
    finally:
        driver.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT}")


# ---- schema ------------------------------------------------------------------------------------

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database: Database) -> bool:
    """Bring the schema up to date; True if something was to be done. Safe to run concurrently."""
    if schema_revision(database) == newest_revision():
        return False
    # Only where something is to be done: Alembic is a tenth of a program's start.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    engine = database.engine.execution_options(leadport_begin="IMMEDIATE")
    with engine.begin() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _MIGRATION_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return True


def schema_revision(database: Database) -> str | None:
    """The revision the database is at, None for an empty one."""
    with database.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        version = text("SELECT version_num FROM alembic_version")
        return connection.execute(version).scalar_one_or_none()


def newest_revision() -> str:
    """The revision of this code's schema: that of the last migration, whose file it begins."""
    files = (_MIGRATIONS / "versions").glob("[0-9]*_*.py")
    return max(path.name.partition("_")[0] for path in files)
