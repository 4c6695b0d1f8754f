"""What is written is what is read back, whatever characters it holds."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, col, select

from core import writing
from core.db import Database
from core.deciding import LeadState, Plan
from core.models import Identifier, Lead, LeadChange
from core.stored import dump

ODD = (
    "tab\tinside",
    'a "quote"',
    "back\\slash",
    "\\N",
    "two\nlines\r\n",
    "Zoë ☕ 東京",
    "\\t",
    "'",
)


def test_odd_characters_survive(database: Database) -> None:
    """Fields, identifiers and their spelling come back unchanged, made by a row or not."""
    plan = Plan()
    for number, text in enumerate(ODD, 1):
        plan.made[number] = number, dump({"first_name": text})
        plan.new.append(LeadState(100 + number, {"first_name": text}, [text], first_row=number))
        plan.identifiers.append(("external_id", text, f" {text} ", number))
        plan.identifiers.append(("cookie", text, None, 100 + number))

    database.transact(lambda session: writing.write(session, 7, 1, plan, now=5))

    with database.reading() as session:
        leads = {lead.id: lead for lead in _all(session, Lead)}
        found = {(i.kind, i.value): (i.written, i.lead_id) for i in _all(session, Identifier)}
        journal = [(c.lead_id, c.row, c.created, c.fields) for c in _all(session, LeadChange)]
    for number, text in enumerate(ODD, 1):
        assert leads[number].fields == leads[100 + number].fields == {"first_name": text}
        assert (leads[number].tags, leads[100 + number].tags) == ([], [text])
        assert leads[number].created_at == leads[number].updated_at == 5
        assert found["external_id", text] == (f" {text} ", number)
        assert found["cookie", text] == (None, 100 + number)
        assert (number, number, True, {}) in journal
        assert (100 + number, number, True, {}) in journal
    assert len(leads) == len(journal) == len(found) == 2 * len(ODD)


def _all(session: Session, model: type[Any]) -> list[Any]:
    return list(session.exec(select(model).where(col(model.account_id) == 7)))
