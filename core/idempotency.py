"""A request that starts something has one effect: its first answer is kept, to be given again.

The semantics are Stripe's: the same request with the same key gets the first one's answer; another
request with that key is refused, and so is one that comes while the first is still running.

What a request starts is noted under its key in the very transaction that starts it. A process that
dies before its answer is kept leaves that note: the next try starts nothing and answers for what
the first has started, and a first one that was only slow cannot start anything any more.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, literal, or_, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlmodel import Session, col

from core.db import now_ms
from core.errors import WrongState
from core.models import IdempotencyKey

#: How long an answer is kept, in milliseconds.
KEPT_MS = 24 * 3_600_000
#: For how long a request holds its key unless it renews it: so late is a key free after a crash.
LEASE_MS = 30_000


@dataclass(frozen=True)
class Held:
    """The right to run the request; ``token`` is lost where another takes over after the lease.

    ``started`` is what an earlier try has started, which is then only to be answered for.
    """

    account_id: int
    key: str
    token: str
    started: int | None = None


@dataclass(frozen=True)
class Kept:
    """The answer that the first request got."""

    status: int
    content_type: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Running:
    """The first request with this key has not ended yet."""


@dataclass(frozen=True)
class Other:
    """The key was used for another request."""


def begin(
    session: Session, account_id: int, key: str, request: str, lease_ms: int = LEASE_MS
) -> Held | Kept | Running | Other:
    """Take the key for a request, or say what became of the one that has it.

    ``request`` is the SHA-256 of all that makes it this request. A key that a crash left behind is
    free once its lease is over: for any request, or for the same one if it had started something.
    """
    held = Held(account_id, key, secrets.token_hex(16))
    row = _insert(session, held, request, lease_ms)
    if row:
        return held
    found = session.get(IdempotencyKey, (account_id, key), populate_existing=True)
    if found is None:  # given back in this very moment
        return Running()
    if found.status is None:
        taken = _take_over(session, held, request, lease_ms)
        return taken or (Other() if found.request != request else Running())
    if found.request != request:
        return Other()
    return Kept(found.status, found.content_type, found.body, found.headers)


def note(session: Session, held: Held, started: int) -> None:
    """Write down what the request starts, in the transaction that starts it.

    Raises WrongState where another request took the key over, so that nothing is started twice.
    """
    if not _update(session, held, started=started):
        raise WrongState("Another request with this Idempotency-Key took over.")


def renew(session: Session, held: Held, lease_ms: int = LEASE_MS) -> bool:
    """Begin the lease anew. False where another request took the key over."""
    return _update(session, held, lease_until=now_ms() + lease_ms)


def keep(session: Session, held: Held, answer: Kept) -> bool:
    """Keep the answer. False where another request took the key over: its answer counts."""
    return _update(
        session, held, status=answer.status, content_type=answer.content_type, body=answer.body,
        headers=answer.headers,
    )  # fmt: skip


def give_back(session: Session, held: Held) -> None:
    """The request came to no end worth keeping: the next one may try, or answer for it."""
    nothing = col(IdempotencyKey.started).is_(None)
    session.execute(delete(IdempotencyKey).where(_is(held), nothing))
    _update(session, held, lease_until=0)


def drop_expired(session: Session) -> int:
    """Forget answers that were kept long enough; how many that were."""
    return _rows(session, delete(IdempotencyKey).where(_expired()))


def _insert(session: Session, held: Held, request: str, lease_ms: int) -> bool:
    """Whether the key was free: never used, or so long ago that its answer is not kept."""
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    values: dict[str, Any] = {
        "request": request, "token": held.token, "status": None, "started": None,
        "content_type": "", "body": b"", "headers": {}, "created_at": now_ms(),
        "lease_until": now_ms() + lease_ms,
    }  # fmt: skip
    statement = (
        insert(IdempotencyKey)
        .values(account_id=held.account_id, key=held.key, **values)
        .on_conflict_do_update(index_elements=["account_id", "key"], set_=values, where=_expired())
        .returning(literal(1))
    )
    return session.execute(statement).one_or_none() is not None


def _take_over(session: Session, held: Held, request: str, lease_ms: int) -> Held | None:
    statement = (
        update(IdempotencyKey)
        .where(
            col(IdempotencyKey.account_id) == held.account_id,
            col(IdempotencyKey.key) == held.key,
            col(IdempotencyKey.status).is_(None),
            col(IdempotencyKey.lease_until) < now_ms(),
            or_(col(IdempotencyKey.started).is_(None), col(IdempotencyKey.request) == request),
        )
        .values(
            token=held.token, request=request, created_at=now_ms(), lease_until=now_ms() + lease_ms
        )
        # What stands there now: it may have been noted after we have looked.
        .returning(col(IdempotencyKey.started))
        .execution_options(synchronize_session=False)
    )
    taken = session.execute(statement).one_or_none()
    return replace(held, started=taken.started) if taken else None


def _update(session: Session, held: Held, **values: Any) -> bool:
    return _rows(session, update(IdempotencyKey).where(_is(held)).values(**values)) == 1


def _rows(session: Session, statement: Any) -> int:
    done: Any = session.execute(statement.execution_options(synchronize_session=False))
    return int(done.rowcount)


def _is(held: Held) -> ColumnElement[bool]:
    return and_(
        col(IdempotencyKey.account_id) == held.account_id,
        col(IdempotencyKey.key) == held.key,
        col(IdempotencyKey.token) == held.token,
    )


def _expired() -> ColumnElement[bool]:
    return and_(
        col(IdempotencyKey.created_at) < now_ms() - KEPT_MS,
        or_(col(IdempotencyKey.status).is_not(None), col(IdempotencyKey.lease_until) < now_ms()),
    )
