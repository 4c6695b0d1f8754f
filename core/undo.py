"""Restore what an import did, from its journal: gather, decide, apply, one batch at a time.

A lead the import created and nobody touched since is deleted. A lead it updated gets each field
back that still holds what the import wrote. What a person, the API or a later import touched since
stays and is named; an opt-out stays too, and a lead that only this import knows of stays with it.
A batch and the part that stands for it end in one transaction, so a killed worker's undo goes on
where it stopped.

What comes back is every byte of fields, tags and identifiers, and the version. The time of the last
change does not: undoing is one, and whoever asks for what changed since wants to hear of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, literal, select, update
from sqlmodel import Session, col

from core import copying, imports, parts, staging, touched, webhooks, writing
from core.columns import OPT_OUT_TARGETS
from core.db import Database
from core.deciding import LeadState
from core.errors import WrongState
from core.models import Import, LeadChange
from core.parts import Claim, PartKey
from core.touched import DELETED, GONE, KEPT, OPEN, RESTORED, Change

#: Leads undone in one transaction.
BATCH_LEADS = 5_000

_NOT_YET = {
    "draft": "The import is still a draft: nothing of it was imported.",
    "queued": "The import has not begun. Cancel it instead.",
    "in_progress": "The import is still running. Cancel it or let it end, and then undo it.",
    "paused": "The import is paused. Cancel it, and then undo it.",
}


@dataclass
class Undoing:
    """What undoing does to one lead."""

    lead_id: int
    outcome: str
    fields: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    version: int = 0
    identifiers: list[list[str]] = field(default_factory=list)  #: to be taken off the lead again
    kept: list[str] = field(default_factory=list)  #: fields that were touched since


def start(session: Session, account_id: int, import_id: int) -> Import:
    """Begin to undo an import that has ended; one that failed to be undone goes on.

    Raises NotFound, and WrongState where there is nothing to undo, or it is being undone already.
    """
    ended = _ended(session, account_id, import_id)
    again = ended.undo_state == "failed"
    statement = (
        update(Import)
        .where(*_is(account_id, import_id), col(Import.undo_state) == ended.undo_state)
        .where(col(Import.undo_state).in_(("", "failed")))
        .values(undo_state="undoing", **({} if again else {"undo_counts": _counts([])}))
        .returning(literal(1))
        .execution_options(synchronize_session=False)
    )
    if session.execute(statement).one_or_none() is None:
        raise WrongState("The import is being undone already.")
    ordinal, begin = parts.following(session, account_id, import_id, "undo")
    key = PartKey(account_id, import_id, "undo", ordinal)
    parts.add(session, key, begin or {"after": 0})
    session.flush()
    session.refresh(ended)
    imports.tell(session, ended, "card")
    return ended


def _ended(session: Session, account_id: int, import_id: int) -> Import:
    """The import, if there is anything to undo. Raises NotFound and WrongState."""
    found = imports.get(session, account_id, import_id)
    if found.status in _NOT_YET:
        raise WrongState(_NOT_YET[found.status])
    if found.started_at is None:
        raise WrongState("Nothing of it was imported, so there is nothing to undo.")
    if found.undo_state == "undone":
        raise WrongState("The import has been undone already.")
    return found


def undo_part(database: Database, claim: Claim) -> None:
    """Undo the next batch of leads. Raises ClaimLost where somebody else has the part now."""
    batch = (*claim.key[:2], claim.start["after"], BATCH_LEADS)

    def apply(session: Session) -> None:
        parts.hold(session, claim)
        touched.lock(session, *batch)
        plan = _plan(session, claim.key, touched.fates(session, *batch))
        _apply(session, claim.key, plan)
        parts.finish(session, claim)
        _advance(session, claim, plan)

    database.transact(apply)


def _plan(session: Session, key: PartKey, fates: Iterable[tuple[int, str]]) -> list[Undoing]:
    """What to do with each lead of a batch, in the order of their ids."""
    plan = {lead_id: Undoing(lead_id, fate) for lead_id, fate in fates}
    open_ = [u.lead_id for u in plan.values() if u.outcome not in (DELETED, GONE)]
    for change, lead in touched.details(session, *key[:2], open_):
        plan[change.lead_id] = decide(change, lead)
    return list(plan.values())


def preview(session: Session, account_id: int, import_id: int) -> dict[str, int]:
    """How many leads undoing would delete, restore and keep, and how many are gone.

    Of an undo that is under way, what it will come to. Raises NotFound and WrongState.
    """
    found = Counter(_ended(session, account_id, import_id).undo_counts)
    found.update(touched.counted(session, account_id, import_id))
    after = 0
    while found[OPEN] and (
        ids := touched.waiting(session, account_id, import_id, after, BATCH_LEADS)
    ):
        after = ids[-1]
        details = touched.details(session, account_id, import_id, ids)
        found.update(decide(change, lead).outcome for change, lead in details)
    return _counts(found)


def leads_touched(session: Session, account_id: int, import_id: int) -> int:
    """How many leads the import created or changed: those that undoing goes through."""
    mine = (col(LeadChange.account_id) == account_id, col(LeadChange.import_id) == import_id)
    return session.scalar(select(func.count()).select_from(LeadChange).where(*mine)) or 0


def give_up(session: Session, key: PartKey) -> None:
    """Undoing did not come to an end; it may be started again, and goes on where it stopped."""
    session.execute(
        update(Import)
        .where(*_is(key.account_id, key.import_id))
        .values(undo_state="failed")
        .execution_options(synchronize_session=False)
    )
    imports.tell(session, imports.get(session, key.account_id, key.import_id), "card")


# ---- decide (pure) -----------------------------------------------------------------------------


def decide(change: Change, lead: LeadState) -> Undoing:
    """What to do with a lead that is not simply deleted, given how it is now."""
    untouched = lead.version == change.version
    opt_outs = [name for name in OPT_OUT_TARGETS if name in lead.fields]
    if change.created:  # but touched since, or the only one to know of an opt-out
        return Undoing(lead.id, KEPT, kept=opt_outs if untouched else [])
    undoing = Undoing(lead.id, RESTORED, dict(lead.fields), version=lead.version + 1)
    stays = [name for name in opt_outs if name in change.fields]
    if untouched and not stays:
        # The lead is again what it was, and so is its version: to an import before this one, which
        # may be undone next, it is untouched.
        undoing.version = change.was
    for name, (before, after) in change.fields.items():
        if name in stays or lead.fields.get(name) != after:
            undoing.kept.append(name)
        elif before is None:
            del undoing.fields[name]
        else:
            undoing.fields[name] = before
    undoing.tags = [tag for tag in lead.tags if tag not in change.tags]
    undoing.identifiers = change.identifiers
    if undoing.fields == lead.fields and undoing.tags == lead.tags and not undoing.identifiers:
        undoing.outcome = KEPT  # nothing of what the import did is left to take back
    return undoing


# ---- apply -------------------------------------------------------------------------------------


def _apply(session: Session, key: PartKey, plan: Sequence[Undoing]) -> None:
    account_id, import_id = key[:2]
    sqlite = session.get_bind().dialect.name == "sqlite"
    way = staging if sqlite else copying
    now = imports.now(session)
    way.delete_leads(session, account_id, [u.lead_id for u in plan if u.outcome == DELETED])
    restored = [u for u in plan if u.outcome == RESTORED]
    way.update_leads(session, account_id, [_row(undoing, now) for undoing in restored])
    owned = [(k, v, u.lead_id) for u in restored for k, v in u.identifiers]
    way.delete_identifiers(session, account_id, owned)
    way.mark_undone(session, account_id, import_id, [_mark(undoing) for undoing in plan])


def _row(undoing: Undoing, now: int) -> tuple[Any, ...]:
    fields, tags = writing.dump(undoing.fields), writing.dump(undoing.tags)
    return (undoing.lead_id, fields, tags, undoing.version, now)


def _mark(undoing: Undoing) -> tuple[int, str, str]:
    return (undoing.lead_id, undoing.outcome, writing.dump(undoing.kept) if undoing.kept else "[]")


def _advance(session: Session, claim: Claim, plan: Sequence[Undoing]) -> None:
    """Add up, and either go on with the next batch or say that the import is undone."""
    account_id, import_id, kind, ordinal = claim.key
    undone = imports.get(session, account_id, import_id)
    counts = Counter(undone.undo_counts)
    counts.update(undoing.outcome for undoing in plan)
    undone.undo_counts = _counts(counts)
    if len(plan) == BATCH_LEADS:
        following = PartKey(account_id, import_id, kind, ordinal + 1)
        parts.add(session, following, {"after": plan[-1].lead_id})
    else:
        undone.undo_state, undone.undone_at = "undone", imports.now(session)
    session.add(undone)
    imports.tell(session, undone, "card", soon=undone.undo_state == "undone")
    if undone.undo_state == "undone":
        imports.tell(session, undone, "undone", once=True)
        webhooks.happened(session, undone, webhooks.UNDONE)


def _counts(found: Counter[str] | Iterable[str]) -> dict[str, int]:
    counted = Counter(found)
    return {name: counted[name] for name in (DELETED, RESTORED, KEPT, GONE)}


def _is(account_id: int, import_id: int) -> tuple[Any, ...]:
    return (col(Import.account_id) == account_id, col(Import.id) == import_id)
