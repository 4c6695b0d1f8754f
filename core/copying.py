"""Set-based writes on PostgreSQL: COPY for inserts, unnested arrays to change many rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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

    def lines(ids: Iterable[int], fields: Sequence[str], tags: Sequence[str]) -> Iterable[str]:
        texts = zip(ids, _escaped(fields), _escaped(tags), strict=True)
        return [f"{same}\t{lead}\t{field}\t{tag}\n" for lead, field, tag in texts]

    _copy(session, "lead", columns, rows, lines)


def insert_identifiers(
    session: Session, account: int, rows: Iterable[tuple[str, str, str | None, int]]
) -> None:
    """COPY identifiers: (kind, value, as written, lead id)."""
    columns = ("account_id", "kind", "value", "written", "lead_id")

    def lines(
        kinds: Iterable[str], values: Sequence[str], written: Sequence[str], ids: Iterable[int]
    ) -> Iterable[str]:
        texts = zip(kinds, _escaped(values), _escaped(written), ids, strict=True)
        return [f"{account}\t{kind}\t{value}\t{as_}\t{lead}\n" for kind, value, as_, lead in texts]

    _copy(session, "identifier", columns, rows, lines)


def insert_created(
    session: Session, account: int, import_id: int, rows: Iterable[tuple[int, int]]
) -> None:
    """COPY new leads into the journal of an import: (lead id, row)."""
    columns = (
        "account_id", "import_id", "created", "fields", "identifiers", "tags", "was", "version",
        "lead_id", "row",
    )  # fmt: skip
    same = f"{account}\t{import_id}\tt\t{{}}\t[]\t[]\t0\t1"

    def lines(ids: Iterable[int], numbers: Iterable[int]) -> Iterable[str]:
        return [f"{same}\t{lead}\t{row}\n" for lead, row in zip(ids, numbers, strict=True)]

    _copy(session, "lead_change", columns, rows, lines)


#: How COPY writes null, and the characters that it wants to be escaped.
_NULL = "\\N"
_SPECIAL = "\\\n\r\t"
_ESCAPED = str.maketrans({"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"})
_LINES = 500  # handed over together: one at a time costs more than making it


def _escaped(texts: Sequence[str | None]) -> Sequence[str]:
    """Texts as COPY reads them. One look at all of them finds that there is nothing to escape."""
    whole = "".join(filter(None, texts))
    if not any(sign in whole for sign in _SPECIAL):
        return [_NULL if text is None else text for text in texts]
    return [_NULL if text is None else text.translate(_ESCAPED) for text in texts]


def _copy(
    session: Session,
    table: str,
    columns: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
    lines: Callable[..., Iterable[str]],
) -> None:
    """COPY ``lines``, which are given the columns of some rows, as texts of many lines.

    That takes a third of the time of handing over rows.
    """
    rows = iter(rows)
    some = list(islice(rows, _LINES))
    if not some:
        return
    with _driver(session).cursor() as cursor, cursor.copy(_statement(table, columns)) as copy:
        while some:
            copy.write("".join(lines(*zip(*some, strict=True))))
            some = list(islice(rows, _LINES))


def _statement(table: str, columns: Sequence[str]) -> sql.Composed:
    from psycopg import sql  # where PostgreSQL is used it is there; elsewhere nobody waits for it

    return sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )


def update_leads(session: Session, account: int, rows: Sequence[tuple[Any, ...]]) -> None:
    """Set fields, tags, version and updated_at of leads: (id, fields, tags, version, now)."""
    if rows:
        # One JSON text: psycopg escapes the members of an array one at a time.
        values = (
            f'{{"id":{lead},"fields":{fields},"tags":{tags},"version":{version},"at":{at}}}'
            for lead, fields, tags, version, at in rows
        )
        _driver(session).execute(
            """
            UPDATE lead SET fields = c.fields, tags = c.tags, version = c.version,
                updated_at = c.at
            FROM json_to_recordset(%s::json)
                AS c (id bigint, fields jsonb, tags jsonb, version bigint, at bigint)
            WHERE lead.account_id = %s AND lead.id = c.id
            """,
            (f"[{','.join(values)}]", account),
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
        values = (f'{{"id":{lead},"undone":"{how}","kept":{kept}}}' for lead, how, kept in rows)
        ids = [lead for lead, *_ in rows]
        _driver(session).execute(
            """
            UPDATE lead_change c SET undone = m.undone, kept = m.kept
            FROM json_to_recordset(%s::json) AS m (id bigint, undone text, kept jsonb)
            WHERE c.account_id = %s AND c.import_id = %s AND c.lead_id = m.id
                AND c.lead_id BETWEEN %s AND %s
            """,
            # A batch is a run of ids: without the bounds, and without fresh statistics, PostgreSQL
            # would read the whole journal for every batch.
            (f"[{','.join(values)}]", account, import_id, min(ids), max(ids)),
        )


def _driver(session: Session) -> Connection[Any]:
    """The psycopg connection under the session's transaction."""
    return cast("Connection[Any]", session.connection().connection.driver_connection)
