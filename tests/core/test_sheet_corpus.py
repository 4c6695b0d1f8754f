"""Each file of ``corpus/`` is read and compared with the JSON of the same name beside it.

Dropping in a pair adds a test. Keys: ``encoding``, ``delimiter``, ``header_line``, ``header``,
``rows`` or ``row_count``, ``problems`` of rows ({row, line, code}), ``notes`` (codes of problems of
the whole file), ``lines`` (where each row starts); or ``failure`` (a code) and ``words`` (a part of
its message).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import UnreadableFile
from core.sheet import inspect, read

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(path for path in CORPUS.iterdir() if path.suffix != ".json")


def what_was_read(path: Path) -> dict[str, Any]:
    try:
        sheet = inspect(path)
    except UnreadableFile as failure:
        return {"failure": failure.code, "words": failure.message}
    rows = list(read(path, sheet.format))
    placed = [problem for row in rows for problem in row.problems]
    return {
        "encoding": sheet.format.encoding,
        "encoding_name": sheet.encoding_name,
        "delimiter": sheet.format.delimiter,
        "header_line": sheet.format.header_line,
        "header": list(sheet.format.header),
        "rows": [row.cells for row in rows],
        "row_count": sheet.row_count,
        "problems": [{"row": p.row, "line": p.line, "code": str(p.code)} for p in placed],
        "notes": [str(note.code) for note in sheet.problems],
        "lines": [row.line for row in rows],
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_file_is_read_as_its_json_says(path: Path) -> None:
    """A file of the corpus gives the table, problems or failure that its JSON names."""
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    found = what_was_read(path)
    words = expected.pop("words", "")

    assert {key: found.get(key) for key in expected} == expected
    assert words in found.get("words", "")
    assert found.get("row_count", 0) == len(found.get("rows", []))


def test_every_expectation_has_its_file() -> None:
    """No JSON of the corpus is left without the file it speaks of, and no two share one."""
    stems = [path.stem for path in FILES]

    assert sorted(path.stem for path in CORPUS.glob("*.json")) == sorted(stems)
