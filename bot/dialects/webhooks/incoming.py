"""Incoming hooks over HTTP: make, list and revoke them, and the leads that others send to them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial

import orjson
from sqlmodel import Session

from bot.api.endpoint import Answer, Call, Endpoint
from bot.api.failures import KeyReused, RateLimited, StillRunning
from bot.api.idempotency import key_of
from bot.api.limits import Tier
from bot.dialects.webhooks import sent, wire
from bot.dialects.webhooks.locked import lock, unlock
from core import hooks, idempotency, ids, keys, singles
from core.errors import ImportFailure, NotFound
from core.idempotency import Held, Kept, Other
from core.models import IncomingHook
from core.singles import Single
from core.uploads import Stored

#: Bytes of what is sent to a hook.
MOST_BYTES = 256_000
#: The header by which Standard Webhooks tell one delivery from another.
_EVENT = "webhook-id"
_LONGEST_EVENT = 200


class BadSignature(ImportFailure):
    """The request is not signed with this hook's secret."""

    code = "bad_signature"


class RowRefused(ImportFailure):
    """The lead was not imported."""

    code = "row_failed"

    def __init__(self, taken: wire.Taken) -> None:
        """``taken`` says what is wrong with it."""
        said = [each.message for each in taken.problems if each.severity == "error"]
        super().__init__(" ".join(said))
        self.taken = taken


# ---- making them -------------------------------------------------------------------------------


def create_hook(call: Call) -> Answer:
    """Make an address that forms and other tools can send single leads to.

    The answer holds the address this once. Whoever knows it may send leads.
    """
    locked = lock(call, call.body.secret) if call.body.secret else ""
    made, token = call.office.database.transact(
        lambda session: hooks.create(
            session, call.caller.account_id, call.body.name, call.body.mapping, locked
        )
    )
    return Answer(wire.hook_made(made, f"{call.office.settings.public_url}/hooks/{token}"), 201)


def list_hooks(call: Call) -> Answer:
    """List the account's incoming hooks, the newest first."""
    with call.office.database.reading() as session:
        found = hooks.listed(session, call.caller.account_id)
    return Answer(wire.Hooks(hooks=[wire.hook(each) for each in found]))


def revoke_hook(call: Call) -> Answer:
    """End an incoming hook, at once and for ever."""
    number = ids.read("hook", call.path["hook_id"])
    if number is None:
        raise NotFound("There is no such hook.")
    ended = call.office.database.transact(
        lambda session: hooks.revoke(session, call.caller.account_id, number)
    )
    return Answer(wire.hook(ended))


# ---- taking leads ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Arrival:
    """A lead that was sent to a hook, as a file of one row that lies in the store."""

    hook: IncomingHook
    one: Single
    stored: Stored
    event: str  #: what tells this delivery from others; empty where nothing does
    request: str  #: what makes it the same one, if another event is not to hide behind its name


def take_lead(call: Call) -> Answer:
    """Send one lead, as JSON or as a form.

    It is read like a file of one row: fields are recognised by their names unless the hook has a
    mapping, nested JSON is flattened, and Typeform's answers go by the titles of their questions.
    With a `webhook-id` or an `Idempotency-Key` a second delivery gets the first one's answer; with
    an `Idempotency-Key` another lead is refused with 422.
    A lead that cannot be imported is a 422 that names what is wrong with it.
    """
    with call.office.database.reading() as session:
        hook = hooks.find(session, call.path["token"])
    _count(call, hook)
    if hook.secret and not sent.is_signed(
        call.body, call.headers.get(sent.SIGNATURE, ""), unlock(call, hook.secret)
    ):
        raise BadSignature
    found = sent.read(call.body, call.headers.get("content-type", ""))
    one = singles.single(found.fields)
    stored = call.office.files.put([one.content], MOST_BYTES * 4, ".csv")
    key = key_of(call.headers)
    event = key or call.headers.get(_EVENT, "") or found.event
    request = _digest(call.body) if key else "hook"
    try:
        taken = call.office.database.transact(
            partial(_once, arrival=Arrival(hook, one, stored, _short(event), request))
        )
    finally:
        call.office.discard(stored)  # unless an import holds it by now
    if taken.status == "failed":
        raise RowRefused(taken)
    return Answer(taken, 202)


def _short(event: str) -> str:
    """A name of the event that the table has room for."""
    return event if len(event) <= _LONGEST_EVENT else _digest(event.encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _count(call: Call, hook: IncomingHook) -> None:
    for tier, name in ((Tier.KEY, f"hook {hook.id}"), (Tier.ACCOUNT, str(hook.account_id))):
        standing = call.office.limits.admit(tier, name, tell=False)
        if standing:
            raise RateLimited(standing.words, standing.reset)


def _once(session: Session, arrival: Arrival) -> wire.Taken:
    """Import the lead, or tell what became of it when it came before, in one transaction."""
    if not arrival.event:
        return _imported(session, arrival)
    hook = arrival.hook
    # No key of a request has a space in it, so none is the same as this.
    key = f"hook {hook.id} {arrival.event}"
    state = idempotency.begin(session, hook.account_id, key, arrival.request)
    if isinstance(state, Other):
        raise KeyReused
    if isinstance(state, Kept):
        return wire.Taken.model_validate_json(state.body)
    if not isinstance(state, Held):
        raise StillRunning
    taken = _imported(session, arrival)
    idempotency.keep(session, state, Kept(202, "", orjson.dumps(taken.model_dump())))
    return taken


def _imported(session: Session, arrival: Arrival) -> wire.Taken:
    hook = arrival.hook
    hooks.use(session, hook)
    name = f"{hook.name or 'Hook'}.csv"
    return wire.taken(
        singles.take(session, hook.account_id, name, arrival.one, arrival.stored, hook.mapping)
    )


_ALL = "/webhooks/incoming"

ENDPOINTS = (
    Endpoint("POST", _ALL, create_hook, keys.ADMIN, {201: wire.HookMade}, body=wire.HookNew,
             refusals=(409, 422)),
    Endpoint("GET", _ALL, list_hooks, keys.ADMIN, {200: wire.Hooks}),
    Endpoint("DELETE", _ALL + "/{hook_id}", revoke_hook, keys.ADMIN, {200: wire.HookShown}),
    Endpoint("POST", "/hooks/{token}", take_lead, "", {202: wire.Taken}, open=True,
             raw=(sent.JSON, sent.FORM), limit=MOST_BYTES, refusals=(409, 415, 422)),
)  # fmt: skip
