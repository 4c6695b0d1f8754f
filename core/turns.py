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
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.db import now_ms
from core.models import Import, ImportPart

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
        col(ImportPart.account_id) == key.account_id,
        col(ImportPart.import_id) == key.import_id,
        col(ImportPart.kind) == key.kind,
        col(ImportPart.ordinal) == key.ordinal,
    )


def free() -> ColumnElement[bool]:
    """Whether nobody is at the part, or not any more."""
    return and_(col(ImportPart.state).in_(OPEN), col(ImportPart.lease_until) < now_ms())


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
    return [key_of(part) for part in session.scalars(_waiting(of is not None), values)]


# To put statements of this size together takes longer than the database takes to answer them, and
# workers ask after every part. So they are made once, and only the values differ.
@cache
def _waiting(of_one: bool) -> Select[ImportPart]:
    mine = _of_one() if of_one else ()
    return (
        select(ImportPart)
        .where(may_be_claimed(), _among_the_first(), *mine)
        .order_by(col(ImportPart.import_id), col(ImportPart.ordinal))
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
def _following() -> Select[str, int]:
    return (
        select(col(ImportPart.kind), col(ImportPart.ordinal))
        .where(*_of_one(), col(ImportPart.kind).in_(("write", "spread")), may_be_claimed())
        .order_by(col(ImportPart.ordinal))
    )


def _best(ordinals: list[int], wanted: int) -> int:
    if wanted in ordinals:
        return wanted
    runs = groupby(enumerate(ordinals), key=lambda pair: pair[1] - pair[0])
    longest = max(([ordinal for _, ordinal in run] for _, run in runs), key=len)
    return longest[len(longest) // 2]


def _of_one() -> tuple[ColumnElement[bool], ...]:
    return (
        col(ImportPart.account_id) == bindparam("of_account"),
        col(ImportPart.import_id) == bindparam("of_import"),
    )


def _values(one: tuple[int, int]) -> dict[str, Any]:
    return {"of_account": one[0], "of_import": one[1]}


def _its_turn() -> ColumnElement[bool]:
    kind, state = col(ImportPart.kind), col(ImportPart.state)
    return or_(
        and_(kind == "spread", _somebody_writes()),
        and_(state == "half", ~_open_beside(("pending", "running")), ~_open_before(("half",))),
        and_(kind != "spread", state != "half", or_(_is_marked(), ~_open_before(OPEN))),
    )


def _is_marked() -> ColumnElement[bool]:
    return func.length(col(ImportPart.outcomes)) > 0


def _open_before(states: tuple[str, ...]) -> ColumnElement[bool]:
    """Whether a part of the same import and kind, earlier in the file, is in one of the states."""
    other = aliased(ImportPart)
    return exists().where(
        *_same(other),
        col(other.ordinal) < col(ImportPart.ordinal),
        col(other.state).in_(states),
    )


def _open_beside(states: tuple[str, ...]) -> ColumnElement[bool]:
    other = aliased(ImportPart)
    return exists().where(*_same(other), col(other.state).in_(states))


def _same(other: type[ImportPart]) -> tuple[ColumnElement[bool], ...]:
    return (
        col(other.account_id) == col(ImportPart.account_id),
        col(other.import_id) == col(ImportPart.import_id),
        col(other.kind) == col(ImportPart.kind),
    )


def _somebody_writes() -> ColumnElement[bool]:
    # A worker that is alone had better write: the way to spread the work costs it some of its time.
    other = aliased(ImportPart)
    return exists().where(
        col(other.account_id) == col(ImportPart.account_id),
        col(other.import_id) == col(ImportPart.import_id),
        col(other.kind) == "write",
        col(other.state) == "running",
        col(other.lease_until) >= now_ms(),
    )


def _among_the_first() -> ColumnElement[bool]:
    other = aliased(ImportPart)
    before = (
        select(func.count())
        .select_from(other)
        .where(
            *_same(other),
            col(other.ordinal) < col(ImportPart.ordinal),
            col(other.state) == "pending",
        )
        .scalar_subquery()
    )
    return before < RUNG_FOR


def _paused() -> ColumnElement[bool]:
    """Whether the part's import waits for somebody to say that it is to go on."""
    return exists().where(
        col(Import.account_id) == col(ImportPart.account_id),
        col(Import.id) == col(ImportPart.import_id),
        col(Import.status) == "paused",
    )
