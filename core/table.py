"""The values that reading works with: what a table is, where its rows are, how it is written.

``sheet`` is the public face; everything here is re-exported there.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from core.problems import Problem
from core.profile import Column
from core.wrapping import UNWRAPPED, Wrapping

#: The longest cell the csv module is allowed to build: the only bound on what an unclosed quote
#: may swallow before it is noticed. It is one setting for the whole process, so it never varies.
CELL_CEILING = 131_072


#: Stands for a delimiter of several characters, which the csv module cannot read. It is no
#: character of any text (Unicode keeps it for uses like this one).
STAND_IN = "\ufdd0"
#: Stands for a line end within a cell of a workbook, whose rows are lines.
LINE_FEED = "\ufdd1"


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be. ``bytes`` holds for the file as sent and for what it inflates to."""

    bytes: int = 200_000_000
    rows: int = 2_000_000
    columns: int = 1_000
    cell_chars: int = 100_000  #: at most ``CELL_CEILING``
    line_bytes: int = 2_000_000
    row_bytes: int = 16_000_000  #: a row may run over many lines when its cells are quoted
    seconds: float = 120.0  #: for inspecting a file
    #: Rows times columns of the used area of a workbook's sheet, each of which takes about 100
    #: bytes of memory while the sheet is made into a text file.
    workbook_cells: int = 5_000_000


DEFAULT_LIMITS = Limits()


class Position(NamedTuple):
    """The next data row is number ``row`` (from 1), starts at file line ``line`` (from 1), and at
    byte ``offset`` of the file read."""

    row: int
    line: int
    offset: int


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are told apart on a line. An empty ``quote`` or ``escape`` means there is none."""

    delimiter: str = ","
    quote: str = '"'
    doublequote: bool = True
    escape: str = ""
    skip_space: bool = False  #: spaces after a delimiter are not part of the cell

    def reader(self, lines: Iterable[str]) -> Any:
        """A strict ``csv.reader``: it raises ``csv.Error`` where quoting does not add up."""
        if csv.field_size_limit() != CELL_CEILING:
            csv.field_size_limit(CELL_CEILING)
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            doublequote=self.doublequote,
            escapechar=self.escape or None,
            skipinitialspace=self.skip_space,
            strict=True,
        )

    def cells(self, lines: Sequence[str]) -> list[list[str]]:
        """The cells of lines, one record each. Raises csv.Error where they are not.

        Without a quote or an escape in them, a line's cells are what is between the delimiters:
        finding these takes a quarter of the csv module's time.
        """
        whole = "".join(lines)
        signs = self.quote + self.escape
        long = max(map(len, lines), default=0) > CELL_CEILING
        if long or self.skip_space or any(map(whole.__contains__, signs)):
            found = list(self.reader(lines))
            if len(found) != len(lines):
                raise csv.Error("a record runs over several lines")
            return found
        return [line.rstrip("\r\n").split(self.delimiter) for line in lines]


@dataclass(frozen=True, slots=True)
class Format:
    """All that is needed to read a file again from any ``Position`` without guessing anything.

    ``header`` holds the names as shown to people: unique, and never empty. ``raw_header`` holds
    the header row's cells as they stand in the file, and is empty when there is no header row.
    """

    encoding: str  #: a Python codec; a byte order mark is skipped by ``first``, not by the codec
    delimiter: str
    quote: str
    doublequote: bool
    escape: str
    skip_space: bool
    line_ending: str
    header: tuple[str, ...]
    raw_header: tuple[str, ...]
    header_line: int  #: 0 when the file has no header row
    first: Position
    end: int = 0  #: the byte where the table ends; 0 when it goes on to the end of the file
    profile: tuple[Column, ...] = ()  #: empty when nothing is known about the values
    sheet_name: str = ""  #: of a workbook; '' when the file is none
    wrapping: Wrapping = UNWRAPPED
    spare: int = 0  #: how many empty cells most rows have behind the last column

    @property
    def dialect(self) -> Dialect:
        """The part that says how cells are told apart, for lines from ``Lines``."""
        sign = STAND_IN if len(self.delimiter) > 1 else self.delimiter
        return Dialect(sign, self.quote, self.doublequote, self.escape, self.skip_space)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for a JSON column."""
        plain = asdict(self)
        profile = [column.to_json() for column in self.profile]
        return {**plain, "first": list(self.first), "profile": profile}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Format:
        """The format that ``to_json`` was called on."""
        return cls(
            **{
                **plain,
                "header": tuple(plain["header"]),
                "raw_header": tuple(plain["raw_header"]),
                "first": Position(*plain["first"]),
                "profile": tuple(map(Column.from_json, plain.get("profile", ()))),
                "wrapping": Wrapping(**plain.get("wrapping", {})),
            }
        )


class Row(NamedTuple):
    """One data row: one cell per column of the header, however many the file had.

    ``line`` is where the row starts. A problem of severity error means the row is not imported;
    such a row keeps the cells beyond the header's, so that it can be handed back to be mended.
    """

    number: int
    line: int
    cells: list[str]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one pass over a file found. ``marks`` has a position every 1,000 rows, from the first.

    ``problems`` are notes about the whole file; those of rows come with the rows.
    """

    format: Format
    row_count: int
    marks: tuple[Position, ...]
    sample: tuple[Row, ...]
    problems: tuple[Problem, ...]
    byte_size: int
    encoding_name: str
    delimiter_name: str


DELIMITER_NAMES = {
    ",": "comma",
    ";": "semicolon",
    "\t": "tab",
    "|": "pipe",
    ":": "colon",
    "^": "caret",
    "~": "tilde",
    " ": "space",
}
