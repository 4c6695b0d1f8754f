"""Run one part of an import. Read this first: everything else in ``core`` is a step of it.

A part is read and understood outside the database; then one transaction checks that the part is
still ours, finds the leads it may already have, decides row by row, and writes leads, identifiers,
journal, problems and counts together. A killed worker leaves nothing behind, and a late one
(whose lease ran out) writes nothing.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
from sqlmodel import Session

from core import (
    bulk,
    columnwise,
    entangled,
    ids,
    imports,
    matching,
    parts,
    tally,
    webhooks,
    writing,
)
from core.ahead import Ahead, Piece, pays
from core.batch import Batch, Owned
from core.db import Database
from core.deciding import Plan
from core.entangled import FREE, Seen
from core.mapping import Reader
from core.models import Import, Upload
from core.parts import Claim, PartKey
from core.rules import ImportRules
from core.sheet import Format, Position, read
from core.uploads import Files

#: After each part SQLite is left to others, in seconds: a dozen files can be taken in, and nobody
#: who shares one has to wait for the end of somebody else's import.
_COURTESY = 0.03


@dataclass(frozen=True)
class Job:
    """What it takes to run any part of one import."""

    account_id: int
    import_id: int
    rules: ImportRules
    path: Path
    format: Format
    reader: Reader

    def batch(self, start: Position | None, rows: int | None) -> Batch:
        """The rows from ``start`` on, understood."""
        return columnwise.batch(self.reader, read(self.path, self.format, start, rows))

    def piece(self, start: Position, count: int) -> Piece:
        """The same rows, for a process that reads ahead."""
        format_, rules = orjson.dumps(self.format.to_json()), orjson.dumps(self.rules.to_json())
        return Piece(str(self.path), format_, self.reader.targets, rules, start, count)


def write_part(database: Database, files: Files, claim: Claim, ahead: Ahead | None = None) -> None:
    """Import the rows of one claimed part. Raises ClaimLost where somebody else has it now.

    ``ahead`` may have the rows ready, and is asked for those of the part that follows.
    """
    job = open_job(database, files, claim.key)
    with no_collecting():
        _write(database, job, claim, ahead)


def _write(database: Database, job: Job, claim: Claim, ahead: Ahead | None) -> None:
    batch = _understood(database, job, claim, ahead)

    def apply_part(session: Session) -> None:
        parts.hold(session, claim)
        plan = apply(session, job, batch, in_any_order=FREE in claim.marks)
        tally.count(session, job.account_id, job.import_id, plan)
        outcomes = entangled.outcomes(claim.marks, claim.start["row"], plan)
        parts.finish(session, claim, outcomes)
        paused = imports.pause(session, job.account_id, job.import_id, job.rules)
        running = imports.get(session, job.account_id, job.import_id)
        imports.tell(session, running, "card", soon=paused)
        webhooks.progressed(session, running)

    database.transact(apply_part)
    if database.is_sqlite:
        time.sleep(_COURTESY)


def _understood(database: Database, job: Job, claim: Claim, ahead: Ahead | None) -> Batch:
    """The rows of the part that are to be written now."""
    position, marks = Position(**claim.start), claim.marks
    if marks and FREE not in marks:  # only the late rows are left: mostly few
        rows = read(job.path, job.format, position, claim.rows)
        late = (row for row in rows if entangled.due(marks, position.row, row.number))
        return columnwise.batch(job.reader, late)
    if ahead is None:
        found = job.batch(position, claim.rows)
    elif ahead.expects(piece := job.piece(position, claim.rows)):
        found = ahead.take(piece)
        _ask_for_next(database, job, claim, ahead)
    else:  # while we read this one ourselves
        _ask_for_next(database, job, claim, ahead)
        found = job.batch(position, claim.rows)
    if not marks:
        return found
    return found.only(lambda row: entangled.due(marks, position.row, row))


def _ask_for_next(database: Database, job: Job, claim: Claim, ahead: Ahead) -> None:
    with database.reading() as session:
        following = parts.after(session, claim.key)
    if following and pays(following.rows):
        ahead.ask(job.piece(Position(**following.start), following.rows))


def apply(session: Session, job: Job, batch: Batch, *, in_any_order: bool = False) -> Plan:
    """Gather, decide, write: one batch, in the session's transaction.

    ``in_any_order`` leaves out the rows that turn out to depend on others of the file.
    """
    account, values = job.account_id, batch.values()
    suppressed = matching.find_suppressed(session, account, values)
    owned = matching.find_owned(session, account, values)
    if in_any_order and (late := _late(session, job, batch, owned)):
        batch = batch.only(lambda row: row not in late)
    found = bulk.sort_out(batch, owned, job.rules, suppressed)
    stored = matching.find_stored(session, account, job.import_id, found.alone.values())
    same = bulk.unchanged(batch.plain, found.alone, stored)
    others = batch.ordered(bulk.others(batch.plain, found.free, same))
    known = matching.know(session, account, job.import_id, others, owned, suppressed)
    new_ids = ids.new_ids(len(batch))
    plan = bulk.decide(batch, others, found, same, known, job.rules, new_ids)
    writing.write(session, account, job.import_id, plan, imports.now(session))
    return plan


def _late(session: Session, job: Job, batch: Batch, owned: Owned) -> set[int]:
    """Rows that found a lead which another row of the file may find by another identifier."""
    if not any(owned.values()):
        return set()
    candidates = list(batch)
    leads = entangled.matched_leads(candidates, owned)
    has = matching.find_identifiers(session, job.account_id, set(leads.values()))
    if not has:
        return set()
    key = PartKey(job.account_id, job.import_id, "spread", 0)
    seen = Seen.unpacked(parts.outcomes_of(session, key))
    return {
        each.row
        for each in candidates
        if each.row in leads and entangled.meets_others(each, has[leads[each.row]], seen)
    }


def open_job(database: Database, files: Files, key: PartKey) -> Job:
    """Load the import that a part belongs to. Raises NotFound and FileGone."""
    with database.reading() as session:
        job = imports.get(session, key.account_id, key.import_id)
        upload = imports.upload_of(session, key.account_id, key.import_id)
    return job_of(job, upload, files.path(upload.prepared or upload.location))


def job_of(about: Import, upload: Upload, path: Path) -> Job:
    """The same, of rows at hand; ``path`` is where the file's text lies."""
    rules = ImportRules.from_json(about.rules)
    format_ = Format.from_json(upload.sheet["format"])
    reader = Reader(about.mapping, format_.header, rules)
    return Job(about.account_id, about.id, rules, path, format_, reader)


@contextmanager
def no_collecting() -> Iterator[None]:
    """Keep the cycle collector still while a batch is in memory.

    Rows make no cycles, but so many objects that it would look through all of them, and all that
    the process holds, again and again: two thirds of the time it takes to understand a file.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def take(database: Database, key: PartKey, *, owner: str, lease_ms: int) -> Claim | None:
    """Claim a part and mark its import as begun; None where there is nothing to do."""

    def claim_part(session: Session) -> Claim | None:
        account_id, import_id = key.account_id, key.import_id
        if key.kind == "write" and imports.get(session, account_id, import_id).cancel_requested:
            imports.settle(session, account_id, import_id)
            return None
        claim = parts.claim(session, key, owner=owner, lease_ms=lease_ms)
        if claim is not None and key.kind == "write":
            imports.begin(session, account_id, import_id)
        return claim

    return database.transact(claim_part)
