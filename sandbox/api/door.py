"""The door of the Web API: token, scope, rate limit, faults, then the method itself."""

import asyncio
import secrets

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.api.calls import Call, read_arguments
from sandbox.api.methods import METHODS, Method, scope_for
from sandbox.errors import Json, RateLimitedError, SlackError
from sandbox.faults import Fault
from sandbox.workspace import ApiCall, Workspace


class BrokenAnswer(Response):
    """Breaks the connection half-way through an answer: what was asked has been done."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Promise more bytes than are sent, which makes the server drop the connection."""
        headers = [(b"content-type", b"application/json"), (b"content-length", b"100")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"ok"'})


async def answer(request: Request) -> Response:
    """`/api/<method>`."""
    name = request.path_params["method"]
    try:
        arguments = await read_arguments(request)
        workspace = request.app.state.town.of_token(_token(request, arguments))
        call = Call(workspace, name, {k: v for k, v in arguments.items() if k != "token"})
        fault = workspace.faults.take(name)
        return await _with_fault(call, fault, _token(request, arguments))
    except RateLimitedError as refusal:
        headers = {"Retry-After": str(refusal.retry_after)}
        return JSONResponse(refusal.answer(), 429, headers)
    except SlackError as refusal:
        return JSONResponse(refusal.answer())


def _token(request: Request, arguments: Json) -> str:
    header = request.headers.get("authorization", "")
    return header.removeprefix("Bearer ").strip() or str(arguments.get("token") or "")


async def _with_fault(call: Call, fault: Fault | None, token: str) -> Response:
    if fault is None:
        return JSONResponse(await _run(call, token))
    if fault.kind == "hang":
        await asyncio.sleep(fault.seconds)
        return JSONResponse(await _run(call, token))
    if fault.kind.startswith("accept_then"):
        await _run(call, token)
        dropped = fault.kind == "accept_then_drop"
        return BrokenAnswer() if dropped else PlainTextResponse("Internal Server Error", 500)
    if fault.kind == "http_500":
        _note(call, "http_500")
        return PlainTextResponse("Internal Server Error", 500)
    refusal = (
        RateLimitedError(fault.retry_after)
        if fault.kind == "ratelimited"
        else SlackError(fault.error)
    )
    _note(call, refusal.code)
    raise refusal


async def _run(call: Call, token: str) -> Json:
    try:
        result = await _answer(call, token)
    except SlackError as refusal:
        _note(call, refusal.code)
        raise
    _note(call, None)
    return {"ok": True, **result}


async def _answer(call: Call, token: str) -> Json:
    method = METHODS.get(call.method)
    if method is None:
        raise SlackError("unknown_method", req_method=call.method)
    if method.of_app:
        _check_app_token(call.workspace, token)
    elif not method.open_to_all:
        _check_token(call.workspace, token)
        _check_scope(call, method)
        if call.workspace.config.enforce_tiers:
            call.workspace.tiers.count(call.method, call.text("channel"))
    return await method.answer(call)


def _check_app_token(workspace: Workspace, token: str) -> None:
    """Only an app-level token opens sockets; a bot's is told so."""
    if not token:
        raise SlackError("not_authed")
    if workspace.keys.knows(token) or token.startswith("xoxb-"):
        raise SlackError("not_allowed_token_type")
    expected = workspace.config.app_token
    if not expected or not secrets.compare_digest(token.encode(), expected.encode()):
        raise SlackError("invalid_auth")


def _check_token(workspace: Workspace, token: str) -> None:
    if not token:
        raise SlackError("not_authed")
    if token == workspace.config.app_token:
        raise SlackError("not_allowed_token_type")
    if not workspace.keys.knows(token):
        raise SlackError("invalid_auth")
    if not workspace.keys.opens(token):
        raise SlackError("account_inactive")


def _check_scope(call: Call, method: Method) -> None:
    needed = scope_for(method, call)
    if needed and needed not in call.workspace.scopes:
        provided = ",".join(sorted(call.workspace.scopes))
        raise SlackError("missing_scope", needed=needed, provided=provided)


def _note(call: Call, error: str | None) -> None:
    workspace = call.workspace
    workspace.note_call(ApiCall(call.method, workspace.clock(), call.arguments, error))
