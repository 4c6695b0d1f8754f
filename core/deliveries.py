"""How events get to their endpoints: claimed, tried again for three days, kept in a log.

One delivery of an endpoint is under way at a time in each process, and endpoints take turns: a slow
one holds up nobody but itself.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlmodel import Session, col

from core.db import now, now_ms
from core.errors import NotFound, WrongState
from core.models import WebhookDelivery, WebhookEndpoint

#: Longer than any try takes: looking a name up, and then ``worker.webhooks.SECONDS``.
LEASE_MS = 90_000
#: For how long a delivery that fails is tried again.
PATIENCE_MS = 3 * 24 * 3_600_000
#: The shortest and the longest pause between two tries.
PAUSES_MS = (5_000, 4 * 3_600_000)
#: How long the log of deliveries goes back.
LOG_MS = 30 * 24 * 3_600_000
_OVER = ("delivered", "given_up", "superseded")


@dataclass(frozen=True)
class Target:
    """An endpoint with something to deliver now."""

    account_id: int
    endpoint_id: int


@dataclass(frozen=True)
class Delivery:
    """The right to send one event to one endpoint, until its lease ends."""

    account_id: int
    id: int
    endpoint_id: int
    token: int
    url: str
    secret: str  #: encrypted
    payload: str
    failing_since: int


@dataclass(frozen=True)
class Outcome:
    """What came of a try: the answer's status, or why there was none."""

    status: int | None = None
    answer: str = ""  #: the beginning of its body
    failure: str = ""
    retry_after_ms: int = 0  #: a pause that the other side asked for

    @property
    def delivered(self) -> bool:
        """Whether the endpoint took it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """Whether the endpoint wants nothing any more."""
        return self.status == 410


def due(session: Session, busy: Collection[int], limit: int = 100) -> list[Target]:
    """Endpoints with something to deliver, the longest due first, but for those that are busy."""
    statement = (
        select(col(WebhookDelivery.account_id), col(WebhookDelivery.endpoint_id))
        .where(_ready())
        .group_by(col(WebhookDelivery.account_id), col(WebhookDelivery.endpoint_id))
        .order_by(func.min(col(WebhookDelivery.due_at)))
        .limit(limit + len(busy))
    )
    found = [Target(*row) for row in session.execute(statement)]
    return [target for target in found if target.endpoint_id not in busy][:limit]


def claim(session: Session, target: Target, lease_ms: int = LEASE_MS) -> Delivery | None:
    """Take the endpoint's delivery that is due the longest; None where another was faster."""
    mine = _of(target.account_id, target.endpoint_id)
    order = (col(WebhookDelivery.due_at), col(WebhookDelivery.created_at), col(WebhookDelivery.id))
    first = (
        select(col(WebhookDelivery.id)).where(*mine, _ready()).order_by(*order).limit(1)
    ).scalar_subquery()
    statement = (
        update(WebhookDelivery)
        .where(*mine, col(WebhookDelivery.id) == first, _ready())
        .values(
            state="sending",
            token=col(WebhookDelivery.token) + 1,
            attempts=col(WebhookDelivery.attempts) + 1,
            lease_until=now_ms() + lease_ms,
            # From the first try on, whether or not it comes to an end.
            failing_since=func.coalesce(col(WebhookDelivery.failing_since), now_ms()),
        )
        .returning(WebhookDelivery)
        .execution_options(synchronize_session=False)
    )
    row = session.scalars(statement).one_or_none()
    if row is None:
        return None
    endpoint = session.get(WebhookEndpoint, (target.account_id, target.endpoint_id))
    if endpoint is None:  # deleted while the event was being written
        session.delete(row)
        return None
    taken = Delivery(
        row.account_id, row.id, row.endpoint_id, row.token, endpoint.url, endpoint.secret,
        row.payload, row.failing_since or 0,
    )  # fmt: skip
    if endpoint.disabled_at is not None:
        _end(session, taken, state="given_up", failure="The endpoint is disabled.")
        return None
    return taken


