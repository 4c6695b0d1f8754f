"""Ask for imports. Another account's ids look like ids that do not exist."""

from __future__ import annotations

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from core.errors import NotFound
from core.models import Import, Upload
from core.status import ACTIVE


def get(session: Session, account_id: int, import_id: int) -> Import:
    """The import, read anew. Raises NotFound."""
    found = session.get(Import, (account_id, import_id), populate_existing=True)
    if found is None:
        raise NotFound
    return found


def upload_of(session: Session, account_id: int, import_id: int) -> Upload:
    """The upload of an import. Raises NotFound."""
    found = session.get(Upload, (account_id, get(session, account_id, import_id).upload_id))
    if found is None:
        raise NotFound
    return found


def recent(
    session: Session, account_id: int, *, page: int = 1, limit: int = 25
) -> tuple[list[Import], int]:
    """Started imports, the newest first, and how many there are in all (L-22)."""
    # A draft that was dropped or rejected was never an import.
    mine = (
        col(Import.account_id) == account_id,
        or_(col(Import.started_at).is_not(None), col(Import.status).in_(ACTIVE)),
    )
    total = session.scalar(select(func.count()).select_from(Import).where(*mine)) or 0
    newest = (col(Import.created_at).desc(), col(Import.id).desc())
    statement = select(Import).where(*mine).order_by(*newest)
    found = session.scalars(statement.offset((page - 1) * limit).limit(limit))
    return list(found), total


def under_way(session: Session, account_id: int) -> int:
    """How many imports of the account are queued or in progress."""
    mine = (col(Import.account_id) == account_id, col(Import.status).in_(ACTIVE))
    return session.scalar(select(func.count()).select_from(Import).where(*mine)) or 0


def earlier_import(session: Session, account_id: int, import_id: int) -> Import | None:
    """The last completed import of a file with the same bytes, before this one."""
    upload = upload_of(session, account_id, import_id)
    statement = (
        select(Import)
        .join(
            Upload,
            (col(Upload.account_id) == col(Import.account_id))
            & (col(Upload.id) == col(Import.upload_id)),
        )
        .where(
            col(Import.account_id) == account_id,
            col(Import.id) != import_id,
            col(Import.status) == "completed",
            col(Upload.sha256) == upload.sha256,
        )
        .order_by(col(Import.completed_at).desc())
        .limit(1)
    )
    return session.scalars(statement).first() if upload.sha256 else None
