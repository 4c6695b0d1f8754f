"""Webhooks over HTTP: endpoints, what was sent to them, sending it again; and incoming hooks."""

from __future__ import annotations

from types import MappingProxyType

from sqlmodel import Session

from bot.api import problem
from bot.api.endpoint import Answer, Call, Dialect, Endpoint, Refused
from bot.dialects.webhooks import incoming, wire
from bot.dialects.webhooks.incoming import RowRefused
from bot.dialects.webhooks.locked import lock
from core import deliveries, idempotency, ids, keys, webhooks
from core.errors import ImportFailure, NotFound
from core.models import WebhookDelivery
from worker import outward
from worker.webhooks import new_secret

_STATUS = MappingProxyType(
    {
        "too_many_endpoints": 409,
        "too_many_hooks": 409,
        "bad_signature": 403,
        "invalid_mapping": 422,
        "no_identifier": 422,
        "row_failed": 422,
        "no_secret_key": 409,
    }
)


def refuse(failure: ImportFailure) -> Refused:
    """A problem (RFC 9457); that of a lead names what is wrong with it."""
    if isinstance(failure, RowRefused):
        more = failure.taken.model_dump(include={"job_id", "problems"})
        return problem.refused(failure, _STATUS, **more)
    return problem.refused(failure, _STATUS)


def create_endpoint(call: Call) -> Answer:
    """Register an address that wants to hear of imports.

    The answer holds the secret that its signatures are checked with, this once.
    """
    outward.check(call.body.url, private=call.office.settings.webhooks_allow_private)
    secret = new_secret()
    locked = lock(call, secret)
    made = call.office.database.transact(
        lambda session: webhooks.create(
            session, call.caller.account_id, wire.wanted(call.body), locked
        )
    )
    return Answer(wire.made(made, secret), 201)


def list_endpoints(call: Call) -> Answer:
    """List the account's endpoints, the oldest first."""
    with call.office.database.reading() as session:
        found = webhooks.listed(session, call.caller.account_id)
    return Answer(wire.Endpoints(endpoints=[wire.endpoint(each) for each in found]))


def get_endpoint(call: Call) -> Answer:
    """Look at an endpoint."""
    with call.office.database.reading() as session:
        found = webhooks.get(session, call.caller.account_id, _endpoint_id(call))
    return Answer(wire.endpoint(found))


def change_endpoint(call: Call) -> Answer:
    """Change an endpoint; what is not mentioned stays.

    Disabled, it is sent nothing, and what happens meanwhile is not kept for it.
    """
    if call.body.url is not None:
        outward.check(call.body.url, private=call.office.settings.webhooks_allow_private)
    endpoint_id = _endpoint_id(call)
    found = call.office.database.transact(
        lambda session: webhooks.change(
            session, call.caller.account_id, endpoint_id, wire.wanted(call.body)
        )
    )
    return Answer(wire.endpoint(found))


def delete_endpoint(call: Call) -> Answer:
    """Delete an endpoint and its log."""
    endpoint_id = _endpoint_id(call)
    call.office.database.transact(
        lambda session: webhooks.remove(session, call.caller.account_id, endpoint_id)
    )
    return Answer(None, 204)


def list_deliveries(call: Call) -> Answer:
    """List what was sent to an endpoint in the last 30 days, and what came of it."""
    account_id, endpoint_id, limit = call.caller.account_id, _endpoint_id(call), call.query.limit
    before = _id("msg", call.query.cursor) if call.query.cursor else None
    with call.office.database.reading() as session:
        webhooks.get(session, account_id, endpoint_id)
        found = deliveries.log_of(session, account_id, endpoint_id, before=before, limit=limit + 1)
    return Answer(wire.page(found, limit))


def replay_delivery(call: Call) -> Answer:
    """Send an event once more, under the same id."""
    about = call.caller.account_id, _endpoint_id(call), _id("msg", call.path["delivery_id"])

    def work(session: Session) -> WebhookDelivery:
        if call.started is not None:
            return deliveries.get(session, *about)
        if call.key:
            idempotency.note(session, call.key, about[-1])
        return deliveries.replay(session, *about)

    return Answer(wire.delivery(call.office.database.transact(work)), 202)


def _endpoint_id(call: Call) -> int:
    return _id("ep", call.path["endpoint_id"])


def _id(prefix: str, shown: str) -> int:
    number = ids.read(prefix, shown)
    if number is None:
        what = {"ep": "webhook endpoint", "msg": "delivery"}[prefix]
        raise NotFound(f"There is no such {what}.")
    return number


_ALL, _ONE = "/webhooks/endpoints", "/webhooks/endpoints/{endpoint_id}"
_LOG = _ONE + "/deliveries"

WEBHOOKS = Dialect(
    "webhooks",
    (
        Endpoint("POST", _ALL, create_endpoint, keys.ADMIN, {201: wire.EndpointMade},
                 body=wire.EndpointNew, refusals=(409,)),
        Endpoint("GET", _ALL, list_endpoints, keys.ADMIN, {200: wire.Endpoints}),
        Endpoint("GET", _ONE, get_endpoint, keys.ADMIN, {200: wire.EndpointShown}),
        Endpoint("PATCH", _ONE, change_endpoint, keys.ADMIN, {200: wire.EndpointShown},
                 body=wire.EndpointChange),
        Endpoint("DELETE", _ONE, delete_endpoint, keys.ADMIN, {204: ""}),
        Endpoint("GET", _LOG, list_deliveries, keys.ADMIN, {200: wire.Deliveries},
                 query=wire.DeliveryQuery),
        Endpoint("POST", _LOG + "/{delivery_id}/replay", replay_delivery, keys.ADMIN,
                 {202: wire.DeliveryShown}, starts=True, refusals=(409,)),
        *incoming.ENDPOINTS,
    ),
    refuse,
    error=problem.Problem,
)  # fmt: skip
