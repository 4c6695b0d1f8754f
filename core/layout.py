"""How a table is laid out, from the first lines of it: the format to read it with, and notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.dialect import SAMPLE_LINES, Trial, sniff
from core.encoding import Encoding
from core.errors import TooManyColumns, UnreadableFile
from core.header import (
    BODY_ROWS,
    Start,
    find_start,
    header_cells,
    is_header,
    nameless,
    rows_of_wide,
    usual_reach,
)
from core.lines import Lines, split
from core.mending import Record, fits
from core.naming import column_names
from core.problems import Problem, ProblemCode, Severity
from core.profile import Column, learn
from core.refitting import read_otherwise
from core.table import DELIMITER_NAMES, LINE_FEED, STAND_IN, Format, Limits, Position
from core.tables import MOST_FOOTER_ROWS, could_name, is_another, is_rule, is_summary
from core.wrapping import UNWRAPPED, Wrapping, wrapping_of

#: Blocks of the sample that are held against the rows before them.
BLOCKS = 20


@dataclass(frozen=True, slots=True)
class Layout:
    """The format of a table, and what a person may want to know about it."""

    format: Format
    problems: tuple[Problem, ...]

    @property
    def delimiter_name(self) -> str:
        """What people call the delimiter."""
        if len(self.format.header) == 1:
            return "single column"
        return DELIMITER_NAMES.get(self.format.delimiter, self.format.delimiter.strip())


def lay_out(
    lines: Lines, encoding: Encoding, suffix: str, limits: Limits, below: bool = False
) -> Layout:
    """Find out how the table is written whose file starts with these lines.

    ``below`` if they stand below another table, so that a table is known to begin here. Raises
    EmptyFile, TooManyColumns, and UnreadableFile for prose.
    """
    first_line = lines.row_line
    sample, trial, wrapping = _tried(lines, suffix)
    if len(trial.delimiter) > 1:
        lines.stand_in(trial.delimiter, STAND_IN)
    trial = replace(trial, records=_without_strays(sample, trial))
    trial = _first_table(trial, below)
    start = find_start(trial.records, trial.width)
    format = replace(_format(lines, encoding, trial, start, first_line), wrapping=wrapping)
    if len(format.header) > limits.columns:
        raise TooManyColumns(
            f"The file has {len(format.header):,} columns; the limit is {limits.columns:,}."
        )
    return Layout(format, tuple(_notes(format, trial, start, first_line)))


def _tried(lines: Lines, suffix: str) -> tuple[list[str], Trial, Wrapping]:
    """The first lines and how they read, without what is around them if they read better so."""
    sample = lines.peek(SAMPLE_LINES)
    cut_short = len(sample) < lines.read_lines or not lines.ended
    wrapping = wrapping_of(sample)
    if wrapping:
        bare = split(wrapping.unwrap("".join(sample)))
        try:
            trial = sniff(bare, suffix, cut_short)
        except UnreadableFile:
            trial = None
        if trial and _is_better(trial, wrapping):
            lines.unwrap(wrapping)
            return bare, trial, wrapping
    return sample, sniff(sample, suffix, cut_short), UNWRAPPED


def _is_better(trial: Trial, wrapping: Wrapping) -> bool:
    """Whether lines without their wrapping make a table; "Lee, Ana" between quotes is a name."""
    if wrapping.quoted:
        return trial.width > 1 and trial.fit > 0.9 and not trial.dialect.skip_space
    return trial.width > 1 or not wrapping.drawn


def _first_table(trial: Trial, below: bool) -> Trial:
    """The trial of the first table alone, where a larger one of another width stands below it."""
    for block in _blocks(trial.records)[:BLOCKS]:
        rows = [record.cells for record in block]
        while rows and sum(map(bool, rows[0])) == 1:
            del rows[0]  # a title
        if len(rows) > (1 if below else 2) and _is_table(rows, trial.width, below):
            if len(rows[0]) == trial.width:
                return trial
            end = trial.records.index(block[-1]) + 1
            return replace(trial, width=len(rows[0]), records=trial.records[:end])
    return trial


def _is_table(rows: list[list[str]], width: int, below: bool) -> bool:
    """Whether a block of rows is a table; pairs of words above one of another width are not."""
    reach = len(rows[0])
    if reach < 2 or any(len(row) != reach for row in rows) or not could_name(rows[0]):
        return False
    return reach == width or below or (reach > 2 and is_header(rows[0], rows[1:]))


def _without_strays(sample: list[str], trial: Trial) -> list[Record]:
    """The records, with the first ones that are separated otherwise read in their own way."""
    found = list(trial.records)
    for index, record in enumerate(found[:3]):
        if len(record.cells) == 1 and trial.width > 2:
            names = index == 0 and not _is_header_of(found[1:], trial.width)
            cells = read_otherwise(sample[record.line], trial.dialect, trial.width, names)
            if cells:
                found[index] = record._replace(cells=cells)
    return found


def _is_header_of(records: list[Record], width: int) -> bool:
    """Whether the first of these rows names the columns, so that a line above it need not."""
    rows = [record.cells for record in records[:BODY_ROWS]]
    return not rows or len(rows[0]) != width or is_header(rows[0], rows[1:])


def _format(
    lines: Lines, encoding: Encoding, trial: Trial, start: Start, first_line: int
) -> Format:
    top, dialect = trial.records[start.record], trial.dialect
    last = trial.records[start.record + max(start.header_rows, 1) - 1]
    body = _body(trial.records, start)
    raw = nameless(header_cells(trial.records, start), body)
    begins = first_line + (_below(trial.records, last) if start.header_rows else top.line)
    names = raw or ("",) * usual_reach(trial.records, start, trial.width)
    return Format(
        encoding=encoding.codec,
        delimiter=trial.delimiter,
        quote=dialect.quote,
        doublequote=dialect.doublequote,
        escape=dialect.escape,
        skip_space=dialect.skip_space,
        line_ending=lines.endings.main,
        header=column_names([_as_written(name, trial.delimiter) for name in names]),
        raw_header=raw,
        header_line=first_line + top.line if start.header_rows else 0,
        first=Position(1, begins, lines.offset_of(begins)),
        profile=_profile(trial, start, len(names)),
        spare=_spare(body, len(names)),
    )


def _spare(body: list[list[str]], width: int) -> int:
    """How many empty cells most rows have behind the last column, as some programs write them."""
    lengths = Counter(map(len, body))
    usual, count = lengths.most_common(1)[0] if lengths else (0, 0)
    return max(usual - width, 0) if count * 2 > len(body) else 0


def _below(records: list[Record], header: Record) -> int:
    """The line below the header, and below the rule under it if there is one."""
    rules = (r.after for r in records if r.line == header.after and is_rule(r.cells))
    return next(rules, header.after)


def _as_written(name: str, delimiter: str) -> str:
    return name.replace(STAND_IN, delimiter).replace(LINE_FEED, "\n")


def _body(records: list[Record], start: Start) -> list[list[str]]:
    """The rows below the header, up to the first gap."""
    rows = records[start.record + start.header_rows :][:BODY_ROWS]
    return [record.cells for record in _blocks(rows)[0]] if rows else []


def _profile(trial: Trial, start: Start, width: int) -> tuple[Column, ...]:
    """What values look like, from the rows of the sample that have all their cells."""
    below = trial.records[start.record + start.header_rows :]
    profile: tuple[Column, ...] = ()
    whole: list[list[str]] = []
    for number, block in enumerate(_blocks(below)):
        if 0 < number <= BLOCKS and len(block) > 1:
            profile = learn([cells[:width] for cells in whole], width)
            if is_another([record.cells for record in block], profile, width, after_gap=True):
                return profile
        whole += [r.cells for r in block if _is_whole(r, width)]
    exact = [cells for cells in whole if len(cells) == width]
    whole = exact if len(exact) * 2 > len(whole) else [cells[:width] for cells in whole]
    return learn(_without_sums(whole)[: rows_of_wide(width)], width) if whole else ()


def _without_sums(rows: list[list[str]]) -> list[list[str]]:
    """The rows but a few at the end that say they are totals or remarks."""
    kept = list(rows)
    while kept and is_summary(kept[-1]) and len(rows) - len(kept) < MOST_FOOTER_ROWS:
        kept.pop()
    return kept if len(kept) * 2 >= len(rows) or len(kept) > 2 else rows


def _is_whole(record: Record, width: int) -> bool:
    return record.after == record.line + 1 and fits(record.cells, width)


def _blocks(rows: list[Record]) -> list[list[Record]]:
    """The rows that stand together without a blank line between them."""
    blocks: list[list[Record]] = []
    for index, row in enumerate(rows):
        if index == 0 or rows[index - 1].after < row.line:
            blocks.append([])
        blocks[-1].append(row)
    return blocks


def _notes(format: Format, trial: Trial, start: Start, first_line: int) -> Iterator[Problem]:
    """What a person may want to know about the file as a whole."""
    if start.record:
        line = first_line + trial.records[start.record].line
        yield note(
            ProblemCode.PREAMBLE_SKIPPED,
            f"The table starts on line {line}; what stands above it was skipped.",
        )
    yield from _notes_on_header(format, start)


def _notes_on_header(format: Format, start: Start) -> Iterator[Problem]:
    if not format.header_line:
        yield note(
            ProblemCode.NO_HEADER_ROW,
            f"The first row holds values, not names: {_called(len(format.header))}.",
        )
        return
    if start.header_rows > 1:
        yield note(
            ProblemCode.HEADER_ROWS_JOINED,
            f"The columns have their names in {start.header_rows} rows, which were joined.",
        )
    added = len(format.raw_header) - len(start.names)
    if added > 0:
        yield _extra_columns(format, added)
    elif renamed := set(format.header) - {" ".join(raw.split()) for raw in format.raw_header}:
        names = ", ".join(name for name in format.header if name in renamed)
        yield note(
            ProblemCode.COLUMNS_RENAMED,
            f"Column names that were empty, repeated or misquoted were changed to: {names[:300]}.",
        )


def _called(columns: int) -> str:
    if columns == 1:
        return "the column is called column_1"
    return f"the columns are called column_1 to column_{columns}"


def _extra_columns(format: Format, added: int) -> Problem:
    at_start = format.raw_header[0] == ""
    names = format.header[:added] if at_start else format.header[-added:]
    return note(
        ProblemCode.COLUMNS_WITHOUT_NAME,
        f"The rows have {len(format.header)} cells, but the header names "
        f"{len(format.header) - added}: the {'first' if at_start else 'last'} are called "
        f"{', '.join(names)}. Check that the names stand above their values.",
        Severity.WARNING,
    )


def note(code: ProblemCode, message: str, severity: Severity = Severity.INFO) -> Problem:
    """Something to know about the file as a whole."""
    return Problem(code, message, severity)
