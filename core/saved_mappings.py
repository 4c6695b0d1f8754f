"""The mappings an account last used, one for each header; a file with that header gets it again."""

from __future__ import annotations

from sqlalchemy import delete, literal, select
from sqlmodel import Session, col

from core.errors import NotFound
from core.models import SavedMapping

NONE = "There is no such saved mapping."


def listed(
    session: Session, account_id: int, *, after: str = "", limit: int = 25
) -> list[SavedMapping]:
    """A page of them in the order of their fingerprints, from behind ``after`` on."""
    statement = (
        select(SavedMapping)
        .where(col(SavedMapping.account_id) == account_id, col(SavedMapping.fingerprint) > after)
        .order_by(col(SavedMapping.fingerprint))
        .limit(limit)
    )
    return list(session.scalars(statement))


def forget(session: Session, account_id: int, fingerprint: str) -> None:
    """Guess the columns of files with this header anew. Raises NotFound."""
    statement = (
        delete(SavedMapping)
        .where(
            col(SavedMapping.account_id) == account_id,
            col(SavedMapping.fingerprint) == fingerprint,
        )
        .returning(literal(1))
        .execution_options(synchronize_session=False)
    )
    if session.execute(statement).one_or_none() is None:
        raise NotFound(NONE)
