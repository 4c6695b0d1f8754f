"""What is to be told to the world: one row per import and kind, delivered at least once.

A request made while a delivery is under way is not lost: the row goes back to pending.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    UpdateBase,
    and_,
    bindparam,
    case,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlmodel import Session

from core.db import now, now_ms
from core.models import Outbox, table_of

_TABLE = table_of(Outbox)
_ROW = _TABLE.c

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
    session.execute(_request(session.get_bind().dialect.name, once, soon), _named(key))


@cache  # like the statements below: as in ``turns``, they take longer to put together than to run
def _request(dialect: str, once: bool, soon: bool) -> UpdateBase:
    insert = insert_sqlite if dialect == "sqlite" else insert_postgresql
    statement = insert(_TABLE).values(
        **_THIS._asdict(), state="pending", wanted=1, shown=0, due_at=now_ms(), token=0,
        lease_until=0, attempts=0, result={}, failure="",
    )  # fmt: skip
    conflict = ["account_id", "import_id", "kind"]
    if once:
        return statement.on_conflict_do_nothing(index_elements=conflict)
    state = case((_ROW.state == "sending", "sending"), else_="pending")
    again: dict[str, Any] = {"wanted": _ROW.wanted + 1, "state": state, "attempts": 0}
    given_up = _ROW.state == "given_up"
    again["failing_since"] = case((given_up, None), else_=_ROW.failing_since)
    if soon:
        again["due_at"] = case((_ROW.failure == "", now_ms()), else_=_ROW.due_at)
    return statement.on_conflict_do_update(index_elements=conflict, set_=again)


def due(
    session: Session, limit: int = 50, *, of: tuple[int, int] | None = None, kind: str = ""
) -> list[OutboxKey]:
    """Rows to deliver now, the longest due first; ``of`` is an account and an import."""
    account_id, import_id = of or (0, 0)
    values = {**_named(OutboxKey(account_id, import_id, kind)), "most": limit}
    return [OutboxKey(*row) for row in session.execute(_due(of is not None, bool(kind)), values)]


@cache
def _due(of_one: bool, of_kind: bool) -> Select[Any]:
    mine = [*_is_this()[: 2 * of_one], *_is_this()[2 : 2 + of_kind]]
    key = (_ROW[name] for name in OutboxKey._fields)
    due_first = select(*key).where(_ready(), *mine).order_by(_ROW.due_at)
    return due_first.limit(bindparam("most"))


def claim(session: Session, key: OutboxKey, lease_ms: int = LEASE_MS) -> Delivery | None:
    """Take the row if it is due and nobody is delivering it."""
    row = session.execute(_claim(), {**_named(key), "for_ms": lease_ms}).one_or_none()
    return None if row is None else Delivery(key, *row)


@cache
def _claim() -> UpdateBase:
    return (
        update(_TABLE)
        .where(*_is_this(), _ready())
        .values(
            state="sending",
            token=_ROW.token + 1,
            attempts=_ROW.attempts + 1,
            lease_until=_after("for_ms"),
        )
        .returning(
            _ROW.token, _ROW.wanted, _ROW.attempts, _ROW.result,
            _ROW.due_at, _ROW.failing_since,
        )
    )  # fmt: skip


def result(session: Session, key: OutboxKey) -> dict[str, Any]:
    """What is known of the message so far; empty where there is none."""
    statement = select(_ROW.result).where(*_is_this())
    return session.execute(statement, _named(key)).scalar_one_or_none() or {}


def note(
    session: Session, delivery: Delivery, result: dict[str, Any], lease_ms: int = LEASE_MS
) -> bool:
    """Record how far a delivery of several steps is, and begin its lease anew.

    False where another worker took over the row: take no further step.
    """
    return _update(session, delivery, "note", new_result=result, for_ms=lease_ms)


def renew(session: Session, delivery: Delivery, lease_ms: int = LEASE_MS) -> bool:
    """Begin the lease of a delivery anew. False where another worker took over the row."""
    return _update(session, delivery, "renew", for_ms=lease_ms)


def delivered(session: Session, delivery: Delivery, result: dict[str, Any], pause_ms: int) -> bool:
    """Record a delivery; a request that came in meanwhile is due after ``pause_ms``, or soon.

    False where another worker took over the row: its word counts.
    """
    return _update(
        session, delivery, "delivered", answered=delivery.wanted, was_due_at=delivery.due_at,
        new_result=result, for_ms=pause_ms,
    )  # fmt: skip


def postpone(session: Session, delivery: Delivery, pause_ms: int, failure: str) -> bool:
    """Try again after a pause that the other side asked for: no failure that counts."""
    return _update(session, delivery, "postpone", for_ms=pause_ms, new_failure=failure)


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
        session, delivery, "retry", new_due_at=present + pause, new_failure=failure, since=since,
        new_attempts=attempts,
    )  # fmt: skip
    return pause


def hurry(session: Session, account_id: int) -> None:
    """What could not be sent is due now: the way to this account's people is open again."""
    statement = (
        update(_TABLE)
        .where(
            _ROW.account_id == account_id,
            _ROW.state == "pending",
            _ROW.failing_since.is_not(None),
        )
        .values(due_at=now_ms())
    )
    session.execute(statement)


