"""An import's status: which there are, and the one statement that changes it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import literal, update
from sqlmodel import Session, col

from core import outbox
from core.models import Import
from core.outbox import OutboxKey

ACTIVE = ("queued", "in_progress")
#: Started and not ended. A paused import waits for somebody to say whether it is to go on.
UNDER_WAY = (*ACTIVE, "paused")
ENDED = ("completed", "failed", "cancelled")


def move(
    session: Session,
    account_id: int,
    import_id: int,
    old: str | tuple[str, ...],
    new: str,
    *conditions: Any,
    **values: Any,
) -> bool:
    """Change the status, if it is ``old`` and the conditions hold: exactly one caller wins."""
    olds = (old,) if isinstance(old, str) else old
    statement = (
        update(Import)
        .where(*one(account_id, import_id), col(Import.status).in_(olds), *conditions)
        .values(status=new, **values)
        .returning(literal(1))
        .execution_options(synchronize_session=False)
    )
    return session.execute(statement).one_or_none() is not None


def one(account_id: int, import_id: int) -> tuple[Any, ...]:
    """The condition that names one import."""
    return (col(Import.account_id) == account_id, col(Import.id) == import_id)


def tell(
    session: Session, about: Import, kind: str, *, once: bool = False, soon: bool = True
) -> None:
    """Ask for the conversation the import belongs to, if any, to be told.

    Mere progress is not told ``soon``: it waits until the last message is a while old.
    """
    if about.origin:
        key = OutboxKey(about.account_id, about.id, kind)
        outbox.request(session, key, once=once, soon=soon)
