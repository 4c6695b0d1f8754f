"""What an account holds, in a form that two databases can be compared by: no ids, no times."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, col, select

from core.models import Identifier, Lead


def leads(session: Session, account_id: int) -> list[dict[str, Any]]:
    """Every lead with its identifiers, in a stable order."""
    owned: dict[int, list[list[str]]] = {}
    identifiers = select(Identifier).where(col(Identifier.account_id) == account_id)
    for identifier in session.exec(identifiers):
        owned.setdefault(identifier.lead_id, []).append([identifier.kind, identifier.value])
    found = session.exec(select(Lead).where(col(Lead.account_id) == account_id))
    return ordered(
        {"fields": lead.fields, "tags": lead.tags, "ids": owned.pop(lead.id, [])} for lead in found
    )


def ordered(leads: Any) -> list[dict[str, Any]]:
    """The same leads, sorted."""
    plain = [
        {
            "fields": dict(sorted(lead["fields"].items())),
            "tags": list(lead["tags"]),
            "ids": sorted(list(key) for key in lead["ids"]),
        }
        for lead in leads
    ]
    return sorted(plain, key=repr)
