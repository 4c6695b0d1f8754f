"""Set-based writes on PostgreSQL: COPY for inserts, unnested arrays to change many rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from sqlmodel import Session

if TYPE_CHECKING:
    from psycopg import Connection, sql


def insert(
    session: Session, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """COPY rows, given in the order of ``columns``, straight into the table."""
    with _driver(session).cursor() as cursor, cursor.copy(_statement(table, columns)) as copy:
        for row in rows:
            copy.write_row(row)


def insert_leads(
    session: Session, account: int, now: int, rows: Iterable[tuple[int, str, str]]
) -> None:
    """COPY new leads: (id, fields, tags)."""
    columns = ("account_id", "version", "created_at", "updated_at", "id", "fields", "tags")
    same = f"{account}\t1\t{now}\t{now}"
    lines = (f"{same}\t{lead}\t{_text(fields)}\t{_text(tags)}\n" for lead, fields, tags in rows)
    _copy(session, "lead", columns, lines)


def insert_identifiers(
    session: Session, account: int, rows: Iterable[tuple[str, str, str | None, int]]
) -> None:
    """COPY identifiers: (kind, value, as written, lead id)."""
    columns = ("account_id", "kind", "value", "lead_id", "written")
    lines = (
        f"{account}\t{kind}\t{_text(value)}\t{lead}\t"
        f"{_NULL if written is None else _text(written)}\n"
        for kind, value, written, lead in rows
    )
    _copy(session, "identifier", columns, lines)


def insert_created(
    session: Session, account: int, import_id: int, rows: Iterable[tuple[int, int]]
) -> None:
    """COPY new leads into the journal of an import: (lead id, row)."""
    columns = (
        "account_id", "import_id", "created", "fields", "identifiers", "tags", "was", "version",
        "lead_id", "row",
    )  # fmt: skip
    same = f"{account}\t{import_id}\tt\t{{}}\t[]\t[]\t0\t1"
    lines = (f"{same}\t{lead}\t{row}\n" for lead, row in rows)
    _copy(session, "lead_change", columns, lines)


#: How COPY writes null, and the characters that it wants to be escaped.
_NULL = "\\N"
_SPECIAL = re.compile(r"[\\\n\r\t]")
_ESCAPED = str.maketrans({"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"})
_LINES = 500  # handed over together: one at a time costs more than making it


def _text(value: str) -> str:
    """A text as COPY reads it."""
    return value.translate(_ESCAPED) if _SPECIAL.search(value) else value


def _copy(session: Session, table: str, columns: Sequence[str], lines: Iterator[str]) -> None:
    """COPY lines that are written out already, which takes a third of the time of rows."""
    first = "".join(islice(lines, _LINES))
    if not first:
        return
    with _driver(session).cursor() as cursor, cursor.copy(_statement(table, columns)) as copy:
        copy.write(first)
        while more := "".join(islice(lines, _LINES)):
            copy.write(more)


def _statement(table: str, columns: Sequence[str]) -> sql.Composed:
    from psycopg import sql  # where PostgreSQL is used it is there; elsewhere nobody waits for it

    return sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )


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
                AND c.lead_id BETWEEN %s AND %s
            """,
            # A batch is a run of ids: without the bounds, and without fresh statistics, PostgreSQL
            # would read the whole journal for every batch.
            (leads, outcomes, kept, account, import_id, min(leads), max(leads)),
        )


def _driver(session: Session) -> Connection[Any]:
    """The psycopg connection under the session's transaction."""
    return cast("Connection[Any]", session.connection().connection.driver_connection)
