"""`oauth.v2.access`: a code for a token. It knows the app by its id and secret, not by a token."""

import base64
import binascii
import secrets

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.api.calls import read_arguments
from sandbox.errors import Json, SlackError
from sandbox.grants import Grant
from sandbox.identity import APP_ID, BOT_USER
from sandbox.town import Town
from sandbox.workspace import ApiCall, Workspace

METHOD = "oauth.v2.access"
_SECRETS = ("client_secret", "code")


async def access(request: Request) -> Response:
    """`POST /api/oauth.v2.access`, with the id and secret as HTTP Basic or as arguments."""
    town: Town = request.app.state.town
    arguments = await read_arguments(request) | _basic(request)
    front = town.front
    shown = {name: value for name, value in arguments.items() if name not in _SECRETS}
    try:
        answer = _exchange(town, arguments)
    except SlackError as refusal:
        front.note_call(ApiCall(METHOD, front.clock(), shown, refusal.code))
        return JSONResponse(refusal.answer())
    front.note_call(ApiCall(METHOD, front.clock(), shown, None))
    return JSONResponse(answer)


def _basic(request: Request) -> Json:
    kind, _, told = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return {}
    try:
        client_id, _, secret = base64.b64decode(told).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {}
    return {"client_id": client_id, "client_secret": secret}


def _exchange(town: Town, arguments: Json) -> Json:
    client_id = str(arguments.get("client_id", ""))
    if not town.config.client_id or client_id != town.config.client_id:
        raise SlackError("invalid_client_id")
    secret = str(arguments.get("client_secret", ""))
    if not secrets.compare_digest(secret.encode(), town.config.client_secret.encode()):
        raise SlackError("bad_client_secret")
    code, back = str(arguments.get("code", "")), str(arguments.get("redirect_uri", ""))
    grant = town.grants.take(code, client_id, back)
    workspace = town.find(grant.team)
    if workspace is None:
        raise SlackError("invalid_code")
    return _let_in(workspace, grant)


def _let_in(workspace: Workspace, grant: Grant) -> Json:
    workspace.scopes = set(grant.scopes)
    team = workspace.config.team
    token = workspace.keys.new(team.id)
    workspace.feed.tell("reset")
    return {
        "ok": True,
        "access_token": token,
        "token_type": "bot",
        "scope": ",".join(grant.scopes),
        "bot_user_id": BOT_USER,
        "app_id": APP_ID,
        "team": {"id": team.id, "name": team.name},
        "enterprise": None,
        "authed_user": {"id": grant.user},
        "is_enterprise_install": False,
    }
