"""An import's status: which there are, and the one statement that changes it."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Update, bindparam, literal, update
from sqlmodel import Session, col

from core import outbox
from core.models import Import, table_of
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
    given = {"of_account": account_id, "of_import": import_id, "olds": olds, "new": new}
    given |= {f"new_{name}": value for name, value in values.items()}
    statement = _move(tuple(values))
    if conditions:
        statement = statement.where(*conditions)
    return session.execute(statement, given).one_or_none() is not None


@cache  # as in ``turns``: every part of an import asks whether it is the first
def _move(names: tuple[str, ...]) -> Update:
    table = table_of(Import)
    given = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
    return (
        update(table)
        .where(
            table.c.account_id == bindparam("of_account"),
            table.c.id == bindparam("of_import"),
            table.c.status.in_(bindparam("olds", expanding=True)),
        )
        .values(status=bindparam("new"), **given)
        .returning(literal(1))
        # Conditions about the model make it the ORM's, which would look for objects to change.
        .execution_options(synchronize_session=False)
    )


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
