"""Candidate + what is known + rules -> what to do. Pure: values in, values out, no database.

Rows are decided one at a time in file order against what the rows before them left behind, so a
batch of any size gives what a row-by-row import would.

Outcomes count effects on the database. A lead that several rows of a file speak of is created or
updated once, by the first row that did; the others are *unchanged*. A row whose change a later row
took back, so that the lead is again what it was before the import, is *unchanged* too: importing
the same file twice changes nothing the second time, whatever its rows say of each other.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from orjson import loads

from core import remarks
from core.candidate import Candidate, Held, Key
from core.columns import OPT_OUT_TARGETS
from core.problems import Problem
from core.rules import ImportRules, OnMatch

#: One byte a row, in file order: what became of it.
CREATED, UPDATED, UNCHANGED, SKIPPED, FAILED = b"cu=sf"


@dataclass(slots=True)
class LeadState:
    """A lead as it stands while a batch is decided, and what this import did to it so far."""

    id: int
    fields: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    version: int = 0
    was: int = 0  #: the version before this import
    is_new: bool = False  #: created in this batch
    created_here: bool = False  #: created by this import, in this batch or before
    first_row: int = 0  #: the first row of this import that created or changed it; 0: none
    before: dict[str, str | None] = field(default_factory=dict)  #: of the fields changed here
    added_identifiers: list[Key] = field(default_factory=list)
    added_tags: list[str] = field(default_factory=list)
    in_journal: bool = False  #: an earlier batch of this import wrote down a change
    touched: bool = False  #: changed in this batch, though maybe back again

    @property
    def differs(self) -> bool:
        """Whether this import leaves the lead other than it found it."""
        return bool(
            self.added_identifiers
            or self.added_tags
            or any(self.fields.get(name) != old for name, old in self.before.items())
        )


@dataclass(slots=True)
class Known:
    """What the database holds about the identifiers of a batch."""

    owners: dict[Key, int] = field(default_factory=dict)  #: identifier -> lead id
    leads: dict[int, LeadState] = field(default_factory=dict)
    suppressed: set[Key] = field(default_factory=set)


@dataclass(slots=True)
class Plan:
    """What a batch does to the database, and what became of each of its rows."""

    rows: list[int] = field(default_factory=list)  #: the numbers of the batch's rows, ascending
    outcomes: bytearray = field(default_factory=bytearray)  #: one for each of ``rows``
    problems: list[Problem] = field(default_factory=list)
    #: New leads that are just what their rows make of them (``core.bulk``): id -> row and stored
    #: fields. Nearly all of a first import.
    made: dict[int, tuple[int, str]] = field(default_factory=dict)
    new: list[LeadState] = field(default_factory=list)  #: the other new leads
    touched: list[LeadState] = field(default_factory=list)  #: existing leads, changed
    #: Rows of earlier batches that were *updated* and, with this batch, are *unchanged*.
    taken_back: list[int] = field(default_factory=list)
    #: (kind, value, as written where that differs, lead id)
    identifiers: list[tuple[str, str, str | None, int]] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """What to add to the import's counts; the numbers add up to the rows of the batch."""
        counts = {name: self.outcomes.count(code) for name, code in _OUTCOMES.items()}
        counts["updated"] -= len(self.taken_back)
        counts["unchanged"] += len(self.taken_back)
        return counts

    def take_back(self, row: int) -> None:
        """The change that ``row`` made is undone by a later row."""
        at = bisect_left(self.rows, row)
        if at < len(self.rows) and self.rows[at] == row:
            self.outcomes[at] = UNCHANGED
        else:
            self.taken_back.append(row)


_OUTCOMES = {
    "created": CREATED,
    "updated": UPDATED,
    "unchanged": UNCHANGED,
    "skipped": SKIPPED,
    "failed": FAILED,
}


def decide(
    candidates: Iterable[Candidate], known: Known, rules: ImportRules, new_ids: Iterator[int]
) -> Plan:
    """Decide a batch. Changes ``known`` as it goes; ``new_ids`` must not run dry."""
    plan = Plan()
    for candidate in candidates:
        plan.rows.append(candidate.row)
        plan.problems += candidate.problems
        plan.outcomes.append(_decide_row(candidate, known, rules, new_ids, plan))
    return plan


