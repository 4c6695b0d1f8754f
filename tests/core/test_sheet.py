"""Reading files: limits, failures, marks, speed of recovery, and memory."""

from __future__ import annotations

import csv
import itertools
import json
import tracemalloc
from pathlib import Path

import pytest

from core.errors import (
    CellTooLong,
    EmptyFile,
    FileGone,
    FileTooLarge,
    TookTooLong,
    TooManyColumns,
    TooManyRows,
    UnreadableFile,
)
from core.problems import ProblemCode, Severity
from core.sheet import Format, Limits, Position, inspect, read

HEADER = "Email,First name,City,Phone\n"


def leads(count: int, first: int = 1) -> str:
    return "".join(
        f"ana{n}@northlake.example,Ana,Leeds,+44207946{n:04}\n" for n in range(first, first + count)
    )


@pytest.fixture
def file(tmp_path: Path):
    def write(content: str | bytes, name: str = "leads.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


# ---- marks and positions -----------------------------------------------------------------------


def test_marks_stand_every_thousand_rows_and_point_at_the_row(file) -> None:
    """A mark names the row, the line and the byte at which a thousandth row starts."""
    path = file("\n" + HEADER + leads(1000) + "\n,,,\n" + leads(1500, 1001))
    sheet = inspect(path)

    assert [mark.row for mark in sheet.marks] == [1, 1001, 2001]
    assert [mark.line for mark in sheet.marks] == [3, 1005, 2005]
    for mark in sheet.marks:
        assert path.read_bytes()[mark.offset :].startswith(f"ana{mark.row}@".encode())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "windows-1252"])
def test_reading_from_a_mark_gives_the_same_rows_lines_and_problems(file, encoding) -> None:
    """The rows from each mark of a damaged file equal the tail of the rows from its start."""
    damaged = '"é\nx","5" pipe",a\nshort\n\n"unclosed,b,c,d\na,b,c,d,too many\n'
    body = "".join(leads(399, n) + damaged for n in range(1, 4000, 400))
    path = file((HEADER + body).replace("\n", "\r\n").encode(encoding))
    sheet = inspect(path)
    rows = list(read(path, sheet.format))

    assert len(sheet.marks) == 5
    assert sheet.row_count == len(rows)
    assert {str(problem.code) for row in rows for problem in row.problems} >= {
        "stray_quote",
        "too_few_cells",
        "unclosed_quote",
        "too_many_cells",
    }
    for mark in sheet.marks:
        assert list(read(path, sheet.format, mark)) == rows[mark.row - 1 :]
        assert list(read(path, sheet.format, mark, 7)) == rows[mark.row - 1 :][:7]


def test_a_format_survives_json(file) -> None:
    """The format that comes back from JSON reads the same rows."""
    path = file("﻿Name;E-mail\r\nAna;ana@northlake.example\r\n")
    sheet = inspect(path)
    format = Format.from_json(json.loads(json.dumps(sheet.format.to_json())))

    assert format == sheet.format
    assert isinstance(format.first, Position)
    assert list(read(path, format)) == list(read(path, sheet.format))


def test_clean_rows_are_those_of_the_csv_module(file) -> None:
    """On a well-formed file the rows are exactly what the standard library reads."""
    path = file(HEADER + leads(2500) + '"a ""b""","c\nd",,\n' + leads(500, 3000))
    sheet = inspect(path)
    with path.open(encoding="utf-8", newline="") as text:
        header, *rows = csv.reader(text)

    assert list(sheet.format.header) == header
    assert [row.cells for row in read(path, sheet.format)] == rows
    assert [list(row.cells) for row in sheet.sample] == rows[:100]


# ---- quotes that would swallow the file --------------------------------------------------------


def test_an_unclosed_quote_costs_its_own_row_and_no_other(file) -> None:
    """Of 20,000 rows with an unclosed quote in every 1,000th, only those 20 are reported."""
    torn = [f'ana{n}@northlake.example,"Ana,Leeds,1\n' for n in range(20)]
    path = file(HEADER + "".join(leads(999, n * 1000) + torn[n] for n in range(20)))
    sheet = inspect(path)
    rows = list(read(path, sheet.format))
    reported = [row for row in rows if row.problems]

    assert sheet.row_count == 20_000
    assert [row.number for row in reported] == list(range(1000, 20_001, 1000))
    assert [row.line for row in reported] == list(range(1001, 20_002, 1000))
    assert {row.problems[0].code for row in reported} == {ProblemCode.UNCLOSED_QUOTE}
    assert {row.cells[1] for row in reported} == {"Ana"}


def test_an_unclosed_quote_with_none_after_it_does_not_swallow_the_rest(file) -> None:
    """The one quotation mark of a large file opens on line 2; all rows are read."""
    path = file(HEADER + 'a@b.example,"Ana,Leeds,1\n' + leads(9_999))
    sheet = inspect(path)
    first = next(read(path, sheet.format))

    assert sheet.row_count == 10_000
    assert (first.problems[0].code, first.problems[0].line) == (ProblemCode.UNCLOSED_QUOTE, 2)
    assert first.problems[0].severity is Severity.WARNING


# ---- limits ------------------------------------------------------------------------------------


def test_a_file_over_the_size_limit_is_refused_with_both_sizes(file) -> None:
    """The message names the limit and what the file has."""
    with pytest.raises(FileTooLarge, match=r"1,0\d\d bytes; the limit is 1,000 bytes"):
        inspect(file(HEADER + leads(22)), limits=Limits(bytes=1_000))


