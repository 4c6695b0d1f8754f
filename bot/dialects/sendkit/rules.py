"""SendKit's policy, as data: what its document says of files, fields, duplicates and errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from core import columns, targets
from core.columns import CUSTOM, SKIP
from core.errors import ImportFailure
from core.identifiers import Kind
from core.problems import ProblemCode
from core.rules import ImportRules, OnMatch, UnknownTarget, UnmappedColumn

#: Bytes of a file: 50 MB (S-14).
MOST_BYTES = 50 << 20
#: Rows of a file (S-13).
MOST_ROWS = 50_000
#: Core targets that SendKit calls otherwise than in camel case (S-5, S-16).
_NAMES: Mapping[str, str] = MappingProxyType(
    {"company": "companyName", "title": "jobTitle", "name": "fullName"}
)
#: Fields that Leadport recognises and SendKit does not: its own example has ``custom:Industry``.
_NOT_THEIRS = frozenset({"industry"})

#: The texts of errors in rows (S-16); anything else in our own words.
ERRORS: Mapping[str, str] = MappingProxyType(
    {
        ProblemCode.INVALID_EMAIL: "Invalid email format",
        ProblemCode.MISSING_IDENTIFIER: "Email is required",
    }
)


class NoEmailColumn(ImportFailure):
    """No email column detected. Provide a "mapping" field or ensure your CSV has an "email" column."""  # noqa: E501  (S-24, word for word)

    code = "no_email_column"


def rules(region: str, *, skip_duplicates: bool, cleanup: bool, tag: str) -> ImportRules:
    """How SendKit treats rows: the email alone finds a lead (S-10), and what is not a field of its
    own becomes a custom one (S-9).

    It answers with results, so however many rows fail, the import goes on.
    """
    return ImportRules(
        primary=Kind.EMAIL,
        on_match=OnMatch.SKIP if skip_duplicates else OnMatch.UPDATE,
        region=region,
        cleanup=cleanup,
        tidy=cleanup,
        tags=(tag.strip(),) if tag.strip() else (),
        unknown_target=UnknownTarget.CUSTOM,
        unmapped_column=UnmappedColumn.CUSTOM,
        budget_share=None,
    )


def mapped(
    header: Sequence[str],
    given: Mapping[str, str],
    guesses: Sequence[str],
    chosen: ImportRules,
) -> list[str]:
    """A target for each column: by the mapping that was sent, or else as guessed (S-6).

    Raises UnknownColumns where the mapping names columns that the file does not have, and
    NoEmailColumn.
    """
    found = targets.complete(header, given or detected(header, guesses), chosen)
    if Kind.EMAIL not in found:
        raise NoEmailColumn
    return found


def detected(header: Sequence[str], guesses: Sequence[str]) -> dict[str, str]:
    """{column: field} of the columns that SendKit would recognise (S-7)."""
    return {
        column: target
        for column, target in zip(header, guesses, strict=True)
        if target != SKIP and not target.startswith(CUSTOM) and target not in _NOT_THEIRS
    }


def field(target: str) -> str:
    """What SendKit calls a target: ``first_name`` is ``firstName``, custom ones stay (S-9)."""
    if target.startswith(CUSTOM):
        return target
    first, *others = target.split("_")
    return _NAMES.get(target) or first + "".join(map(str.capitalize, others))


#: Every field's name, for the documentation.
FIELDS = tuple(
    field(target)
    for target in (*columns.IDENTIFIER_TARGETS, *columns.ALIAS_TARGETS, *columns.PROFILE_TARGETS)
    if target not in _NOT_THEIRS
)
