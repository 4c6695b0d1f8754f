"""A measured figure, its floor, and whether it reaches its target."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from rich.table import Table


@dataclass(frozen=True)
class Target:
    """A bound: at least or, with ``most``, at most so much of what is compared."""

    bound: float
    words: str
    most: bool = False

    def met(self, value: float) -> bool:
        """Whether ``value`` keeps the bound."""
        return value <= self.bound if self.most else value >= self.bound


@dataclass(frozen=True)
class Figure:
    """One line of the table. ``compared`` is what the target speaks of: mostly a ratio."""

    row: str
    work: str
    value: float
    unit: str
    beside: float | None = None
    beside_what: str = ""
    compared: float | None = None
    compared_unit: str = ""  #: empty: a ratio
    target: Target | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        if self.target is None or self.compared is None:
            return None
        return self.target.met(self.compared)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "met": self.met}


@dataclass(frozen=True)
class Pair:
    """One repeat: a speed and its floor, taken one right after the other."""

    speed: float
    floor: float

    @property
    def ratio(self) -> float:
        """How much of the floor's speed was reached."""
        return self.speed / self.floor


def middle(pairs: Iterable[Pair]) -> tuple[Pair, str]:
    """The repeat with the median ratio, and in words how far the repeats lie apart."""
    ordered = sorted(pairs, key=lambda pair: pair.ratio)
    wanted = median([pair.ratio for pair in ordered])
    chosen = min(ordered, key=lambda pair: abs(pair.ratio - wanted))
    if len(ordered) == 1:
        return chosen, ""
    return chosen, f"{len(ordered)} repeats, {ordered[0].ratio:.2f} to {ordered[-1].ratio:.2f}"


def said(figure: Figure) -> str:
    """The figure in one line."""
    compared = f" ({_compared(figure)})" if figure.compared is not None else ""
    return f"{figure.work}: {_number(figure.value)} {figure.unit}{compared}"


def table(figures: Iterable[Figure]) -> Table:
    """The figures for a terminal."""
    shown = Table(title="Leadport", title_justify="left")
    for name in ("row", "work"):
        shown.add_column(name)
    for name in ("measured", "beside", "compared"):
        shown.add_column(name, justify="right")
    for name in ("target", "", "note"):
        shown.add_column(name)
    for figure in figures:
        shown.add_row(*_cells(figure), style="red" if figure.met is False else None)
    return shown


def _cells(figure: Figure) -> tuple[str, ...]:
    beside = "" if figure.beside is None else f"{_number(figure.beside)} {figure.beside_what}"
    mark = {True: "yes", False: "no", None: ""}[figure.met]
    target = figure.target.words if figure.target else ""
    value = f"{_number(figure.value)} {figure.unit}"
    return (figure.row, figure.work, value, beside, _compared(figure), target, mark, figure.note)


def _compared(figure: Figure) -> str:
    if figure.compared is None:
        return ""
    return f"{_number(figure.compared)} {figure.compared_unit or 'x'}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"
