"""What the database knows of a batch: the leads it may already have, and who is suppressed.

A few statements for each kind of identifier, whatever the size of the batch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from orjson import dumps, loads
from sqlalchemy import TextClause, text
from sqlmodel import Session

from core.candidate import Candidate, Key
from core.deciding import Known, LeadState

# What a batch asks for goes over as one JSON text: an array would be put together in Python, and
# its length known to PostgreSQL's planner, which then walks whole tables for it.
_OWNERS = {
    "postgresql": """
        SELECT i.value, i.lead_id FROM json_array_elements_text(CAST(:values AS json)) AS k (value)
        JOIN identifier i ON i.account_id = :account AND i.kind = :kind AND i.value = k.value
        """,
    # CROSS: SQLite keeps this order, and looks up each key; left to itself it walks the account's
    # whole index, with all the keys tried on each entry.
    "sqlite": """
        SELECT i.value, i.lead_id FROM json_each(:values) AS k
        CROSS JOIN identifier i ON i.account_id = :account AND i.kind = :kind AND i.value = k.value
        """,
}

_SUPPRESSED = {
    "postgresql": """
        SELECT s.value FROM json_array_elements_text(CAST(:values AS json)) AS k (value)
        JOIN suppression s ON s.account_id = :account AND s.kind = :kind AND s.value = k.value
        """,
    "sqlite": """
        SELECT s.value FROM json_each(:values) AS k
        CROSS JOIN suppression s ON s.account_id = :account AND s.kind = :kind
            AND s.value = k.value
        """,
}

#: The ids of a JSON text as a subquery, on SQLite or not.
_IDS = {
    True: "SELECT value FROM json_each(:ids)",
    False: "SELECT CAST(value AS bigint) FROM json_array_elements_text(CAST(:ids AS json))",
}

# Leads are locked in the order of their ids, before any identifier is inserted: two imports of the
# same people then wait for each other and never deadlock.
_LEADS = """
    SELECT l.id, CAST(l.fields AS text), CAST(l.tags AS text), l.version,
           c.row, c.created, c.was,
           CAST(c.fields AS text), CAST(c.identifiers AS text), CAST(c.tags AS text)
    FROM lead l
    LEFT JOIN lead_change c
        ON c.account_id = l.account_id AND c.import_id = :import_id AND c.lead_id = l.id
    WHERE l.account_id = :account AND l.id IN ({ids}) ORDER BY l.id {lock}
    """


def keys_of(candidates: Iterable[Candidate]) -> set[Key]:
    """Every identifier of a batch."""
    return {held[0] for c in candidates if not c.refused for held in c.held}


def gather(
    session: Session, account: int, import_id: int, candidates: Iterable[Candidate]
) -> Known:
    """What the database knows of a batch's identifiers, its leads locked until the commit."""
    keys = keys_of(candidates)
    suppressed = find_suppressed(session, account, keys)
    owners = find_owners(session, account, keys)
    leads = find_leads(session, account, import_id, set(owners.values()), lock=True)
    # An owner that was deleted between the two statements owns nothing any more.
    owners = {key: lead for key, lead in owners.items() if lead in leads}
    return Known(owners, leads, suppressed)


def find_owners(session: Session, account: int, keys: Collection[Key]) -> dict[Key, int]:
    """The leads that own these identifiers."""
    found = _look_up(session, account, keys, _OWNERS)
    return {(kind, value): lead for kind, (value, lead) in found}


def find_identifiers(
    session: Session, account: int, leads: Collection[int]
) -> dict[int, list[Key]]:
    """All identifiers of each of these leads."""
    found: dict[int, list[Key]] = {lead: [] for lead in leads}
    if leads:
        sqlite = session.get_bind().dialect.name == "sqlite"
        statement = text(
            "SELECT lead_id, kind, value FROM identifier "  # noqa: S608  (the subquery is ours)
            f"WHERE account_id = :account AND lead_id IN ({_IDS[sqlite]})"
        )
        given = {"account": account, "ids": dumps(sorted(leads)).decode()}
        for lead, kind, value in session.connection().execute(statement, given):
            found[lead].append((kind, value))
    return found


def find_suppressed(session: Session, account: int, keys: Collection[Key]) -> set[Key]:
    """Those of the keys that are on the account's suppression list."""
    any_ = text("SELECT 1 FROM suppression WHERE account_id = :account LIMIT 1")
    if session.connection().execute(any_, {"account": account}).first() is None:
        return set()
    return {(kind, value) for kind, (value,) in _look_up(session, account, keys, _SUPPRESSED)}


def _look_up(
    session: Session, account: int, keys: Collection[Key], statements: dict[str, str]
) -> Iterator[tuple[str, Any]]:
    """What a statement finds for the keys, kind by kind: that is how the indexes are ordered."""
    statement = text(statements[session.get_bind().dialect.name])
    by_kind: dict[str, list[str]] = {}
    for kind, value in keys:
        by_kind.setdefault(kind, []).append(value)
    for kind, values in by_kind.items():
        values.sort()  # as the index is, so that the look-ups walk it once
        given = {"account": account, "kind": kind, "values": dumps(values).decode()}
        for row in _rows(session, statement, given):
            yield kind, row


def _rows(session: Session, statement: TextClause, given: dict[str, Any]) -> list[Any]:
    """All rows as the driver gives them: SQLAlchemy's own would cost more than the look-up."""
    with session.connection().execute(statement, given) as result:
        return list(result.cursor.fetchall()) if result.cursor else []


def find_leads(
    session: Session, account: int, import_id: int, ids: Collection[int], *, lock: bool
) -> dict[int, LeadState]:
    """The leads with these ids, with what this import already did to each."""
    if not ids:
        return {}
    sqlite = session.get_bind().dialect.name == "sqlite"
    statement = _LEADS.format(
        ids=_IDS[sqlite],
        lock="FOR UPDATE OF l" if lock and not sqlite else "",
    )
    given = dumps(sorted(ids)).decode()
    parameters = {"account": account, "import_id": import_id, "ids": given}
    rows = _rows(session, text(statement), parameters)
    return {row[0]: _state(*row) for row in rows}


def _state(
    lead_id: int,
    fields: str,
    tags: str,
    version: int,
    first_row: int | None,
    created: bool | None,
    was: int | None,
    before: str | None,
    *added: str | None,
) -> LeadState:
    lead = LeadState(lead_id, loads(fields), loads(tags), version, was=version)
    if first_row is not None:
        lead.was, lead.created_here = was or 0, bool(created)
        lead.in_journal, lead.first_row = True, first_row
        lead.before = {name: pair[0] for name, pair in loads(before or "{}").items()}
        identifiers, lead.added_tags = (loads(each or "[]") for each in added)
        lead.added_identifiers = [(kind, value) for kind, value in identifiers]
    return lead
