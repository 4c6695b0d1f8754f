"""Rows read many at once are the rows read one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from core import records, survey, walking
from core.errors import UnreadableFile
from core.sheet import Sheet, inspect, read
from tests.parts.examples import examples

_LINES = [
    *["Ana,ana@example.com,1"] * 12,
    "", "  ", ",,", "Name,Email,Count", "Ben,ben@example.com", "Cy,cy@example.com,3,4",
    '"Dee","two\nlines",5', 'Eve,"eve@example.com,6', 'F"y,fy@example.com,7',
    "Gus,g\0us@example.com,8",
    "'Hal','hal@example.com','9'", "Ida;ida@example.com;10", "Jo\xe9,jo@example.com,11", "-,-,-",
]  # fmt: skip


@given(
    body=st.lists(st.sampled_from(_LINES), min_size=1, max_size=40),
    run=st.integers(1, 6),
    alone=st.integers(1, 6),
    end=st.sampled_from(["\n", "\r\n"]),
)
@examples(40)
def test_runs_are_rows_one_by_one(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    body: list[str],
    run: int,
    alone: int,
    end: str,
) -> None:
    """Whatever stands between clean rows, in runs of any length, from every mark."""
    monkeypatch.setattr(survey, "ROWS_PER_MARK", 5)
    monkeypatch.setattr(survey, "SAMPLE_ROWS", 3)
    path = tmp_path / "leads.csv"
    path.write_bytes(end.join(["Name,Email,Count", *body]).encode("latin-1"))
    with monkeypatch.context() as patched:
        patched.setattr(records, "walk", _one_by_one)
        expected = _read(path)
    with monkeypatch.context() as patched:
        patched.setattr(walking, "_RUN", run)
        patched.setattr(walking, "_ALONE", alone)
        patched.setattr(walking, "_MOST_ALONE", 2 * alone)
        assert _read(path) == expected


def _one_by_one(*given: Any) -> Any:
    return walking._Walk(*given)._one_by_one()


def _read(path: Path) -> list[Any]:
    try:
        sheet: Sheet = inspect(path)
    except UnreadableFile as failure:
        return [failure.code]
    return [sheet, *(list(read(path, sheet.format, mark)) for mark in sheet.marks)]
