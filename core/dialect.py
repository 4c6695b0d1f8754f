"""How the cells of a file are told apart, found by trying: each candidate reads a sample.

The score follows the idea of van den Burg, Nazabal and Sutton, "Wrangling messy CSV files by
detecting row and type patterns" (2019): the right dialect gives rows of one length, and cells that
look like single values.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.delimiters import (
    DELIMITERS,
    ODD_DELIMITERS,
    SPACES,
    candidates,
    declared_delimiter,
    steady_signs,
)
from core.errors import EmptyFile, UnreadableFile
from core.header import is_header
from core.mending import Record, records, scan
from core.table import STAND_IN, Dialect

#: Stands for "no delimiter" in a list whose values may hold any of the usual ones.
NO_DELIMITER = "\x1f"
SAMPLE_LINES = 1_000
SCORED_LINES = 400

_ONLY_BLANK = f"The first {SAMPLE_LINES:,} lines of the file are blank."


@dataclass(frozen=True, slots=True)
class Trial:
    """What a dialect made of the sample.

    ``width`` is the most frequent number of cells, ``fit`` the share of rows that have it, and
    ``score`` how much of a table that makes, from 0 to 1.
    """

    dialect: Dialect
    records: list[Record]
    width: int
    fit: float
    score: float
    delimiter: str = ""  #: as it is written; the dialect may have a stand-in for it


def sniff(lines: Sequence[str], suffix: str = "", cut_short: bool = False) -> Trial:
    """The dialect that makes the most table of these lines, the first of a file.

    ``cut_short`` if the file has more of them. Raises EmptyFile when all are blank, and
    UnreadableFile for prose.
    """
    declared = declared_delimiter(lines[0])
    above = 1 if declared else _blank_lines(lines)
    sample = list(lines[: above + SCORED_LINES])
    more = cut_short or len(lines) > len(sample)
    hint = {".tsv": "\t", ".tab": "\t"}.get(suffix.lower(), "")
    found = [declared] if declared else candidates(sample[above:])
    trials = _try_all(sample, found, above, more, hint)
    best = max(trials, key=lambda trial: _rank(trial, hint))
    if not declared and best.records and (best.fit < 0.5 or not _rank(best, hint)):
        rare = (_try(sample, sign, above, more) for sign in steady_signs(sample[above:]))
        best = max([best, *filter(_is_sure, rare)], key=lambda trial: _rank(trial, hint))
    if not best.records:
        raise UnreadableFile(_ONLY_BLANK) if cut_short else EmptyFile
    if not declared and (best.fit < 0.5 or not _rank(best, hint)):
        best = _single_column(sample, trials)
    if not declared and _is_prose(sample, best):
        raise UnreadableFile("This is text, not a table: no columns could be told apart.")
    return _try_whole(lines, best, above, cut_short)


def _try_all(sample: list[str], found: list[str], above: int, more: bool, hint: str) -> list[Trial]:
    """Read a sample with each delimiter; if one that is there does well, with no other."""
    whole = "".join(sample)
    trials = {sign: _try(sample, sign, above, more) for sign in found if sign in whole}
    best = max(trials.values(), key=lambda trial: _rank(trial, hint), default=None)
    if best is None or best.fit < 0.5 or not _rank(best, hint):
        trials |= {s: _try(sample, s, above, more) for s in found if s not in trials}
    return [trials[sign] for sign in found if sign in trials]


def _try(sample: list[str], delimiter: str, above: int, more: bool) -> Trial:
    """Read a sample with a delimiter of any length."""
    if len(delimiter) == 1:
        dialect = _quoting(sample[above:], delimiter)
        return replace(try_dialect(sample, dialect, above, more), delimiter=delimiter)
    sample = [line.replace(delimiter, STAND_IN) for line in sample]
    trial = try_dialect(sample, _quoting(sample[above:], STAND_IN), above, more)
    return replace(trial, delimiter=delimiter)


def _try_whole(lines: Sequence[str], best: Trial, above: int, cut_short: bool) -> Trial:
    """Read all lines with the dialect that won, without the spaces that pad its cells."""
    dialect = best.dialect
    if dialect.delimiter != " " and not dialect.skip_space and _padded(best):
        dialect = replace(dialect, skip_space=True)
    if dialect.delimiter == STAND_IN:
        lines = [line.replace(best.delimiter, STAND_IN) for line in lines]
    trial = try_dialect(list(lines), dialect, above, cut_short)
    return replace(trial, delimiter=best.delimiter or dialect.delimiter)


def _padded(trial: Trial) -> bool:
    """Whether a space follows every delimiter, so that it is part of how the file is written."""
    later = [cell for record in trial.records for cell in record.cells[1:] if cell]
    return len(later) > 1 and sum(cell[0] == " " for cell in later) >= 0.97 * len(later)


def _rank(trial: Trial, hint: str) -> float:
    """The score, with what the name of the file and the nature of the delimiter say."""
    delimiter = trial.delimiter
    if delimiter in {":", *SPACES} and not _is_sure(trial):
        return 0.0
    return trial.score * (1.5 if delimiter == hint else 1) * ODD_DELIMITERS.get(delimiter, 1.0)


def _is_sure(trial: Trial) -> bool:
    """Whether colons or spaces are delimiters beyond doubt: rows all alike, under names."""
    records = trial.records
    if trial.fit < 0.95 or len(records) < 3 or trial.width < 2:
        return False
    cells = [cell for record in records for cell in record.cells[1:]]
    apart = sum(cell.startswith((" ", "//")) for cell in cells) <= 0.02 * len(cells)
    return apart and is_header(records[0].cells, [record.cells for record in records[1:50]])


def _blank_lines(lines: Sequence[str]) -> int:
    """How many blank lines stand at the top."""
    return next((index for index, line in enumerate(lines) if line.strip()), len(lines))


def try_dialect(
    lines: list[str], dialect: Dialect, above: int = 0, cut_short: bool = False
) -> Trial:
    """Read the lines but the first ``above`` ones with a dialect, and score it from 0 to 1."""
    found = [
        record
        for record in records(lines, dialect, above, cut_short)
        if any(cell.strip() for cell in record.cells)
    ]
    width = _usual_width(found)
    fit = _fit(found, width)
    return Trial(dialect, found, width, fit, fit * _wholeness(found, width, dialect))


def _usual_width(found: list[Record]) -> int:
    """The most frequent number of cells; the first row's, if the others only leave off some."""
    widths = Counter(len(record.cells) for record in found)
    several = {width: count for width, count in widths.items() if width > 1}
    if not several or sum(several.values()) < widths[1] * 0.5:
        return 1
    usual = max(several, key=lambda width: (several[width], width))
    first = len(found[0].cells)
    beyond = sum(count for width, count in several.items() if width > first)
    return first if first > usual and beyond <= len(found) * 0.1 else usual


