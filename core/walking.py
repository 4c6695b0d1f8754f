"""Go through the lines of a table: runs of clean rows at once, any other row one by one."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import chain, count, islice, repeat
from typing import NamedTuple, Protocol

from core.lines import Lines
from core.problems import Problem
from core.table import Format, Position, Row

NO_MORE = 0  #: in place of the line that follows, where no row does

_NO_PROBLEMS: tuple[Problem, ...] = ()
_RUN = 500  # rows that are looked at together
#: Rows that are read one by one after a run that was not clean, and the most after many of these.
_ALONE, _MOST_ALONE = 500, 8_000


class Settled(NamedTuple):
    """A row that needed care: no cells when it is blank; ``after`` is the line that follows it."""

    cells: list[str]
    problems: tuple[Problem, ...]
    after: int

    def row(self, number: int, line: int) -> Row:
        """It, placed in the file."""
        placed = tuple(problem.at(number, line) for problem in self.problems)
        return Row(number, line, self.cells, placed)


class Careful(Protocol):
    """Who settles the rows that are not clean."""

    def settle(self, cells: list[str], line: int, after: int) -> Settled:
        """A record that was read, from ``line`` up to before ``after``."""

    def rescue(self, line: int, after: int) -> Settled:
        """A record that could not be read."""


def walk(lines: Lines, format: Format, start: Position, careful: Careful) -> Iterator[Row]:
    """All rows from ``start`` on. When one is handed out, ``lines`` still holds its lines."""
    return chain.from_iterable(_Walk(lines, format, start, careful).stretches())


class _Walk:
    """Where in the table we are."""

    def __init__(self, lines: Lines, format: Format, start: Position, careful: Careful) -> None:
        self._lines, self._careful = lines, careful
        self._dialect, self._width = format.dialect, len(format.header)
        self._odd_starts = {"", *(cell.strip() for cell in format.raw_header[:1])}
        self._number, self._line = start.row - 1, start.line  # the last row, and the next line

    def stretches(self) -> Iterator[Iterable[Row]]:
        alone = _ALONE
        while self._line != NO_MORE:
            before = self._number
            yield from self._clean_runs()
            if self._lines.at_end(self._line):
                return
            # A run that was not clean is read twice: the more of them, the rarer the tries.
            alone = _ALONE if self._number > before else min(2 * alone, _MOST_ALONE)
            yield islice(self._one_by_one(), alone)

    def _clean_runs(self) -> Iterator[Iterable[Row]]:
        """Rows of one line each that need no care, until there is one that does, or no more."""
        lines = self._lines
        lines.row_line = self._line
        # Never beyond what is in memory: how much that is has a limit for the sake of one row.
        while rows := min(lines.ahead(self._line), _RUN):
            number, line = self._number + 1, self._line
            try:
                run = self._dialect.cells(lines.take(line, rows))
            except csv.Error:
                return
            if not self._is_clean(run, line):
                return
            self._number, self._line = self._number + rows, line + rows
            values = zip(count(number), count(line), run, repeat(_NO_PROBLEMS))
            # What Row._make does, without a call in Python for each of a million rows.
            yield map(tuple.__new__, repeat(Row), values)
            lines.row_line = self._line

    def _is_clean(self, run: list[list[str]], line: int) -> bool:
        """Whether rows of one line each, the first of which is this one, need no care."""
        return (
            set(map(len, run)) == {self._width}
            and self._odd_starts.isdisjoint([cells[0].strip() for cells in run])
            and not any(line <= suspect < line + len(run) for suspect in self._lines.suspects)
        )

    def _one_by_one(self) -> Iterator[Row]:
        lines, careful = self._lines, self._careful
        while self._line != NO_MORE:
            base, reader = self._line, self._dialect.reader(lines.from_line(self._line))
            try:
                for cells in reader:
                    line, after = self._line, base + reader.line_num
                    settled = self._settled(cells, line, after)
                    self._line = settled.after
                    if settled.cells:
                        self._number += 1
                        yield settled.row(self._number, line)
                    lines.row_line = self._line
                    if self._line != after:
                        break
                else:
                    return
            except csv.Error:
                line = self._line
                settled = careful.rescue(line, base + reader.line_num)
                self._line = settled.after
                if settled.cells:
                    self._number += 1
                    yield settled.row(self._number, line)

    def _settled(self, cells: list[str], line: int, after: int) -> Settled:
        if (
            len(cells) == self._width
            and after - line == 1
            and cells[0].strip() not in self._odd_starts
            and line not in self._lines.suspects
        ):
            return Settled(cells, _NO_PROBLEMS, after)
        return self._careful.settle(cells, line, after)
