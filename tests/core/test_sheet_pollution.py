"""Clean tables, spoilt in one way each: the table comes back, or the row is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.sheet import inspect, read
from tests.core.pollution import Case, cases

CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_spoilt_file_gives_its_table_and_says_what_was_wrong(case: Case, tmp_path: Path) -> None:
    """Every row but the spoilt one is read as it was, and that one is repaired or reported."""
    path = tmp_path / "leads.csv"
    path.write_bytes(case.data)
    sheet = inspect(path)
    rows = list(read(path, sheet.format))
    found = [list(sheet.format.header), *(row.cells for row in rows)]
    whole = list(case.table)
    if case.row and found[case.row] != whole[case.row]:
        assert rows[case.row - 1].problems
        assert rows[case.row - 1].line == case.row + 1
        del found[case.row], whole[case.row]

    assert found == whole
    assert sheet.row_count == len(rows)
    assert set(case.notes) <= {problem.code for problem in sheet.problems}
    assert set(case.warned) <= {problem.code for row in rows for problem in row.problems}