def _decide_row(
    candidate: Candidate, known: Known, rules: ImportRules, new_ids: Iterator[int], plan: Plan
) -> int:
    if candidate.refused:
        return FAILED
    if known.suppressed and _is_suppressed(candidate, known, plan):
        return SKIPPED
    matched = {known.owners[key] for key in candidate.keys if key in known.owners}
    if len(matched) > 1:
        plan.problems.append(remarks.ambiguous(candidate))
        return FAILED
    if not matched:
        return _create(candidate, known, rules, next(new_ids), plan)
    lead_id = matched.pop()
    lead = known.leads[lead_id]
    if lead.first_row:
        merged = rules.on_match is OnMatch.UPDATE
        plan.problems.append(remarks.duplicate(candidate, lead.first_row, merged=merged))
    if rules.on_match is OnMatch.SKIP:
        return SKIPPED
    if rules.on_match is OnMatch.CREATE_ONLY:
        plan.problems.append(remarks.exists(candidate))
        return FAILED
    return _update(candidate, known, rules, lead, plan)


def _is_suppressed(candidate: Candidate, known: Known, plan: Plan) -> bool:
    """Whether any identifier of the row, its own or a further one, is on the list (X-30)."""
    for held in candidate.held:
        if held.key in known.suppressed:
            plan.problems.append(remarks.suppressed(candidate, held))
            return True
    return False


def _create(
    candidate: Candidate, known: Known, rules: ImportRules, lead_id: int, plan: Plan
) -> int:
    made = None if candidate.fields or candidate.made is None else loads(candidate.made)
    fields = made or candidate.new_fields(rules.defaults)
    tags = list(dict.fromkeys(candidate.tags)) if candidate.tags else []
    lead = LeadState(lead_id, fields, tags, is_new=True, created_here=True, first_row=candidate.row)
    known.leads[lead_id] = lead
    for held in candidate.held:
        _hold(candidate, held, known, lead, plan)
    plan.new.append(lead)
    return CREATED


def _update(
    candidate: Candidate, known: Known, rules: ImportRules, lead: LeadState, plan: Plan
) -> int:
    changed = False
    for name, value in candidate.wanted().items():
        changed |= _set(candidate, lead, name, value, rules, plan)
    for held in candidate.held:
        changed |= _hold(candidate, held, known, lead, plan)
        if held.main:
            changed |= _set(candidate, lead, *held.key, rules, plan)
    for tag in candidate.tags:
        if tag not in lead.tags:
            lead.tags.append(tag)
            lead.added_tags.append(tag)
            changed = True
    if not changed:
        return UNCHANGED
    if not (lead.touched or lead.is_new):
        plan.touched.append(lead)
        lead.touched = True
    return _net_outcome(candidate, lead, plan)


def _net_outcome(candidate: Candidate, lead: LeadState, plan: Plan) -> int:
    """The outcome of a row that changed its lead, given what the rows before it did to the lead."""
    if lead.created_here:
        return UNCHANGED
    if not lead.differs:
        plan.take_back(lead.first_row)
        lead.first_row = 0
        return UNCHANGED
    if lead.first_row:
        return UNCHANGED
    lead.first_row = candidate.row
    return UPDATED


def _set(
    candidate: Candidate,
    lead: LeadState,
    name: str,
    value: str | None,
    rules: ImportRules,
    plan: Plan,
) -> bool:
    """Give the lead's field a value (None clears it); whether that changed anything."""
    old = lead.fields.get(name)
    if old == value:
        return False
    if name in rules.guarded and old is not None:
        objection = _objection(name, value, rules)
        if objection:
            plan.problems.append(objection.at(candidate.row, candidate.line, value=value or ""))
            return False
    lead.before.setdefault(name, old)
    if value is None:
        del lead.fields[name]
    else:
        lead.fields[name] = value
    return True


def _objection(name: str, value: str | None, rules: ImportRules) -> Problem | None:
    """Why a guarded field keeps what it holds; None where it takes the value."""
    if name in OPT_OUT_TARGETS and value is None and not rules.resubscribe:
        return remarks.opt_out_kept(name)
    return remarks.protected(name) if name in rules.protected else None


def _hold(candidate: Candidate, held: Held, known: Known, lead: LeadState, plan: Plan) -> bool:
    """Give the lead an identifier unless another lead owns it (X-22); whether it is new."""
    key = held.key
    owner = known.owners.get(key)
    if owner == lead.id:
        return False
    if owner is not None:
        plan.problems.append(remarks.owned(candidate, held))
        return False
    known.owners[key] = lead.id
    written = held.written if held.written != key[1] else None
    plan.identifiers.append((*key, written, lead.id))
    if not lead.is_new:
        lead.added_identifiers.append(key)
    return True
