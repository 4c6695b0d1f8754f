"""Write a decided batch and its journal: a fixed number of statements, whatever its size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

import orjson
from sqlmodel import Session

from core import copying, staging
from core.deciding import LeadState, Plan
from core.problems import Problem

LEAD = ("account_id", "id", "fields", "tags", "version", "created_at", "updated_at")
IDENTIFIER = ("account_id", "kind", "value", "lead_id", "written")
CHANGE = (
    "account_id", "import_id", "lead_id", "row", "created",
    "fields", "identifiers", "tags", "was", "version",
)  # fmt: skip
PROBLEM = (
    "account_id", "import_id", "row", "seq", "line",
    "column", "code", "severity", "message", "value",
)  # fmt: skip

_SORTED = orjson.OPT_SORT_KEYS


def write(session: Session, account: int, import_id: int, plan: Plan, now: int) -> None:
    """Write ``plan`` in the session's transaction. ``now`` is in Unix milliseconds.

    Raises sqlalchemy's or psycopg's IntegrityError where another writer took an identifier in the
    meantime: roll back and decide the batch again.
    """
    way = staging if session.get_bind().dialect.name == "sqlite" else copying
    way.insert(session, "lead", LEAD, [_new(account, lead, now) for lead in plan.new])
    # A lead that was changed and changed back within the batch is what the database holds.
    written = [lead for lead in plan.touched if lead.first_row or lead.in_journal]
    way.update_leads(session, account, [_changed(lead, now) for lead in written])
    # In the order of the key: it halves the cost of the unique index, and two imports that insert
    # the same values wait for each other instead of deadlocking.
    plan.identifiers.sort(key=itemgetter(1))  # twice: texts alone are compared a good deal faster
    plan.identifiers.sort(key=itemgetter(0))
    identifiers = ((account, k, v, lead, w) for k, v, w, lead in plan.identifiers)
    way.insert(session, "identifier", IDENTIFIER, identifiers)
    way.insert(session, "lead_change", CHANGE, [_created(account, import_id, x) for x in plan.new])
    stale = [lead.id for lead in written if lead.in_journal]
    way.delete_changes(session, account, import_id, stale)
    journal = [_journal(account, import_id, lead) for lead in written if lead.first_row]
    way.insert(session, "lead_change", CHANGE, journal)
    way.insert(session, "row_problem", PROBLEM, _problems(account, import_id, plan.problems))


def dump(value: Any) -> str:
    """JSON text."""
    # Sorted, so that a lead that is restored is the same to the byte.
    return orjson.dumps(value, option=_SORTED).decode()


def _new(account: int, lead: LeadState, now: int) -> tuple[Any, ...]:
    tags = dump(lead.tags) if lead.tags else "[]"
    return (account, lead.id, dump(lead.fields), tags, 1, now, now)


def _changed(lead: LeadState, now: int) -> tuple[Any, ...]:
    version = lead.version + 1 if lead.first_row else lead.was
    return (lead.id, dump(lead.fields), dump(lead.tags), version, now)


def _created(account: int, import_id: int, lead: LeadState) -> tuple[Any, ...]:
    return (account, import_id, lead.id, lead.first_row, True, "{}", "[]", "[]", 0, 1)


def _journal(account: int, import_id: int, lead: LeadState) -> tuple[Any, ...]:
    if lead.created_here:  # undo deletes it whole, so what it was in between is of no use
        fields, identifiers, tags = "{}", "[]", "[]"
    else:
        pairs = {n: [old, lead.fields.get(n)] for n, old in lead.before.items()}
        fields = dump({n: pair for n, pair in pairs.items() if pair[0] != pair[1]})
        identifiers, tags = dump(lead.added_identifiers), dump(lead.added_tags)
    return (
        account, import_id, lead.id, lead.first_row, lead.created_here,
        fields, identifiers, tags, lead.was, lead.version + 1,
    )  # fmt: skip


def _problems(
    account: int, import_id: int, problems: Sequence[Problem]
) -> Iterable[tuple[Any, ...]]:
    row, seq = 0, 0
    for p in problems:
        seq = seq + 1 if p.row == row else 0
        row = p.row
        yield (
            account, import_id, p.row, seq, p.line,
            p.column, p.code.value, p.severity.value, p.message, p.value,
        )  # fmt: skip
