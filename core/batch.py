"""The rows of a batch, understood: the plain ones side by side, the others one by one.

Nearly all rows of a file are *plain*: they bring fields and identifiers of one lead, and nothing
has to be said about them. Kept in columns they are read, handed over, compared and written many at
once; any of them can be had as the Candidate that it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple, Self

from core.candidate import Candidate, Held, Key

#: Who owns identifiers: kind -> normalised value -> lead id.
Owned = Mapping[str, Mapping[str, int]]


class Keying(NamedTuple):
    """By which of its own identifiers a row is looked up: kinds, as words."""

    always: tuple[str, ...]  #: all of these that it has
    fallback: tuple[str, ...]  #: the first of these, where it has none of them

    def keys(self, mains: Mapping[str, Key]) -> list[Key]:
        """What a row with these identifiers of its own is looked up by; none: it is refused."""
        keys = [mains[kind] for kind in self.always if kind in mains]
        return keys or [mains[kind] for kind in self.fallback if kind in mains][:1]


class Bearing(NamedTuple):
    """What a column of identifiers holds, one entry for each row."""

    kind: str
    name: str  #: of the column
    main: bool  #: see ``Held``
    values: list[str]  #: normalised; empty where the row has none
    written: list[str | None]  #: as it came, where that differs

    def picked(self, places: Sequence[int]) -> Self:
        """The same of some rows."""
        values, written = self.values, self.written
        return self._replace(
            values=[values[at] for at in places], written=[written[at] for at in places]
        )


@dataclass(slots=True)
class Plain:
    """Plain rows, in file order. All lists are as long as ``rows``."""

    rows: list[int]
    lines: list[int]
    made: list[str]  #: see ``Candidate``
    columns: list[Bearing]  #: a row's main identifiers come before its further ones
    keying: Keying

    @classmethod
    def none(cls) -> Self:
        """No rows."""
        return cls([], [], [], [], Keying((), ()))

    def candidate(self, at: int) -> Candidate:
        """One of the rows as it would be by itself."""
        held: list[Held] = []
        mains: dict[str, Key] = {}
        for kind, name, main, values, written in self.columns:
            if value := values[at]:
                key = (kind, value)
                held.append(Held(key, written[at] or value, name, main))
                if main:
                    mains.setdefault(kind, key)
        keys = self.keying.keys(mains)
        return Candidate(
            self.rows[at], self.lines[at], keys, held, {}, [], [], False, self.made[at]
        )

    def picked(self, places: Sequence[int]) -> Plain:
        """The rows at these places."""
        if len(places) == len(self.rows):
            return self
        return Plain(
            [self.rows[at] for at in places],
            [self.lines[at] for at in places],
            [self.made[at] for at in places],
            [column.picked(places) for column in self.columns],
            self.keying,
        )

    def bear(self, columns: Sequence[Bearing]) -> None:
        """What the same columns hold in rows that were added."""
        if not self.columns:
            self.columns = [each._replace(values=[], written=[]) for each in columns]
        for ours, more in zip(self.columns, columns, strict=True):
            ours.values.extend(more.values)
            ours.written.extend(more.written)


@dataclass(slots=True)
class Batch:
    """Rows of one file: each is in one of the two, both in file order."""

    plain: Plain = field(default_factory=Plain.none)
    odd: list[Candidate] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.plain.rows) + len(self.odd)

    def __iter__(self) -> Iterator[Candidate]:
        """All rows one by one, in file order."""
        yield from self.ordered(range(len(self.plain.rows)))

    def ordered(self, places: Iterable[int]) -> list[Candidate]:
        """The plain rows at these places and all odd ones, in file order."""
        picked = [self.plain.candidate(at) for at in places]
        if not (picked and self.odd):
            return picked or self.odd
        return sorted([*picked, *self.odd], key=lambda each: each.row)

    def numbers(self) -> list[int]:
        """The numbers of the rows, ascending."""
        if not self.odd:
            return self.plain.rows
        return sorted([*self.plain.rows, *(each.row for each in self.odd)])

    def only(self, wanted: Callable[[int], bool]) -> Batch:
        """The rows whose numbers are wanted."""
        places = [at for at, row in enumerate(self.plain.rows) if wanted(row)]
        return Batch(self.plain.picked(places), [each for each in self.odd if wanted(each.row)])

    def values(self) -> dict[str, list[str]]:
        """The identifiers of all rows but the refused, by kind; one may be there twice."""
        found: dict[str, list[str]] = {}
        for kind, _, _, values, _ in self.plain.columns:
            found.setdefault(kind, []).extend(filter(None, values))
        for key in chain.from_iterable(_keys(each) for each in self.odd):
            found.setdefault(key[0], []).append(key[1])
        return found

    def keys(self) -> set[Key]:
        """The same as keys."""
        return {(kind, value) for kind, values in self.values().items() for value in values}


def _keys(row: Candidate) -> Iterable[Key]:
    return () if row.refused else (held[0] for held in row.held)
