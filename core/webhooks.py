"""What an account's own systems are told of its imports: endpoints, and events for each of them.

An event is written in the transaction that does what it tells of, so none is lost and none is told
of what did not happen. How it gets to its endpoint is in ``deliveries``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlmodel import Session, col

from core import ids
from core.db import now
from core.errors import ImportFailure, NotFound
from core.models import Import, Upload, WebhookDelivery, WebhookEndpoint

PREVIEWED, STARTED, PROGRESS = "import.previewed", "import.started", "import.progress"
COMPLETED, FAILED, CANCELLED = "import.completed", "import.failed", "import.cancelled"
UNDONE = "import.undone"
EVENTS = (PREVIEWED, STARTED, PROGRESS, COMPLETED, FAILED, CANCELLED, UNDONE)
#: What is sent to try an endpoint.
TEST = "webhook.test"
#: The least time between two events of progress of one import, in milliseconds.
PROGRESS_MS = 5_000
#: Endpoints of one account: each event is written once for each of them.
MOST_ENDPOINTS = 20

_COUNTS = ("total", "created", "updated", "unchanged", "skipped", "failed", "unprocessed")


class TooManyEndpoints(ImportFailure):
    """An account can have 20 webhook endpoints. Delete one first."""

    code = "too_many_endpoints"


@dataclass(frozen=True)
class Wanted:
    """What an endpoint is to be; None leaves it as it is."""

    url: str | None = None
    description: str | None = None
    events: Sequence[str] | None = None  #: empty for all
    enabled: bool | None = None


# ---- endpoints ---------------------------------------------------------------------------------


def create(session: Session, account_id: int, wanted: Wanted, secret: str) -> WebhookEndpoint:
    """A new endpoint; ``secret`` is encrypted already. Raises TooManyEndpoints."""
    mine = col(WebhookEndpoint.account_id) == account_id
    if (session.scalar(select(func.count()).where(mine)) or 0) >= MOST_ENDPOINTS:
        raise TooManyEndpoints
    endpoint = WebhookEndpoint(
        account_id=account_id, id=ids.new_id(), url=wanted.url or "", secret=secret,
        description=wanted.description or "", events=list(wanted.events or ()),
        created_at=now(session),
    )  # fmt: skip
    session.add(endpoint)
    session.flush()
    return endpoint


def get(session: Session, account_id: int, endpoint_id: int) -> WebhookEndpoint:
    """The endpoint. Raises NotFound."""
    found = session.get(WebhookEndpoint, (account_id, endpoint_id), populate_existing=True)
    if found is None:
        raise NotFound("There is no such webhook endpoint.")
    return found


def listed(session: Session, account_id: int) -> list[WebhookEndpoint]:
    """The account's endpoints, the oldest first."""
    mine = col(WebhookEndpoint.account_id) == account_id
    oldest = (col(WebhookEndpoint.created_at), col(WebhookEndpoint.id))
    return list(session.scalars(select(WebhookEndpoint).where(mine).order_by(*oldest)))


def change(session: Session, account_id: int, endpoint_id: int, wanted: Wanted) -> WebhookEndpoint:
    """Change what is given. Raises NotFound."""
    found = get(session, account_id, endpoint_id)
    found.url = found.url if wanted.url is None else wanted.url
    found.description = found.description if wanted.description is None else wanted.description
    found.events = found.events if wanted.events is None else list(wanted.events)
    session.add(found)
    session.flush()
    if wanted.enabled is False:
        disable(session, account_id, endpoint_id, "It was disabled by hand.")
    elif wanted.enabled:
        found.disabled_at, found.reason = None, ""
    session.flush()
    session.refresh(found)
    return found


def disable(session: Session, account_id: int, endpoint_id: int, reason: str) -> None:
    """Send nothing more to it. What still waited can be sent again by hand, once it is enabled."""
    session.execute(
        update(WebhookEndpoint)
        .where(*_endpoint(account_id, endpoint_id), col(WebhookEndpoint.disabled_at).is_(None))
        .values(disabled_at=now(session), reason=reason)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(WebhookDelivery)
        .where(*_sent_to(account_id, endpoint_id), col(WebhookDelivery.state) == "pending")
        .values(state="given_up", failure="The endpoint is disabled.")
        .execution_options(synchronize_session=False)
    )


def remove(session: Session, account_id: int, endpoint_id: int) -> None:
    """Delete an endpoint and its deliveries. Raises NotFound."""
    get(session, account_id, endpoint_id)
    for statement in (
        delete(WebhookDelivery).where(*_sent_to(account_id, endpoint_id)),
        delete(WebhookEndpoint).where(*_endpoint(account_id, endpoint_id)),
    ):
        session.execute(statement.execution_options(synchronize_session=False))


