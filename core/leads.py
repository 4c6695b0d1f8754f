"""Leads one by one: by id, or by one of their identifiers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from orjson import loads
from sqlalchemy import Text, cast, select
from sqlmodel import Session, col

from core import suppressions
from core.columns import OPT_OUT_TARGETS
from core.errors import ImportFailure, NotFound
from core.identifiers import Kind, Refusal, normalise
from core.intake import region_of
from core.mapping import Key
from core.matching import find_owners
from core.models import Identifier, Lead

NO_LEAD = "There is no such lead."


class UnusableValue(ImportFailure):
    """The value is no identifier of this kind."""

    code = "unusable_value"


class VersionConflict(ImportFailure):
    """The lead was changed meanwhile. Read it again, and decide anew."""

    code = "version_conflict"


class Owned(NamedTuple):
    """An identifier of a lead; ``written`` is how it came, where that differs."""

    kind: str
    value: str
    written: str | None


@dataclass(frozen=True)
class Found:
    """A lead with its identifiers, in the order of kind and value. Times are Unix milliseconds."""

    id: int
    fields: dict[str, str]
    tags: list[str]
    version: int
    created_at: int
    updated_at: int
    identifiers: tuple[Owned, ...] = ()


# ---- one ---------------------------------------------------------------------------------------


def get(session: Session, account_id: int, lead_id: int) -> Found:
    """The lead. Raises NotFound."""
    rows = session.execute(COLUMNS.where(*_is(account_id, lead_id))).all()
    if not rows:
        raise NotFound(NO_LEAD)
    return with_identifiers(session, account_id, [found_in(*rows[0])])[0]


def by_key(session: Session, account_id: int, key: Key) -> Found:
    """The lead that owns an identifier. Raises NotFound."""
    owner = find_owners(session, account_id, [key]).get(key)
    if owner is None:
        raise NotFound("There is no lead with this identifier.")
    return get(session, account_id, owner)


def key_of(session: Session, account_id: int, kind: Kind, written: str) -> Key:
    """An identifier in its normal form, read as imports read it. Raises UnusableValue.

    A phone without a country is taken to be from the account's.
    """
    value = normalise(kind, written, region_of(session, account_id))
    if isinstance(value, Refusal):
        raise UnusableValue(value.message)
    return (kind.value, value)


def check_version(found: Found, versions: Sequence[int] | None) -> None:
    """Raise VersionConflict unless the lead's version is one of these; None stands for any."""
    if versions is not None and found.version not in versions:
        raise VersionConflict


# ---- delete ------------------------------------------------------------------------------------


def is_opted_out(fields: dict[str, str]) -> bool:
    """Whether the person does not want to be written to."""
    return any(name in fields for name in OPT_OUT_TARGETS)


def keep_out(session: Session, account_id: int, found: Found) -> int:
    """Put all identifiers of a lead on the suppression list; how many were not on it yet."""
    keys = {(owned.kind, owned.value) for owned in found.identifiers}
    reason = "Opted out, and the lead was deleted." if is_opted_out(found.fields) else "Deleted."
    return suppressions.add(session, account_id, keys, reason)


# ---- rows --------------------------------------------------------------------------------------

#: Untyped: SQLAlchemy counts the columns of a statement, and some ask for more.
COLUMNS: Any = select(
    col(Lead.id).label("lead_id"),
    cast(col(Lead.fields), Text).label("fields_text"),
    cast(col(Lead.tags), Text).label("tags_text"),
    col(Lead.version).label("version"),
    col(Lead.created_at).label("created_at"),
    col(Lead.updated_at).label("updated_at"),
)


def found_in(
    lead_id: int, fields: str, tags: str, version: int, created_at: int, updated_at: int
) -> Found:
    """A row of ``COLUMNS`` as a lead, without its identifiers."""
    return Found(lead_id, loads(fields), loads(tags), version, created_at, updated_at)


def _is(account_id: int, lead_id: int) -> tuple[Any, ...]:
    return (col(Lead.account_id) == account_id, col(Lead.id) == lead_id)


def with_identifiers(session: Session, account_id: int, leads: Sequence[Found]) -> list[Found]:
    """The same leads, each with its identifiers."""
    owned: dict[int, list[Owned]] = {lead.id: [] for lead in leads}
    statement = (
        select(
            col(Identifier.lead_id), col(Identifier.kind), col(Identifier.value),
            col(Identifier.written),
        )
        .where(col(Identifier.account_id) == account_id, col(Identifier.lead_id).in_(owned))
        .order_by(col(Identifier.kind), col(Identifier.value))
    )  # fmt: skip
    for lead_id, *identifier in session.execute(statement) if owned else ():
        owned[lead_id].append(Owned(*identifier))
    return [replace(lead, identifiers=tuple(owned[lead.id])) for lead in leads]
