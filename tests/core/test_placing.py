"""Rows with too many or too few cells: which columns their cells could belong to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import mending
from core.placing import joins, spreads
from core.profile import Column, contradicts, learn
from core.sheet import inspect, read
from core.table import Dialect
from tests.parts.examples import examples

VALUES = ["a", "b1", "12", "", "x y", "a@b.example", "2026-01-01"]


def all_joins(cells: list[str], profile: Sequence[Column]) -> Iterator[list[str]]:
    """What ``joins`` gives, found by cutting the row in every way."""
    for cuts in combinations(range(1, len(cells)), len(profile) - 1):
        edges = [0, *cuts, len(cells)]
        pieces = [cells[a:b] for a, b in pairwise(edges)]
        values = [",".join(piece) for piece in pieces]
        whole = all(len(p) == 1 or (p[0].strip() and p[-1].strip()) for p in pieces)
        if whole and all(map(Column.fits, profile, values)):
            yield values


def all_spreads(cells: list[str], profile: Sequence[Column]) -> Iterator[list[str]]:
    """What ``spreads`` gives, found by putting the cells into every choice of columns."""
    for places in combinations(range(len(profile)), len(cells)):
        spread = [""] * len(profile)
        for place, cell in zip(places, cells, strict=True):
            spread[place] = cell
        if not contradicts(spread, profile):
            yield spread


@examples(60)
@given(data=st.data(), width=st.integers(1, 5))
def test_every_way_that_fits_is_found_and_no_other(data, width: int) -> None:
    """Cells are joined and spread in exactly the ways that trying all of them finds."""
    row = st.lists(st.sampled_from(VALUES), min_size=width, max_size=width)
    profile = learn(data.draw(st.lists(row, min_size=2, max_size=4)) * 3, width)
    longer = data.draw(st.lists(st.sampled_from(VALUES), min_size=width, max_size=width + 3))
    shorter = data.draw(st.lists(st.sampled_from(VALUES), max_size=width))

    assert sorted(joins(longer, ",", profile)) == sorted(all_joins(longer, profile))
    assert sorted(spreads(shorter, profile)) == sorted(all_spreads(shorter, profile))


def test_a_row_that_fits_in_no_way_is_given_up_at_once() -> None:
    """Twenty cells too many among texts could be joined in 68 billion ways; none is begun."""
    profile = learn([["one two"] * 19 + ["a@b.example"]] * 3, 20)

    assert not list(joins(["word"] * 39 + ["no address"], ",", profile))
    assert not list(spreads(["word"] * 4 + ["2026-01-01"], profile))


def test_one_hopeless_row_among_texts_does_not_hold_up_its_file(tmp_path: Path) -> None:
    """A row with twenty bare commas in its texts is reported, and its neighbours are read."""
    names = [*(f"Note {n}" for n in range(19)), "Email"]
    good = [["some words"] * 19 + [f"p{n}@x.example"] for n in range(6)]
    rows = [*good[:3], ["word"] * 39 + ["no address"], *good[3:]]
    path = tmp_path / "texts.csv"
    path.write_text("".join(",".join(row) + "\n" for row in [names, *rows]))
    found = list(read(path, inspect(path).format))

    assert [row.cells for row in found if not row.problems] == good
    assert [(row.number, str(row.problems[0].code)) for row in found if row.problems] == [
        (4, "too_many_cells")
    ]


def test_a_row_that_fits_in_too_many_ways_is_reported(tmp_path: Path) -> None:
    """Three cells of twenty are missing among texts: no place is made up for the others."""
    names = [*(f"Note {n}" for n in range(18)), "Code", "Email"]
    rows = [["some words"] * 18 + [f"A-{n}00", f"p{n}@x.example"] for n in range(6)]
    rows.insert(3, ["some words"] * 15 + ["A-900", "p9@x.example"])
    path = tmp_path / "texts.csv"
    path.write_text("".join(",".join(row) + "\n" for row in [names, *rows]))
    found = list(read(path, inspect(path).format))

    assert [row.problems[0].severity for row in found if row.problems] == ["error"]
    assert [row.cells for row in found if not row.problems] == [*rows[:3], *rows[4:]]


def test_a_row_of_stray_quotes_is_looked_at_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """With hundreds of quotes that add up to nothing, not every one of them is tried."""
    looks: list[str] = []
    scan = mending.scan
    monkeypatch.setattr(mending, "scan", lambda *a, **how: looks.append("") or scan(*a, **how))
    line = ",".join(['"a"b"'] * 500) + "\n"

    assert mending.mend([line], Dialect(), 3, learn([["a", "1", "b"]] * 3, 3)) is None
    assert len(looks) < 2 * mending.MOST_PLACES
