"""What requests about leads hold, and the same as core values (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field
from pydantic.json_schema import SkipJsonSchema

from bot.api.endpoint import Wire
from core.edits import Asked
from core.identifiers import Kind

#: Leads, entries or mappings of a page.
PAGE, MOST_PAGE = 25, 100
#: Entries of one request that puts some on the suppression list.
MOST_ENTRIES = 5_000
_MOST_CHANGES = 100  # tags or identifiers in one list of a change

_Text = Annotated[str, Field(min_length=1, max_length=2_000)]
_Optional = _Text | SkipJsonSchema[None]
Limit = Annotated[int, Field(ge=1, le=MOST_PAGE)]


class PageQuery(Wire):
    """Which page."""

    cursor: Annotated[_Optional, Field(description="next_cursor of the page before.")] = None
    limit: Limit = PAGE


class LeadQuery(PageQuery):
    """Which leads; all that is given has to be true of a lead."""

    batch: Annotated[
        _Optional, Field(description="A job_id: leads that this import created or changed.")
    ] = None
    tag: Annotated[_Optional, Field(description="A tag, exactly.")] = None
    kind: Annotated[
        Kind | SkipJsonSchema[None], Field(description="The kind of value, email by default.")
    ] = None
    value: Annotated[
        _Optional, Field(description="An identifier of the lead, read as imports read it.")
    ] = None
    q: Annotated[
        _Optional,
        Field(
            description="Part of the name, company, email or phone, whatever its case. A whole "
            "email address, or phone with a +, finds the lead that owns it."
        ),
    ] = None
    updated_since: Annotated[
        AwareDatetime | SkipJsonSchema[None], Field(description="Such as 2026-01-15T10:00:00Z.")
    ] = None


class AliasQuery(Wire):
    """An identifier (Lp-4)."""

    kind: Annotated[Kind, Field(description="What the value is.")] = Kind.EMAIL
    value: _Text


class DeleteQuery(Wire):
    """What becomes of the identifiers of a lead that is deleted."""

    suppress: Annotated[
        bool | SkipJsonSchema[None],
        Field(
            description="Whether to put them on the suppression list; by default those of a "
            "person who opted out."
        ),
    ] = None


class Identifier(Wire):
    """An identifier of a lead."""

    kind: Kind
    value: _Text


class Tags(Wire):
    """Tags to give and to take; one that is there, or is not, stays so."""

    add: Annotated[list[_Text], Field(max_length=_MOST_CHANGES)] = Field(default_factory=list)
    remove: Annotated[list[_Text], Field(max_length=_MOST_CHANGES)] = Field(default_factory=list)


class Identifiers(Wire):
    """Identifiers to give and to take. One that another lead owns is refused."""

    add: Annotated[list[Identifier], Field(max_length=_MOST_CHANGES)] = Field(default_factory=list)
    remove: Annotated[list[Identifier], Field(max_length=_MOST_CHANGES)] = Field(
        default_factory=list
    )


Fields = Annotated[
    dict[_Text, str | None],
    Field(max_length=1_000, description="Fields by name; null clears one, the others stay."),
]


class LeadChange(Wire):
    """A change of a lead: what it does not mention stays."""

    fields: Fields = Field(default_factory=dict)
    tags: Tags = Tags()
    identifiers: Identifiers = Identifiers()
    resubscribe: Annotated[
        bool, Field(description="Has to be true to take back an opt-out by clearing it.")
    ] = False


class MetadataChange(Wire):
    """A change of a lead's fields alone."""

    metadata: Fields


class SuppressionPut(Wire):
    """Entries to put on the suppression list."""

    entries: Annotated[list[Identifier], Field(max_length=MOST_ENTRIES)]
    reason: Annotated[str, Field(max_length=1_000)] = ""


# ---- as core values -------------------------------------------------------------------


def asked(change: LeadChange) -> Asked:
    """A change in the core's terms."""
    return Asked(
        change.fields,
        change.tags.add,
        change.tags.remove,
        list(_pairs(change.identifiers.add)),
        list(_pairs(change.identifiers.remove)),
        change.resubscribe,
    )


def entries(put: SuppressionPut) -> list[tuple[Kind, str]]:
    """Entries for the suppression list."""
    return list(_pairs(put.entries))


def _pairs(given: Iterable[Identifier]) -> Iterable[tuple[Kind, str]]:
    return ((one.kind, one.value) for one in given)


def milliseconds(moment: datetime | None) -> int | None:
    """A time as Unix milliseconds."""
    return None if moment is None else int(moment.timestamp() * 1000)


def versions(headers: Mapping[str, str]) -> list[int] | None:
    """The versions that If-Match allows; None where it allows any."""
    given = headers.get("if-match")
    if given is None or given.strip() == "*":
        return None
    tags = (tag.strip().removeprefix("W/").strip('"') for tag in given.split(","))
    return [int(tag) for tag in tags if tag.isascii() and tag.isdigit() and len(tag) < 19]
