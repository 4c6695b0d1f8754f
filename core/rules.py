"""One import's whole policy, as data. What differs between the front doors is in here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from functools import cached_property
from typing import Any, Self

from core.columns import OPT_OUT_TARGETS
from core.identifiers import Kind, PhoneLevel


class OnMatch(StrEnum):
    """What to do with a row whose lead exists (X-3)."""

    UPDATE = "update"
    SKIP = "skip"  #: leave the lead alone and count the row as skipped
    CREATE_ONLY = "create_only"  #: report the row as failed


class Blank(StrEnum):
    """What an empty cell does to a lead that exists (X-18)."""

    KEEP = "keep"
    CLEAR = "clear"


class UnknownTarget(StrEnum):
    """What becomes of a column that a mapping gives to a field nobody knows (X-6)."""

    CUSTOM = "custom"  #: a custom field of that name
    IGNORE = "ignore"  #: the column is skipped
    ERROR = "error"  #: the mapping is refused


class UnmappedColumn(StrEnum):
    """What becomes of a column that a mapping does not mention (X-6)."""

    IGNORE = "ignore"
    CUSTOM = "custom"  #: a custom field with the column's name


@dataclass(frozen=True)
class ImportRules:
    """How one import treats its rows. Frozen, and JSON-able by ``to_json``/``from_json``.

    A row needs one identifier among ``keyed_by``; with neither ``match_on`` nor ``fallback`` it
    needs the primary one itself (X-5).
    """

    primary: Kind = Kind.EMAIL  #: the identifier that rows are looked up by (X-4)
    #: Further kinds that are always looked up too; two different leads found are ambiguous.
    match_on: tuple[Kind, ...] = ()
    #: Kinds that stand in, the first one present, for a row that lacks the primary identifier.
    fallback: tuple[Kind, ...] = ()
    on_match: OnMatch = OnMatch.UPDATE
    blank: Blank = Blank.KEEP
    #: A cell that empties its field whatever ``blank`` says. It takes no identifier and no tag off
    #: a lead.
    clear_mark: str = "#N/A"
    region: str | None = None  #: ISO 3166 alpha-2, for phones without a country
    phone_level: PhoneLevel = "possible"  #: X-21
    cleanup: bool = True  #: collapse white space inside values (X-19)
    tidy: bool = False  #: put names and LinkedIn addresses in order (S-11, ``core.tidying``)
    tags: tuple[str, ...] = ()  #: added to every lead the import touches (X-29)
    unknown_target: UnknownTarget = UnknownTarget.ERROR
    unmapped_column: UnmappedColumn = UnmappedColumn.IGNORE
    #: (field, value) for leads this import creates without a value of their own. A lead that is
    #: there already never gets one, and an empty cell does not clear a field that has a default.
    defaults: tuple[tuple[str, str], ...] = ()
    #: Fields that keep the value they have, once they have one.
    protected: tuple[str, ...] = ()
    split_name: bool = False  #: store a full name as first and last name (X-35)
    #: Whether a cell that says so takes back an opt-out. Otherwise an opt-out stays (X-30).
    resubscribe: bool = False
    #: The import pauses and asks once at least so many rows are done and so large a share of them
    #: failed. A share of None never pauses.
    budget_rows: int = 1_000
    budget_share: float | None = 0.5

    @cached_property
    def guarded(self) -> frozenset[str]:
        """Fields that may refuse a new value."""
        return frozenset((*self.protected, *OPT_OUT_TARGETS))

    @property
    def keyed_by(self) -> tuple[Kind, ...]:
        """Every kind that can identify a row, the primary one first."""
        return tuple(dict.fromkeys((self.primary, *self.match_on, *self.fallback)))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        plain = {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}
        return {**plain, "defaults": dict(self.defaults)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The rules behind ``to_json``. Unknown keys, from another version, are ignored."""
        known = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        return cls(**{name: _CONVERT.get(name, _same)(value) for name, value in known.items()})


def _kinds(values: Iterable[str]) -> tuple[Kind, ...]:
    return tuple(Kind(value) for value in values)


def _pairs(values: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(values.items())


def _same(value: Any) -> Any:
    return value


_CONVERT: dict[str, Callable[[Any], Any]] = {
    "primary": Kind,
    "match_on": _kinds,
    "fallback": _kinds,
    "on_match": OnMatch,
    "blank": Blank,
    "tags": tuple,
    "unknown_target": UnknownTarget,
    "unmapped_column": UnmappedColumn,
    "defaults": _pairs,
    "protected": tuple,
}
