"""Claims on the pieces of an import's background work: leases, fencing tokens, giving up.

Whoever holds the newest token of a part may finish it; every effect of a part is in the transaction
that checks the token. All times are the database's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, UpdateBase, bindparam, case, select, update
from sqlmodel import Session, col

from core.db import now, now_ms
from core.deciding import UNCHANGED
from core.entangled import FREE, LATE
from core.models import Import, ImportPart, table_of
from core.turns import OPEN, PartKey, free, is_part, key_of, may_be_claimed, waiting

__all__ = [
    "LEASE_MS", "MAX_CLAIMS", "OPEN", "Claim", "ClaimLost", "PartKey",
    "add", "after", "claim", "drop", "drop_spread", "finish", "following", "give_up", "hold",
    "is_part", "key_of", "leave_unprocessed", "outcomes_of", "release", "renew", "take_back",
    "waiting",
]  # fmt: skip

_PARTS = table_of(ImportPart)
_PART = _PARTS.c

#: How long a claim lasts unless renewed, in milliseconds.
LEASE_MS = 60_000
#: A part that was claimed this often without ending is given up; its rows stay unprocessed.
MAX_CLAIMS = 5


@dataclass(frozen=True)
class Claim:
    """The right to do one part, until the lease ends or somebody else claims it."""

    key: PartKey
    token: int
    start: dict[str, Any]
    rows: int
    lease_ms: int
    #: A byte for each row that may be written out of order, or has to wait; empty: all in order.
    marks: bytes = b""


class ClaimLost(Exception):  # noqa: N818  (a verdict, not an error: somebody else has the part)
    """The lease ran out and the part is another worker's now. Nothing was written."""


def claim(session: Session, key: PartKey, *, owner: str, lease_ms: int = LEASE_MS) -> Claim | None:
    """Take the part if it is free or its lease has run out, and it is its turn (``turns``)."""
    values = {**_named(key), "for_ms": lease_ms, "by_owner": owner[:100]}
    row = session.execute(_claim(), values).one_or_none()
    if row is None:
        return None
    return Claim(key, row.token, row.start, row.rows, lease_ms, row.outcomes)


@cache  # like others below: as in ``turns``, they take longer to put together than to run
def _claim() -> UpdateBase:
    return (
        update(_PARTS)
        .where(is_part(_THIS), may_be_claimed())
        .values(
            state="running",
            token=_PART.token + 1,
            lease_until=now_ms() + bindparam("for_ms"),
            owner=bindparam("by_owner"),
        )
        .returning(_PART.token, _PART.start, _PART.rows, _PART.outcomes)
    )


def hold(session: Session, claim: Claim) -> None:
    """Lock the part for this transaction, or raise ClaimLost if the claim is no longer good."""
    row = session.execute(_hold(), _named(claim.key)).one_or_none()
    if row is None or row.state != "running" or row.token != claim.token:
        raise ClaimLost


@cache
def _hold() -> Select[Any]:
    return select(_PART.token, _PART.state).where(is_part(_THIS)).with_for_update()


def renew(session: Session, claim: Claim) -> None:
    """Begin the lease anew. Raises ClaimLost."""
    hold(session, claim)
    _set(session, claim.key, lease_until=now(session) + claim.lease_ms)


def finish(session: Session, claim: Claim, outcomes: bytes = b"") -> None:
    """Close the part, in the transaction that did its work and called ``hold``.

    Where rows of it are late, it is half done: they follow when all other parts are done.
    """
    if claim.key.kind == "write" and LATE in outcomes:
        _set(session, claim.key, state="half", outcomes=outcomes, lease_until=0)
    else:
        _set(session, claim.key, state="done", outcomes=outcomes)


def outcomes_of(session: Session, key: PartKey) -> bytes:
    """What the part left behind. Raises NoResultFound."""
    return session.scalars(select(col(ImportPart.outcomes)).where(is_part(key))).one()


def release(session: Session, claim: Claim, pause_ms: int = 0) -> None:
    """Give the part back after a failure, to be claimed after a pause. Raises ClaimLost."""
    hold(session, claim)
    state = "running" if pause_ms else "pending"  # a part that rests is one whose lease still runs
    until = now(session) + pause_ms if pause_ms else 0
    _set(session, claim.key, state=state, lease_until=until)


def add(
    session: Session,
    key: PartKey,
    start: dict[str, Any] | None = None,
    rows: int = 0,
    *,
    rest_ms: int = 0,
) -> None:
    """Add a pending part, which nobody can claim before it has rested."""
    until = now(session) + rest_ms if rest_ms else 0
    session.add(ImportPart(**key._asdict(), start=start or {}, rows=rows, lease_until=until))


