"""Rows of one file that have to do with each other, and those that have not. Pure.

A row reads and changes its own identifiers, and the lead they find. Two rows of a file can meet in
two ways only: both bring the same identifier, or each brings another identifier of one lead that is
there already. A row that meets no other gives the same whenever it is written. The others, *late*
ones, are written in the order of the file after all of these.

The first way is known beforehand, once all identifiers of the file were seen (``Sightings``). The
second is found out when a row has found its lead (``meets_others``): if the lead has an identifier
that the row does not bring and the file does (``Seen``), the row is late. Who is wrongly taken for
late, because two texts share a place in a filter, only waits in vain.
"""

from __future__ import annotations

import zlib
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from core.batch import Owned
from core.candidate import Candidate, Key
from core.deciding import Plan

#: What stands for a row in a part's outcomes until it is decided: it may be now, or is late.
FREE, LATE = b".?"

_BITS_EACH = 16  # of the filter, for each identifier: one in sixteen others looks like seen
_LEAST, _MOST = 16, 27  # the filter's size, as powers of two: at most 16 MB
#: Identifiers whose place in the filter is taken twice are counted exactly, unless there are more.
_SUSPECTS = 500_000


def _number(key: Key) -> int:
    """32 bits, the same in every process."""
    return zlib.crc32(f"{key[0]}\0{key[1]}".encode("utf-8", "surrogatepass"))


@dataclass(frozen=True)
class Seen:
    """The identifiers of a file, more or less: it never misses one."""

    bits: bytes | bytearray

    def __contains__(self, key: Key) -> bool:
        at = _number(key) & (len(self.bits) * 8 - 1)
        return bool(self.bits[at >> 3] >> (at & 7) & 1)

    def packed(self) -> bytes:
        """To keep it."""
        return zlib.compress(self.bits, 1)

    @classmethod
    def unpacked(cls, packed: bytes) -> Self:
        """What was packed."""
        return cls(zlib.decompress(packed))


class Sightings:
    """Collects the identifiers of the rows of a file: about 10 bytes each, and the filters."""

    def __init__(self, expected: int) -> None:
        """For about so many identifiers."""
        power = min(max((expected * _BITS_EACH - 1).bit_length(), _LEAST), _MOST)
        self._once, self._twice = bytearray(1 << power - 3), bytearray(1 << power - 3)
        self._mask = (1 << power) - 1
        self._numbers, self._rows = array("I"), array("I")

    def add(self, row: int, keys: Iterable[Key]) -> None:
        """The row brings these identifiers, each once."""
        once, twice, mask = self._once, self._twice, self._mask
        for key in keys:
            number = _number(key)
            self._numbers.append(number)
            self._rows.append(row)
            at = number & mask
            place, bit = at >> 3, 1 << (at & 7)
            if once[place] & bit:
                twice[place] |= bit
            else:
                once[place] |= bit

    def seen(self) -> Seen:
        """All identifiers, as a filter."""
        return Seen(self._once)

    def late_rows(self) -> set[int]:
        """Rows that bring an identifier which another row brings too."""
        twice, mask = self._twice, self._mask
        suspects = [
            at
            for at, number in enumerate(self._numbers)
            if twice[(number & mask) >> 3] >> (number & 7) & 1
        ]
        if len(suspects) <= _SUSPECTS:
            counted = Counter(self._numbers[at] for at in suspects)
            suspects = [at for at in suspects if counted[self._numbers[at]] > 1]
        return {self._rows[at] for at in suspects}


def marks(first: int, rows: int, late: Collection[int]) -> bytes:
    """The outcomes with which a part of so many rows, from row ``first`` on, begins."""
    return bytes(LATE if row in late else FREE for row in range(first, first + rows))


def due(marked: bytes, first: int, row: int) -> bool:
    """Whether the row is to be written now: of a part's marks, first the free and then the late."""
    return not marked or marked[row - first] == (FREE if FREE in marked else LATE)


def outcomes(marked: bytes, first: int, plan: Plan) -> bytes:
    """The part's outcomes after ``plan``: the rows that were not decided are late."""
    if not marked:
        return bytes(plan.outcomes)
    found = bytearray(marked.replace(bytes([FREE]), bytes([LATE])))
    for row, outcome in zip(plan.rows, plan.outcomes, strict=True):
        found[row - first] = outcome
    return bytes(found)


def matched_leads(candidates: Iterable[Candidate], owned: Owned) -> dict[int, int]:
    """Row -> the lead that is there already and that it alone finds."""
    found = {}
    for candidate in candidates:
        owners = (owned.get(kind, {}).get(value) for kind, value in candidate.keys)
        leads = {lead for lead in owners if lead is not None}
        if len(leads) == 1:
            found[candidate.row] = leads.pop()
    return found


def meets_others(candidate: Candidate, has: Sequence[Key], seen: Seen) -> bool:
    """Whether another row of the file may find the same lead, which ``has`` these identifiers."""
    own = {held.key for held in candidate.held}
    return any(key not in own and key in seen for key in has)