def _fit(found: list[Record], width: int) -> float:
    """The share of rows as wide as the table. Shorter ones count for half, lone cells for none.

    When no row at all is wider than the first, shorter ones have merely left off empty cells.
    """
    if width < 2:
        return 0.0
    widths = Counter(len(record.cells) for record in found)
    shorter = sum(count for reach, count in widths.items() if 1 < reach < width)
    worth = 0.8 if max(widths) == width == len(found[0].cells) else 0.5
    header = len(found) * 0.1
    fitting = widths[width] + shorter * worth + header * (len(found[0].cells) == width)
    return fitting / (len(found) + header - widths[1] * 0.5)


def _wholeness(found: list[Record], width: int, dialect: Dialect) -> float:
    """How much the cells look like single values; many columns are unlikely to be chance."""
    if width < 2:
        return 0.0
    cells = [cell for record in found if len(record.cells) == width for cell in record.cells]
    glued = _glued(dialect.delimiter)
    whole = sum(not glued.search(cell) for cell in cells) / max(len(cells), 1)
    return whole * (width - 1) / width


def _glued(delimiter: str) -> re.Pattern[str]:
    """Signs that a cell is really several: another delimiter with no space after it."""
    others = "".join(
        re.escape(other) for other in (*DELIMITERS[1:], "^", "~") if other != delimiter
    )
    comma = "" if delimiter == "," else r"|[^\s\d],[^\s]|,[^\s\d]"
    return re.compile(rf"[{others}](?! )|::{comma}")


# ---- quotes ------------------------------------------------------------------------------------


def _quoting(lines: list[str], delimiter: str) -> Dialect:
    """How cells are quoted if this is the delimiter; a double quote when none are."""
    dialect = Dialect(delimiter)
    if not _enclosed(lines, delimiter, '"') and _single_quotes(lines, dialect):
        dialect = replace(dialect, quote="'")
    if _spaced(lines, dialect):
        dialect = replace(dialect, skip_space=True)
    return _with_escape(lines, dialect)


def _single_quotes(lines: list[str], dialect: Dialect) -> bool:
    """Whether single quotes enclose cells: in the first row, or because rows only fit that way.

    The first row is the first line with as many delimiters as most have, below any remarks.
    """
    counts = [line.count(dialect.delimiter) for line in lines]
    top = counts.index(Counter(counts).most_common(1)[0][0]) if counts else 0
    quoted = replace(dialect, quote="'")
    return bool(_enclosed(["".join(lines)], dialect.delimiter, "'", over_lines=True)) and bool(
        _enclosed([*lines[:1], *lines[top : top + 1]], dialect.delimiter, "'")
        or _doubled(lines, dialect.delimiter)
        or _misfits(lines, quoted) < _misfits(lines, dialect)
    )


