"""Serve a dialect: each line of its table becomes a route, and every refusal has its words."""

from __future__ import annotations

import inspect
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import orjson
from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute

from bot.api import admission, idempotency
from bot.api.arriving import Arrived, arrived
from bot.api.endpoint import Answer, Call, Dialect, Endpoint, Refused
from bot.api.failures import BadMethod, InternalError, RateLimited
from bot.api.hosts import HostRoute
from bot.api.office import Office
from core.errors import ImportFailure
from core.idempotency import Held
from worker import logs

#: The limit of a body is ours to tell, in the dialect's words; Starlette's would be plain text.
_TOLD_BY_US = 1 << 62
_ID_BYTES = 8
#: What is noted of a request whose sender hung up before it was whole; nobody hears it.
_HUNG_UP = 499

log = logging.getLogger(__name__)


def routes(dialect: Dialect, office: Office) -> list[BaseRoute]:
    """The routes of a dialect; a known path with another method is refused in its words too."""
    made: list[BaseRoute] = []
    for path in dict.fromkeys(endpoint.path for endpoint in dialect.endpoints):
        here = {each.method: each for each in dialect.endpoints if each.path == path}
        serve = Served(dialect, office, here)
        route = HostRoute(dialect.prefix + path, serve, max_body_size=_TOLD_BY_US)
        route.hosts = dialect.hosts
        made.append(route)
    return made


@dataclass(frozen=True)
class Served:
    """One path of a dialect, as an ASGI app."""

    dialect: Dialect
    office: Office
    methods: dict[str, Endpoint]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        request, call_id = Request(scope, receive), secrets.token_hex(_ID_BYTES)
        began = time.monotonic()
        with logs.about(request=call_id):
            response = await self._respond(request, call_id)
            self._measure(request, response.status_code, time.monotonic() - began)
            await response(scope, receive, send)

    def _measure(self, request: Request, status: int, seconds: float) -> None:
        endpoint = self.methods.get(request.method)
        operation = f"{self.dialect.name}_{endpoint.name}" if endpoint else self.dialect.name
        self.office.measured.answers.labels(operation, str(status)).observe(seconds)
        account = getattr(request.state, "account", None)
        with logs.about(account=account, operation=operation, status=status):
            log.info("answered in %.0f ms", seconds * 1000)

    async def _respond(self, request: Request, call_id: str) -> Response:
        try:
            response = await self._answer(request, call_id)
        except ImportFailure as failure:
            response = refusal(self.dialect, failure)
        except ClientDisconnect:
            response = Response(None, _HUNG_UP)
        except Exception:  # the last resort: told to the log, never to the caller
            log.exception("request %s failed", call_id)
            response = refusal(self.dialect, InternalError(call_id))
        response.headers["X-Request-Id"] = call_id
        response.headers.update(admission.told(request))
        return response

    async def _answer(self, request: Request, call_id: str) -> Response:
        endpoint = self._endpoint(request)
        caller = await self.office.run(admission.admit, self.office, request, endpoint)
        brought = await arrived(request, endpoint, self.office)
        call = Call(
            self.office, caller, request.path_params, brought.query, brought.body, brought.file,
            request.headers, call_id,
        )  # fmt: skip
        try:
            response = await self._done(request, endpoint, call, brought)
        except BaseException:
            await self._forget(brought)
            raise
        if response.status_code >= 400 or idempotency.REPLAYED in response.headers:
            await self._forget(brought)
        return response

    def _endpoint(self, request: Request) -> Endpoint:
        method = "GET" if request.method == "HEAD" else request.method
        if method not in self.methods:
            raise BadMethod(self.methods)
        return self.methods[method]

    async def _done(
        self, request: Request, endpoint: Endpoint, call: Call, brought: Arrived
    ) -> Response:
        key = idempotency.key_of(request.headers) if endpoint.starts else None
        if key is None:
            return _response(await handled(endpoint.handle, call))

        async def run(held: Held) -> Response:
            try:
                return _response(await handled(endpoint.handle, replace(call, key=held)))
            except ImportFailure as failure:  # kept, and told again, as an answer is
                return refusal(self.dialect, failure)

        digest = idempotency.digest(request, brought)
        return await idempotency.once(self.office, call.caller.account_id, key, digest, run)

    async def _forget(self, brought: Arrived) -> None:
        """Delete the file of a request that was refused, unless a draft holds it by now."""
        if brought.file is not None:
            await self.office.run(self.office.discard, brought.file.stored)


async def handled(handle: Callable[[Call], Any], call: Call) -> Answer:
    """What the handler answers, in a thread unless it is a coroutine function."""
    if inspect.iscoroutinefunction(handle):
        answer: Answer = await handle(call)
        return answer
    return await call.office.run(handle, call)


def refusal(dialect: Dialect, failure: ImportFailure) -> Response:
    """A refusal in the words of a dialect."""
    refused: Refused = dialect.refuse(failure)
    headers = dict(refused.headers)
    if refused.status == 401:
        headers.setdefault("WWW-Authenticate", "Bearer")
    if isinstance(failure, BadMethod):
        headers.setdefault("Allow", ", ".join(failure.allowed))
    if isinstance(failure, RateLimited):
        headers.setdefault("Retry-After", str(failure.retry_after))
    return Response(json_bytes(refused.body), refused.status, headers, refused.media_type)


def json_bytes(body: Any) -> bytes:
    """JSON in UTF-8; models as they dump themselves."""
    if isinstance(body, BaseModel):
        return body.model_dump_json(by_alias=True, exclude_unset=False).encode()
    return orjson.dumps(body)


def _response(answer: Answer) -> Response:
    headers = dict(answer.headers)
    if answer.stream is not None:
        return StreamingResponse(answer.stream, answer.status, headers, answer.media_type)
    if answer.body is None:
        return Response(None, answer.status, headers)
    return Response(json_bytes(answer.body), answer.status, headers, answer.media_type)