# ---- events ------------------------------------------------------------------------------------


def happened(session: Session, about: Import, event: str) -> None:
    """Tell the account's endpoints, once, in the transaction in which it happened."""
    _write(session, about, event, _listening(session, about.account_id, event), 0)


def progressed(session: Session, about: Import) -> None:
    """Tell how far an import is, unless that was told a moment ago.

    Call it while holding the import's row: two parts that end together would both tell.
    """
    endpoints = _listening(session, about.account_id, PROGRESS)
    if not endpoints:
        return
    same = _about(about, PROGRESS)
    last = session.scalar(select(func.max(col(WebhookDelivery.created_at))).where(*same))
    if last is None or now(session) - last >= PROGRESS_MS:
        _supersede(session, about)
        _write(session, about, PROGRESS, endpoints, now(session))


def payload(event: str, at: int, data: dict[str, Any]) -> str:
    """An event as JSON. ``at`` is in Unix milliseconds."""
    whole = {"type": event, "timestamp": _time(at), "data": data}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))


def about_import(about: Import, file_name: str) -> dict[str, Any]:
    """An import in an event: counts and times, and nothing of anybody's data."""
    failure = {"code": about.failure_code, "message": about.failure_message}
    return {
        "id": ids.show("job", about.id),
        "status": about.status,
        "file_name": file_name,
        "counts": {name: getattr(about, name) for name in _COUNTS},
        "undo_state": about.undo_state or None,
        "failure": failure if about.failure_code else None,
        "created_at": _time(about.created_at),
        "started_at": _time(about.started_at),
        "completed_at": _time(about.completed_at),
    }


def _write(
    session: Session,
    about: Import,
    event: str,
    endpoints: Sequence[WebhookEndpoint],
    ordinal: int,
) -> None:
    if not endpoints:
        return
    if event in (COMPLETED, FAILED, CANCELLED):
        _supersede(session, about)
    upload = session.get(Upload, (about.account_id, about.upload_id))
    data: dict[str, Any] = {"job": about_import(about, upload.name if upload else "")}
    if event == PREVIEWED:
        data["file_id"] = ids.show("preview", about.id)
    at = now(session)
    rows = [
        {
            "account_id": about.account_id, "id": ids.new_id(), "endpoint_id": endpoint.id,
            "import_id": about.id, "type": event, "ordinal": ordinal,
            "payload": payload(event, at, data), "state": "pending", "due_at": at, "token": 0,
            "lease_until": 0, "attempts": 0, "answer": "", "failure": "", "created_at": at,
        }
        for endpoint in endpoints
    ]  # fmt: skip
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    session.execute(insert(WebhookDelivery).values(rows).on_conflict_do_nothing())


def _listening(session: Session, account_id: int, event: str) -> list[WebhookEndpoint]:
    found = session.scalars(_enabled(), {"of_account": account_id})
    return [endpoint for endpoint in found if not endpoint.events or event in endpoint.events]


@cache  # every part of an import asks; as in ``turns``, to put it together takes longer
def _enabled() -> Select[WebhookEndpoint]:
    return select(WebhookEndpoint).where(
        col(WebhookEndpoint.account_id) == bindparam("of_account"),
        col(WebhookEndpoint.disabled_at).is_(None),
    )


def _supersede(session: Session, about: Import) -> None:
    """Old progress that did not get through is of no use to anybody."""
    session.execute(
        update(WebhookDelivery)
        .where(*_about(about, PROGRESS), col(WebhookDelivery.state) == "pending")
        .values(state="superseded", failure="The import has gone on since.")
        .execution_options(synchronize_session=False)
    )


def _about(about: Import, event: str) -> tuple[Any, ...]:
    return (
        col(WebhookDelivery.account_id) == about.account_id,
        col(WebhookDelivery.import_id) == about.id,
        col(WebhookDelivery.type) == event,
    )


def _endpoint(account_id: int, endpoint_id: int) -> tuple[Any, ...]:
    return (
        col(WebhookEndpoint.account_id) == account_id,
        col(WebhookEndpoint.id) == endpoint_id,
    )


def _sent_to(account_id: int, endpoint_id: int) -> tuple[Any, ...]:
    return (
        col(WebhookDelivery.account_id) == account_id,
        col(WebhookDelivery.endpoint_id) == endpoint_id,
    )


def _time(at: int | None) -> str | None:
    if at is None:
        return None
    moment = datetime.fromtimestamp(at / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03}Z"