def _enclosed(lines: list[str], delimiter: str, quote: str, over_lines: bool = False) -> int:
    """How many cells start and end with this quote."""
    edge, ends = re.escape(delimiter), "" if over_lines else r"\r\n"
    inside = (
        rf"(?:^|{edge}) *{quote}(?:[^{quote}{ends}]|{quote}{quote})*{quote} *(?={edge}|[\r\n]|\Z)"
    )
    opens = re.compile(inside, re.M)
    return sum(len(opens.findall(line)) for line in lines if quote in line)


def _doubled(lines: list[str], delimiter: str) -> bool:
    """Whether apostrophes are doubled in a cell between single quotes, as only quoting does."""
    edge = re.escape(delimiter)
    cell = re.compile(rf"(?:^|{edge})'((?:[^']|'')*)'(?={edge}|[\r\n]|\Z)")
    inside = (text for line in lines if "''" in line for text in cell.findall(line))
    return any("''" in text and text.strip("'") for text in inside)


def _spaced(lines: list[str], dialect: Dialect) -> bool:
    """Whether quoted cells stand after a space, which a strict reader takes as unquoted text."""
    spaced = f"{dialect.delimiter} {dialect.quote}"
    tight = f"{dialect.delimiter}{dialect.quote}"
    return sum(line.count(spaced) - line.count(tight) for line in lines) > 0


def _with_escape(lines: list[str], dialect: Dialect) -> Dialect:
    """A backslash escapes if it precedes quotes or delimiters and reading it so fits better."""
    signs = (f"\\{dialect.quote}", f"\\{dialect.delimiter}")
    if not any(sign in line for line in lines for sign in signs):
        return dialect
    escaping = replace(dialect, escape="\\")
    as_is, escaped = _misfits(lines, dialect), _misfits(lines, escaping)
    return escaping if escaped < as_is else dialect


def _misfits(lines: list[str], dialect: Dialect) -> int:
    """How many records have stray quotes or another length than most."""
    found = [record for record in records(lines, dialect) if record.cells]
    usual = Counter(len(record.cells) for record in found).most_common(1)
    odd = sum(len(record.cells) != usual[0][0] for record in found)
    return odd + sum(bool(scan(lines[record.line], dialect).strays) for record in found)


# ---- lists and prose ---------------------------------------------------------------------------

_VALUE = re.compile(r"[\w.+'’&@/:(),%$€£?!;°\"|-]([\w.+'’&@/:(),%$€£?!;°\"| -]{0,99})\Z")
_PROSE_END = re.compile(r"[a-z][.!?,:;]\Z")
_SENTENCE_END = re.compile(r"[.!?:;,{}(>]\s*\Z")


def _single_column(lines: list[str], trials: list[Trial]) -> Trial:
    """The lines as a list of single values, under a delimiter that none of them holds."""
    for trial in trials:
        if all(len(record.cells) == 1 for record in trial.records):
            return trial
    return try_dialect(lines, replace(_quoting(lines, ","), delimiter=NO_DELIMITER))


def _is_prose(lines: list[str], trial: Trial) -> bool:
    """Whether the cells are pieces of sentences rather than values."""
    rows = [r.cells for r in trial.records if not r.cells[0].startswith("# ")]
    cells = [cell.strip() for row in rows for cell in row if cell.strip()] or ["#"]
    texts = [line.strip() for line in lines if line.strip()]
    if _enclosed(lines, trial.dialect.delimiter, trial.dialect.quote) >= len(trial.records):
        return False  # nobody quotes every piece of a text
    values = sum(map(_is_value, cells)) / len(cells)
    if trial.width == 1:
        return values < 0.8
    regular = trial.width > 2 and trial.fit > 0.9 and len(trial.records) > 3
    if (values < 0.4 and not regular) or (trial.width == 2 and trial.fit < 0.7 and values < 0.7):
        return True
    words = sum(len(cell.split()) for cell in cells) / len(cells)
    sentences = sum(bool(_PROSE_END.search(text)) for text in texts) / len(texts)
    spaced = re.compile(re.escape(trial.dialect.delimiter) + r"(?:\s|\Z)")
    flowing = sum(len(spaced.findall(text)) for text in texts)
    total = sum(text.count(trial.dialect.delimiter) for text in texts)
    return flowing > total * 0.7 and (words > 4 or (words > 2 and sentences > 0.2))


def _is_value(cell: str) -> bool:
    return bool(_VALUE.match(cell)) and len(cell.split()) <= 6 and not _SENTENCE_END.search(cell)
