"""Delete the bytes of files that nobody needs: they hold people's data.

The rows say first that a file is gone, and then it goes: a crash in between leaves an orphan, which
is found by its age. A file store therefore belongs to one database.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.db import Database, now_ms
from core.models import Import, Upload
from core.uploads import Files

#: A file that no upload names may yet become one's; after this many seconds it will not.
ORPHANED_AFTER = 24 * 3_600
_AT_ONCE = 200
#: A file that was kept for a while only is deleted so long after that, in milliseconds: by then
#: whoever started it in its last moment has done so.
_GRACE_MS = 3_600_000

log = logging.getLogger(__name__)


def drop_unwanted(database: Database, files: Files) -> int:
    """Delete what was rejected, dismissed or expired before it was started; how many files."""
    locations = database.transact(_forsake)
    for location in locations:
        files.delete(location)
    return len(locations)


def _forsake(session: Session) -> list[str]:
    """Forget where unwanted files lie: what is to be deleted after the commit."""
    locations: list[str] = []
    for upload in session.scalars(_unwanted()):
        locations += {upload.location, upload.prepared} - {""}
        upload.location = upload.prepared = ""
        if upload.state != "rejected":
            upload.state = "expired"
        session.add(upload)
    return locations


@cache  # the sweeper asks every few seconds: to put it together takes longer than to answer it
def _unwanted() -> Select[Upload]:
    dismissed = and_(col(Import.status) == "cancelled", ~col(Import.cancel_requested))
    rejected = and_(col(Import.status) == "failed", col(Import.started_at).is_(None))
    return (
        select(Upload)
        .join(
            Import,
            and_(
                col(Import.account_id) == col(Upload.account_id),
                col(Import.upload_id) == col(Upload.id),
            ),
        )
        .where(
            or_(dismissed, rejected, _expired()),
            or_(col(Upload.location) != "", col(Upload.prepared) != ""),
        )
        .limit(_AT_ONCE)
    )


def _expired() -> ColumnElement[bool]:
    """Whether the time that the file was kept is over, and no import was made of it."""
    made = aliased(Import)
    used = exists().where(
        col(made.account_id) == col(Upload.account_id),
        col(made.upload_id) == col(Upload.id),
        col(made.status) != "draft",
    )
    late = col(Upload.expires_at) <= now_ms() - _GRACE_MS
    return and_(col(Import.status) == "draft", late, ~used)


def drop_orphans(database: Database, files: Files) -> int:
    """Delete what lies in the store for a day and no upload names; how many files that were."""
    dropped = 0
    for locations in _batches(files.older_than(time.time() - ORPHANED_AFTER)):
        with database.reading() as session:
            orphans = set(locations) - _named(session, locations)
        for location in orphans:
            files.delete(location)
        dropped += len(orphans)
    if dropped:
        log.info("%s files that no upload names were deleted", dropped)
    return dropped


def _named(session: Session, locations: Iterable[str]) -> set[str]:
    named = (col(Upload.location).in_(locations), col(Upload.prepared).in_(locations))
    statement = select(col(Upload.location), col(Upload.prepared)).where(or_(*named))
    return {location for row in session.execute(statement) for location in row}


def _batches(locations: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(locations, _AT_ONCE)):
        yield batch