def following(
    session: Session, account_id: int, import_id: int, kind: str
) -> tuple[int, dict[str, Any]]:
    """The next free ordinal of a kind, and where its last part starts; 0 and {} for the first."""
    statement = (
        select(ImportPart)
        .where(
            col(ImportPart.account_id) == account_id,
            col(ImportPart.import_id) == import_id,
            col(ImportPart.kind) == kind,
        )
        .order_by(col(ImportPart.ordinal).desc())
        .limit(1)
    )
    last = session.scalars(statement).first()
    return (0, {}) if last is None else (last.ordinal + 1, last.start)


def after(session: Session, key: PartKey) -> ImportPart | None:
    """The part that follows, if it is still to be done."""
    found = session.get(ImportPart, key._replace(ordinal=key.ordinal + 1))
    return found if found is not None and found.state == "pending" else None


def take_back(session: Session, account_id: int, import_id: int, rows: Sequence[int]) -> None:
    """Mark rows of closed parts as unchanged: a later row undid what they did."""
    statement = select(ImportPart).where(
        col(ImportPart.account_id) == account_id,
        col(ImportPart.import_id) == import_id,
        col(ImportPart.kind) == "write",
        col(ImportPart.state) == "done",
    )
    for part in session.scalars(statement):
        first = part.start["row"]
        outcomes = bytearray(part.outcomes)
        for row in rows:
            if first <= row < first + part.rows:
                outcomes[row - first] = UNCHANGED
        part.outcomes = bytes(outcomes)
        session.add(part)
    session.flush()


def give_up(session: Session, max_claims: int = MAX_CLAIMS) -> list[PartKey]:
    """Close the parts that were claimed too often; their rows count as unprocessed."""
    given_up = list(session.scalars(_give_up(), {"most_claims": max_claims}))
    for part in given_up:
        if part.kind == "write":
            leave_unprocessed(session, part.account_id, part.import_id, _undecided(session, part))
    return [key_of(part) for part in given_up]


@cache
def _give_up() -> UpdateBase:
    often = col(ImportPart.token) >= bindparam("most_claims")
    return (
        update(ImportPart)
        # What is half done came to an end once; its claims before that are not held against it.
        .where(free(), often, col(ImportPart.state) != "half")
        .values(state="given_up")
        .returning(ImportPart)
        .execution_options(synchronize_session=False)
    )


def drop(session: Session, account_id: int, import_id: int) -> None:
    """Close the write parts of a cancelled import that nobody is at; their rows: unprocessed."""
    statement = (
        update(ImportPart)
        .where(
            col(ImportPart.account_id) == account_id,
            col(ImportPart.import_id) == import_id,
            col(ImportPart.kind) == "write",
            free(),
        )
        .values(state="dropped")
        .returning(ImportPart)
        .execution_options(synchronize_session=False)
    )
    rows = sum(_undecided(session, part) for part in list(session.scalars(statement)))
    leave_unprocessed(session, account_id, import_id, rows)


def _undecided(session: Session, part: ImportPart) -> int:
    """How many rows of a part that is closed before its end were never decided.

    A part that was half done counts as done, with nothing in place of what became of those rows.
    """
    if LATE not in part.outcomes or FREE in part.outcomes:
        return part.rows
    left = part.outcomes.count(LATE)
    decided = part.outcomes.replace(bytes([LATE]), b"\0")
    _set(session, key_of(part), state="done", outcomes=decided)
    return left


def drop_spread(session: Session, account_id: int, import_id: int) -> None:
    """The import has ended: nobody need prepare it any more, and what was prepared can go."""
    this = is_part(PartKey(account_id, import_id, "spread", 0))
    state = case((col(ImportPart.state).in_(OPEN), "dropped"), else_=col(ImportPart.state))
    session.execute(
        update(ImportPart)
        .where(this)
        .values(state=state, outcomes=b"")
        .execution_options(synchronize_session=False)
    )


def leave_unprocessed(session: Session, account_id: int, import_id: int, rows: int) -> None:
    """Count rows that were never decided."""
    session.execute(
        update(Import)
        .where(col(Import.account_id) == account_id, col(Import.id) == import_id)
        .values(unprocessed=col(Import.unprocessed) + rows)
        .execution_options(synchronize_session=False)
    )


def _set(session: Session, key: PartKey, **values: Any) -> None:
    given = {f"new_{name}": value for name, value in values.items()}
    session.execute(_setting(tuple(values)), {**_named(key), **given})


@cache
def _setting(names: tuple[str, ...]) -> UpdateBase:
    given = {name: bindparam(f"new_{name}", type_=_PART[name].type) for name in names}
    return update(_PARTS).where(is_part(_THIS)).values(given)


#: The part that a statement is about, as parameters of it.
_THIS: Any = PartKey._make(bindparam(f"of_{name}") for name in PartKey._fields)


def _named(key: PartKey) -> dict[str, Any]:
    """The values of those parameters."""
    return {f"of_{name}": value for name, value in key._asdict().items()}
