"""A row that has too few or too many cells: its other readings, and the one that fits.

A reading is taken only if it is the only one whose every cell could be one of its column's, by
what the other rows' values look like; where two would do, a person has to look.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, islice
from math import comb
from typing import NamedTuple

from core.mending import alone, scan
from core.placing import joins, spreads
from core.problems import Problem, ProblemCode, Severity
from core.profile import Column, confirmed, contradicts, fit
from core.table import DELIMITER_NAMES, STAND_IN, Dialect

#: How many readings of one row are tried before it is given up.
TRIES = 500
#: How many lines a row that was broken by line ends may run over.
BROKEN_LINES = 20
#: What a single row may be separated by when the others are not.
OTHERS = (",", ";", "\t", "|", "^", "~", ":", " ")
_OTHERS_LONG = ("||", "::", "~|~", ";;")


class Refit(NamedTuple):
    """The one reading that fits, how many lines it takes, and the warning that says so."""

    cells: list[str]
    taken: int
    problem: Problem


def refit(
    lines: list[str], cells: list[str], dialect: Dialect, profile: Sequence[Column]
) -> Refit | None:
    """The reading of a row that fits; None when there is none, or more than one.

    The row starts on ``lines[0]``, whose cells are given; it may run on if line ends broke it.
    """
    if not profile:
        return None
    bare = [_without_edge_quote(cell, dialect.quote) for cell in cells]
    other = _unwrapped(bare, dialect, profile) or _with_other_signs(lines, dialect, profile)
    if other or len(cells) == len(profile):
        return other
    if len(cells) > len(profile):
        problem = _joined(len(cells), len(profile))
        as_is = _only(_fewer(cells, dialect, profile), problem, profile)
        return as_is or _only(_fewer(bare, dialect, profile), problem, profile)
    return _too_few(lines, bare, dialect, profile)


def _too_few(
    lines: list[str], cells: list[str], dialect: Dialect, profile: Sequence[Column]
) -> Refit | None:
    mixed = _warning(_MIXED, ProblemCode.OTHER_DELIMITER)
    found = rejoin(lines, dialect, profile) or (
        _only(_mixed(cells, dialect, profile), mixed, profile)
    )
    missing = len(profile) - len(cells)
    if found or fit([*cells, *[""] * missing], profile):
        return found  # else cells were left off at its end, which is the simplest reading
    apart = list(islice(_unglued(cells, profile), TRIES))
    problem = _spaced(len(cells), len(profile))
    return _only(iter(apart or _spread(cells, profile)), problem, profile)


def _without_edge_quote(cell: str, quote: str) -> str:
    """A cell without the one quotation mark that stands at its start or end."""
    return cell.strip(quote) if quote and cell.count(quote) == 1 else cell


def rejoin(lines: list[str], dialect: Dialect, profile: Sequence[Column]) -> Refit | None:
    """The row that starts on ``lines[0]`` put together again, if line ends without quotes broke it.

    None of the lines after the first may be a row by itself.
    """
    width, cells = len(profile), alone(lines[0], dialect)
    for taken, line in enumerate(lines[1:BROKEN_LINES], 2):
        more = alone(line, dialect)
        if len(cells) + len(more) - 1 > width or _is_row(more, profile):
            return None
        cells = [*cells[:-1], f"{cells[-1]}\n{more[0]}", *more[1:]]
        if len(cells) == width and confirmed(cells, profile):
            return Refit(cells, taken, _warning(_REJOINED, ProblemCode.BROKEN_ROW))
    return None


def read_otherwise(line: str, dialect: Dialect, width: int, names: bool = False) -> list[str]:
    """The cells of a line read with another delimiter, if just one gives ``width`` of them.

    Only ``names`` of columns may be told apart by spaces or colons.
    """
    found: list[list[str]] = []
    for other, name in _other_dialects(line, dialect):
        cells = scan(line.replace(name, other.delimiter), other).cells
        if len(cells) == width and (names or other.delimiter not in ": "):
            found.append(cells)
    return found[0] if len(found) == 1 else []


def misplaced(cells: list[str], profile: Sequence[Column]) -> bool:
    """Whether a short row holds a value that is none of its column's: cells lack before it."""
    return bool(profile) and contradicts(cells, profile)


def _is_row(cells: list[str], profile: Sequence[Column]) -> bool:
    missing = len(profile) - len(cells)
    return missing == 0 or (missing > 0 and fit([*cells, *[""] * missing], profile))


def _only(
    readings: Iterator[list[str]], problem: Problem, profile: Sequence[Column]
) -> Refit | None:
    """The reading, if all there are say the same; of several, the one that brings nothing new.

    With more of them than are looked at, nobody knows.
    """
    found = list(islice(readings, TRIES + 1))
    if len(found) > TRIES:
        return None
    different = set(map(tuple, found))
    if len(different) > 1:
        different = {cells for cells in different if all(map(Column.has_met, profile, cells))}
    return Refit(list(different.pop()), 1, problem) if len(different) == 1 else None


# ---- other delimiters and quotes ---------------------------------------------------------------


def _unwrapped(cells: list[str], dialect: Dialect, profile: Sequence[Column]) -> Refit | None:
    """The row that stands whole between quotes, as some programs write one that has quotes."""
    if len(cells) != 1 or dialect.delimiter not in cells[0]:
        return None
    reading = scan(cells[0], dialect)
    if reading.unclosed >= 0 or not _belongs(reading.cells, profile, sure=False):
        return None
    return Refit(reading.cells, 1, _warning(_WRAPPED, ProblemCode.STRAY_QUOTE))


