"""The floor: the rows that an import left, loaded into an empty database by the best plain SQL.

The same tables with the same indexes, on the same server or with the same pragmas; nothing to
read, normalise, look up or decide. A transaction holds 50,000 leads, with identifiers in the order
of their key. Fetching the rows is not counted, only loading them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from psycopg import Connection
from sqlalchemy import text

from bench.ground import opened
from core.db import Database

CHUNK = 50_000

#: Table -> what to fetch of it for the leads from :first to :last, in the order of its key.
_SELECTS = {
    "lead": "SELECT * FROM lead WHERE id BETWEEN {0} AND {1} ORDER BY account_id, id",
    "identifier": "SELECT * FROM identifier WHERE lead_id BETWEEN {0} AND {1} "
    "ORDER BY account_id, kind, value",
    "lead_change": "SELECT * FROM lead_change WHERE lead_id BETWEEN {0} AND {1} "
    "ORDER BY account_id, import_id, lead_id",
}


def load(source_url: str, target_url: str) -> float:
    """Copy leads, identifiers and journal from one database to the other; leads per second."""
    with opened(source_url) as source, opened(target_url) as target:
        way = _load_sqlite if source.is_sqlite else _load_postgresql
        leads = seconds = 0.0
        for first, last, count in _chunks(source):
            leads += count
            seconds += way(source, target, first, last)
    return leads / seconds


def _chunks(source: Database) -> Iterator[tuple[int, int, int]]:
    with source.reading() as session:
        ids = list(session.connection().execute(text("SELECT id FROM lead ORDER BY id")).scalars())
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        yield chunk[0], chunk[-1], len(chunk)


def _load_sqlite(source: Database, target: Database, first: int, last: int) -> float:
    fetched = {}
    with source.reading() as session:
        for table, select in _SELECTS.items():
            found = session.connection().exec_driver_sql(select.format(first, last))
            fetched[table] = [tuple(row) for row in found]
    began = time.perf_counter()
    with target.writing() as session:
        cursor = session.connection().connection.cursor()
        for table, rows in fetched.items():
            marks = ", ".join("?" * len(rows[0])) if rows else ""
            # Our own table names, never input.
            cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", rows) if rows else None
    return time.perf_counter() - began


def _load_postgresql(source: Database, target: Database, first: int, last: int) -> float:
    fetched = {}
    with source.reading() as session:
        driver: Connection = session.connection().connection.driver_connection  # type: ignore[assignment]  # it is psycopg's
        for table, select in _SELECTS.items():
            with driver.cursor().copy(f"COPY ({select.format(first, last)}) TO STDOUT") as out:
                fetched[table] = b"".join(bytes(part) for part in out)
    began = time.perf_counter()
    with target.writing() as session:
        driver = session.connection().connection.driver_connection  # type: ignore[assignment]
        for table, rows in fetched.items():
            with driver.cursor().copy(f"COPY {table} FROM STDIN") as into:
                into.write(rows)
    return time.perf_counter() - began
