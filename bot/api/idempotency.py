"""Honour the header Idempotency-Key: a request sent twice has one effect and one answer."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

from pydantic import BaseModel
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from bot.api.arriving import Arrived
from bot.api.failures import InvalidRequest, KeyReused, StillRunning
from bot.api.office import Office
from core import idempotency
from core.db import conflicts
from core.idempotency import Held, Kept, Other, Running

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
_LONGEST = 255  # characters of a key
#: Seconds between two renewals of the lease.
_RENEW_SECONDS = idempotency.LEASE_MS / 3_000
#: Headers that every answer gets anew.
_FRESH = {"content-length", "content-type", "x-request-id"}

log = logging.getLogger(__name__)

Run = Callable[[Held], Awaitable[Response]]


def key_of(headers: Headers) -> str | None:
    """The key that a request brings, if any. Raises InvalidRequest where it is not usable."""
    key = headers.get(HEADER)
    if key is None:
        return None
    if not 0 < len(key) <= _LONGEST or not all("!" <= char <= "~" for char in key):
        raise InvalidRequest(
            f"{HEADER} must be 1 to {_LONGEST} printable ASCII characters without spaces.",
            {HEADER: "is not valid"},
        )
    return key


def digest(request: Request, brought: Arrived) -> str:
    """The SHA-256 of what makes this request. Of a file its bytes count, not the form around it."""
    file = brought.file
    parts = [
        request.method,
        request.url.path,
        brought.query.model_dump_json(),
        brought.body.model_dump_json() if isinstance(brought.body, BaseModel) else "",
        f"{file.name}\n{file.stored.sha256}" if file else "",
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


async def once(office: Office, account_id: int, key: str, request: str, run: Run) -> Response:
    """The answer of ``run``, or the one it gave when the same request came before.

    ``request`` is its digest. Kept is what was done and what was refused; a 429 or a 5xx frees the
    key. Where the process that did it was gone before its answer was kept, ``run`` is to answer for
    what was started then. Raises KeyReused and StillRunning, and what ``run`` raises.
    """
    begin = partial(idempotency.begin, account_id=account_id, key=key, request=request)
    state: Held | Kept | Running | Other = await office.run(office.database.transact, begin)
    match state:
        case Other():
            raise KeyReused
        case Running():
            raise StillRunning
        case Kept():
            return _again(state)
        case Held():
            return await _first(office, state, run)


async def _first(office: Office, held: Held, run: Run) -> Response:
    try:
        async with _renewed(office, held):
            response = await run(held)
    except Exception:
        await _end(office, held, None)
        raise
    await _end(office, held, response)
    if held.started is not None:
        response.headers[REPLAYED] = "true"
    return response


async def _end(office: Office, held: Held, response: Response | None) -> None:
    """Keep the answer, or give the key back where there is none that could be given again."""
    passing = response is None or response.status_code >= 500 or response.status_code == 429
    if response is None or passing or isinstance(response, StreamingResponse):
        await office.run(office.database.transact, partial(idempotency.give_back, held=held))
        return
    headers = {k: v for k, v in response.headers.items() if k.lower() not in _FRESH}
    content_type = response.headers.get("content-type", "")
    answer = Kept(response.status_code, content_type, bytes(response.body), headers)
    keep = partial(idempotency.keep, held=held, answer=answer)
    await office.run(office.database.transact, keep)


def _again(kept: Kept) -> Response:
    headers = {**kept.headers, REPLAYED: "true"}
    if kept.content_type:
        headers["Content-Type"] = kept.content_type
    return Response(kept.body, kept.status, headers)


@asynccontextmanager
async def _renewed(office: Office, held: Held) -> AsyncIterator[None]:
    """Hold the key for as long as the block runs."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            try:
                if not await office.run(
                    office.database.transact, partial(idempotency.renew, held=held)
                ):
                    return
            except conflicts() as error:
                log.warning("the lease of a key was not renewed: %s", type(error).__name__)

    renewing = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing
