"""Let a request in: count it by address, then by key and account, and find out who calls."""

from __future__ import annotations

from starlette.requests import Request

from bot.api.caller import NOBODY, Caller, authenticate, presented
from bot.api.endpoint import Endpoint
from bot.api.failures import RateLimited
from bot.api.limits import Tier, address_of
from bot.api.office import Office


def admit(office: Office, request: Request, endpoint: Endpoint) -> Caller:
    """The caller of a request. Run it in a thread.

    The address is counted before the database is asked for anything. Raises RateLimited,
    Unauthenticated and Forbidden.
    """
    address = address_of(request.client.host if request.client else None)
    count(office, request, Tier.ADDRESS, address, tell=endpoint.open)
    if endpoint.open:
        return NOBODY
    caller = authenticate(office.database, presented(request.headers))
    request.state.account = caller.account_id
    count(office, request, Tier.KEY, str(caller.key_id))
    count(office, request, Tier.ACCOUNT, str(caller.account_id), tell=False)
    caller.require(endpoint.scope)
    return caller


def count(office: Office, request: Request, tier: Tier, name: str, *, tell: bool = True) -> None:
    """Count a request against one limit; with ``tell`` the answer says what is left of it.

    Raises RateLimited.
    """
    standing = office.limits.admit(tier, name, tell=tell)
    if standing is None:
        return
    request.state.standing = standing
    if not standing.admitted:
        raise RateLimited(standing.words, standing.reset)


def told(request: Request) -> dict[str, str]:
    """The headers that say how many requests are left."""
    standing = getattr(request.state, "standing", None)
    return standing.headers if standing else {}
