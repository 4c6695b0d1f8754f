"""Write a decided batch and its journal: a fixed number of statements, whatever its size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from sqlmodel import Session

from core import copying, staging
from core.deciding import LeadState, Plan
from core.problems import Problem
from core.stored import dump

__all__ = ["CHANGE", "IDENTIFIER", "LEAD", "PROBLEM", "dump", "write"]

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


def write(session: Session, account: int, import_id: int, plan: Plan, now: int) -> None:
    """Write ``plan`` in the session's transaction. ``now`` is in Unix milliseconds.

    Raises sqlalchemy's or psycopg's IntegrityError where another writer took an identifier in the
    meantime: roll back and decide the batch again.
    """
    way = staging if session.get_bind().dialect.name == "sqlite" else copying
    way.insert_leads(session, account, now, _new(plan))
    # A lead that was changed and changed back within the batch is what the database holds.
    written = [lead for lead in plan.touched if lead.first_row or lead.in_journal]
    way.update_leads(session, account, [_changed(lead, now) for lead in written])
    # In the order of the key: it halves the cost of the unique index, and two imports that insert
    # the same values wait for each other instead of deadlocking.
    plan.identifiers.sort(key=itemgetter(1))  # twice: texts alone are compared a good deal faster
    plan.identifiers.sort(key=itemgetter(0))
    way.insert_identifiers(session, account, plan.identifiers)
    way.insert_created(session, account, import_id, _created(plan))
    stale = [lead.id for lead in written if lead.in_journal]
    way.delete_changes(session, account, import_id, stale)
    journal = [_journal(account, import_id, lead) for lead in written if lead.first_row]
    way.insert(session, "lead_change", CHANGE, journal)
    way.insert(session, "row_problem", PROBLEM, _problems(account, import_id, plan.problems))


def _new(plan: Plan) -> Iterable[tuple[int, str, str]]:
    """Id, fields and tags of each new lead, in the order of the ids: so the index only appends."""
    made = [(lead, fields, "[]") for lead, (_, fields) in plan.made.items()]
    made += [(lead.id, dump(lead.fields), dump(lead.tags)) for lead in plan.new]
    made.sort(key=itemgetter(0))
    return made


def _created(plan: Plan) -> Iterable[tuple[int, int]]:
    """Id of each new lead and the row that created it, in the order of the ids."""
    made = [(lead, row) for lead, (row, _) in plan.made.items()]
    made += [(lead.id, lead.first_row) for lead in plan.new]
    made.sort(key=itemgetter(0))
    return made


def _changed(lead: LeadState, now: int) -> tuple[Any, ...]:
    version = lead.version + 1 if lead.first_row else lead.was
    return (lead.id, dump(lead.fields), dump(lead.tags), version, now)


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
