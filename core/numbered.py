"""Leads by their place in a list, for callers who skip so many and want to know how many there are.

``looking.page`` is the better way to read many of them: what stands at a place changes with every
lead that is added, and skipping costs as much as reading.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, or_, select
from sqlmodel import Session, col

from core import imports
from core.models import Lead, LeadChange


def numbered(
    session: Session, account_id: int, *, batch: int | None = None, skip: int = 0, limit: int = 50
) -> tuple[Sequence[Lead], int]:
    """The leads from a place on, the newest first, and how many there are in all.

    ``batch`` keeps to what an import created or changed, and did not undo. Raises NotFound where
    there is no such import.
    """
    wanted = [col(Lead.account_id) == account_id]
    if batch is not None:
        imports.get(session, account_id, batch)
        wanted.append(_touched_by(account_id, batch))
    newest = select(Lead).where(*wanted).order_by(col(Lead.id).desc())
    found = session.scalars(newest.offset(skip).limit(limit)).all()
    total = session.scalar(select(func.count()).select_from(Lead).where(*wanted))
    return found, total or 0


def _touched_by(account_id: int, batch: int) -> ColumnElement[bool]:
    """Whether the import's journal still stands for the lead."""
    undone = col(LeadChange.undone)
    return (
        select(LeadChange)
        .where(
            col(LeadChange.account_id) == account_id,
            col(LeadChange.import_id) == batch,
            col(LeadChange.lead_id) == col(Lead.id),
            or_(undone.is_(None), undone == "kept"),
        )
        .exists()
    )
