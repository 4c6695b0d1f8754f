"""Leads, entries and mappings as JSON: the answers, and core values as such (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from bot.dialects.leads import cursors
from core import ids
from core.identifiers import Kind
from core.leads import Found
from core.looking import Page
from core.models import SavedMapping, Suppression
from core.suppressions import Changed

Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class OwnedIdentifier(BaseModel):
    """``main`` says whether it is also the field of that name; ``written`` is how it came."""

    kind: Kind
    value: str
    main: bool
    written: str


class LeadAnswer(BaseModel):
    """A lead. ``version`` counts its changes and is its ETag."""

    lead_id: str
    fields: dict[str, str]
    tags: list[str]
    identifiers: list[OwnedIdentifier]
    version: int
    created_at: Time
    updated_at: Time


class AliasAnswer(LeadAnswer):
    """The same, after what the document of this path names (Lp-4)."""

    email: str | None
    metadata: dict[str, str]


class LeadPage(BaseModel):
    """Leads, the newest first. A page may be short, or empty, and have one after it."""

    leads: list[LeadAnswer]
    next_cursor: str | None


class Deleted(BaseModel):
    """A lead that is gone, and how many of its identifiers went to the suppression list."""

    lead_id: str
    deleted: bool
    suppressed: int


class SuppressionAnswer(BaseModel):
    """An entry of the suppression list."""

    kind: Kind
    value: str
    reason: str
    created_at: Time


class SuppressionPage(BaseModel):
    """Entries of the suppression list, in the order of kind and value."""

    suppressions: list[SuppressionAnswer]
    next_cursor: str | None


class RefusedEntry(BaseModel):
    """An entry that is no identifier, and why."""

    kind: Kind
    value: str
    message: str


class SuppressionsPut(BaseModel):
    """What became of the entries: new on the list, on it before, no identifiers."""

    added: int
    unchanged: int
    refused: list[RefusedEntry]


class Removed(BaseModel):
    """How many entries went."""

    removed: int


class MappingAnswer(BaseModel):
    """A saved mapping: what each column of files with this header is taken for."""

    mapping_id: str
    columns: dict[str, str]
    used_at: Time


class MappingPage(BaseModel):
    """Saved mappings, in no order that would mean anything."""

    mappings: list[MappingAnswer]
    next_cursor: str | None


# ---- core values as answers ----------------------------------------------------------------------


def lead(found: Found) -> LeadAnswer:
    """A lead."""
    return LeadAnswer(**_lead(found))


def alias(found: Found) -> AliasAnswer:
    """A lead as its alias finds it."""
    return AliasAnswer(**_lead(found), email=found.fields.get("email"), metadata=found.fields)


def _lead(found: Found) -> dict[str, object]:
    return {
        "lead_id": ids.show("lead", found.id),
        "fields": found.fields,
        "tags": found.tags,
        "identifiers": [
            OwnedIdentifier(
                kind=Kind(kind),
                value=value,
                main=found.fields.get(kind) == value,
                written=written or value,
            )
            for kind, value, written in found.identifiers
        ],
        "version": found.version,
        "created_at": time(found.created_at),
        "updated_at": time(found.updated_at),
    }


def lead_page(page: Page) -> LeadPage:
    """A page of leads."""
    cursor = None if page.before is None else cursors.of_lead(page.before)
    return LeadPage(leads=[lead(each) for each in page.leads], next_cursor=cursor)


def suppression_page(found: Sequence[Suppression], limit: int) -> SuppressionPage:
    """A page of the suppression list, given one entry more than it shows if there is one."""
    shown = found[:limit]
    last = (shown[-1].kind, shown[-1].value) if len(found) > limit else None
    entries = [
        SuppressionAnswer(
            kind=Kind(one.kind),
            value=one.value,
            reason=one.reason,
            created_at=time(one.created_at),
        )
        for one in shown
    ]
    return SuppressionPage(suppressions=entries, next_cursor=last and cursors.of_key(last))


def suppressions_put(changed: Changed) -> SuppressionsPut:
    """What became of entries."""
    refused = [
        RefusedEntry(kind=one.kind, value=one.text, message=one.message) for one in changed.refused
    ]
    return SuppressionsPut(added=changed.changed, unchanged=changed.unchanged, refused=refused)


def mapping_page(found: Sequence[SavedMapping], limit: int) -> MappingPage:
    """A page of saved mappings, given one more than it shows if there is one."""
    shown = [
        MappingAnswer(mapping_id=one.fingerprint, columns=one.targets, used_at=time(one.used_at))
        for one in found[:limit]
    ]
    return MappingPage(
        mappings=shown, next_cursor=shown[-1].mapping_id if len(found) > limit else None
    )


def time(milliseconds: int) -> str:
    """Unix milliseconds as ISO 8601."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
