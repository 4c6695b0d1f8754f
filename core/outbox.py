"""What is to be told to the world: one row per import and kind, delivered at least once.

A request made while a delivery is under way is not lost: the row goes back to pending.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlmodel import Session, col

from core.db import now, now_ms
from core.models import Outbox

LEASE_MS = 30_000
#: A delivery that was claimed this often without coming to any end is not to be tried again.
MAX_ATTEMPTS = 12
#: For how long a delivery that fails is tried again.
PATIENCE_MS = 3 * 24 * 3_600_000
_SHORTEST_MS = 1_000
#: The longest pause between two tries, for a delivery that has been failing for up to so long.
_LONGEST_MS = ((3_600_000, 60_000), (PATIENCE_MS, 600_000))


class OutboxKey(NamedTuple):
    """What names an outbox row."""

    account_id: int
    import_id: int
    kind: str


@dataclass(frozen=True)
class Delivery:
    """The right to deliver one row now. ``wanted`` is the request that it answers."""

    key: OutboxKey
    token: int
    wanted: int
    attempts: int  #: claims in a row that came to no end, this one included
    result: dict[str, Any]
    due_at: int = 0
    failing_since: int | None = None


def request(session: Session, key: OutboxKey, *, once: bool = False, soon: bool = False) -> None:
    """Ask for a delivery; with ``once``, only if it was never asked for before.

    It waits out the pause after the last delivery, except with ``soon``. A pause that the other
    side asked for is always kept.
    """
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    statement = insert(Outbox).values(
        **key._asdict(), state="pending", wanted=1, shown=0, due_at=now_ms(), token=0,
        lease_until=0, attempts=0, result={}, failure="",
    )  # fmt: skip
    conflict = ["account_id", "import_id", "kind"]
    if once:
        session.execute(statement.on_conflict_do_nothing(index_elements=conflict))
        return
    state = case((col(Outbox.state) == "sending", "sending"), else_="pending")
    again: dict[str, Any] = {"wanted": col(Outbox.wanted) + 1, "state": state, "attempts": 0}
    given_up = col(Outbox.state) == "given_up"
    again["failing_since"] = case((given_up, None), else_=col(Outbox.failing_since))
    if soon:
        again["due_at"] = case((col(Outbox.failure) == "", now_ms()), else_=col(Outbox.due_at))
    session.execute(statement.on_conflict_do_update(index_elements=conflict, set_=again))


def due(
    session: Session, limit: int = 50, *, of: tuple[int, int] | None = None, kind: str = ""
) -> list[OutboxKey]:
    """Rows to deliver now, the longest due first; ``of`` is an account and an import."""
    mine = [] if of is None else [col(Outbox.account_id) == of[0], col(Outbox.import_id) == of[1]]
    mine += [col(Outbox.kind) == kind] if kind else []
    statement = select(Outbox).where(_ready(), *mine).order_by(col(Outbox.due_at)).limit(limit)
    return [OutboxKey(r.account_id, r.import_id, r.kind) for r in session.scalars(statement)]


def claim(session: Session, key: OutboxKey, lease_ms: int = LEASE_MS) -> Delivery | None:
    """Take the row if it is due and nobody is delivering it."""
    statement = (
        update(Outbox)
        .where(_is(key), _ready())
        .values(
            state="sending",
            token=col(Outbox.token) + 1,
            attempts=col(Outbox.attempts) + 1,
            lease_until=now_ms() + lease_ms,
        )
        .returning(Outbox)
        .execution_options(synchronize_session=False)
    )
    row = session.scalars(statement).one_or_none()
    if row is None:
        return None
    return Delivery(
        key, row.token, row.wanted, row.attempts, row.result, row.due_at, row.failing_since
    )


def result(session: Session, key: OutboxKey) -> dict[str, Any]:
    """What is known of the message so far; empty where there is none."""
    statement = select(col(Outbox.result)).where(_is(key))
    return session.execute(statement).scalar_one_or_none() or {}


def note(
    session: Session, delivery: Delivery, result: dict[str, Any], lease_ms: int = LEASE_MS
) -> bool:
    """Record how far a delivery of several steps is, and begin its lease anew.

    False where another worker took over the row: take no further step.
    """
    return _update(session, delivery, result=result, lease_until=now_ms() + lease_ms)


def renew(session: Session, delivery: Delivery, lease_ms: int = LEASE_MS) -> bool:
    """Begin the lease of a delivery anew. False where another worker took over the row."""
    return _update(session, delivery, lease_until=now_ms() + lease_ms)


def delivered(session: Session, delivery: Delivery, result: dict[str, Any], pause_ms: int) -> bool:
    """Record a delivery; a request that came in meanwhile is due after ``pause_ms``, or soon.

    False where another worker took over the row: its word counts.
    """
    again = col(Outbox.wanted) > delivery.wanted
    hurried = col(Outbox.due_at) != delivery.due_at
    return _update(
        session,
        delivery,
        state=case((again, "pending"), else_="sent"),
        shown=delivery.wanted,
        due_at=case((hurried, col(Outbox.due_at)), else_=now_ms() + pause_ms),
        attempts=0,
        failing_since=None,
        result=result,
        failure="",
    )


def postpone(session: Session, delivery: Delivery, pause_ms: int, failure: str) -> bool:
    """Try again after a pause that the other side asked for: no failure that counts."""
    due_at = now_ms() + pause_ms
    return _update(session, delivery, state="pending", due_at=due_at, failure=failure, attempts=0)


def retry(
    session: Session, delivery: Delivery, failure: str, *, foreseen: bool = True
) -> int | None:
    """Try again later; the pause in milliseconds, about as long as it has been failing for.

    None where that has been for PATIENCE_MS: nothing is written. A failure that nobody foresaw
    counts as a claim that came to no end.
    """
    present = now(session)
    since = delivery.failing_since or present
    longest = next((pause for until, pause in _LONGEST_MS if present - since < until), None)
    if longest is None:
        return None
    pause = min(max(present - since, _SHORTEST_MS), longest)
    attempts = 0 if foreseen else delivery.attempts
    _update(
        session, delivery, state="pending", due_at=present + pause, failure=failure,
        failing_since=since, attempts=attempts,
    )  # fmt: skip
    return pause


def hurry(session: Session, account_id: int) -> None:
    """What could not be sent is due now: the way to this account's people is open again."""
    statement = (
        update(Outbox)
        .where(
            col(Outbox.account_id) == account_id,
            col(Outbox.state) == "pending",
            col(Outbox.failing_since).is_not(None),
        )
        .values(due_at=now_ms())
        .execution_options(synchronize_session=False)
    )
    session.execute(statement)


def abandon(session: Session, delivery: Delivery, failure: str) -> bool:
    """Do not try again."""
    return _update(session, delivery, state="given_up", failure=failure)


def _update(session: Session, delivery: Delivery, **values: Any) -> bool:
    statement = (
        update(Outbox)
        .where(_is(delivery.key), col(Outbox.token) == delivery.token)
        .values(**values)
        .returning(col(Outbox.token))
        .execution_options(synchronize_session=False)
    )
    return session.execute(statement).one_or_none() is not None


def _is(key: OutboxKey) -> ColumnElement[bool]:
    return and_(
        col(Outbox.account_id) == key.account_id,
        col(Outbox.import_id) == key.import_id,
        col(Outbox.kind) == key.kind,
    )


def _ready() -> ColumnElement[bool]:
    return or_(
        and_(col(Outbox.state) == "pending", col(Outbox.due_at) <= now_ms()),
        and_(col(Outbox.state) == "sending", col(Outbox.lease_until) < now_ms()),
    )