def _with_other_signs(
    lines: list[str], dialect: Dialect, profile: Sequence[Column]
) -> Refit | None:
    """The whole row read with another delimiter or quote, if exactly one of them fits."""
    found: dict[tuple[str, ...], Refit] = {}
    for other, name in _other_dialects(lines[0], dialect):
        cells, taken = _scanned(lines, other, name)
        if _belongs(cells, profile, sure=other.delimiter in ": "):
            words = f"This row is separated by {DELIMITER_NAMES.get(name, name)}s, unlike the rest."
            if other.quote != dialect.quote:
                words = f"This row is quoted with {other.quote}, unlike the rest."
            problem = _warning(words, ProblemCode.OTHER_DELIMITER)
            found.setdefault(tuple(cells), Refit(cells, taken, problem))
    return next(iter(found.values())) if len(found) == 1 else None


def _scanned(lines: list[str], other: Dialect, name: str) -> tuple[list[str], int]:
    """The cells of the first record in another dialect, and how many lines it takes."""
    text = lines[0].replace(name, other.delimiter)
    reading, taken = scan(text, other), 1
    while reading.unclosed >= 0 and taken < len(lines):
        text += lines[taken].replace(name, other.delimiter)
        reading, taken = scan(text, other), taken + 1
    return ([], 1) if reading.unclosed >= 0 else (reading.cells, taken)


def _other_dialects(line: str, dialect: Dialect) -> Iterator[tuple[Dialect, str]]:
    quote = dialect.quote or '"'
    for name in _OTHERS_LONG:
        if name in line and dialect.delimiter != STAND_IN:
            yield replace(dialect, delimiter=STAND_IN, quote=quote), name
    for delimiter in OTHERS:
        if delimiter in line and delimiter != dialect.delimiter:
            yield replace(dialect, delimiter=delimiter, quote=quote), delimiter
    swapped = "'" if quote == '"' else '"'
    if line.count(swapped) > 1:
        yield replace(dialect, quote=swapped), dialect.delimiter


def _belongs(cells: list[str], profile: Sequence[Column], sure: bool) -> bool:
    if len(cells) != len(profile) or len(cells) < 2:
        return False
    return confirmed(cells, profile) if sure or len(cells) < 3 else fit(cells, profile)


def _mixed(cells: list[str], dialect: Dialect, profile: Sequence[Column]) -> Iterator[list[str]]:
    """Some cells of the row are separated by another delimiter."""
    for delimiter in OTHERS[:6]:
        pieces = [piece for cell in cells for piece in cell.split(delimiter)]
        if delimiter != dialect.delimiter and confirmed(pieces, profile):
            yield pieces


# ---- too many cells, too few -------------------------------------------------------------------


def _fewer(cells: list[str], dialect: Dialect, profile: Sequence[Column]) -> Iterator[list[str]]:
    """Without empty cells that are too many, or with cells joined that a delimiter broke apart."""
    extra = len(cells) - len(profile)
    empty = [index for index, cell in enumerate(cells) if not cell.strip()]
    for dropped in combinations(empty, extra) if comb(len(empty), extra) <= TRIES else ():
        kept = [cell for index, cell in enumerate(cells) if index not in dropped]
        if confirmed(kept, profile):
            yield kept
    if any(column.telling for column in profile):
        yield from joins(cells, dialect.delimiter, profile)


def _spread(cells: list[str], profile: Sequence[Column]) -> Iterator[list[str]]:
    """Every way to leave columns empty that puts a value where no other would fit."""
    for spread in spreads(cells, profile):
        if any(column.telling and cell for column, cell in zip(profile, spread, strict=True)):
            yield spread


def _unglued(cells: list[str], profile: Sequence[Column]) -> Iterator[list[str]]:
    """Every way to cut one cell in two, where the delimiter between two values is missing."""
    if len(cells) + 1 != len(profile):
        return
    for index, cell in enumerate(cells):
        if not fit(cells[index + 1 :], profile[index + 2 :]):
            continue
        if not fit(cells[:index], profile[:index]):
            return
        for at in range(1, len(cell)):
            left, right = cell[:at], cell[at:]
            if profile[index].fits(left) and profile[index + 1].fits(right):
                yield [*cells[:index], left, right, *cells[index + 1 :]]


# ---- words -------------------------------------------------------------------------------------

_MIXED = "Some cells of this row are separated otherwise than the rest."
_WRAPPED = "This row stood between quotation marks as a whole; they were left out."
_REJOINED = "This row was broken by line ends without quotes; it was put together again."


def _warning(words: str, code: ProblemCode) -> Problem:
    return Problem(code, words, Severity.WARNING)


def _joined(found: int, width: int) -> Problem:
    return _warning(
        f"This row has {found} cells, not {width}; they were put where their values belong, "
        "which only one reading allows.",
        ProblemCode.TOO_MANY_CELLS,
    )


def _spaced(found: int, width: int) -> Problem:
    return _warning(
        f"This row has {found} of {width} cells; they were put where their values belong, "
        "which only one reading allows.",
        ProblemCode.TOO_FEW_CELLS,
    )
