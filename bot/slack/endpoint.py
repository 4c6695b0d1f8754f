"""``POST /slack/events``: events, interactions, options and commands, one door for all.

Bolt is synchronous and waits for its listeners, so it never runs on the event loop.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from anyio import CapacityLimiter, to_thread
from slack_bolt import App, BoltRequest, BoltResponse
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.slack import payloads, signature

#: Requests from Slack that are worked on at the same time; more wait their turn.
THREADS = 10

log = logging.getLogger(__name__)

Endpoint = Callable[[Request], Awaitable[Response]]


def endpoint(bolt: App, signing_secret: str) -> Endpoint:
    """The ASGI side of the Slack app."""
    limiter = CapacityLimiter(THREADS)

    async def receive(request: Request) -> Response:
        body = await request.body()
        if not signature.is_valid(signing_secret, body, request.headers):
            return PlainTextResponse("The signature is not Slack's.\n", 401)
        try:
            asked = _asked(body, dict(request.headers))
        except (ValueError, RecursionError) as error:
            log.warning("refused a request that is not Slack's: %s", error)
            return _refused("The body is not what Slack sends.\n")
        return _answer(await to_thread.run_sync(bolt.dispatch, asked, limiter=limiter))

    return receive


def _asked(body: bytes, headers: dict[str, str]) -> BoltRequest:
    """The request for Bolt, which trusts what it reads. Raises ValueError and RecursionError."""
    text = body.decode()
    told: object = json.loads(dict(parse_qsl(text)).get("payload", "{}"))
    if headers.get("content-type", "").startswith("application/json") or text.startswith("{"):
        told = json.loads(text)
    payloads.check(told)
    return BoltRequest(body=text, headers=dict(headers))


def _refused(words: str) -> Response:
    return PlainTextResponse(words, 400, {"x-slack-no-retry": "1"})


def _answer(given: BoltResponse) -> Response:
    headers = {name: values[0] for name, values in given.headers.items()}
    return Response(given.body, given.status, headers)