def abandon(session: Session, delivery: Delivery, failure: str) -> bool:
    """Do not try again."""
    return _update(session, delivery, "abandon", new_failure=failure)


def _update(session: Session, delivery: Delivery, how: str, **values: Any) -> bool:
    """Change the row in one of the ways of ``_changes``, if the delivery is still the newest."""
    given = {**_named(delivery.key), "of_token": delivery.token, **values}
    return session.execute(_updating(how), given).one_or_none() is not None


@cache
def _updating(how: str) -> UpdateBase:
    return (
        update(_TABLE)
        .where(*_is_this(), _ROW.token == bindparam("of_token"))
        .values(**_changes()[how])
        .returning(_ROW.token)
    )


def _changes() -> dict[str, dict[str, Any]]:
    """What a delivery may do to its row: the values, some of which are given when it happens."""
    again = _ROW.wanted > bindparam("answered")
    hurried = _ROW.due_at != bindparam("was_due_at")
    result: Any = bindparam("new_result", type_=_ROW.result.type)
    failure: Any = bindparam("new_failure")
    return {
        "note": {"result": result, "lease_until": _after("for_ms")},
        "renew": {"lease_until": _after("for_ms")},
        "delivered": {
            "state": case((again, "pending"), else_="sent"),
            "shown": bindparam("answered"),
            "due_at": case((hurried, _ROW.due_at), else_=_after("for_ms")),
            "attempts": 0,
            "failing_since": None,
            "result": result,
            "failure": "",
        },
        "postpone": {
            "state": "pending", "due_at": _after("for_ms"), "failure": failure, "attempts": 0,
        },
        "retry": {
            "state": "pending", "due_at": bindparam("new_due_at"), "failure": failure,
            "failing_since": bindparam("since"), "attempts": bindparam("new_attempts"),
        },
        "abandon": {"state": "given_up", "failure": failure},
    }  # fmt: skip


#: The row that a statement is about, as parameters of it.
_THIS: Any = OutboxKey._make(bindparam(f"of_{name}") for name in OutboxKey._fields)


def _named(key: OutboxKey) -> dict[str, Any]:
    """The values of those parameters."""
    return {f"of_{name}": value for name, value in key._asdict().items()}


def _is_this() -> tuple[ColumnElement[bool], ...]:
    return tuple(_ROW[name] == value for name, value in _THIS._asdict().items())


def _after(pause: str) -> ColumnElement[int]:
    """The time in so many milliseconds."""
    return now_ms() + bindparam(pause)


def _ready() -> ColumnElement[bool]:
    return or_(
        and_(_ROW.state == "pending", _ROW.due_at <= now_ms()),
        and_(_ROW.state == "sending", _ROW.lease_until < now_ms()),
    )
