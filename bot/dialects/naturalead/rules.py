"""Naturalead's policy, as data: what its documents say of files, fields and duplicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core import targets
from core.columns import CUSTOM, SKIP
from core.errors import InvalidMapping
from core.identifiers import Kind
from core.rules import ImportRules, UnknownTarget, UnmappedColumn

#: Bytes of a file (X-1: the document names no size).
MOST_BYTES = 50 << 20
#: Bytes of a request that brings the CSV as a text within JSON, which has to be held in memory.
MOST_JSON_BYTES = 10 << 20
#: How long a preview can be confirmed, in milliseconds; the document says "temporary" (N-6).
LIFETIME_MS = 3_600_000
#: Rows of the sample (N-5).
SAMPLE_ROWS = 5
#: Leads and imports on a page: by default (Np-4), and at most.
PAGE, MOST_PAGE = 50, 200
#: Failed rows in the answer about an import; ``errors`` counts all of them.
MOST_DETAILS = 100
#: Tags of an import.
MOST_TAGS = 50


class PhoneMissing(InvalidMapping):
    """Map one column to phone: it identifies each lead."""

    code = "phone_missing"

    def __init__(self) -> None:
        super().__init__(type(self).__doc__ or "")


def rules(region: str, tags: Sequence[str]) -> ImportRules:
    """How Naturalead treats rows: the phone alone finds a lead (N-2, N-9), which is updated
    (N-15); any further name is a custom field (N-13).

    Its answers know no pause, so however many rows fail, the import goes on.
    """
    return ImportRules(
        primary=Kind.PHONE,
        region=region,
        tags=tuple(dict.fromkeys(tag for each in tags if (tag := each.strip()))),
        unknown_target=UnknownTarget.CUSTOM,
        unmapped_column=UnmappedColumn.IGNORE,
        budget_share=None,
    )


def mapped(header: Sequence[str], given: Mapping[str, str], chosen: ImportRules) -> list[str]:
    """A target for each column.

    Raises UnknownColumns where the mapping names columns that the file does not have (N-25), and
    PhoneMissing (N-22).
    """
    found = targets.complete(header, given, chosen)
    if Kind.PHONE not in found:
        raise PhoneMissing
    return found


def suggested(header: Sequence[str], guesses: Sequence[str]) -> dict[str, str]:
    """A mapping that could be confirmed as it is: {column: field} of what is not to be skipped."""
    found = zip(header, guesses, strict=True)
    return {column: field(target) for column, target in found if target != SKIP}


def field(target: str) -> str:
    """What Naturalead calls a target: custom fields have no prefix where none is needed."""
    name = target.removeprefix(CUSTOM)
    return target if name != target and targets.target_of(name) else name
