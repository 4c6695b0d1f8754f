"""Decide the plain rows that meet no other row all at once, and the rest one by one. Pure.

A plain row whose identifiers nobody has makes a lead. One that finds a lead, and says nothing that
the lead does not hold, leaves it as it is. For both it does not matter what the other rows of the
batch do, as long as none of them speaks of the same lead. That is found out first; whoever does
meet another goes through ``deciding.decide``, in the order of the file.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat

from orjson import loads

from core import deciding
from core.batch import Batch, Owned, Plain
from core.candidate import Candidate, Key
from core.deciding import CREATED, UNCHANGED, Known, Plan
from core.rules import ImportRules, OnMatch

_MANY = 0  # in place of a lead: several, or not all identifiers of the row are its


@dataclass
class Sorted:
    """Plain rows, by their places, that can be decided by themselves."""

    free: list[int] = field(default_factory=list)  #: nobody has any of their identifiers
    #: Place -> the lead that has all of its identifiers, and that no other row speaks of.
    alone: dict[int, int] = field(default_factory=dict)


def sort_out(batch: Batch, owned: Owned, rules: ImportRules, suppressed: Collection[Key]) -> Sorted:
    """Find the rows that meet no other row of the batch."""
    plain, found = batch.plain, Sorted()
    if suppressed or not plain.rows:
        return found
    shared = _sharing(batch)
    if not any(owned.values()):
        found.free = [at for at in range(len(plain.rows)) if at not in shared]
        return found
    spoken = [lead for row in batch.odd for lead in _leads_of(row, owned)]
    for at, owners in enumerate(zip(*_owners(plain, owned), strict=True)):
        lead = owners[0]
        if owners.count(lead) != len(owners):
            lead = _one_of_several(plain, at, owners, spoken)
        elif lead is not None:
            spoken.append(lead)
        if at in shared or lead == _MANY:
            continue
        if lead is None:
            found.free.append(at)
        else:
            found.alone[at] = lead
    found.alone = _alone(found.alone, spoken) if rules.on_match is OnMatch.UPDATE else {}
    return found


def _one_of_several(plain: Plain, at: int, owners: Sequence[int | None], spoken: list[int]) -> int:
    """The lead of a row whose identifiers differ in their owners, if it has them all."""
    leads = {lead for lead in owners if lead is not None}
    spoken += leads
    pairs = zip(owners, plain.columns, strict=True)
    whole = all(owner is not None or not column.values[at] for owner, column in pairs)
    return leads.pop() if whole and len(leads) == 1 else _MANY


def _sharing(batch: Batch) -> set[int]:
    """The plain rows that bring an identifier which another row of the batch brings too."""
    found: set[int] = set()
    for kind, values in batch.values().items():
        if len(set(values)) == len(values):
            continue
        twice = {value for value, count in Counter(values).items() if count > 1}
        for column in batch.plain.columns:
            if column.kind == kind:
                found.update(at for at, value in enumerate(column.values) if value in twice)
    return found


def _owners(plain: Plain, owned: Owned) -> list[list[int | None]]:
    """Column by column, the lead that has the identifier; None where there is no such lead."""
    return [[*map(owned.get(c.kind, {}).get, c.values)] for c in plain.columns]


def _leads_of(row: Candidate, owned: Owned) -> set[int]:
    """The leads that have any of the row's identifiers."""
    if row.refused:
        return set()
    found = {owned.get(kind, {}).get(value) for (kind, value), *_ in row.held}
    return {lead for lead in found if lead is not None}


def _alone(alone: dict[int, int], spoken: list[int]) -> dict[int, int]:
    if len(set(spoken)) == len(spoken):
        return alone
    count = Counter(spoken)
    return {at: lead for at, lead in alone.items() if count[lead] == 1}


def unchanged(plain: Plain, alone: Mapping[int, int], stored: Mapping[int, str]) -> set[int]:
    """Those of the places whose leads hold all that the row says; ``stored`` are their fields."""
    made = plain.made
    return {
        at
        for at, lead in alone.items()
        if (text := stored.get(lead)) is not None
        and (text == made[at] or _says_nothing_new(made[at], text))
    }


def _says_nothing_new(made: str, stored: str) -> bool:
    says: dict[str, str] = loads(made)
    holds: dict[str, str] = loads(stored)
    return says.items() <= holds.items()


def others(plain: Plain, free: Sequence[int], same: Collection[int]) -> Iterable[int]:
    """The places that are neither."""
    count = len(plain.rows)
    if len(free) + len(same) == count:
        return ()
    done = {*free, *same}
    return (at for at in range(count) if at not in done)


def decide(
    batch: Batch,
    one_by_one: Sequence[Candidate],
    found: Sorted,
    same: Collection[int],
    known: Known,
    policy: ImportRules,
    ids: Sequence[int],
) -> Plan:
    """Decide a batch: the free rows, the ``same`` ones, which change nothing, and the others.

    ``ids`` are for new leads, as many as there are rows, in the order of which they are given.
    """
    numbers, rows = batch.numbers(), batch.plain.rows
    # Where the plain rows stand in the batch: at their own places, if there are no others.
    ranks = [bisect_left(numbers, row) for row in rows] if batch.odd else range(len(rows))
    new_ids = iter([ids[bisect_left(numbers, row.row)] for row in one_by_one])
    plan = deciding.decide(one_by_one, known, policy, new_ids)
    outcomes = bytearray([CREATED]) * len(numbers)
    for at in same:
        outcomes[ranks[at]] = UNCHANGED
    for row, outcome in zip(plan.rows, plan.outcomes, strict=True):
        outcomes[bisect_left(numbers, row)] = outcome
    plan.rows, plan.outcomes = numbers, outcomes
    _make(plan, batch.plain.picked(found.free), [ids[ranks[at]] for at in found.free])
    return plan


def _make(plan: Plan, free: Plain, leads: Sequence[int]) -> None:
    """Create the leads that the rows make."""
    plan.made.update(zip(leads, zip(free.rows, free.made, strict=True), strict=True))
    for kind, _, _, values, written in free.columns:
        held = zip(repeat(kind), values, written, leads, strict=False)
        plan.identifiers += [one for one in held if one[1]] if "" in values else held
