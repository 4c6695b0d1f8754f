"""Understand many rows at once, column by column.

What holds for a whole column is found out by one look at its cells put together. A row that is not
plain is left to ``Reader.candidate``, which says what is right; a plain one is what that would have
made of it: ``tests/core/test_columnwise.py`` holds the two equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import islice

from core import emails, phones
from core.batch import Batch, Bearing, Plain
from core.identifiers import Kind, normalise
from core.mapping import Column, Reader, is_tidy
from core.sheet import Row
from core.stored import dump_all

_ROWS = 1_000  # looked at together: one strange cell costs its column the short way in these
_CELLS = 100_000  # the same, of rows so wide that they would take much memory

#: One column of cells, one for each row.
Cells = Sequence[str]


def batch(reader: Reader, rows: Iterable[Row]) -> Batch:
    """The rows, understood."""
    found = Batch(Plain([], [], [], [], reader.keying))
    if not reader.may_be_plain:
        found.odd = list(map(reader.candidate, rows))
        return found
    rows, together = iter(rows), max(1, min(_ROWS, _CELLS // len(reader.targets)))
    while some := list(islice(rows, together)):
        _add(found, reader, some)
    return found


def _add(found: Batch, reader: Reader, rows: list[Row]) -> None:
    width = len(reader.targets)
    even = [row for row in rows if not row[3] and len(row[2]) == width]
    odd = _Understood(reader, even).append_to(found.plain) if even else set()
    if odd or len(even) != len(rows):
        plain = {row[0] for at, row in enumerate(even) if at not in odd}
        found.odd += [reader.candidate(row) for row in rows if row[0] not in plain]


class _Understood:
    """Rows of one width in columns, and which of them are odd."""

    def __init__(self, reader: Reader, rows: Sequence[Row]) -> None:
        self._reader, self._rows = reader, rows
        self._cells: list[Cells] = list(zip(*(row[2] for row in rows), strict=True))
        self._odd: set[int] = set()

    def append_to(self, plain: Plain) -> set[int]:
        """Add the plain rows; the places of the others."""
        bearings = [self._bearing(*column) for column in self._reader.identifiers_at]
        self._look_for_repeats(bearings)
        self._look_for_keys(bearings)
        for at in self._reader.tags_at:
            self._odd.update(place for place, cell in enumerate(self._cells[at]) if cell.strip())
        fields = self._fields()
        rows = self._rows
        if self._odd:
            places = [at for at in range(len(rows)) if at not in self._odd]
            rows = [rows[at] for at in places]
            fields = {name: [cells[at] for at in places] for name, cells in fields.items()}
            bearings = [bearing.picked(places) for bearing in bearings]
        plain.rows += [row[0] for row in rows]
        plain.lines += [row[1] for row in rows]
        plain.made += dump_all(fields | {each.kind: each.values for each in bearings if each.main})
        plain.bear(bearings)
        return self._odd

    # ---- identifiers

    def _bearing(self, column: Column, at: int, kind: Kind, name: str, main: bool) -> Bearing:
        cells, mark = self._cells[at], self._reader.rules.clear_mark
        sure = self._sure(kind, cells)
        values = [
            value if value is not None else self._unsure(place, kind, cells[place])
            for place, value in enumerate(sure)
        ]
        if mark in "\n".join(cells):
            self._odd.update(place for place, cell in enumerate(cells) if cell.strip() == mark)
        written = [
            None if cell == value or (bare := cell.strip()) == value else bare
            for cell, value in zip(cells, values, strict=True)
        ]
        return Bearing(name, column.name, main, values, written)

    def _sure(self, kind: Kind, cells: Cells) -> Sequence[str | None]:
        """The normal form of each cell, empty for an empty one; None where it may be more."""
        if kind is Kind.EMAIL:
            return emails.common(cells)
        if kind is Kind.PHONE:
            return phones.common(cells, self._regions, self._reader.rules.phone_level)
        return [None] * len(cells)

    def _unsure(self, place: int, kind: Kind, cell: str) -> str:
        bare = cell.strip()
        if not bare:
            return ""
        region = self._regions[place] if kind is Kind.PHONE else None
        value = normalise(kind, bare, region, self._reader.rules.phone_level)
        if isinstance(value, str):
            return value
        self._odd.add(place)
        return ""

    @cached_property
    def _regions(self) -> Sequence[str | None]:
        """Where the phones of each row are dialled without a +."""
        at = self._reader.country_at
        if at is None:
            return [self._reader.rules.region] * len(self._rows)
        region = {cell: self._reader.region(cell) for cell in set(self._cells[at])}
        return [region[cell] for cell in self._cells[at]]

    def _look_for_repeats(self, bearings: Sequence[Bearing]) -> None:
        """A row that brings one identifier twice counts it once: it is odd."""
        for at, bearing in enumerate(bearings):
            for before in bearings[:at]:
                if before.kind == bearing.kind:
                    pairs = enumerate(zip(before.values, bearing.values, strict=True))
                    self._odd.update(place for place, (one, two) in pairs if one and one == two)

    def _look_for_keys(self, bearings: Sequence[Bearing]) -> None:
        """A row that nothing identifies is refused: it is odd."""
        kinds = {*self._reader.keying.always, *self._reader.keying.fallback}
        usable = [b.values for b in bearings if b.main and b.kind in kinds]
        if usable and "" not in usable[0]:
            return
        lost = (place for place in range(len(self._rows)) if not any(v[place] for v in usable))
        self._odd.update(lost)

    # ---- fields

    def _fields(self) -> dict[str, Cells]:
        """The fields and their cells, cleaned."""
        reader, fields = self._reader, {}
        for at, name in reader.fields_at:
            cells = self._cells[at]
            if not is_tidy("|".join(cells)):
                cells = list(map(reader.clean, cells))
            for sign in filter(cells.__contains__, reader.clearing(name)):
                self._odd.update(place for place, cell in enumerate(cells) if cell == sign)
            fields[name] = cells
        return fields
