"""Rows understood column by column are the rows understood one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import hypothesis.strategies as st
from hypothesis import given

from core import ahead, columnwise
from core.batch import Batch
from core.candidate import Candidate
from core.identifiers import Kind
from core.mapping import Reader
from core.problems import Problem, ProblemCode, Severity
from core.rules import Blank, ImportRules
from core.sheet import Row
from tests.parts.examples import examples

TARGETS = (
    "email", "alias_email", "phone", "alias_phone", "external_id", "social",
    "name", "country", "custom:Booth", "skip", "tags",
)  # fmt: skip
HEADER = tuple(target.title() for target in TARGETS)

_blanks = ["", "", " ", "#N/A"]
_names = st.sampled_from(
    [
        *_blanks, "Ana", " Ana", "Ana  Maria", "a|b", "a | b", "one\ntwo", 'say "hi"', "Zo\u00eb",
        "\\", "a\u00a0b",
    ]
)  # fmt: skip
_emails = st.sampled_from(
    [
        *_blanks, "ana@fjord.com", "ANA@fjord.com ", "ana@fjord.com", "ben@fjord.com", "nobody",
        "a@b", "ana@fjord.com; cy@fjord.com", "m\u00fcller@fjord.com", "Ana <ana@fjord.com>",
        "\u212aay@fjord.com", "cy\n@fjord.com", f"{'a' * 60}@fjord.com",
    ]
)  # fmt: skip
_phones = st.sampled_from(
    [
        *_blanks, "+1 202-555-0143", "(202) 555-0143", "020 7946 0018", "+442079460018",
        "12025550143.0", "12025550143.0 ", "4.41E+11", "12",
        "+1 202 555 0143; 020 7946 0018", "\uff0b12025550143", "202\n5550143",
    ]
)  # fmt: skip
_ids = st.sampled_from([*_blanks, "A-1", " A-1 ", "A-2", "n/a"])
_socials = st.sampled_from(
    [*_blanks, "linkedin.com/in/ana", "https://www.linkedin.com/in/Ana/", "??"]
)
_countries = st.sampled_from(["", "GB", "United States", "Atlantis", " "])
_tags = st.sampled_from(["", "", "", " ", "vip", "#N/A"])
_cells = st.tuples(
    _emails, _emails, _phones, _phones, _ids, _socials, _names, _countries, _names, _names, _tags
)

_rules = st.builds(
    ImportRules,
    primary=st.sampled_from([Kind.EMAIL, Kind.EMAIL, Kind.PHONE]),
    match_on=st.sampled_from([(), (), (Kind.EXTERNAL_ID,)]),
    fallback=st.sampled_from([(), (Kind.PHONE, Kind.SOCIAL)]),
    blank=st.sampled_from([*[Blank.KEEP] * 3, Blank.CLEAR]),
    clear_mark=st.sampled_from([*["#N/A"] * 4, "", "Ana"]),
    region=st.sampled_from([None, "US", "GB"]),
    phone_level=st.sampled_from(["possible", "valid"]),
    cleanup=st.booleans(),
    tidy=st.sampled_from([False, False, False, True]),
    tags=st.sampled_from([(), (), ("fair",)]),
    defaults=st.sampled_from([(), (), (("custom:Booth", "9"),)]),
    protected=st.sampled_from([(), (), ("name",), ("email",)]),
    split_name=st.sampled_from([False, False, True]),
)
_width = st.integers(len(TARGETS) - 1, len(TARGETS))


def said(row: Candidate) -> tuple[Any, ...]:
    """All that a row says; its fields may be in ``made`` alone."""
    return (
        row.row, row.line, row.keys, row.held, row.wanted() if row.made is None else row.made,
        row.tags, row.problems, row.refused,
    )  # fmt: skip


def one_by_one(reader: Reader, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    return [said(reader.candidate(row)) for row in rows]


def passed_on(batch: Batch) -> Batch:
    """As if another process had understood them."""
    return ahead.unpacked(ahead.packed(batch))


@examples(50)
@given(
    st.lists(st.tuples(_cells, st.sampled_from([*[None] * 9, Severity.WARNING])), max_size=12),
    _rules,
    st.permutations(range(len(TARGETS))),
    st.integers(3, len(TARGETS)),
    st.integers(1, 5),
)
def test_columns_say_what_rows_say(
    table: list[tuple[tuple[str, ...], Severity | None]],
    rules: ImportRules,
    order: list[int],
    width: int,
    together: int,
) -> None:
    """Any rows under any rules and mapping, looked at any number at a time."""
    main = TARGETS.index(rules.primary.value)  # without it the mapping would be refused
    order = [main, *(at for at in order if at != main)][:width]
    rows = [
        Row(n, 2 * n, [cells[at] for at in order], _problems(severity))
        for n, (cells, severity) in enumerate(table, 1)
    ]
    reader = Reader([TARGETS[at] for at in order], [HEADER[at] for at in order], rules)
    before, columnwise._ROWS = columnwise._ROWS, together
    try:
        batch = passed_on(columnwise.batch(reader, rows))
    finally:
        columnwise._ROWS = before

    assert [said(each) for each in batch] == one_by_one(reader, rows)
    assert batch.numbers() == [row.number for row in rows]
    keys = {held.key for row in map(reader.candidate, rows) if not row.refused for held in row.held}
    assert batch.keys() == keys
    odd = batch.only(lambda row: row % 2 == 1)
    assert [said(each) for each in odd] == one_by_one(reader, rows[::2])


def _problems(severity: Severity | None) -> tuple[Problem, ...]:
    if severity is None:
        return ()
    return (Problem(ProblemCode.TOO_FEW_CELLS, "It has fewer cells.", severity),)


def test_clean_rows_are_plain() -> None:
    """Rows without anything strange, with and without blanks, need no second look."""
    cells = ["ana@fjord.com", "", "+1 202-555-0143", "", "A-1", "", "Ana", "GB", "", "x", ""]
    rows = [Row(n, n + 1, [f"{n}{cells[0]}", *cells[1:]], ()) for n in range(1, 50)]
    batch = columnwise.batch(Reader(TARGETS, HEADER, ImportRules(region="GB")), rows)

    assert not batch.odd
    assert batch.plain.made[0] == (
        '{"name": "Ana", "email": "1ana@fjord.com", "phone": "+12025550143", "country": "GB", '
        '"external_id": "A-1"}'
    )