def test_a_file_over_the_row_limit_is_refused_with_both_counts(file) -> None:
    """The row limit itself is allowed; one more is not, and the message names both."""
    path = file(HEADER + leads(1_500))

    assert inspect(path, limits=Limits(rows=1_500)).row_count == 1_500
    with pytest.raises(TooManyRows, match=r"1,500 rows; the limit is 1,499"):
        inspect(path, limits=Limits(rows=1_499))


def test_a_file_over_the_column_limit_is_refused_with_both_counts(file) -> None:
    """The message names the limit and how many columns there are."""
    wide = ",".join(f"name{n}" for n in range(1_004)) + "\n" + ",".join("x" * 1_004) + "\n"

    with pytest.raises(TooManyColumns, match=r"1,004 columns; the limit is 1,000"):
        inspect(file(wide))


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("x" * 10_000_000, "Line 3 is longer than the limit of 2,000,000 bytes"),
        ('"' + "x" * 150_000 + '"', "row on line 3 is longer than the limit of 100,000 char"),
        ('"' + "some words\n" * 20_000 + '"', "row on line 3 is longer than the limit of 100,000"),
        ('"' + "some words\n" * 10_000 + '"', "row on line 3 is longer than the limit of 100,000"),
    ],
    ids=["one line of 10 MB", "quoted", "over many lines", "over many lines, within csv's limit"],
)
def test_a_cell_that_is_too_long_is_named_by_line_and_limit(file, cell, words) -> None:
    """A huge cell is refused with its line and the limit, and is never held whole."""
    path = file(HEADER + leads(1) + f"ana@b.example,{cell},Leeds,1\n" + leads(10))
    tracemalloc.start()
    with pytest.raises(CellTooLong, match=words):
        inspect(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 25_000_000


@pytest.mark.parametrize(
    "rest",
    [leads(30_000), (" " * 999 + "\n") * 1_500],
    ids=["rows", "blank lines alone"],
)
def test_a_file_that_takes_too_long_is_let_be(file, rest: str) -> None:
    """Time is looked at while rows come and while none does: blank lines may go on for ever."""
    path, looks = file(HEADER + rest), itertools.count()
    with pytest.raises(TookTooLong):
        inspect(path, limits=Limits(seconds=4), clock=lambda: float(next(looks)))

    assert next(looks) == 6


def test_memory_does_not_grow_with_the_file(file) -> None:
    """Four times the rows take no more memory, in inspecting and in reading."""
    peaks = []
    for count in (4_000, 16_000):
        path = file(HEADER + leads(count))
        tracemalloc.start()
        sheet = inspect(path)
        assert sum(1 for _ in read(path, sheet.format)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    # The small file is not yet as long as what is read of a file's beginning, at most a megabyte;
    # 12,000 rows more would take ten times this.
    assert peaks[1] < peaks[0] + 700_000


# ---- files that are no tables ------------------------------------------------------------------


def test_a_file_that_is_gone_is_said_to_be_gone(file, tmp_path: Path) -> None:
    """A file that vanishes before inspecting or reading raises FileGone."""
    path = file(HEADER + leads(1))
    sheet = inspect(path)
    path.unlink()

    with pytest.raises(FileGone):
        inspect(path)
    with pytest.raises(FileGone):
        list(read(path, sheet.format))
    with pytest.raises(UnreadableFile, match="folder"):
        inspect(tmp_path)


def test_a_file_of_zero_bytes_is_no_table(file) -> None:
    """A file that holds nothing but NUL bytes is refused, whatever its length."""
    with pytest.raises(UnreadableFile, match="not a text file"):
        inspect(file(b"\0" * 300_000))


def test_a_file_that_starts_with_thousands_of_blank_lines_is_empty_or_a_table(file) -> None:
    """Blank lines alone are an empty file; the ones above a table are not counted as rows."""
    with pytest.raises(EmptyFile):
        inspect(file("\n" * 900))
    with pytest.raises(UnreadableFile, match="first 1,000 lines of the file are blank"):
        inspect(file("\n" * 200_000))

    assert inspect(file("\n" * 500 + HEADER + leads(3))).row_count == 3


def test_the_ending_of_the_name_settles_which_delimiter_is_meant(file) -> None:
    """A .tsv file whose cells hold as many commas as tabs is split at the tabs."""
    path = file("Name, first\tCity, country\nBerg, Bo\tOslo, Norway\n", "upload")

    assert inspect(path, name="leads.tsv").format.header == ("Name, first", "City, country")


def test_labels_are_for_people(file) -> None:
    """The encoding and the delimiter are named as people name them."""
    sheet = inspect(file("Prénom;Ville\nZoé;Orléans\n".encode("windows-1252")))

    assert (sheet.encoding_name, sheet.delimiter_name) == ("Windows-1252", "semicolon")


def test_a_wrapped_file_is_read_alike_from_any_mark(tmp_path: Path) -> None:
    """What stands around lines is taken off wherever the reading starts, also after a restart."""
    path = tmp_path / "leads.csv"
    rows = "".join(f'"p{n}@a.example,""Lee, Ana"",{n}";;\n' for n in range(2_100))
    path.write_text('"Email,Name,Score";;\n' + rows)
    sheet = inspect(path)
    format = Format.from_json(sheet.format.to_json())
    whole = list(read(path, format))

    assert format == sheet.format
    assert whole[2_000].cells == ["p2000@a.example", "Lee, Ana", "2000"]
    assert not any(row.problems for row in whole)
    assert list(read(path, format, sheet.marks[2])) == whole[2_000:]
