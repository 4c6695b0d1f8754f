"""Claims on the pieces of an import's background work: leases, fencing tokens, giving up.

Whoever holds the newest token of a part may finish it; every effect of a part is in the transaction
that checks the token. All times are the database's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, exists, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from core.db import now, now_ms
from core.deciding import UNCHANGED
from core.models import Import, ImportPart

#: How long a claim lasts unless renewed, in milliseconds.
LEASE_MS = 60_000
#: A part that was claimed this often without ending is given up; its rows stay unprocessed.
MAX_CLAIMS = 5

OPEN = ("pending", "running")


class PartKey(NamedTuple):
    """What names a part: these ids are all that a queue ever carries."""

    account_id: int
    import_id: int
    kind: str  #: read, forecast or write
    ordinal: int


@dataclass(frozen=True)
class Claim:
    """The right to do one part, until the lease ends or somebody else claims it."""

    key: PartKey
    token: int
    start: dict[str, Any]
    rows: int
    lease_ms: int


class ClaimLost(Exception):  # noqa: N818  (a verdict, not an error: somebody else has the part)
    """The lease ran out and the part is another worker's now. Nothing was written."""


def claim(session: Session, key: PartKey, *, owner: str, lease_ms: int = LEASE_MS) -> Claim | None:
    """Take the part if it is free or its lease has run out, and it is its turn.

    It is not while a part before it is open, nor while its import is paused.
    """
    statement = (
        update(ImportPart)
        .where(_is(key), _free(), ~_earlier_open(key), ~_paused())
        .values(
            state="running",
            token=col(ImportPart.token) + 1,
            lease_until=now_ms() + lease_ms,
            owner=owner[:100],
        )
        .returning(col(ImportPart.token), col(ImportPart.start), col(ImportPart.rows))
        .execution_options(synchronize_session=False)
    )
    row = session.execute(statement).one_or_none()
    return None if row is None else Claim(key, row.token, row.start, row.rows, lease_ms)


def hold(session: Session, claim: Claim) -> None:
    """Lock the part for this transaction, or raise ClaimLost if the claim is no longer good."""
    statement = (
        select(col(ImportPart.token), col(ImportPart.state)).where(_is(claim.key)).with_for_update()
    )
    row = session.execute(statement).one_or_none()
    if row is None or row.state != "running" or row.token != claim.token:
        raise ClaimLost


def renew(session: Session, claim: Claim) -> None:
    """Begin the lease anew. Raises ClaimLost."""
    hold(session, claim)
    _set(session, claim.key, lease_until=now_ms() + claim.lease_ms)


def finish(session: Session, claim: Claim, outcomes: bytes = b"") -> None:
    """Close the part, in the transaction that did its work and called ``hold``."""
    _set(session, claim.key, state="done", outcomes=outcomes)


def release(session: Session, claim: Claim, pause_ms: int = 0) -> None:
    """Give the part back after a failure, to be claimed after a pause. Raises ClaimLost."""
    hold(session, claim)
    state = "running" if pause_ms else "pending"  # a part that rests is one whose lease still runs
    until = now_ms() + pause_ms if pause_ms else 0
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
    return found if found is not None and found.state in OPEN else None


def waiting(
    session: Session, limit: int = 200, *, of: tuple[int, int] | None = None
) -> list[PartKey]:
    """Parts that somebody should claim now: the first open one of each import and kind.

    ``of`` is an account and an import to which to keep.
    """
    earlier = aliased(ImportPart)
    statement = (
        select(ImportPart)
        .where(
            _free(),
            ~exists().where(
                col(earlier.account_id) == col(ImportPart.account_id),
                col(earlier.import_id) == col(ImportPart.import_id),
                col(earlier.kind) == col(ImportPart.kind),
                col(earlier.ordinal) < col(ImportPart.ordinal),
                col(earlier.state).in_(OPEN),
            ),
            ~_paused(),
            *_of(of),
        )
        .order_by(col(ImportPart.import_id), col(ImportPart.ordinal))
        .limit(limit)
    )
    return [key_of(part) for part in session.scalars(statement)]


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
    statement = (
        update(ImportPart)
        .where(_free(), col(ImportPart.token) >= max_claims)
        .values(state="given_up")
        .returning(ImportPart)
        .execution_options(synchronize_session=False)
    )
    given_up = list(session.scalars(statement))
    for part in given_up:
        if part.kind == "write":
            leave_unprocessed(session, part.account_id, part.import_id, part.rows)
    return [key_of(part) for part in given_up]


def drop(session: Session, account_id: int, import_id: int) -> None:
    """Close the write parts of a cancelled import that nobody is at; their rows: unprocessed."""
    statement = (
        update(ImportPart)
        .where(
            col(ImportPart.account_id) == account_id,
            col(ImportPart.import_id) == import_id,
            col(ImportPart.kind) == "write",
            _free(),
        )
        .values(state="dropped")
        .returning(col(ImportPart.rows))
        .execution_options(synchronize_session=False)
    )
    leave_unprocessed(session, account_id, import_id, sum(session.scalars(statement)))


def leave_unprocessed(session: Session, account_id: int, import_id: int, rows: int) -> None:
    """Count rows that were never decided."""
    session.execute(
        update(Import)
        .where(col(Import.account_id) == account_id, col(Import.id) == import_id)
        .values(unprocessed=col(Import.unprocessed) + rows)
        .execution_options(synchronize_session=False)
    )


def key_of(part: ImportPart) -> PartKey:
    """The part's name."""
    return PartKey(part.account_id, part.import_id, part.kind, part.ordinal)


def _is(key: PartKey) -> ColumnElement[bool]:
    return and_(
        col(ImportPart.account_id) == key.account_id,
        col(ImportPart.import_id) == key.import_id,
        col(ImportPart.kind) == key.kind,
        col(ImportPart.ordinal) == key.ordinal,
    )


def _of(one: tuple[int, int] | None) -> tuple[ColumnElement[bool], ...]:
    if one is None:
        return ()
    return (col(ImportPart.account_id) == one[0], col(ImportPart.import_id) == one[1])


def _free() -> ColumnElement[bool]:
    return and_(col(ImportPart.state).in_(OPEN), col(ImportPart.lease_until) < now_ms())


def _earlier_open(key: PartKey) -> ColumnElement[bool]:
    # Parts of one import are written in the order of the file: that alone makes the outcome the
    # one of a row-by-row import, whatever the number of workers.
    earlier = aliased(ImportPart)
    return exists().where(
        col(earlier.account_id) == key.account_id,
        col(earlier.import_id) == key.import_id,
        col(earlier.kind) == key.kind,
        col(earlier.ordinal) < key.ordinal,
        col(earlier.state).in_(OPEN),
    )


def _paused() -> ColumnElement[bool]:
    """Whether the part's import waits for somebody to say that it is to go on."""
    return exists().where(
        col(Import.account_id) == col(ImportPart.account_id),
        col(Import.id) == col(ImportPart.import_id),
        col(Import.status) == "paused",
    )


def _set(session: Session, key: PartKey, **values: Any) -> None:
    session.execute(
        update(ImportPart)
        .where(_is(key))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
