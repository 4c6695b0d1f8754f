"""What the database knows of a batch: the leads it may already have, and who is suppressed.

A few statements for each kind of identifier, whatever the size of the batch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from orjson import dumps, loads
from sqlalchemy import TextClause, text
from sqlmodel import Session

from core.batch import Owned
from core.candidate import Candidate, Key
from core.deciding import Known, LeadState

# What a batch asks for goes over as one JSON text: an array would be put together in Python, and
# its length known to PostgreSQL's planner, which then walks whole tables for it. One made of a
# subquery has no known length, and its values are found in one walk through the index, which from
# PostgreSQL 17 on takes two thirds of the time of a join that looks up each.
_OWNERS = {
    "postgresql": """
        SELECT i.value, i.lead_id FROM identifier i
        WHERE i.account_id = :account AND i.kind = :kind
            AND i.value = ANY(ARRAY(SELECT json_array_elements_text(CAST(:values AS json))))
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
        SELECT s.value FROM suppression s
        WHERE s.account_id = :account AND s.kind = :kind
            AND s.value = ANY(ARRAY(SELECT json_array_elements_text(CAST(:values AS json))))
        """,
    "sqlite": """
        SELECT s.value FROM json_each(:values) AS k
        CROSS JOIN suppression s ON s.account_id = :account AND s.kind = :kind
            AND s.value = k.value
        """,
}

#: Whether an id is one of a JSON text's, on SQLite or not.
_AMONG = {
    True: "IN (SELECT value FROM json_each(:ids))",
    False: """= ANY(
        ARRAY(SELECT CAST(value AS bigint) FROM json_array_elements_text(CAST(:ids AS json)))
    )""",
}

# A subquery for each lead, not a join: without fresh statistics PostgreSQL takes the journal of an
# import for short, and reads it once for every lead.
_STORED = """
    SELECT l.id, CAST(l.fields AS text) FROM lead l
    WHERE l.account_id = :account AND l.id {among} {unchanged}
    """
_UNCHANGED = """
    AND (
        SELECT c.lead_id FROM lead_change c
        WHERE c.account_id = l.account_id AND c.import_id = :import_id AND c.lead_id = l.id
    ) IS NULL
    """
_BEGUN = """
    SELECT 1 FROM lead_change WHERE account_id = :account AND import_id = :import_id LIMIT 1
    """

# Leads are locked in the order of their ids, before any identifier is inserted: two imports of the
# same people then wait for each other and never deadlock.
_LEADS = """
    SELECT l.id, CAST(l.fields AS text), CAST(l.tags AS text), l.version,
           c.row, c.created, c.was,
           CAST(c.fields AS text), CAST(c.identifiers AS text), CAST(c.tags AS text)
    FROM lead l
    LEFT JOIN lead_change c
        ON c.account_id = l.account_id AND c.import_id = :import_id AND c.lead_id = l.id
    WHERE l.account_id = :account AND l.id {among} ORDER BY l.id {lock}
    """


def find_owned(session: Session, account: int, values: Mapping[str, Iterable[str]]) -> Owned:
    """The leads that own these identifiers, given by kind."""
    statement = text(_OWNERS[session.get_bind().dialect.name])
    return {
        kind: dict(_look_up_kind(session, account, statement, kind, set(some)))
        for kind, some in values.items()
    }


def know(
    session: Session,
    account: int,
    import_id: int,
    rows: Iterable[Candidate],
    owned: Owned,
    suppressed: set[Key],
) -> Known:
    """What the database knows of some rows' identifiers, their leads locked until the commit."""
    keys = {held[0] for row in rows if not row.refused for held in row.held}
    owners = {(k, v): lead for k, v in keys if (lead := owned.get(k, {}).get(v)) is not None}
    leads = find_leads(session, account, import_id, set(owners.values()), lock=True)
    # An owner that was deleted between the two statements owns nothing any more.
    owners = {key: lead for key, lead in owners.items() if lead in leads}
    return Known(owners, leads, suppressed)


def find_owners(session: Session, account: int, keys: Collection[Key]) -> dict[Key, int]:
    """The leads that own these identifiers."""
    found = find_owned(session, account, by_kind(keys))
    return {(kind, value): lead for kind, some in found.items() for value, lead in some.items()}


def find_identifiers(
    session: Session, account: int, leads: Collection[int]
) -> dict[int, list[Key]]:
    """All identifiers of each of these leads."""
    found: dict[int, list[Key]] = {lead: [] for lead in leads}
    if leads:
        sqlite = session.get_bind().dialect.name == "sqlite"
        statement = text(
            "SELECT lead_id, kind, value FROM identifier "  # noqa: S608  (the subquery is ours)
            f"WHERE account_id = :account AND lead_id {_AMONG[sqlite]}"
        )
        given = {"account": account, "ids": dumps(sorted(leads)).decode()}
        for lead, kind, value in session.connection().execute(statement, given):
            found[lead].append((kind, value))
    return found


def find_suppressed(
    session: Session, account: int, values: Mapping[str, Iterable[str]]
) -> set[Key]:
    """Those of the identifiers, given by kind, that are on the account's suppression list."""
    any_ = text("SELECT 1 FROM suppression WHERE account_id = :account LIMIT 1")
    if session.connection().execute(any_, {"account": account}).first() is None:
        return set()
    statement = text(_SUPPRESSED[session.get_bind().dialect.name])
    return {
        (kind, value)
        for kind, some in values.items()
        for (value,) in _look_up_kind(session, account, statement, kind, set(some))
    }


def find_stored(
    session: Session, account: int, import_id: int, ids: Collection[int]
) -> dict[int, str]:
    """The stored fields of those of the leads that this import has not changed yet; unlocked."""
    if not ids:
        return {}
    sqlite = session.get_bind().dialect.name == "sqlite"
    given = {"account": account, "import_id": import_id}
    begun = session.connection().execute(text(_BEGUN), given).first()
    statement = _STORED.format(among=_AMONG[sqlite], unchanged=_UNCHANGED if begun else "")
    return dict(_rows(session, text(statement), {**given, "ids": dumps(sorted(ids)).decode()}))


def by_kind(keys: Iterable[Key]) -> dict[str, list[str]]:
    """The values of keys, by their kinds."""
    found: dict[str, list[str]] = {}
    for kind, value in keys:
        found.setdefault(kind, []).append(value)
    return found


def _look_up_kind(
    session: Session, account: int, statement: TextClause, kind: str, values: set[str]
) -> list[Any]:
    """What a statement finds for values of one kind: that is how the indexes are ordered."""
    if not values:
        return []
    # Sorted as the index is, so that the look-ups walk it once.
    given = {"account": account, "kind": kind, "values": dumps(sorted(values)).decode()}
    return _rows(session, statement, given)


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
        among=_AMONG[sqlite],
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
