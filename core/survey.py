"""The one pass over a table that finds its rows, its end, and what follows it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from core.encoding import Encoding, open_file
from core.errors import HeaderOnly, TookTooLong, TooManyRows
from core.layout import Layout, lay_out, note
from core.lines import Lines
from core.problems import Problem, ProblemCode
from core.records import Watch, rows
from core.table import STAND_IN, Limits, Position, Row
from core.tables import TAIL_ROWS, footer

ROWS_PER_MARK = 1_000
SAMPLE_ROWS = 100


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found of one table. ``end`` is the byte after it, 0 when the file ends with it;
    ``following`` is where another table begins."""

    layout: Layout
    marks: tuple[Position, ...]
    sample: tuple[Row, ...]
    row_count: int
    problems: tuple[Problem, ...]
    end: int = 0
    following: Position | None = None


@dataclass(frozen=True, slots=True)
class Surveyor:
    """Surveys the tables of one file, within one limit of time for them all."""

    path: Path
    encoding: Encoding
    suffix: str
    limits: Limits
    byte_size: int
    clock: Callable[[], float]
    deadline: float  #: by that clock
    sheet_name: str = ""

    def survey(self, start: Position) -> Survey:
        """The table at ``start``. Raises the UnreadableFile family, and FileGone."""
        with open_file(self.path) as file:
            lines = self._lines(file, start)
            below = start.line > 1
            layout = lay_out(lines, self.encoding, self.suffix, self.limits, below)
            format = replace(layout.format, sheet_name=self.sheet_name)
            layout = replace(layout, format=format)
            watch = Watch()
            found, tail = self._pass(lines, layout, watch)
            found = replace(found, problems=(*_repeats(watch), *_mixed(lines, found.row_count)))
            if watch.ended:
                end = lines.offset_of(watch.ended)
                found = replace(found, end=end, following=Position(1, watch.ended, end))
        return self._without_footer(found, tail)

    def _lines(self, file: BinaryIO, start: Position) -> Lines:
        return Lines(
            file,
            self.encoding.codec,
            start,
            cell_chars=self.limits.cell_chars,
            line_bytes=self.limits.line_bytes,
            row_bytes=self.limits.row_bytes,
            may_go_on=self._check_time,  # here too: of blank lines no row ever comes
        )

    def _check_time(self) -> None:
        """Raises TookTooLong."""
        if self.clock() > self.deadline:
            raise TookTooLong

    def _pass(self, lines: Lines, layout: Layout, watch: Watch) -> tuple[Survey, Sequence[Row]]:
        """Marks, sample, number of rows and the last of them. Raises HeaderOnly and limits."""
        format = layout.format
        found = rows(lines, format, format.first, self.limits.cell_chars, watch)
        marks: list[Position] = []
        sample: tuple[Row, ...] = ()
        tail: deque[Row] = deque(maxlen=TAIL_ROWS)
        for row in found:
            marks.append(Position(row.number, row.line, lines.offset_of(row.line)))
            tail.append(row)
            if not sample:
                sample = (row, *islice(found, SAMPLE_ROWS - 1))
                tail.extend(sample[1:])
            tail.extend(islice(found, marks[-1].row + ROWS_PER_MARK - 1 - tail[-1].number))
            if tail[-1].number > self.limits.rows:
                self._refuse_rows(tail[-1].number, lines.read_bytes)
            self._check_time()
        if not marks:
            raise HeaderOnly
        return Survey(layout, tuple(marks), sample, tail[-1].number, ()), tail

    def _refuse_rows(self, count: int, read_bytes: int) -> None:
        share = read_bytes / self.byte_size
        about = "" if share >= 1 else "about "
        raise TooManyRows(
            f"The file has {about}{round(count / share):,} rows; the limit is {self.limits.rows:,}."
        )

    def _without_footer(self, found: Survey, tail: Sequence[Row]) -> Survey:
        """The same table without rows at its end that are none."""
        format = found.layout.format
        skipped = footer(tail, format, found.row_count)
        if not skipped:
            return found
        kept = found.row_count - skipped
        first = next(row for row in tail if row.number == kept + 1)
        return replace(
            found,
            marks=tuple(mark for mark in found.marks if mark.row <= kept),
            sample=found.sample[:kept],
            row_count=kept,
            problems=(*found.problems, _footer_note(first, skipped)),
            end=self._offset_of(first, found),
        )

    def _offset_of(self, row: Row, found: Survey) -> int:
        """The byte at which a row starts, by reading on to it from the mark before it."""
        mark = [mark for mark in found.marks if mark.row <= row.number][-1]
        format = found.layout.format
        with open_file(self.path) as file:
            lines = self._lines(file, mark)
            if len(format.delimiter) > 1:
                lines.stand_in(format.delimiter, STAND_IN)
            next(again for again in rows(lines, format, mark) if again.number == row.number)
            return lines.offset_of(row.line)


# ---- notes -------------------------------------------------------------------------------------


def _repeats(watch: Watch) -> Iterator[Problem]:
    if watch.repeats:
        again = "again" if watch.repeats == 1 else f"{watch.repeats:,} times more"
        yield note(
            ProblemCode.HEADER_REPEATED,
            f"The header row stands {again}, first on line {watch.repeated:,}; it was skipped.",
        )


def _footer_note(first: Row, skipped: int) -> Problem:
    text = " ".join(" ".join(cell for cell in first.cells if cell).split())
    rows_ = "the last row was" if skipped == 1 else f"the last {skipped} rows were"
    return note(
        ProblemCode.FOOTER_SKIPPED,
        f"From line {first.line:,} on, {rows_} taken as a footer and not read: {text[:100]}",
    )


def _mixed(lines: Lines, row_count: int) -> tuple[Problem, ...]:
    """A note when rows end in different ways; line ends inside quoted cells are not meant."""
    if lines.endings.odd <= lines.read_lines - row_count:
        return ()
    return (note(ProblemCode.MIXED_LINE_ENDINGS, "Not all lines of the file end in the same way."),)
