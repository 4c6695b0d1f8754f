"""Files to rows: the public face of reading.

``prepare`` turns whatever was sent into a plain text file, ``inspect`` makes one pass over it and
says how it is written, and ``read`` hands out its rows from any position.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from core.encoding import Encoding, detect, open_file
from core.errors import FileGone, FileTooLarge, UnreadableFile
from core.layout import note
from core.lines import Lines
from core.problems import Problem, ProblemCode
from core.records import rows
from core.survey import Survey, Surveyor
from core.table import DEFAULT_LIMITS, STAND_IN, Format, Limits, Position, Row, Sheet
from core.workbook import SheetLine, prepare, sheet_line

__all__ = ["Format", "Limits", "Position", "Row", "Sheet", "inspect", "prepare", "read"]

#: Further tables of a file that are counted; it need not be told of each of hundreds.
TABLES_COUNTED = 20


def inspect(
    path: Path,
    *,
    limits: Limits = DEFAULT_LIMITS,
    name: str = "",
    clock: Callable[[], float] = time.monotonic,
) -> Sheet:
    """Find out how a file is written and where its rows are, in one streaming pass.

    ``name`` is the name the sender gave the file; its ending breaks ties between delimiters. Where
    the file holds several tables, the first is meant and the others are reported. Raises the
    UnreadableFile family (TookTooLong by ``clock``, in seconds), and FileGone.
    """
    byte_size = _size_within(path, limits)
    made_from = sheet_line(path)
    above = Encoding("utf-8", made_from.byte_size) if made_from else detect(path)
    suffix, sheet_name = Path(name or path.name).suffix, made_from.sheet if made_from else ""
    surveyor = Surveyor(
        path, above, suffix, limits, byte_size, clock, clock() + limits.seconds, sheet_name
    )
    first = surveyor.survey(Position(1, 1, above.bom_bytes))
    notes = (*first.layout.problems, *first.problems, *_other_tables(surveyor, first))
    return Sheet(
        format=replace(first.layout.format, first=first.marks[0], end=first.end),
        row_count=first.row_count,
        marks=first.marks,
        sample=first.sample,
        problems=(*notes, *_other_sheets(made_from)),
        byte_size=byte_size,
        encoding_name="Excel workbook" if made_from else above.name,
        delimiter_name=f"sheet {sheet_name}" if made_from else first.layout.delimiter_name,
    )


def _other_sheets(made_from: SheetLine | None) -> Iterator[Problem]:
    if made_from and made_from.others:
        others = ", ".join(f"\u201c{name}\u201d" for name in made_from.others)
        yield note(
            ProblemCode.OTHER_SHEETS,
            f"The sheet \u201c{made_from.sheet}\u201d was read. The workbook also has "
            f"{others[:300]}.",
        )


def _other_tables(surveyor: Surveyor, first: Survey) -> Iterator[Problem]:
    """A note on each of the tables below the first."""
    start, told = first.following, 0
    while start and told < TABLES_COUNTED:
        told += 1
        line = start.line
        try:
            other = surveyor.survey(start)
        except UnreadableFile as failure:
            yield _left_out(f"What stands on line {line:,} was not read: {failure.message}")
            return
        line = other.layout.format.header_line or other.marks[0].line
        columns, count = len(other.layout.format.header), other.row_count
        yield _left_out(
            f"Another table starts on line {line:,}, with {columns} columns and {count:,} "
            f"row{'' if count == 1 else 's'}: it was not read. Send it as a file of its own."
        )
        start = other.following


def _left_out(words: str) -> Problem:
    return note(ProblemCode.OTHER_TABLES, words)


def read(
    path: Path, format: Format, start: Position | None = None, count: int | None = None
) -> Iterator[Row]:
    """The rows from ``start`` (one of the sheet's marks; the first row if None), ``count`` at most.

    Rows, lines and problems are those of a reading from the beginning. Raises FileGone.
    """
    return islice(_read(path, format, start or format.first), count)


def _read(path: Path, format: Format, start: Position) -> Iterator[Row]:
    with open_file(path) as file:
        lines = Lines(file, format.encoding, start, end=format.end)
        if len(format.delimiter) > 1:
            lines.stand_in(format.delimiter, STAND_IN)
        yield from rows(lines, format, start)


def _size_within(path: Path, limits: Limits) -> int:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise FileGone from None
    if size > limits.bytes:
        raise FileTooLarge(f"The file has {size:,} bytes; the limit is {limits.bytes:,} bytes.")
    return size
