"""Set-based writes on PostgreSQL: COPY for inserts, unnested arrays to change many rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from psycopg import Connection, sql
from sqlmodel import Session


def insert(
    session: Session, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """COPY rows, given in the order of ``columns``, straight into the table."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with _driver(session).cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def update_leads(session: Session, account: int, rows: Sequence[tuple[Any, ...]]) -> None:
    """Set fields, tags, version and updated_at of leads: (id, fields, tags, version, now)."""
    if rows:
        ids, fields, tags, versions, times = (list(column) for column in zip(*rows, strict=True))
        _driver(session).execute(
            """
            UPDATE lead SET fields = c.fields, tags = c.tags, version = c.version,
                updated_at = c.updated_at
            FROM unnest(%s::bigint[], %s::jsonb[], %s::jsonb[], %s::bigint[], %s::bigint[])
                AS c (id, fields, tags, version, updated_at)
            WHERE lead.account_id = %s AND lead.id = c.id
            """,
            (ids, fields, tags, versions, times, account),
        )


def delete_changes(session: Session, account: int, import_id: int, ids: Sequence[int]) -> None:
    """Delete what the journal of an import says of these leads."""
    if ids:
        _driver(session).execute(
            """
            DELETE FROM lead_change
            WHERE account_id = %s AND import_id = %s AND lead_id = ANY(%s)
            """,
            (account, import_id, ids),
        )


def delete_leads(session: Session, account: int, ids: Sequence[int]) -> None:
    """Delete leads and all their identifiers."""
    if ids:
        execute = _driver(session).execute
        execute(
            "DELETE FROM identifier WHERE account_id = %s AND lead_id = ANY(%s)", (account, ids)
        )
        execute("DELETE FROM lead WHERE account_id = %s AND id = ANY(%s)", (account, ids))


def delete_identifiers(
    session: Session, account: int, rows: Sequence[tuple[str, str, int]]
) -> None:
    """Take identifiers off leads: (kind, value, lead id)."""
    if rows:
        kinds, values, leads = (list(column) for column in zip(*rows, strict=True))
        _driver(session).execute(
            """
            DELETE FROM identifier i
            USING unnest(%s::text[], %s::text[], %s::bigint[]) AS d (kind, value, lead_id)
            WHERE i.account_id = %s AND i.kind = d.kind AND i.value = d.value
                AND i.lead_id = d.lead_id
            """,
            (kinds, values, leads, account),
        )


def mark_undone(
    session: Session, account: int, import_id: int, rows: Sequence[tuple[int, str, str]]
) -> None:
    """Write down in the journal what undo did: (lead id, outcome, fields kept as JSON)."""
    if rows:
        leads, outcomes, kept = (list(column) for column in zip(*rows, strict=True))
        _driver(session).execute(
            """
            UPDATE lead_change c SET undone = m.undone, kept = m.kept
            FROM unnest(%s::bigint[], %s::text[], %s::jsonb[]) AS m (lead_id, undone, kept)
            WHERE c.account_id = %s AND c.import_id = %s AND c.lead_id = m.lead_id
            """,
            (leads, outcomes, kept, account, import_id),
        )


def _driver(session: Session) -> Connection[Any]:
    """The psycopg connection under the session's transaction."""
    return cast("Connection[Any]", session.connection().connection.driver_connection)
