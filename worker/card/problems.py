"""Problems in words: how many of what, where, and three examples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.problems import Severity
from worker.card.blocks import Block, section
from worker.card.mrkdwn import count, foreign, listed, number
from worker.card.state import Example, Problems

#: What one problem of a kind is called, and several of them.
NAMES = {
    "no_header_row": ("file without a header row", "files without a header row"),
    "preamble_skipped": ("text above the header row", "texts above the header row"),
    "columns_renamed": ("column renamed", "columns renamed"),
    "mixed_line_endings": ("file with mixed line endings", "files with mixed line endings"),
    "header_rows_joined": ("header of several rows", "headers of several rows"),
    "header_repeated": ("repeated header row", "repeated header rows"),
    "columns_without_name": ("file with columns without a name", "files with unnamed columns"),
    "footer_skipped": ("text below the table", "texts below the table"),
    "other_tables": ("further table that was not read", "further tables that were not read"),
    "other_sheets": ("further sheet that was not read", "further sheets that were not read"),
    "other_delimiter": ("row with another delimiter", "rows with another delimiter"),
    "broken_row": ("row broken by line ends", "rows broken by line ends"),
    "too_few_cells": ("row with too few cells", "rows with too few cells"),
    "too_many_cells": ("row with too many cells", "rows with too many cells"),
    "stray_quote": ("row with a stray quote", "rows with a stray quote"),
    "unclosed_quote": ("row with an unclosed quote", "rows with an unclosed quote"),
    "nul_removed": ("row with NUL bytes", "rows with NUL bytes"),
    "cell_too_long": ("row with a cell that is too long", "rows with a cell that is too long"),
    "undecodable": ("row with unreadable characters", "rows with unreadable characters"),
    "invalid_email": ("bad email address", "bad email addresses"),
    "invalid_phone": ("bad phone number", "bad phone numbers"),
    "phone_needs_country": ("phone without a country", "phones without a country"),
    "phone_in_scientific_notation": (
        "phone number spoilt by a spreadsheet",
        "phone numbers spoilt by a spreadsheet",
    ),
    "invalid_cookie": ("bad cookie", "bad cookies"),
    "invalid_external_id": ("bad external ID", "bad external IDs"),
    "invalid_social": ("bad social profile", "bad social profiles"),
    "missing_identifier": ("row without an identifier", "rows without an identifier"),
    "ambiguous_match": ("row that fits two leads", "rows that fit two leads"),
    "identifier_owned_by_other": (
        "value that belongs to another lead",
        "values that belong to another lead",
    ),
    "duplicate_in_file": (
        "row for a lead that an earlier row brought (where they differ, the later one counts)",
        "rows for leads that earlier rows brought (where they differ, the later one counts)",
    ),
    "already_exists": ("lead that exists already", "leads that exist already"),
    "identifier_not_cleared": ("identifier that was not cleared", "identifiers not cleared"),
    "suppressed": ("row on the suppression list", "rows on the suppression list"),
    "opt_out_kept": ("opt-out that was kept", "opt-outs that were kept"),
    "unclear_opt_out": ("opt-out that says neither yes nor no", "opt-outs neither yes nor no"),
    "protected_field": ("protected field that was kept", "protected fields that were kept"),
    "internal_error": ("row that met an internal error", "rows that met an internal error"),
}
#: Problems of a whole row: the column they are filed under says nothing.
_OF_THE_ROW = ("missing_identifier", "ambiguous_match")
#: Warnings of how a row was read: what is not as it came is the row, and no single value.
_OF_READING = (
    "broken_row", "cell_too_long", "nul_removed", "other_delimiter", "stray_quote",
    "too_few_cells", "too_many_cells", "unclosed_quote", "undecodable",
)  # fmt: skip
_SHOWN_KINDS = 6
_NAMED_COLUMNS = 3
_EXAMPLES = 3
_MESSAGE = 300


@dataclass(frozen=True)
class Kind:
    """All problems of one kind, whichever column they are in."""

    code: str
    columns: tuple[str, ...]
    count: int
    keeps_out: bool  #: at least one of them keeps its row out
    examples: tuple[Example, ...]

    @property
    def of_rows(self) -> bool:
        """Whether it counts rows and not values in them."""
        return self.code in _OF_READING

    @property
    def name(self) -> str:
        """``12 phones without a country in “Mobile”``."""
        one, many = NAMES.get(self.code, (self.code, self.code))
        places = [f"“{foreign(column, 40)}”" for column in self.columns]
        where = f" in {listed(places, _NAMED_COLUMNS)}" if places else ""
        return count(self.count, one, many) + where


def kinds(problems: Iterable[Problems]) -> list[Kind]:
    """The problems by kind, the commonest first."""
    by_code: dict[str, list[Problems]] = {}
    for group in problems:
        by_code.setdefault(group.code, []).append(group)
    merged = [_merged(code, groups) for code, groups in by_code.items()]
    return sorted(merged, key=lambda kind: -kind.count)


def _merged(code: str, groups: list[Problems]) -> Kind:
    columns = dict.fromkeys(group.column for group in groups if group.column)
    examples = sorted({e for group in groups for e in group.examples}, key=lambda e: e.row)
    return Kind(
        code=code,
        columns=() if code in _OF_THE_ROW else tuple(columns),
        count=sum(group.count for group in groups),
        keeps_out=any(group.severity == Severity.ERROR for group in groups),
        examples=tuple(examples[:_EXAMPLES]),
    )


def errors(problems: Iterable[Problems]) -> list[Kind]:
    """Those that keep rows out."""
    return kinds(p for p in problems if p.severity == Severity.ERROR)


def warnings(problems: Iterable[Problems]) -> list[Kind]:
    """Those on rows that come in without something."""
    return kinds(p for p in problems if p.severity == Severity.WARNING)


def notes(problems: Iterable[Problems]) -> list[Kind]:
    """What is no problem but may surprise."""
    return kinds(p for p in problems if p.severity == Severity.INFO)


def listing(title: str, found: Sequence[Kind]) -> list[Block]:
    """A heading and a paragraph per kind of problem, each with its examples; nothing for none."""
    if not found:
        return []
    shown, rest = found[:_SHOWN_KINDS], found[_SHOWN_KINDS:]
    paragraphs = ["\n".join([f"*{kind.name}*", *_examples(kind)]) for kind in shown]
    if rest:
        paragraphs.append(f"Also {listed((kind.name for kind in rest), len(rest))}.")
    return [section(f"{title}\n{paragraphs[0]}"), *map(section, paragraphs[1:])]


def _examples(kind: Kind) -> list[str]:
    lines = [_example(e) for e in kind.examples]
    rest = kind.count - len(kind.examples)
    return [*lines, f"      and {number(rest)} more"] if rest > 0 else lines


def _example(example: Example) -> str:
    row, message, value = example.row, example.message, example.value
    written = f" As written: “{foreign(value, 60)}”." if value[:20] not in message else ""
    line = f" (line {number(example.line)})" if example.line else ""
    return f"  •  Row {number(row)}{line}: {foreign(message, _MESSAGE)}{written}"
