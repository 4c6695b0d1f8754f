"""Prepare an import to be written by several workers at once.

One pass over the file finds the rows that have nothing to do with any other row of it. The parts
that nobody has begun are marked with them, and may then be written in any order; what the pass
found out of identifiers stays with its part. A worker does this while another one already writes.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, update
from sqlmodel import Session, col

from core import engine, entangled, imports, parts
from core.db import Database
from core.entangled import FREE, Sightings
from core.models import ImportPart
from core.parts import Claim, PartKey
from core.sheet import read
from core.uploads import Files


def spread_part(database: Database, files: Files, claim: Claim) -> None:
    """Mark the parts of an import. Raises ClaimLost where somebody else has the part now."""
    account_id, import_id = claim.key[:2]
    job = engine.open_job(database, files, claim.key)
    with database.reading() as session:
        total = imports.get(session, account_id, import_id).total
    sightings = Sightings(total * job.reader.identifier_columns)
    with engine.no_collecting():
        for row in read(job.path, job.format):
            sightings.add(row.number, job.reader.identifiers(row))
        late = sightings.late_rows()
    seen = sightings.seen().packed()

    def record(session: Session) -> None:
        parts.hold(session, claim)
        parts.finish(session, claim, seen)
        for part in _untouched(session, account_id, import_id):
            marked = entangled.marks(part.start["row"], part.rows, late)
            _mark(session, parts.key_of(part), marked)

    database.transact(record)


def _untouched(session: Session, account_id: int, import_id: int) -> Sequence[ImportPart]:
    statement = (
        select(ImportPart)
        .where(
            col(ImportPart.account_id) == account_id,
            col(ImportPart.import_id) == import_id,
            col(ImportPart.kind) == "write",
            *_is_untouched(),
        )
        .order_by(col(ImportPart.ordinal))
    )
    return session.scalars(statement).all()


def _mark(session: Session, key: PartKey, marked: bytes) -> None:
    # Asked again, in the statement that locks the part: it may have been claimed in between, and
    # is then written whole, in the order of the file.
    values = {"outcomes": marked, "state": "pending" if FREE in marked else "half"}
    session.execute(
        update(ImportPart)
        .where(parts.is_part(key), *_is_untouched())
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _is_untouched() -> tuple[ColumnElement[bool], ...]:
    return (col(ImportPart.state) == "pending", func.length(col(ImportPart.outcomes)) == 0)
