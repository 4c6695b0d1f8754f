"""Whose turn it is: which parts of an import's work may be claimed now.

The parts of an import are written in the order of the file, one at a time: that alone makes the
outcome the one of a row-by-row import. Once a ``spread`` part has found the rows that no other row
of the file has to do with (``core.entangled``), the parts that are marked so may be written in any
order, by any number of workers; what they leave over follows in the order of the file.
"""

from __future__ import annotations

from functools import cache
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.sql.selectable import NamedFromClause
from sqlmodel import Session

from core.db import now_ms
from core.models import Import, ImportPart, table_of

_PARTS = table_of(ImportPart)
_PART, _IMPORT = _PARTS.c, table_of(Import).c

#: States of a part that is not at its end. A ``half`` done one has rows that wait for their turn.
OPEN = ("pending", "running", "half")
#: Of the parts of one import that could be done at once, so many are rung for.
RUNG_FOR = 8


class PartKey(NamedTuple):
    """What names a part: these ids are all that a queue ever carries."""

    account_id: int
    import_id: int
    kind: str  #: read, forecast, spread, write or undo
    ordinal: int


def key_of(part: ImportPart) -> PartKey:
    """The part's name."""
    return PartKey(part.account_id, part.import_id, part.kind, part.ordinal)


def is_part(key: PartKey) -> ColumnElement[bool]:
    """Whether a row of the table is this part."""
    return and_(
        _PART.account_id == key.account_id,
        _PART.import_id == key.import_id,
        _PART.kind == key.kind,
        _PART.ordinal == key.ordinal,
    )


def free() -> ColumnElement[bool]:
    """Whether nobody is at the part, or not any more."""
    return and_(_PART.state.in_(OPEN), _PART.lease_until < now_ms())


@cache
def may_be_claimed() -> ColumnElement[bool]:
    """Nobody is at the part, it is its turn, and its import is not paused."""
    return and_(free(), _its_turn(), ~_paused())


def waiting(
    session: Session, limit: int = 200, *, of: tuple[int, int] | None = None
) -> list[PartKey]:
    """Parts that somebody should claim now; of one import and kind the first few.

    ``of`` is an account and an import to which to keep.
    """
    values = {"limit": limit, **(_values(of) if of else {})}
    return [PartKey(*row) for row in session.execute(_waiting(of is not None), values)]


# To put statements of this size together takes longer than the database takes to answer them, and
# workers ask after every part. So they are made once, and only the values differ.
@cache
def _waiting(of_one: bool) -> Select[Any]:
    mine = _of_one() if of_one else ()
    return (
        select(_PART.account_id, _PART.import_id, _PART.kind, _PART.ordinal)
        .where(may_be_claimed(), _among_the_first(), *mine)
        .order_by(_PART.import_id, _PART.ordinal)
        .limit(bindparam("limit"))
    )


def following(session: Session, account_id: int, import_id: int, done: int = -1) -> PartKey | None:
    """What a worker had better do next for an import whose write part ``done`` it has done.

    The next part, whose rows it may have read ahead; else a part from the middle of the longest run
    of free ones, so that workers keep out of each other's way; else the work before the writing.
    """
    rows = session.execute(_following(), _values((account_id, import_id)))
    found = [(row.kind, row.ordinal) for row in rows]
    ordinals = [ordinal for kind, ordinal in found if kind == "write"]
    if ordinals:
        return PartKey(account_id, import_id, "write", _best(ordinals, done + 1))
    return PartKey(account_id, import_id, *found[0]) if found else None


@cache
def _following() -> Select[Any]:
    return (
        select(_PART.kind, _PART.ordinal)
        .where(*_of_one(), _PART.kind.in_(("write", "spread")), may_be_claimed())
        .order_by(_PART.ordinal)
    )


def _best(ordinals: list[int], wanted: int) -> int:
    if wanted in ordinals:
        return wanted
    runs = groupby(enumerate(ordinals), key=lambda pair: pair[1] - pair[0])
    longest = max(([ordinal for _, ordinal in run] for _, run in runs), key=len)
    return longest[len(longest) // 2]


def _of_one() -> tuple[ColumnElement[bool], ...]:
    return (
        _PART.account_id == bindparam("of_account"),
        _PART.import_id == bindparam("of_import"),
    )


def _values(one: tuple[int, int]) -> dict[str, Any]:
    return {"of_account": one[0], "of_import": one[1]}


def _its_turn() -> ColumnElement[bool]:
    kind, state = _PART.kind, _PART.state
    return or_(
        and_(kind == "spread", _somebody_writes()),
        and_(state == "half", ~_open_beside(("pending", "running")), ~_open_before(("half",))),
        and_(kind != "spread", state != "half", or_(_is_marked(), ~_open_before(OPEN))),
    )


def _is_marked() -> ColumnElement[bool]:
    return func.length(_PART.outcomes) > 0


def _open_before(states: tuple[str, ...]) -> ColumnElement[bool]:
    """Whether a part of the same import and kind, earlier in the file, is in one of the states."""
    other = _PARTS.alias()
    return exists().where(
        *_same(other),
        other.c.ordinal < _PART.ordinal,
        other.c.state.in_(states),
    )


def _open_beside(states: tuple[str, ...]) -> ColumnElement[bool]:
    other = _PARTS.alias()
    return exists().where(*_same(other), other.c.state.in_(states))


def _same(other: NamedFromClause) -> tuple[ColumnElement[bool], ...]:
    return (
        other.c.account_id == _PART.account_id,
        other.c.import_id == _PART.import_id,
        other.c.kind == _PART.kind,
    )


def _somebody_writes() -> ColumnElement[bool]:
    # A worker that is alone had better write: the way to spread the work costs it some of its time.
    other = _PARTS.alias()
    return exists().where(
        other.c.account_id == _PART.account_id,
        other.c.import_id == _PART.import_id,
        other.c.kind == "write",
        other.c.state == "running",
        other.c.lease_until >= now_ms(),
    )


def _among_the_first() -> ColumnElement[bool]:
    other = _PARTS.alias()
    before = (
        select(func.count())
        .select_from(other)
        .where(
            *_same(other),
            other.c.ordinal < _PART.ordinal,
            other.c.state == "pending",
        )
        .scalar_subquery()
    )
    return before < RUNG_FOR


def _paused() -> ColumnElement[bool]:
    """Whether the part's import waits for somebody to say that it is to go on."""
    return exists().where(
        _IMPORT.account_id == _PART.account_id,
        _IMPORT.id == _PART.import_id,
        _IMPORT.status == "paused",
    )
