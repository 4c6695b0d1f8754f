"""What the values of each column look like, learned from the rows that read well.

A profile says which of several readings of a damaged row belongs to the table. It is learned once
and kept with the file's format, so that every reading of the file decides alike.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.shapes import DISTINCT, shape

#: Fewer values than this say nothing about a column.
ENOUGH = 2
#: With at least this many, one value or one in fifty may be out of line without counting.
MANY = 15
_NEARLY_ALL = 0.9  # of the values

_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_LETTERS = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Column:
    """What is known of one column's values; empty fields say nothing.

    ``shapes`` are those met (see ``core.shapes``), ``masks`` the patterns of all values when these
    are few, ``values`` the values themselves when these are few.
    """

    shapes: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    exact: bool = False  #: the masks tell how many digits and letters stand together
    filled: bool = False  #: no cell is empty
    longest: int = 0
    indented: bool = True  #: cells may start with a space
    quotes: bool = True  #: cells may hold double quotes

    @property
    def telling(self) -> bool:
        """Whether a value of another column would probably not fit this one."""
        return bool(self.masks or (self.shapes and "text" not in self.shapes))

    def fits(self, cell: str) -> bool:
        """Whether a cell could be one of this column's."""
        text = cell.strip()
        if not text:
            return not self.filled
        if not self.shapes:
            return True
        if len(text) > 5 * self.longest + 50 or (cell[0] == " " and not self.indented):
            return False
        if '"' in text and not self.quotes:
            return False
        if self.masks:
            return mask(text, self.exact) in self.masks
        return self._has_shape(shape(text))

    def has_met(self, cell: str) -> bool:
        """Whether a cell is empty or, where there are few values to choose from, one of them."""
        text = cell.strip()
        return not text or not self.values or text in self.values

    def misfits_by_quotes(self, cell: str) -> bool:
        """Whether a cell would fit but for one quotation mark at its edge."""
        one = cell.count('"') == 1 and '"' in (cell[:1], cell[-1:])
        return one and not self.quotes and self.fits(cell.strip('"'))

    def _has_shape(self, kind: str) -> bool:
        if kind in self.shapes or (kind == "year" and "number" in self.shapes):
            return True
        return "text" in self.shapes and kind not in DISTINCT

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Column:
        """The column that ``to_json`` was called on."""
        lists = {key: tuple(plain[key]) for key in ("shapes", "masks", "values")}
        return cls(**{**plain, **lists})

    def to_json(self) -> dict[str, Any]:
        """Plain values, for a JSON column."""
        return asdict(self)


def learn(rows: Sequence[Sequence[str]], width: int) -> tuple[Column, ...]:
    """The profile of a table, from rows of the right width."""
    return tuple(_column([cells[index] for cells in rows]) for index in range(width))


def fit(cells: Sequence[str], profile: Sequence[Column]) -> bool:
    """Whether every cell could be one of its column's; there must be as many as columns."""
    return len(cells) == len(profile) and all(map(Column.fits, profile, cells))


def confirmed(cells: Sequence[str], profile: Sequence[Column]) -> bool:
    """Whether the cells fit, and one at least in a column that other values would not fit."""
    telling = any(c.telling and cell.strip() for c, cell in zip(profile, cells, strict=False))
    return telling and fit(cells, profile)


def contradicts(cells: Sequence[str], profile: Sequence[Column]) -> bool:
    """Whether a cell with something in it is none of its column's."""
    pairs = zip(profile, cells, strict=False)
    return any(cell.strip() and not column.fits(cell) for column, cell in pairs)


def mask(text: str, exact: bool) -> str:
    """A value with its digits and letters made alike: ``A-12`` gives ``a-99``, or ``a-9``."""
    if exact:
        return _LETTER.sub("a", _DIGIT.sub("9", text))
    return _LETTERS.sub("a", _DIGITS.sub("9", text))


def _column(cells: list[str]) -> Column:
    values = [text for cell in cells if (text := cell.strip())]
    if len(values) < ENOUGH:
        return Column()
    exact, masks = _masks(values)
    return Column(
        shapes=_usual([shape(value) for value in values]),
        masks=masks,
        values=_few(values),
        exact=exact,
        filled=len(values) == len(cells) >= 3,
        longest=max(map(len, values)),
        indented=any(cell.startswith(" ") for cell in cells),
        quotes=_may_hold_quotes(values),
    )


def _may_hold_quotes(values: list[str]) -> bool:
    holding = sum('"' in value for value in values)
    return len(values) < 3 or holding > 1


def _usual(found: list[str], share: float = 0.0) -> tuple[str, ...]:
    """What was met, but for the odd one out among many; nothing if that leaves too little."""
    counts = Counter(found)
    few = max(1, len(found) * 0.02) if len(found) >= MANY else 0
    kept = {kind: count for kind, count in counts.items() if count > few}
    return tuple(sorted(kept)) if sum(kept.values()) >= share * len(found) else ()


def _masks(values: list[str]) -> tuple[bool, tuple[str, ...]]:
    """At most three patterns that nearly all values have; each must hold a digit to be telling."""
    if any(shape(value) in {"email", "url"} for value in values[:20]):
        return False, ()
    if sum(not _DIGIT.search(value) for value in values) > (1 - _NEARLY_ALL) * len(values):
        return False, ()
    for exact, most in ((True, 1), (False, 3)):
        masks = _usual([mask(value, exact) for value in values], _NEARLY_ALL)
        if len(masks) * 3 <= len(values) and len(masks) <= most and all("9" in m for m in masks):
            return exact, masks
    return False, ()


def _few(values: list[str]) -> tuple[str, ...]:
    """The values, when a list of them is what the column is chosen from."""
    distinct = _usual(values, 0.95)
    seldom = len(values) < 3 * MANY or len(distinct) > 12 or max(map(len, distinct), default=0) > 40
    return () if seldom or len(values) < 5 * len(distinct) else distinct
