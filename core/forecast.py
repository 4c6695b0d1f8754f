"""A true dry run: the same engine, on a scratch copy of just the leads that the file touches.

Nothing is estimated. Each batch brings the leads it may match into a throw-away SQLite file, and
is then decided and written there exactly as the import will do it in the real database.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement
from sqlmodel import Session, SQLModel

from core import columnwise, engine, imports, matching, parts, staging, writing
from core.batch import Batch
from core.candidate import Key
from core.db import Database
from core.deciding import LeadState, Plan
from core.models import Identifier, Lead, LeadChange, RowProblem, Suppression
from core.parts import Claim, PartKey
from core.sheet import read
from core.tally import Tally
from core.uploads import Files

BATCH_ROWS = 5_000
#: How often the forecast is written down while it runs, in seconds.
REPORT_EVERY = 1.0

_TABLES = [SQLModel.metadata.tables[str(m.__tablename__)] for m in (
    Lead, Identifier, LeadChange, RowProblem, Suppression,
)]  # fmt: skip


_SUPPRESSION = ("account_id", "kind", "value", "reason", "created_at")


def run(database: Database, files: Files, claim: Claim) -> None:
    """Forecast a draft whose revision is the claim's ordinal. Raises ClaimLost.

    A draft that was changed or started meanwhile needs no forecast any more: it ends quietly.
    """
    job = engine.open_job(database, files, claim.key)
    tally, reported = Tally(), time.monotonic()
    for plan in plans(database, job):
        tally.add(plan)
        if time.monotonic() - reported > REPORT_EVERY:
            reported = time.monotonic()
            if not database.transact(lambda session: _report(session, claim, tally, False)):
                return
    database.transact(lambda session: _report(session, claim, tally, True))


def plans(database: Database, job: engine.Job) -> Iterator[Plan]:
    """What the import would do, batch by batch in file order."""
    rows = read(job.path, job.format)
    with scratch_database() as scratch, engine.no_collecting():
        while some := list(islice(rows, BATCH_ROWS)):
            yield foresee(database, scratch, job, columnwise.batch(job.reader, some))


def give_up(session: Session, key: PartKey) -> None:
    """No worker could make the forecast: say so, if anybody still waits for it."""
    draft = imports.get(session, key.account_id, key.import_id)
    if draft.status == "draft" and draft.revision == key.ordinal:
        draft.forecast, draft.forecast_revision = {"given_up": True}, key.ordinal
        session.add(draft)
        imports.tell(session, draft, "card")


def foresee(database: Database, scratch: Database, job: engine.Job, batch: Batch) -> Plan:
    """What the next batch of a file would do. Writes ``scratch`` alone."""
    with database.reading() as real, scratch.writing() as copy:
        _bring(real, copy, job, batch)
        _bring_suppressed(real, copy, job, batch)
        return engine.apply(copy, job, batch)


def _report(session: Session, claim: Claim, tally: Tally, done: bool) -> bool:
    """Write down how far the forecast is; false where nobody waits for it any more."""
    key = claim.key
    parts.hold(session, claim)
    draft = imports.get(session, key.account_id, key.import_id)
    wanted = draft.status == "draft" and draft.revision == key.ordinal
    if done or not wanted:
        parts.finish(session, claim)
    else:
        parts.renew(session, claim)
    if wanted:
        draft.forecast = {**tally.to_json(), "done": done}
        draft.forecast_revision = key.ordinal
        session.add(draft)
        imports.tell(session, draft, "card", soon=done)
    return wanted


@contextmanager
def scratch_database() -> Iterator[Database]:
    """An empty throw-away database with the tables that a batch writes."""
    with tempfile.TemporaryDirectory(prefix="leadport-forecast-") as folder:
        scratch = Database(f"sqlite:///{Path(folder) / 'scratch.db'}", durable=False)
        try:
            with scratch.engine.connect() as connection:
                driver: Any = connection.connection.driver_connection
                driver.executescript(_schema())
            yield scratch
        finally:
            scratch.close()


@cache
def _schema() -> str:
    """The statements that make the tables. Compiling them takes longer than running them."""
    dialect = make_url("sqlite://").get_dialect()()
    made: list[ExecutableDDLElement] = []
    for table in _TABLES:
        made += [CreateTable(table), *map(CreateIndex, table.indexes)]
    return ";\n".join(str(statement.compile(dialect=dialect)) for statement in made)


def _bring(real: Session, copy: Session, job: engine.Job, batch: Batch) -> None:
    """Copy the leads that own the batch's identifiers, unless the dry run changed them already."""
    owners = matching.find_owners(real, job.account_id, batch.keys())
    present = set(matching.find_leads(copy, job.account_id, 0, set(owners.values()), lock=False))
    missing = set(owners.values()) - present
    leads = matching.find_leads(real, job.account_id, 0, missing, lock=False)
    account = job.account_id
    staging.insert(copy, "lead", writing.LEAD, [_lead(account, lead) for lead in leads.values()])
    taken = matching.find_owners(copy, account, owners)
    # A lead that was deleted between the two looks owns nothing any more.
    kept = present | leads.keys()
    rows = [
        _identifier(account, key, lead)
        for key, lead in owners.items()
        if lead in kept and key not in taken
    ]
    staging.insert(copy, "identifier", writing.IDENTIFIER, rows)


def _bring_suppressed(real: Session, copy: Session, job: engine.Job, batch: Batch) -> None:
    account = job.account_id
    found = matching.find_suppressed(real, account, batch.values())
    new = found - matching.find_suppressed(copy, account, matching.by_kind(found))
    staging.insert(copy, "suppression", _SUPPRESSION, [(account, *key, "", 0) for key in new])


def _lead(account: int, lead: LeadState) -> tuple[Any, ...]:
    fields, tags = writing.dump(lead.fields), writing.dump(lead.tags)
    return (account, lead.id, fields, tags, lead.version, 0, 0)


def _identifier(account: int, key: Key, lead: int) -> tuple[Any, ...]:
    return (account, *key, lead, None)