def record(session: Session, delivery: Delivery, outcome: Outcome) -> str:
    """Write down what came of a try; the state that the delivery is in now.

    Empty where another worker took it over: what that one found counts.
    """
    known: dict[str, Any] = {
        "status": outcome.status, "answer": outcome.answer, "failure": outcome.failure
    }  # fmt: skip
    present = now(session)
    if outcome.delivered:
        known |= {"state": "delivered", "delivered_at": present, "failing_since": None}
    elif outcome.gone or present - delivery.failing_since >= PATIENCE_MS:
        known["state"] = "given_up"
    else:
        pause = max(pause_ms(present - delivery.failing_since), outcome.retry_after_ms)
        known |= {"state": "pending", "due_at": present + pause}
    return known["state"] if _end(session, delivery, **known) else ""


def pause_ms(failing_ms: int) -> int:
    """How long to rest before the next try: about as long as it has been failing for."""
    shortest, longest = PAUSES_MS
    return round(min(max(failing_ms, shortest), longest) * random.uniform(0.8, 1.2))  # noqa: S311  (jitter)


# ---- the log -----------------------------------------------------------------------------------


def log_of(
    session: Session, account_id: int, endpoint_id: int, *, before: int | None = None, limit: int
) -> list[WebhookDelivery]:
    """The endpoint's deliveries, the newest first; ``before`` is the id of one of them."""
    newest = (col(WebhookDelivery.created_at), col(WebhookDelivery.id))
    statement = select(WebhookDelivery).where(*_of(account_id, endpoint_id))
    if before is not None:
        found = get(session, account_id, endpoint_id, before)
        older = or_(
            newest[0] < found.created_at, and_(newest[0] == found.created_at, newest[1] < found.id)
        )
        statement = statement.where(older)
    ordered = statement.order_by(*(column.desc() for column in newest))
    return list(session.scalars(ordered.limit(limit)))


def get(session: Session, account_id: int, endpoint_id: int, delivery_id: int) -> WebhookDelivery:
    """One delivery of an endpoint. Raises NotFound."""
    found = session.get(WebhookDelivery, (account_id, delivery_id), populate_existing=True)
    if found is None or found.endpoint_id != endpoint_id:
        raise NotFound("There is no such delivery.")
    return found


def replay(
    session: Session, account_id: int, endpoint_id: int, delivery_id: int
) -> WebhookDelivery:
    """Send an event once more, under its own id. Raises NotFound and WrongState."""
    found = get(session, account_id, endpoint_id, delivery_id)
    endpoint = session.get(WebhookEndpoint, (account_id, endpoint_id))
    if endpoint is None or endpoint.disabled_at is not None:
        raise WrongState("The endpoint is disabled. Enable it first.")
    if found.state == "sending":
        raise WrongState("It is being sent at this moment.")
    found.state, found.due_at = "pending", now(session)
    found.failing_since, found.failure = None, ""
    session.add(found)
    session.flush()
    return found


def drop_old(session: Session) -> int:
    """Forget deliveries that ended long ago; how many that were."""
    statement = delete(WebhookDelivery).where(
        col(WebhookDelivery.state).in_(_OVER), col(WebhookDelivery.created_at) < now_ms() - LOG_MS
    )
    done: Any = session.execute(statement.execution_options(synchronize_session=False))
    return int(done.rowcount)


def _end(session: Session, delivery: Delivery, **values: Any) -> bool:
    statement = (
        update(WebhookDelivery)
        .where(
            col(WebhookDelivery.account_id) == delivery.account_id,
            col(WebhookDelivery.id) == delivery.id,
            col(WebhookDelivery.token) == delivery.token,
            col(WebhookDelivery.state) == "sending",
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    done: Any = session.execute(statement)
    return bool(done.rowcount)


def _of(account_id: int, endpoint_id: int) -> tuple[Any, ...]:
    return (
        col(WebhookDelivery.account_id) == account_id,
        col(WebhookDelivery.endpoint_id) == endpoint_id,
    )


def _ready() -> ColumnElement[bool]:
    return or_(
        and_(col(WebhookDelivery.state) == "pending", col(WebhookDelivery.due_at) <= now_ms()),
        and_(col(WebhookDelivery.state) == "sending", col(WebhookDelivery.lease_until) < now_ms()),
    )
