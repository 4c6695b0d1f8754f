"""From {column: field}, in anybody's spelling, to one target per column."""

from __future__ import annotations

import pytest

from core import columns, mapping
from core.errors import InvalidMapping, UnknownColumns
from core.rules import ImportRules, UnknownTarget, UnmappedColumn
from core.targets import assign, complete, target_of

HEADER = ["Email", "First", "Company", "Booth"]
CUSTOM = ImportRules(unknown_target=UnknownTarget.CUSTOM)
IGNORE = ImportRules(unknown_target=UnknownTarget.IGNORE)


def test_every_target_means_itself() -> None:
    """A target in its own spelling is that target (X-14)."""
    for target in (
        "skip", "custom:Booth", *columns.IDENTIFIER_TARGETS, *columns.ALIAS_TARGETS,
        *columns.PROFILE_TARGETS, *columns.OPT_OUT_TARGETS,
    ):  # fmt: skip
        assert target_of(target) == target


@pytest.mark.parametrize(
    ("field", "target"),
    [
        ("firstName", "first_name"),  # S-5
        ("jobTitle", "title"),
        ("companyName", "company"),
        ("company", "company"),  # S-7
        ("linkedinUrl", "linkedin_url"),
        ("FIRST_NAME", "first_name"),  # L-50
        ("Title", "title"),
        ("_alias_external_id", "alias_external_id"),  # L-18
        ("caller_id", "phone"),
        ("phone_number", "phone"),  # T-30
        ("telephone", "phone"),
        ("phone_1", "phone"),
        ("Custom: Trade  Show", "custom:Trade Show"),
        ("favourite colour", None),
        ("", None),
        ("custom:", None),
    ],
)
def test_spellings(field: str, target: str | None) -> None:
    """Fields are known by their vendors' spellings and in any case (X-14, L-50, X-33)."""
    assert target_of(field) == target


def test_unmapped_columns_are_ignored_or_kept() -> None:
    """A column that is not mentioned is skipped, or a custom field by rule (X-6, S-9)."""
    given = {"Email": "email", "Company": ""}

    assert complete(HEADER, given, ImportRules()) == ["email", "skip", "skip", "skip"]
    kept = complete(HEADER, given, ImportRules(unmapped_column=UnmappedColumn.CUSTOM))
    assert kept == ["email", "custom:First", "custom:Company", "custom:Booth"]


def test_unknown_fields_go_by_rule() -> None:
    """An unknown field is a custom field (N-13), ignored (L-36), or refused by name (X-6)."""
    given = {"Email": "email", "Booth": "stand"}

    assert complete(HEADER, given, CUSTOM) == ["email", "skip", "skip", "custom:stand"]
    assert complete(HEADER, given, IGNORE) == ["email", "skip", "skip", "skip"]
    with pytest.raises(InvalidMapping, match="no field “stand” for “Booth”") as refused:
        complete(HEADER, given, ImportRules())
    assert refused.value.columns == ("Booth",)


def test_nothing_is_dropped_silently() -> None:
    """What was not asked for is said in words, column by column (X-6)."""
    given = {"Email": "email", "First": "nickname"}

    notes = {one.column: (one.target, one.note) for one in assign(HEADER, given, IGNORE)}
    assert notes == {
        "Email": ("email", ""),
        "First": ("skip", "“nickname” is no known field: the column is ignored."),
        "Company": ("skip", "Not mapped: the column is ignored."),
        "Booth": ("skip", "Not mapped: the column is ignored."),
    }
    custom = assign(["Email", "A"], {"Email": "email", "A": "b"}, CUSTOM)[1]
    assert custom.note == "“b” is no known field: a custom field."


@pytest.mark.parametrize("rules", [ImportRules(), CUSTOM, IGNORE])
def test_absent_columns_are_named(rules: ImportRules) -> None:
    """A mapping that names columns the file does not have is refused, naming them (X-11)."""
    given = {"E-Mail": "email", "First": "first_name", "Nope": "title"}

    with pytest.raises(UnknownColumns, match="no column “E-Mail”, “Nope”") as refused:
        complete(HEADER, given, rules)
    assert refused.value.columns == ("E-Mail", "Nope")


def test_columns_are_known_without_their_spaces() -> None:
    """A caller that cut the header row by itself may have kept spaces that a sheet drops."""
    assert complete(
        ["Email", "Job title"], {" Email": "email", "Job  title ": "title"}, IGNORE
    ) == [
        "email",
        "title",
    ]


def test_custom_names_fit() -> None:
    """Custom fields made by rule have names that are allowed and of their own."""
    long = "x" * 200
    header = ["Email", "Booth", "booth ", long, long + "y"]
    rules = ImportRules(unmapped_column=UnmappedColumn.CUSTOM)
    targets = complete(header, {"Email": "email"}, rules)

    assert targets[1:3] == ["custom:Booth", "custom:booth 2"]
    assert len(set(targets)) == 5
    mapping.check(targets, header, rules)
    cut = complete(["Email", "A"], {"Email": "email", "A": long}, CUSTOM)
    mapping.check(cut, ["Email", "A"], CUSTOM)
    empty = complete(["Email", "A"], {"Email": "email", "A": "custom:"}, CUSTOM)
    assert empty == ["email", "custom:A"]
