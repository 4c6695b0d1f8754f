"""Set-based writes on SQLite: ``executemany`` to insert and update, ``json_each`` to delete."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, cast

import orjson
from sqlmodel import Session


def insert(
    session: Session, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Insert rows given in the order of ``columns``."""
    names = ", ".join(f'"{column}"' for column in columns)
    marks = ", ".join("?" * len(columns))
    # Table and column names are this package's own constants, never input.
    statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608  (see above)
    _many(session, statement, rows)


def insert_leads(
    session: Session, account: int, now: int, rows: Iterable[tuple[int, str, str]]
) -> None:
    """Insert new leads: (id, fields, tags)."""
    # What is the same in all rows stands in the statement: binding it would cost each row.
    _many(
        session,
        "INSERT INTO lead "  # noqa: S608  (the numbers put in are ours)
        "(account_id, id, fields, tags, version, created_at, updated_at) "
        f"VALUES ({account:d}, ?, ?, ?, 1, {now:d}, {now:d})",
        rows,
    )


def insert_identifiers(
    session: Session, account: int, rows: Iterable[tuple[str, str, str | None, int]]
) -> None:
    """Insert identifiers: (kind, value, as written, lead id)."""
    _many(
        session,
        "INSERT INTO identifier "  # noqa: S608  (the number put in is ours)
        "(account_id, kind, value, written, lead_id) "
        f"VALUES ({account:d}, ?, ?, ?, ?)",
        rows,
    )


def insert_created(
    session: Session, account: int, import_id: int, rows: Iterable[tuple[int, int]]
) -> None:
    """Enter new leads into the journal of an import: (lead id, row)."""
    _many(
        session,
        "INSERT INTO lead_change "  # noqa: S608  (the numbers put in are ours)
        "(account_id, import_id, lead_id, row, created, fields, identifiers, tags, was, version) "
        f"VALUES ({account:d}, {import_id:d}, ?, ?, 1, '{{}}', '[]', '[]', 0, 1)",
        rows,
    )


def _many(session: Session, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    driver = cast("sqlite3.Connection", session.connection().connection.driver_connection)
    driver.executemany(statement, rows)


def update_leads(session: Session, account: int, rows: Sequence[tuple[Any, ...]]) -> None:
    """Set fields, tags, version and updated_at of leads: (id, fields, tags, version, now)."""
    # One by one through the key. Joined with json_each, SQLite walks all leads of the account with
    # all the rows tried on each.
    session.connection().connection.cursor().executemany(
        "UPDATE lead SET fields = ?, tags = ?, version = ?, updated_at = ? "
        "WHERE account_id = ? AND id = ?",
        [(*values, account, lead) for lead, *values in rows],
    )


def delete_changes(session: Session, account: int, import_id: int, ids: Sequence[int]) -> None:
    """Delete what the journal of an import says of these leads."""
    if ids:
        session.connection().exec_driver_sql(
            """
            DELETE FROM lead_change WHERE account_id = ? AND import_id = ?
                AND lead_id IN (SELECT value FROM json_each(?))
            """,
            (account, import_id, orjson.dumps(ids).decode()),
        )


def delete_leads(session: Session, account: int, ids: Sequence[int]) -> None:
    """Delete leads and all their identifiers."""
    if ids:
        given = (account, orjson.dumps(ids).decode())
        execute = session.connection().exec_driver_sql
        execute(
            """
            DELETE FROM identifier WHERE account_id = ?
                AND lead_id IN (SELECT value FROM json_each(?))
            """,
            given,
        )
        execute(
            "DELETE FROM lead WHERE account_id = ? AND id IN (SELECT value FROM json_each(?))",
            given,
        )


def delete_identifiers(
    session: Session, account: int, rows: Sequence[tuple[str, str, int]]
) -> None:
    """Take identifiers off leads: (kind, value, lead id)."""
    if rows:
        session.connection().exec_driver_sql(
            """
            DELETE FROM identifier WHERE account_id = ? AND (kind, value, lead_id) IN
                (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?))
            """,
            (account, orjson.dumps(rows).decode()),
        )


def mark_undone(
    session: Session, account: int, import_id: int, rows: Sequence[tuple[int, str, str]]
) -> None:
    """Write down in the journal what undo did: (lead id, outcome, fields kept as JSON)."""
    session.connection().connection.cursor().executemany(
        "UPDATE lead_change SET undone = ?, kept = ? "
        "WHERE account_id = ? AND import_id = ? AND lead_id = ?",
        [(outcome, kept, account, import_id, lead) for lead, outcome, kept in rows],
    )
