"""Leads as people and programs ask for them: one, by an identifier, or page by page.

Pages go from the newest lead to the oldest, by id. What no index answers is looked for in a bounded
number of leads at a time: a page may then be short, or empty, and still have one after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from orjson import loads
from sqlalchemy import Text, cast, select, text
from sqlmodel import Session, col

from core import imports, suppressions
from core.columns import OPT_OUT_TARGETS
from core.errors import ImportFailure, NotFound
from core.identifiers import Kind, Refusal, normalise
from core.intake import region_of
from core.mapping import Key
from core.matching import find_owners
from core.models import Identifier, Lead, LeadChange

#: Leads that one page looks through at most, where no index knows which ones fit.
SCAN = 10_000
_CHUNK = 1_000  # leads read at once while looking

#: The fields that a text is looked for in, beside first and last name together.
TEXT_FIELDS = ("name", "company", "email", "phone")
#: In these words an index knows which leads have tags.
_TAGGED = "lead.tags <> '[]'"
_FEWEST_DIGITS = 4  # a shorter number is part of too many phones

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


@dataclass(frozen=True)
class Wanted:
    """Which leads a page is to hold; what is empty does not count."""

    batch: int | None = None  #: an import: what it created or changed, and did not undo
    tag: str = ""
    key: Key | None = None
    text: str = ""  #: in the fields above, whatever its case; see ``says``
    updated_since: int | None = None  #: Unix milliseconds


class Page(NamedTuple):
    """Leads, the newest first. ``before`` is where the next page begins, None after the last."""

    leads: tuple[Found, ...]
    before: int | None


# ---- one ---------------------------------------------------------------------------------------


def get(session: Session, account_id: int, lead_id: int) -> Found:
    """The lead. Raises NotFound."""
    rows = session.execute(_COLUMNS.where(*_is(account_id, lead_id))).all()
    if not rows:
        raise NotFound(NO_LEAD)
    return _with_identifiers(session, account_id, [_found(*rows[0])])[0]


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


# ---- many --------------------------------------------------------------------------------------


def page(
    session: Session,
    account_id: int,
    wanted: Wanted,
    *,
    before: int | None = None,
    limit: int = 25,
    scan: int = SCAN,
) -> Page:
    """The next leads that fit, after looking through at most ``scan`` of them.

    ``before`` is that of the page before. Leads that are created, changed or deleted between two
    pages repeat or hide no other lead. A text that is one whole email address, or phone with a +,
    finds the lead that owns it. Raises NotFound where there is no such import.
    """
    if wanted.batch is not None:
        imports.get(session, account_id, wanted.batch)
    if wanted.key is None and wanted.text and before is None:
        whole = _whole(wanted.text)
        owner = _owner(session, account_id, replace(wanted, text="", key=whole)) if whole else ()
        if owner:
            return Page(owner, None)
    if wanted.key is not None:
        return Page(_owner(session, account_id, wanted), None)
    source = _source(session, account_id, wanted)
    found, following = _looked_for(source, wanted, before, limit, scan)
    return Page(tuple(_with_identifiers(session, account_id, found)), following)


#: Reads on: (before, how many) -> ids with the leads under them, None where there is none any more.
Source = Callable[[int | None, int], list[tuple[int, Found | None]]]


def _looked_for(
    source: Source, wanted: Wanted, before: int | None, limit: int, scan: int
) -> tuple[list[Found], int | None]:
    """At most ``limit`` leads that fit, and where to go on."""
    fits = fitting(wanted)
    found: list[Found] = []
    for lead_id, lead in _walk(source, before, min(scan, _chunk(wanted, limit)), scan):
        if lead_id is None:
            return found, before
        if lead is not None and fits(lead):
            if len(found) == limit:
                return found, found[-1].id
            found.append(lead)
        before = lead_id
    return found, None


def _walk(
    source: Source, before: int | None, chunk: int, scan: int
) -> Iterator[tuple[int | None, Found | None]]:
    """What the source holds, as far as ``scan`` reaches; (None, None) where it holds more."""
    while scan > 0:
        rows = source(before, min(chunk, scan))
        yield from rows
        if len(rows) < min(chunk, scan):
            return
        before, scan = rows[-1][0], scan - len(rows)
    yield None, None


def _chunk(wanted: Wanted, limit: int) -> int:
    looking = wanted.tag or wanted.text or wanted.updated_since is not None
    return _CHUNK if looking else limit + 1


def _source(session: Session, account_id: int, wanted: Wanted) -> Source:
    statement = _COLUMNS.where(col(Lead.account_id) == account_id)
    if wanted.tag:
        statement = statement.where(text(_TAGGED))

    def read(before: int | None, count: int) -> list[tuple[int, Found | None]]:
        if wanted.batch is not None:
            return _of_batch(session, account_id, wanted.batch, before, count)
        further = [] if before is None else [col(Lead.id) < before]
        newest = statement.where(*further).order_by(col(Lead.id).desc()).limit(count)
        return [(row[0], _found(*row)) for row in session.execute(newest)]

    return read


def _of_batch(
    session: Session, account_id: int, batch: int, before: int | None, count: int
) -> list[tuple[int, Found | None]]:
    """The journal of an import, read on; None for what it does not hold any more."""
    further = [] if before is None else [col(LeadChange.lead_id) < before]
    journal = (
        select(col(LeadChange.lead_id).label("at"), col(LeadChange.undone).label("undone"))
        .where(col(LeadChange.account_id) == account_id, col(LeadChange.import_id) == batch)
        .where(*further)
        .order_by(col(LeadChange.lead_id).desc())
        .limit(count)
        .subquery()
    )
    same = (col(Lead.account_id) == account_id) & (col(Lead.id) == journal.c.at)
    statement = (
        _COLUMNS.add_columns(journal.c.at, journal.c.undone)
        .select_from(journal)
        .outerjoin(Lead, same)
        .order_by(journal.c.at.desc())
    )
    return [
        (lead_id, _found(*row) if row[0] is not None and undone in (None, "kept") else None)
        for *row, lead_id, undone in session.execute(statement)
    ]


def _owner(session: Session, account_id: int, wanted: Wanted) -> tuple[Found, ...]:
    """The lead that owns the identifier, if it fits."""
    try:
        found = by_key(session, account_id, wanted.key or ("", ""))
    except NotFound:
        return ()
    member = wanted.batch is None or _is_member(session, account_id, wanted.batch, found.id)
    return (found,) if member and fitting(wanted)(found) else ()


def _is_member(session: Session, account_id: int, batch: int, lead_id: int) -> bool:
    change = session.get(LeadChange, (account_id, batch, lead_id))
    return change is not None and change.undone in (None, "kept")


# ---- what fits (pure) --------------------------------------------------------------------------


def fitting(wanted: Wanted) -> Callable[[Found], bool]:
    """Whether a lead fits by what is in its own row: tag, text and time."""
    tests: list[Callable[[Found], bool]] = []
    if wanted.tag:
        tests.append(lambda lead: wanted.tag in lead.tags)
    if wanted.updated_since is not None:
        since = wanted.updated_since
        tests.append(lambda lead: lead.updated_at >= since)
    if wanted.text:
        tests.append(says(wanted.text))
    return lambda lead: all(test(lead) for test in tests)


def says(words: str) -> Callable[[Found], bool]:
    """Whether a lead's name, company, email or phone holds the text, whatever its case.

    A first and a last name count as one text. A number of four digits or more is compared digit by
    digit with the phone, whatever stands between the digits.
    """
    needle = " ".join(words.split()).casefold()
    digits = _digits(needle) if not any(map(str.isalpha, needle)) else ""

    def test(lead: Found) -> bool:
        fields = lead.fields
        names = f"{fields.get('first_name', '')} {fields.get('last_name', '')}"
        texts = [names, *(fields.get(name, "") for name in TEXT_FIELDS)]
        if needle in "\n".join(texts).casefold():
            return True
        return len(digits) >= _FEWEST_DIGITS and digits in _digits(fields.get("phone", ""))

    return test


def _digits(words: str) -> str:
    return "".join(char for char in words if char.isdecimal())


def _whole(words: str) -> Key | None:
    """The identifier that the text is as a whole, if anybody can tell."""
    kind = Kind.EMAIL if "@" in words else Kind.PHONE if words.strip().startswith("+") else None
    value = normalise(kind, words) if kind else None
    return (kind.value, value) if kind and isinstance(value, str) else None


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
_COLUMNS: Any = select(
    col(Lead.id).label("lead_id"),
    cast(col(Lead.fields), Text).label("fields_text"),
    cast(col(Lead.tags), Text).label("tags_text"),
    col(Lead.version).label("version"),
    col(Lead.created_at).label("created_at"),
    col(Lead.updated_at).label("updated_at"),
)


def _found(
    lead_id: int, fields: str, tags: str, version: int, created_at: int, updated_at: int
) -> Found:
    return Found(lead_id, loads(fields), loads(tags), version, created_at, updated_at)


def _is(account_id: int, lead_id: int) -> tuple[Any, ...]:
    return (col(Lead.account_id) == account_id, col(Lead.id) == lead_id)


def _with_identifiers(session: Session, account_id: int, leads: Sequence[Found]) -> list[Found]:
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
