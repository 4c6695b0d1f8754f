"""The use cases: what any door can ask for. Each takes the session and the account first.

The caller owns the transaction: it commits, and only then tells the queue. A conditional UPDATE
decides every race, so two people clicking together start one import. What comes before an import
is in ``drafts``, what can be asked about it in ``asking``; doors find all of it here.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, literal, or_, select, update
from sqlmodel import Session, col

from core import mapping, parts, tally, webhooks
from core.accounts import account, take_once
from core.asking import at_work, earlier_import, get, recent, upload_of
from core.db import now
from core.drafts import again, dismiss, draft, read_draft, reject, remembered, set_mapping
from core.errors import WrongState
from core.models import Import, ImportPart
from core.parts import OPEN, PartKey
from core.rules import ImportRules
from core.sheet import Position
from core.status import ACTIVE, ENDED, UNDER_WAY, move, one, tell

__all__ = [
    "ACTIVE", "ENDED", "PART_ROWS", "UNDER_WAY",
    "account", "again", "at_work", "begin", "cancel", "cut", "dismiss", "draft",
    "earlier_import", "get", "now", "pause", "recent", "reject", "remembered", "resume",
    "set_mapping", "settle", "start", "take_once", "tell", "unsettled", "upload_of",
]  # fmt: skip

#: A part is about a fifth of the file, within these bounds, in rows. A part costs some statements
#: whatever its size; on SQLite a large one keeps everybody else from writing for too long.
PART_ROWS = (1_000, 5_000)
#: On PostgreSQL nobody waits for a part, and small ones cost the index of identifiers more. Both
#: the rows being written and those being read ahead are in memory: about 3 kB a row together.
PART_ROWS_AT_ONCE = 20_000
#: Rows times columns of a part, for files so wide that the rows above would fill the memory. A part
#: has a thousand rows all the same: files are marked no more often.
PART_CELLS = 1_000_000
#: From so many rows on it may pay to find out which of them may be written in any order; with
#: 100,000 rows on two cores it does not (docs/decisions/0009).
SPREAD_ROWS = 200_000


def start(session: Session, account_id: int, import_id: int) -> Import:
    """Queue a draft: one caller wins, every later one gets WrongState.

    Raises NotFound, and InvalidMapping where no column identifies a lead.
    """
    drafted, upload = read_draft(session, account_id, import_id)
    rules = ImportRules.from_json(drafted.rules)
    mapping.check(drafted.mapping, upload.sheet["format"]["header"], rules)
    total = upload.sheet["row_count"]
    if not move(session, account_id, import_id, "draft", "queued", total=total):
        raise WrongState("The import has been started already.")
    sqlite = session.get_bind().dialect.name == "sqlite"
    for ordinal, (position, rows) in enumerate(cut(upload.sheet, sqlite=sqlite)):
        key = PartKey(account_id, import_id, "write", ordinal)
        parts.add(session, key, position._asdict(), rows)
    if total >= SPREAD_ROWS and not sqlite:  # SQLite has but one writer at a time
        parts.add(session, PartKey(account_id, import_id, "spread", 0))
    session.flush()
    session.refresh(drafted)
    tell(session, drafted, "card")
    return drafted


def cut(sheet: dict[str, Any], *, sqlite: bool) -> list[tuple[Position, int]]:
    """Where the parts of a file start, and their rows: five or more of them, cut at marks.

    The first is a short one: while it is written, the next is already being read.
    """
    marks = [Position(*mark) for mark in sheet["marks"]]
    total: int = sheet["row_count"]
    least, most = PART_ROWS[0], PART_ROWS[1] if sqlite else PART_ROWS_AT_ONCE
    narrow = PART_CELLS // len(sheet["format"]["header"])
    step = max(1, min(most, total // 5, narrow) // least)
    starts = marks[:1] + marks[max(1, step // 4) :: step]
    ends = [mark.row for mark in starts[1:]] + [total + 1]
    return [(mark, end - mark.row) for mark, end in zip(starts, ends, strict=True)]


def begin(session: Session, account_id: int, import_id: int) -> None:
    """The first part was claimed: the import is in progress."""
    if move(session, account_id, import_id, "queued", "in_progress", started_at=now(session)):
        webhooks.happened(session, get(session, account_id, import_id), webhooks.STARTED)


def pause(session: Session, account_id: int, import_id: int, rules: ImportRules) -> bool:
    """Pause an import most of whose rows fail; true if this call did. It goes on by ``resume``.

    Call it in the transaction that closes a part, so that no later part can be claimed before.
    """
    if rules.budget_share is None:
        return False
    done = sum((col(getattr(Import, name)) for name in tally.COUNTS), start=literal(0))
    conditions = (
        done >= rules.budget_rows,
        col(Import.failed) >= rules.budget_share * done,
        ~col(Import.cancel_requested),
        _any_open(),
    )
    return move(session, account_id, import_id, "in_progress", "paused", *conditions)


def resume(session: Session, account_id: int, import_id: int) -> Import:
    """Let a paused import go on to its end, however many rows fail: one caller wins.

    Raises NotFound and WrongState.
    """
    paused = get(session, account_id, import_id)
    rules = replace(ImportRules.from_json(paused.rules), budget_share=None).to_json()
    if not move(session, account_id, import_id, "paused", "in_progress", rules=rules):
        status = get(session, account_id, import_id).status
        raise WrongState(f"The import is {status}; only a paused one can go on.")
    session.refresh(paused)
    tell(session, paused, "card")
    return paused


def cancel(session: Session, account_id: int, import_id: int) -> Import:
    """Ask a running import to stop after the part it is at. Raises NotFound and WrongState."""
    running = get(session, account_id, import_id)
    statement = (
        update(Import)
        .where(*one(account_id, import_id), col(Import.status).in_(UNDER_WAY))
        .values(cancel_requested=True)
        .returning(literal(1))
        .execution_options(synchronize_session=False)
    )
    if session.execute(statement).one_or_none() is None:
        raise WrongState(f"The import is {running.status}; there is nothing to cancel.")
    settle(session, account_id, import_id)
    session.refresh(running)
    tell(session, running, "card")
    return running


def settle(session: Session, account_id: int, import_id: int) -> bool:
    """End the import if all its parts have ended; true for the one caller that did.

    Run it in a transaction of its own, after the one that closed a part: two last parts that close
    at the same time would not see each other.
    """
    running = get(session, account_id, import_id)
    if running.cancel_requested:
        parts.drop(session, account_id, import_id)
    status = "cancelled" if running.cancel_requested else "completed"
    if running.total and running.unprocessed == running.total and status == "completed":
        status = "failed"  # every part was given up
    ended = ~_any_open()
    values = {"completed_at": now(session)}
    if not move(session, account_id, import_id, UNDER_WAY, status, ended, **values):
        return False
    parts.drop_spread(session, account_id, import_id)
    session.refresh(running)
    tell(session, running, "card")
    tell(session, running, "summary", once=True)
    webhooks.happened(session, running, f"import.{status}")
    return True


def unsettled(session: Session, limit: int = 200) -> list[tuple[int, int]]:
    """Account and id of imports that ``settle`` would end: no row of theirs waits any more."""
    return [(row.account_id, row.id) for row in session.execute(_unsettled(), {"most": limit})]


@cache  # as in ``turns``: it takes longer to put together than to run
def _unsettled() -> Select[int, int]:
    ended = or_(~_any_open(), col(Import.cancel_requested))
    return (
        select(col(Import.account_id), col(Import.id))
        .where(col(Import.status).in_(UNDER_WAY), ended)
        .order_by(col(Import.id))
        .limit(bindparam("most"))
    )


def _any_open() -> ColumnElement[bool]:
    """Whether rows of an import still wait to be written."""
    return exists().where(
        col(ImportPart.account_id) == col(Import.account_id),
        col(ImportPart.import_id) == col(Import.id),
        col(ImportPart.kind) == "write",
        col(ImportPart.state).in_(OPEN),
    )
