"""Look for leads, page by page, from the newest to the oldest.

What no index answers is looked for in a bounded number of leads at a time: a page may then be
short, or empty, and still have one after it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import Text, cast, func, select
from sqlmodel import Session, col

from core import imports, leads
from core.errors import NotFound
from core.identifiers import Kind, normalise
from core.leads import COLUMNS, Found, found_in
from core.mapping import Key
from core.models import Lead, LeadChange
from core.writing import dump

#: Leads that one page looks through at most, where no index knows which ones fit.
SCAN = 10_000
_CHUNK = 2_000  # leads looked at by one statement

#: The fields that a text is looked for in, beside first and last name together.
TEXT_FIELDS = ("name", "company", "email", "phone")
_MOST_PIECES = 3  # of a text that the database looks for
_FEWEST_DIGITS = 4  # a shorter number is part of too many phones


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
    look = Look(session, account_id, wanted)
    found, following = _looked_for(look, before, limit, scan)
    return Page(tuple(leads.with_identifiers(session, account_id, found)), following)


def _looked_for(
    look: Look, before: int | None, limit: int, scan: int
) -> tuple[list[Found], int | None]:
    """At most ``limit`` leads that fit, and where to go on."""
    found: list[Found] = []
    chunk = _CHUNK if look.is_filtering else limit + 1
    while scan > 0:
        low, size = look.reach(before, min(chunk, scan))
        found += look.fitting(before, low, limit + 1 - len(found)) if size else []
        if len(found) > limit:
            return found[:limit], found[limit - 1].id
        if size < min(chunk, scan):
            return found, None
        before, scan = low, scan - size
    return found, before


def _owner(session: Session, account_id: int, wanted: Wanted) -> tuple[Found, ...]:
    """The lead that owns the identifier, if it fits."""
    try:
        found = leads.by_key(session, account_id, wanted.key or ("", ""))
    except NotFound:
        return ()
    member = wanted.batch is None or _is_member(session, account_id, wanted.batch, found.id)
    return (found,) if member and fitting(wanted)(found) else ()


def _is_member(session: Session, account_id: int, batch: int, lead_id: int) -> bool:
    change = session.get(LeadChange, (account_id, batch, lead_id))
    return change is not None and change.undone in (None, "kept")


@dataclass(frozen=True)
class Look:
    """The statements that look for leads: what the database can tell apart, it does."""

    session: Session
    account_id: int
    wanted: Wanted

    @property
    def is_filtering(self) -> bool:
        """Whether leads are looked at that may not fit."""
        wanted = self.wanted
        return bool(wanted.tag or wanted.text) or wanted.updated_since is not None

    def reach(self, before: int | None, count: int) -> tuple[int, int]:
        """The id of the last of the next ``count`` leads that have to be looked at, and how many
        there are."""
        ids = self._next(before).with_only_columns(self._id.label("id"))
        near = ids.order_by(self._id.desc()).limit(count).subquery()
        low, size = self.session.execute(select(func.min(near.c.id), func.count())).one()
        return low or 0, size

    def fitting(self, before: int | None, low: int, count: int) -> list[Found]:
        """At most ``count`` of the leads from ``low`` on that fit."""
        fits, found = fitting(self.wanted), []
        step = max(count, _CHUNK // 4) if self.wanted.text else count
        while True:
            statement = self._next(before).where(self._id >= low, *self._conditions())
            rows = self.session.execute(statement.order_by(self._id.desc()).limit(step)).all()
            found += [lead for lead in (found_in(*row) for row in rows) if fits(lead)]
            if len(rows) < step or len(found) >= count:
                return found[:count]
            before = rows[-1][0]

    @property
    def _id(self) -> Any:
        return col(Lead.id) if self.wanted.batch is None else col(LeadChange.lead_id)

    def _next(self, before: int | None) -> Any:
        """The leads to look at, among which are all that fit."""
        further = [] if before is None else [self._id < before]
        if self.wanted.batch is not None:
            return COLUMNS.select_from(LeadChange).where(
                col(LeadChange.account_id) == self.account_id,
                col(LeadChange.import_id) == self.wanted.batch,
                *further,
            )
        return COLUMNS.where(col(Lead.account_id) == self.account_id, *further)

    def _conditions(self) -> Iterator[Any]:
        """What the database can tell of whether a lead fits; it may let some others pass."""
        wanted, sqlite = self.wanted, self.session.get_bind().dialect.name == "sqlite"
        if wanted.batch is not None:
            same = (col(Lead.account_id) == col(LeadChange.account_id),
                    col(Lead.id) == col(LeadChange.lead_id))  # fmt: skip
            yield from (*same, func.coalesce(col(LeadChange.undone), "kept") == "kept")
        if wanted.updated_since is not None:
            yield col(Lead.updated_at) >= wanted.updated_since
        find = func.instr if sqlite else func.strpos
        if wanted.tag:
            # Both databases write a tag within a list as ``dump`` does.
            yield find(cast(col(Lead.tags), Text), dump(wanted.tag)) > 0
        if pieces := _pieces(wanted.text):
            place = func.lower(_said() if sqlite else _said().collate("C"))
            yield from (find(place, piece) > 0 for piece in pieces)


def _said() -> Any:
    """What ``says`` looks at, as SQL."""
    fields = [*TEXT_FIELDS, "first_name", "last_name"]
    values = [func.coalesce(col(Lead.fields)[name].as_string(), "") for name in fields]
    said: Any = values[0]
    for value in values[1:]:
        said = said.concat("\n").concat(value)
    return said


def _pieces(words: str) -> list[str]:
    """The longest parts of a text that are spelled in one way only, once they are lower-cased.

    SQLite and PostgreSQL lower-case nothing but ASCII alike.
    """
    pieces = set(re.findall("[a-z0-9]+", words.lower()))
    return sorted(pieces, key=lambda piece: (-len(piece), piece))[:_MOST_PIECES]


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

    A first and a last name count as one text. Four digits or more are looked for in the phone,
    whatever stands between them.
    """
    needle = " ".join(words.split()).lower()
    digits = "" if any(map(str.isalpha, needle)) else "".join(re.findall("[0-9]", needle))

    def test(lead: Found) -> bool:
        fields = lead.fields
        names = f"{fields.get('first_name', '')} {fields.get('last_name', '')}"
        texts = [names, *(fields.get(name, "") for name in TEXT_FIELDS)]
        if needle in "\n".join(texts).lower():
            return True
        return len(digits) >= _FEWEST_DIGITS and digits in fields.get("phone", "")

    return test


def _whole(words: str) -> Key | None:
    """The identifier that the text is as a whole, if anybody can tell."""
    kind = Kind.EMAIL if "@" in words else Kind.PHONE if words.strip().startswith("+") else None
    value = normalise(kind, words) if kind else None
    return (kind.value, value) if kind and isinstance(value, str) else None
