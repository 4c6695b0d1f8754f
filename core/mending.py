"""Reading a row whose quoting does not add up: the one place where rows are repaired.

Every decision looks only at the row's own lines and those after it, never at what came before, so
that reading from the middle of a file gives the same rows as reading from its start.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from core.problems import Problem, ProblemCode, Severity
from core.profile import Column, confirmed, contradicts
from core.table import Dialect

#: How many lines a cell with stray quotes in it may run over and still be put together.
LINES_TO_TRY = 100
#: How many quotes of a line are tried as part of the text that they seem to open or end.
MOST_PLACES = 50


class Reading(NamedTuple):
    """One way to read a record.

    ``strays`` are the cells in which a quote stands where none belongs; ``unclosed`` is the cell
    whose quote never closes, or -1.
    """

    cells: list[str]
    end: int  #: index in the text just after the record's line end
    strays: tuple[int, ...]
    unclosed: int


class Mended(NamedTuple):
    """What became of a record: its cells, how many lines it takes, and what was wrong with it."""

    cells: list[str]
    taken: int
    problems: tuple[Problem, ...]


def scan(text: str, dialect: Dialect, literal: int = -1, inside: int = -1) -> Reading:
    """Read one record tolerantly: a quote closes a cell only before a delimiter or a line end.

    In the cell numbered ``literal`` an opening quote is an ordinary character, and so is the quote
    just before the index ``inside``, which would close a cell.
    """
    signs = _signs(dialect)
    cells: list[str] = []
    strays: list[int] = []
    at = 0
    while True:
        if dialect.skip_space:
            at = signs.spaces.match(text, at).end()  # type: ignore[union-attr] # matches nothing too
        if dialect.quote and text.startswith(dialect.quote, at) and len(cells) != literal:
            cell, at, stray, closed = _quoted(text, at + 1, dialect, inside)
            if stray:
                strays.append(len(cells))
            if not closed:
                return Reading([*cells, cell], len(text), tuple(strays), len(cells))
        else:
            cell, at = _plain(text, at, dialect)
        cells.append(cell)
        if not text.startswith(dialect.delimiter, at):
            return Reading(cells, signs.line_end.match(text, at).end(), tuple(strays), -1)  # type: ignore[union-attr] # matches nothing too
        at += 1


def mend(
    lines: list[str], dialect: Dialect, width: int, profile: Sequence[Column] = ()
) -> Mended | None:
    """Read the record that starts on ``lines[0]`` and that a strict reader gave up on.

    The reading that gives ``width`` cells wins, one whose values fit before any other; None when
    there is none.
    """
    tolerant = scan(lines[0], dialect)
    return (
        _as_quoted(tolerant, width, profile)
        or _as_quoted(scan(lines[0], replace(dialect, doublequote=False)), width, profile)
        or _with_literal_quote(lines[0], tolerant, dialect, width, profile)
        or _with_quotes_inside(lines[0], dialect, profile)
        or _over_lines(lines, dialect, width)
        or (tolerant.unclosed >= 0 and _over_lines(lines, dialect, width, tolerant.unclosed))
        or None
    )


def give_up(line: str, dialect: Dialect) -> Mended:
    """A line that no reading fits: a row of its own, reported as an error."""
    return Mended(alone(line, dialect), 1, (_given_up(scan(line, dialect), dialect),))


def mend_first_line(
    line: str, dialect: Dialect, width: int, profile: Sequence[Column] = ()
) -> Mended | None:
    """The first line of a record that runs over several, read alone, if it fits only that way."""
    tolerant = scan(line, dialect)
    return _with_literal_quote(line, tolerant, dialect, width, profile)


def alone(line: str, dialect: Dialect) -> list[str]:
    """The cells of one line read alone, before it is known how many the table has."""
    tolerant = scan(line, dialect)
    if tolerant.unclosed < 0:
        return tolerant.cells
    return scan(line, dialect, literal=tolerant.unclosed).cells


def share_of_rows(lines: list[str], dialect: Dialect, width: int) -> float:
    """Which share of the lines, each read alone, has as many cells as the table."""
    tried = lines[:LINES_TO_TRY]
    fitting = sum(len(alone(line, dialect)) == width for line in tried)
    return fitting / len(tried) if tried else 0.0


def fits(cells: list[str], width: int) -> bool:
    """Whether the cells are those of one row of the table; empty ones at the end do not count."""
    return len(cells) == width or (len(cells) > width and not any(cells[width:]))


def pushed_aside(cells: list[str], width: int, profile: Sequence[Column]) -> bool:
    """Whether a cell too many, before the empty one at the end, has moved values out of place."""
    return len(cells) > width and contradicts(cells[:width], profile)


def displaced(cells: list[str], width: int, profile: Sequence[Column]) -> bool:
    """Whether values are surely out of place by one cell too many: without it they all fit."""
    return pushed_aside(cells, width, profile) and any(
        _fit_without(cells, extra, profile) for extra in range(width) if cells[extra].strip()
    )


def _fit_without(cells: list[str], extra: int, profile: Sequence[Column]) -> bool:
    """Whether the cells fit without one of them, and a value then fits that did not."""
    kept = cells[:extra] + cells[extra + 1 : len(profile) + 1]
    moved = zip(profile[extra:], cells[extra:], kept[extra:], strict=False)
    mends = any(now.strip() and not column.fits(was) for column, was, now in moved)
    return mends and not contradicts(kept, profile)


# ---- the readings, best first ------------------------------------------------------------------


def _as_quoted(reading: Reading, width: int, profile: Sequence[Column]) -> Mended | None:
    """The quotes enclose whole cells, and those inside them are part of the text."""
    if reading.unclosed >= 0 or not _in_place(reading.cells, width, profile):
        return None
    return Mended(reading.cells, 1, (_stray(),) if reading.strays else ())


def _in_place(cells: list[str], width: int, profile: Sequence[Column]) -> bool:
    return fits(cells, width) and not pushed_aside(cells, width, profile)


def _with_literal_quote(
    line: str, tolerant: Reading, dialect: Dialect, width: int, profile: Sequence[Column]
) -> Mended | None:
    """One opening quote is not a quote at all, in exactly one place."""
    suspects = {*tolerant.strays, tolerant.unclosed} - {-1}
    if len(suspects) > MOST_PLACES:
        return None
    readings = [(cell, scan(line, dialect, literal=cell)) for cell in sorted(suspects)]
    fitting = [
        (cell, reading)
        for cell, reading in readings
        if reading.unclosed < 0 and _in_place(reading.cells, width, profile)
    ]
    if len(fitting) > 1:
        fitting = [pair for pair in fitting if confirmed(pair[1].cells[:width], profile)]
    if len(fitting) != 1:
        return None
    cell, reading = fitting[0]
    if dialect.quote in reading.cells[cell].lstrip()[1:]:
        return Mended(reading.cells, 1, (_stray(),))
    reading.cells[cell] = reading.cells[cell].replace(dialect.quote, "", 1)
    return Mended(reading.cells, 1, (_unclosed(Severity.WARNING),))


def _with_quotes_inside(line: str, dialect: Dialect, profile: Sequence[Column]) -> Mended | None:
    """One quote before a delimiter is part of a quoted text, in exactly one place."""
    if not dialect.quote or not profile:
        return None
    ends = re.finditer(re.escape(dialect.quote) + " *" + re.escape(dialect.delimiter), line)
    places = [found.start() + len(dialect.quote) for found in ends][:MOST_PLACES]
    readings = [scan(line, dialect, inside=place) for place in places]
    fitting = {
        tuple(reading.cells)
        for reading in readings
        if reading.unclosed < 0
        and confirmed([cell.replace(dialect.quote, "") for cell in reading.cells], profile)
    }
    return Mended(list(fitting.pop()), 1, (_stray(),)) if len(fitting) == 1 else None


def _over_lines(lines: list[str], dialect: Dialect, width: int, literal: int = -1) -> Mended | None:
    """A cell with line ends and stray quotes in it, unless it would swallow a row of its own."""
    reading = scan("".join(lines[:LINES_TO_TRY]), dialect, literal)
    if reading.unclosed >= 0 or not fits(reading.cells, width):
        return None
    taken = _lines_in(lines, reading.end)
    swallows_rows = width > 1 and any(
        len(scan(line, dialect).cells) == width for line in lines[1:taken]
    )
    if swallows_rows:
        return None
    if literal < 0:
        return Mended(reading.cells, taken, (_stray(),))
    reading.cells[literal] = reading.cells[literal].replace(dialect.quote, "", 1)
    return Mended(reading.cells, taken, (_unclosed(Severity.WARNING),))


def _given_up(reading: Reading, dialect: Dialect) -> Problem:
    if reading.unclosed >= 0:
        return _unclosed(Severity.ERROR)
    return Problem(
        ProblemCode.STRAY_QUOTE,
        f"The quotation marks ({dialect.quote}) on this line do not add up, so its cells cannot "
        "be told apart.",
    )


def _stray() -> Problem:
    return Problem(
        ProblemCode.STRAY_QUOTE,
        "A quotation mark stands inside a quoted cell; it was kept as part of the text.",
        Severity.WARNING,
    )


def _unclosed(severity: Severity) -> Problem:
    outcome = (
        "it was left out"
        if severity is Severity.WARNING
        else "the cells of this line cannot be told apart"
    )
    return Problem(
        ProblemCode.UNCLOSED_QUOTE,
        f"A quotation mark opens a cell here and is never closed; {outcome}.",
        severity,
    )


def _lines_in(lines: list[str], end: int) -> int:
    """How many of the lines the first ``end`` characters reach into."""
    taken = reached = 0
    while reached < end:
        reached += len(lines[taken])
        taken += 1
    return max(taken, 1)


# ---- the scanner -------------------------------------------------------------------------------


class _Signs(NamedTuple):
    plain: re.Pattern[str]
    quotes: re.Pattern[str]
    closing: re.Pattern[str]
    escaped: re.Pattern[str]
    spaces: re.Pattern[str]
    line_end: re.Pattern[str]


@lru_cache(maxsize=64)
def _signs(dialect: Dialect) -> _Signs:
    delimiter, quote = re.escape(dialect.delimiter), re.escape(dialect.quote or "\0")
    pair = re.escape(dialect.escape) + r"[\s\S]|" if dialect.escape else ""
    return _Signs(
        plain=re.compile(rf"(?:{pair}[^{delimiter}\r\n])*"),
        quotes=re.compile(rf"{pair}(?:{quote})+"),
        closing=re.compile(rf" *(?={delimiter}|[\r\n]|\Z)"),
        escaped=re.compile(re.escape(dialect.escape or "\0") + r"([\s\S])"),
        spaces=re.compile(r" *"),
        line_end=re.compile(r"(?:\r\n|\r|\n)?"),
    )


def _plain(text: str, at: int, dialect: Dialect) -> tuple[str, int]:
    signs = _signs(dialect)
    found = signs.plain.match(text, at)
    cell = found.group() if found else ""
    return signs.escaped.sub(r"\1", cell) if dialect.escape else cell, at + len(cell)


def _quoted(text: str, at: int, dialect: Dialect, inside: int) -> tuple[str, int, bool, bool]:
    """A cell after its opening quote: its text, its end, if a stray is in it, if it closes."""
    signs = _signs(dialect)
    parts: list[str] = []
    stray, start = False, at
    for sign in signs.quotes.finditer(text, at):
        parts.append(text[start : sign.start()])
        start = sign.end()
        if sign.group().startswith(dialect.escape or "\0"):
            parts.append(sign.group()[1:])
            continue
        kept, odd = _quote_run(len(sign.group()), dialect)
        parts.append(dialect.quote * kept)
        closing = signs.closing.match(text, start) if odd and start != inside else None
        if closing:
            return "".join(parts), closing.end(), stray, True
        if odd:
            stray = True
            parts.append(dialect.quote)
    return "".join([*parts, text[start:]]), len(text), stray, False


def _quote_run(length: int, dialect: Dialect) -> tuple[int, bool]:
    """How many quotes a run of them stands for, and whether its last may close the cell."""
    if dialect.doublequote:
        pairs, odd = divmod(length, 2)
        return pairs, bool(odd)
    return length - 1, True


# ---- before the width is known -----------------------------------------------------------------


class Record(NamedTuple):
    """A record of a sample: the index of its first line, that of the line after it, its cells."""

    line: int
    after: int
    cells: list[str]


def records(
    lines: list[str], dialect: Dialect, index: int = 0, cut_short: bool = False
) -> Iterator[Record]:
    """The records of a sample from line ``index`` on, blank ones included.

    When the file goes on after the sample (``cut_short``), its last record may be left out.
    """
    width = 0
    while index < len(lines):
        reader, base = dialect.reader(islice(lines, index, None)), index
        try:
            for cells in reader:
                yield Record(index, base + reader.line_num, cells)
                index, width = base + reader.line_num, width or len(cells)
        except csv.Error:
            at_the_end = cut_short and base + reader.line_num == len(lines)
            if at_the_end and _goes_on(lines, index, dialect, width):
                return
            yield Record(index, index + 1, alone(lines[index], dialect))
            index += 1


def _goes_on(lines: list[str], index: int, dialect: Dialect, width: int) -> bool:
    """Whether the sample ends within a long cell, rather than after a quote that never closes."""
    if index > len(lines) / 2:
        return True
    return width > 1 and share_of_rows(lines[index + 1 :], dialect, width) < 0.5
