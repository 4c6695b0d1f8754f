"""Physical lines to rows: a clean row takes the short way, any other is settled apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from core.errors import CellTooLong
from core.lines import NO_LIMIT, Lines
from core.mending import (
    LINES_TO_TRY,
    alone,
    displaced,
    fits,
    give_up,
    mend,
    mend_first_line,
    pushed_aside,
    share_of_rows,
)
from core.problems import Problem, ProblemCode, Severity
from core.profile import Column, confirmed
from core.refitting import BROKEN_LINES, misplaced, refit
from core.table import CELL_CEILING, LINE_FEED, STAND_IN, Format, Position, Row
from core.tables import LINES_AHEAD, could_name, is_rule, starts_table
from core.walking import NO_MORE, Settled, walk

_NO_PROBLEMS: tuple[Problem, ...] = ()
_END_OF_FILE = "\x1a"  # DOS programs put it on a line of its own after the last row


@dataclass
class Watch:
    """What is looked for only while a file is inspected, and what was found."""

    repeated: int = 0  #: the line on which the header row stands again, first
    repeats: int = 0  #: how often it does
    ended: int = 0  #: the line on which another table begins


def rows(
    lines: Lines,
    format: Format,
    start: Position,
    cell_chars: int = NO_LIMIT,
    watch: Watch | None = None,
) -> Iterator[Row]:
    """The data rows from ``start`` on. When a row is handed out, ``lines`` still holds its lines.

    With a ``watch`` they end where another table begins. Raises CellTooLong when a cell has more
    than ``cell_chars`` characters.
    """
    lines.unwrap(format.wrapping)
    if format.quote == '"' and format.profile:
        lines.watch_quotes(format.quote)
    found = walk(lines, format, start, _Careful(lines, format, cell_chars, watch))
    if len(format.delimiter) > 1:
        found = _restored(found, STAND_IN, format.delimiter)
    return _restored(found, LINE_FEED, "\n") if format.sheet_name else found


def _restored(found: Iterator[Row], sign: str, text: str) -> Iterator[Row]:
    """The same rows, with a text back in the cells where a sign stands for it."""
    for row in found:
        if sign in "".join(row.cells):
            row = row._replace(cells=[cell.replace(sign, text) for cell in row.cells])
        if row.problems:
            told = tuple(replace(p, value=p.value.replace(sign, text)) for p in row.problems)
            row = row._replace(problems=told)
        yield row


class _Careful:
    """Settles the rows that do not fit, one at a time."""

    def __init__(self, lines: Lines, format: Format, cell_chars: int, watch: Watch | None) -> None:
        self._lines = lines
        self._format = format
        self._dialect = format.dialect
        self._width = len(format.header)
        self._profile = format.profile
        self._cell_chars = cell_chars
        self._watch = watch
        self._gap_ended = 0  # the line below the last blank row or lone cell

    def settle(self, cells: list[str], line: int, after: int) -> Settled:
        """A record that was read, but is blank, ragged, over several lines or suspect."""
        if not "".join(cells).strip().strip(_END_OF_FILE):
            return self._gap(line, after)
        if self._watch and self._ends_before(line, cells):
            return Settled([], (), NO_MORE)
        if after - line > 1:
            return self._over_lines(cells, line, after)
        if fits(cells, self._width):
            if self._is_header(cells):
                return self._repeat(line, after)
            aside = pushed_aside(cells, self._width, self._profile)
            if aside or self._in_apostrophes(cells, line):
                return self._ragged(cells, line)
            return self._finish(cells, (), line, after)
        if is_rule(cells):
            return self._finish([], (), line, after)
        return self._ragged(cells, line)

    def _gap(self, line: int, after: int) -> Settled:
        """A blank row; while inspecting, it is seen whether another table begins below it."""
        self._finish([], (), line, after)
        first, self._gap_ended = line != self._gap_ended, after
        if self._watch and first:
            ahead = self._lines.take(after, LINES_AHEAD)
            blank = next((at for at, text in enumerate(ahead) if text.strip()), 0)
            if starts_table(ahead[blank:], self._format, after_gap=True):
                self._watch.ended = after + blank
                return Settled([], (), NO_MORE)
        return Settled([], (), after)

    def _ends_before(self, line: int, cells: list[str]) -> bool:
        """Whether a row that does not fit is the first of another table."""
        gap = line == self._gap_ended
        if sum(map(bool, cells)) == 1:
            self._gap_ended = line + 1
        if not gap and (fits(cells, self._width) or not could_name(cells)):
            return False
        ended = starts_table(self._lines.take(line, LINES_AHEAD), self._format, gap)
        if ended and self._watch:
            self._watch.ended = line
        return ended

    def _is_header(self, cells: list[str]) -> bool:
        """Whether the row is the header once more, as in files that were put one after another."""
        return tuple(cells[: self._width]) == self._format.raw_header

    def _in_apostrophes(self, cells: list[str], line: int) -> bool:
        """Whether every cell stands between single quotes, in a file that has other ones."""
        if "apostrophe" not in self._lines.suspects.get(line, ()):
            return False
        return all(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in cells)

    def _repeat(self, line: int, after: int) -> Settled:
        if self._watch:
            self._watch.repeats += 1
            self._watch.repeated = self._watch.repeated or line
        return Settled([], (), after)

    def _over_lines(self, cells: list[str], line: int, after: int) -> Settled:
        """A record with line ends in its cells, or rows that an unclosed quote has swallowed."""
        fitting = fits(cells, self._width)
        swallowed = self._lines.take(line, after - line)
        if not fitting or self._are_rows(swallowed):
            mended = mend_first_line(swallowed[0], self._dialect, self._width, self._profile)
            if mended:
                return self._finish(mended.cells, mended.problems, line, line + 1)
        return self._finish(cells, (), line, after)

    def _are_rows(self, lines: list[str]) -> bool:
        """Whether nearly every line by itself is a row, by what its values look like."""
        if not self._profile:
            return False
        quote = self._dialect.quote
        found = [alone(line, self._dialect) for line in lines]
        rows = [
            [cell.strip(quote) for cell in cells] for cells in found if fits(cells, self._width)
        ]
        sure = sum(confirmed(cells[: self._width], self._profile) for cells in rows)
        return len(rows) == len(lines) and sure * 4 >= len(lines) * 3

    def _ragged(self, cells: list[str], line: int) -> Settled:
        """A single line with too few or too many cells: the reading that fits, or as it is."""
        ahead = self._lines.take(line, BROKEN_LINES)
        refitted = refit(ahead, cells, self._dialect, self._profile)
        if refitted:
            return self._finish(refitted.cells, (refitted.problem,), line, line + refitted.taken)
        return self._finish(cells, (), line, line + 1)

    def rescue(self, line: int, reached: int) -> Settled:
        """A record that the strict reader gave up on, having read the lines before ``reached``."""
        swallowed = self._lines.take(line, max(reached - line, 1))
        if self._is_one_cell(swallowed):
            raise _too_long(line, min(self._cell_chars, CELL_CEILING))
        ahead = self._lines.take(line, LINES_TO_TRY)
        mended = mend(ahead, self._dialect, self._width, self._profile)
        if mended is None:
            cells = alone(ahead[0], self._dialect)
            refitted = refit(ahead[:1], cells, self._dialect, self._profile)
            if refitted:
                return self._finish(refitted.cells, (refitted.problem,), line, line + 1)
            mended = give_up(ahead[0], self._dialect)
        return self._finish(mended.cells, mended.problems, line, line + mended.taken)

    def _is_one_cell(self, swallowed: list[str]) -> bool:
        """Whether the reader stopped in a cell that is too long, not at an unclosed quote."""
        return (
            len(swallowed) > 1
            and sum(map(len, swallowed)) > CELL_CEILING
            and share_of_rows(swallowed[1:], self._dialect, self._width) < 0.5
        )

    def _finish(
        self, cells: list[str], problems: tuple[Problem, ...], line: int, after: int
    ) -> Settled:
        if max(map(len, cells), default=0) > self._cell_chars:
            raise _too_long(line, self._cell_chars)
        suspicions = self._suspicions(line, after)
        if "undecodable" in suspicions:
            problems = (*problems, _UNDECODABLE)
        if "foreign" in suspicions:
            problems = (*problems, _FOREIGN)
        if "nul" in suspicions:
            problems = (*problems, _NUL_REMOVED)
        if not "".join(cells).strip().strip(_END_OF_FILE):
            return Settled([], (), after)
        if "quote" in suspicions and self._profile and not problems:
            cells, problems = self._without_stray(cells, problems)
        cells, ragged = _to_width(cells, self._format)
        already_an_error = any(problem.severity is Severity.ERROR for problem in problems)
        if ragged and not already_an_error:
            problems = (*problems, ragged)
        return Settled(cells, problems, after)

    def _without_stray(
        self, cells: list[str], problems: tuple[Problem, ...]
    ) -> tuple[list[str], tuple[Problem, ...]]:
        """Without the one quotation mark at the edge of a cell in whose column there are none."""
        stripped = [
            cell.strip(self._dialect.quote) if column.misfits_by_quotes(cell) else cell
            for cell, column in zip(cells, self._profile, strict=False)
        ]
        if stripped == cells[: self._width] or len(cells) < self._width:
            return cells, problems
        return [*stripped, *cells[self._width :]], (*problems, _STRAY)

    def _suspicions(self, line: int, after: int) -> set[str]:
        """What is suspect about the lines of one row; they are not asked for again."""
        if not self._lines.suspects:
            return set()
        found = (self._lines.suspects.pop(at, set()) for at in range(line, after))
        return set().union(*found)


def _to_width(cells: list[str], format: Format) -> tuple[list[str], Problem | None]:
    width, profile = len(format.header), format.profile
    if len(cells) < width:
        return cells + [""] * (width - len(cells)), _too_few(cells, width, profile)
    beyond = len(cells) > width + format.spare
    if fits(cells, width) and not (beyond and displaced(cells, width, profile)):
        return cells[:width], None
    # The row is not imported; what it holds too much is kept for the file of problems.
    return cells, Problem(
        ProblemCode.TOO_MANY_CELLS,
        f"This row has {_last_filled(cells)} cells, but the header has {width}.",
        value=format.dialect.delimiter.join(cells[width:])[:200],
    )


def _too_few(cells: list[str], width: int, profile: Sequence[Column]) -> Problem:
    """A warning, or an error where a value stands in a column that it cannot belong to."""
    found = f"This row has {len(cells)} of {width} cells"
    if misplaced(cells, profile):
        words = f"{found}, and which ones are missing cannot be told from its values."
        return Problem(ProblemCode.TOO_FEW_CELLS, words)
    words = f"{found}; the missing ones were taken as empty."
    return Problem(ProblemCode.TOO_FEW_CELLS, words, Severity.WARNING)


def _last_filled(cells: list[str]) -> int:
    return max(index for index, cell in enumerate(cells, 1) if cell)


def _too_long(line: int, limit: int) -> CellTooLong:
    return CellTooLong(
        f"A cell of the row on line {line:,} is longer than the limit of {limit:,} characters."
    )


_UNDECODABLE = Problem(
    ProblemCode.UNDECODABLE,
    "This row holds bytes that do not belong to the file's text encoding; each was replaced "
    "by \N{REPLACEMENT CHARACTER}.",
    Severity.WARNING,
)
_STRAY = Problem(
    ProblemCode.STRAY_QUOTE,
    "A quotation mark stands beside a value; it was left out.",
    Severity.WARNING,
)
_FOREIGN = Problem(
    ProblemCode.UNDECODABLE,
    "This row holds bytes that are not UTF-8; they were read as Windows-1252.",
    Severity.WARNING,
)
_NUL_REMOVED = Problem(
    ProblemCode.NUL_REMOVED, "This row held NUL characters; they were removed.", Severity.WARNING
)
