"""From a row of cells to a Candidate: identifiers, fields, tags, and what is wrong."""

from __future__ import annotations

import pytest

from core.identifiers import Kind
from core.mapping import Candidate, Reader, check
from core.problems import Problem, ProblemCode, Severity
from core.rules import Blank, ImportRules
from core.sheet import Row

HEADER = ["Name", "Email", "Phone", "Mobile", "Country", "Tags", "Booth"]
TARGETS = ["name", "email", "phone", "alias_phone", "country", "tags", "custom:Booth"]


def candidate(rules: ImportRules | None = None, **cells: str) -> Candidate:
    values = [cells.get(name, "") for name in HEADER]
    return Reader(TARGETS, HEADER, rules or ImportRules()).candidate(Row(3, 5, values, ()))


def codes(found: Candidate) -> list[tuple[str, str, str]]:
    return [(p.code, p.severity, p.column) for p in found.problems]


def test_identifiers_are_normalised_and_kept_as_written() -> None:
    """A row brings its own and further identifiers, normalised, beside the cell as it came."""
    found = candidate(
        Email=" Ana@Example.COM ", Phone="+1 (202) 555-0143", Mobile="+44 20 7946 0018"
    )

    assert [(h.kind, h.value, h.main) for h in found.held] == [
        ("email", "ana@example.com", True),
        ("phone", "+12025550143", True),
        ("phone", "+442079460018", False),
    ]
    assert found.held[0].written == "Ana@Example.COM"
    assert found.keys == [("email", "ana@example.com")]


def test_several_values_in_a_cell() -> None:
    """Of several addresses in a cell the first is the lead's own and the rest are further ones."""
    found = candidate(Email="ana@example.com; ben@example.com")

    assert [(h.value, h.main) for h in found.held] == [
        ("ana@example.com", True),
        ("ben@example.com", False),
    ]
    assert found.problems == []


def test_country_column_decides_over_the_import(subtests: pytest.Subtests) -> None:
    """A phone without a country takes the row's, else the import's (X-21)."""
    rules = ImportRules(region="GB")
    for country, value in [
        ("France", "+33123456789"),
        ("", "+441234567890"),
        ("?", "+441234567890"),
    ]:
        with subtests.test(country=country):
            phone = "01 23 45 67 89" if country == "France" else "01234 567890"
            found = candidate(rules, Email="a@example.com", Phone=phone, Country=country)
            assert [h.value for h in found.held] == ["a@example.com", value]


def test_bad_identifier_costs_only_itself() -> None:
    """A bad phone on a row with a good email is dropped with a warning (X-20)."""
    found = candidate(Email="ana@example.com", Phone="call me")

    assert not found.refused
    assert codes(found) == [(ProblemCode.INVALID_PHONE, Severity.WARNING, "Phone")]
    assert found.problems[0].row == 3
    assert found.problems[0].line == 5
    assert found.problems[0].value == "call me"


def test_bad_only_identifier_refuses_the_row() -> None:
    """A bad email fails the row when nothing else identifies it."""
    found = candidate(Name="Ana", Email="not-an-email")

    assert found.refused
    assert codes(found) == [(ProblemCode.INVALID_EMAIL, Severity.ERROR, "Email")]


def test_missing_identifier_names_the_columns() -> None:
    """A row with nothing to identify it is refused, naming where something should be."""
    rules = ImportRules(fallback=(Kind.PHONE,))
    found = candidate(rules, Name="Ana", Mobile="+12025550143")

    assert found.refused
    assert codes(found) == [(ProblemCode.MISSING_IDENTIFIER, Severity.ERROR, "Email")]
    assert found.problems[0].message == "The row has nothing in “Email” or “Phone”."


def test_fallback_stands_in() -> None:
    """A row without the primary identifier is looked up by the one that stands in."""
    rules = ImportRules(fallback=(Kind.PHONE,))

    assert candidate(rules, Phone="+12025550143").keys == [("phone", "+12025550143")]
    both = candidate(rules, Email="a@example.com", Phone="+12025550143")
    assert both.keys == [("email", "a@example.com")]


def test_match_on_is_always_looked_up() -> None:
    """Further kinds to match on are looked up beside the primary one (X-4)."""
    found = candidate(
        ImportRules(match_on=(Kind.PHONE,)), Email="a@example.com", Phone="+12025550143"
    )

    assert found.keys == [("email", "a@example.com"), ("phone", "+12025550143")]


def test_blank_cells() -> None:
    """Empty cells say nothing, unless the rules let them clear; the clear mark always clears."""
    row = {"Email": "a@example.com", "Name": "  ", "Booth": "#N/A"}

    assert candidate(**row).fields == {"custom:Booth": None}
    cleared = candidate(ImportRules(blank=Blank.CLEAR), **row).fields
    assert cleared == {"name": None, "country": None, "custom:Booth": None}


def test_cleanup_is_a_rule() -> None:
    """White space inside values is collapsed by default; texts of several lines keep theirs."""
    row = {"Email": "a@example.com", "Name": " Ana  Maria ", "Booth": "one\n two"}

    assert candidate(**row).fields == {"name": "Ana Maria", "custom:Booth": "one\n two"}
    assert candidate(ImportRules(cleanup=False), **row).fields["name"] == "Ana  Maria"


def test_tags() -> None:
    """Tags come from the cell, split, and from the rules."""
    found = candidate(ImportRules(tags=("fair",)), Email="a@example.com", Tags="vip; press,|x")

    assert found.tags == ["vip", "press", "x", "fair"]


def test_reading_errors_refuse_the_row() -> None:
    """A row that could not be read is not imported, and says why."""
    problem = Problem(ProblemCode.TOO_MANY_CELLS, "Nine cells for seven columns.").at(3, 5)
    row = Row(3, 5, ["Ana", "ana@example.com", "", "", "", "", ""], (problem,))
    found = Reader(TARGETS, HEADER, ImportRules()).candidate(row)

    assert found.refused
    assert found.problems == [problem]


def test_check_accepts_what_fits() -> None:
    """Several columns may be skipped, be tags or further identifiers."""
    header = ["a", "b", "c", "d", "e", "f", "g"]
    targets = ["email", "skip", "skip", "tags", "tags", "alias_email", "alias_email"]

    check(targets, header, ImportRules())
