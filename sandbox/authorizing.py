"""The page that asks a person whether to let the app into a workspace."""

from functools import cache
from html import escape
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sandbox.errors import Json
from sandbox.page import STATIC
from sandbox.town import Town

MEANINGS = {
    "channels:history": "Read messages in public channels it is in",
    "groups:history": "Read messages in private channels it is in",
    "im:history": "Read direct messages to it",
    "mpim:history": "Read group messages it is in",
    "files:read": "See files shared in channels it is in",
    "files:write": "Share files",
    "chat:write": "Write messages",
    "commands": "Add slash commands",
    "users:read": "See who is in the workspace",
}


async def ask(request: Request) -> Response:
    """`GET /oauth/v2/authorize`: what the app wants, and two buttons."""
    town: Town = request.app.state.town
    asked = dict(request.query_params)
    wrong = refusal(town, asked)
    if wrong:
        return HTMLResponse(_page(f"<h1>Something went wrong</h1><p>{escape(wrong)}</p>"), 400)
    return HTMLResponse(_page(_form(town, asked)), headers={"Cache-Control": "no-store"})


async def answer(request: Request) -> Response:
    """`POST /oauth/v2/authorize`: back to the app, with a code or with `access_denied`."""
    town: Town = request.app.state.town
    async with request.form() as form:
        told: Json = {name: value for name, value in form.items() if isinstance(value, str)}
    asked = {name: told.get(name, "") for name in ("client_id", "scope", "redirect_uri", "state")}
    workspace = town.find(told.get("team", ""))
    wrong = refusal(town, asked) or ("" if workspace else "there is no such workspace")
    if wrong or workspace is None:
        return HTMLResponse(_page(f"<h1>Something went wrong</h1><p>{escape(wrong)}</p>"), 400)
    if told.get("answer") != "allow":
        return _back(asked, error="access_denied")
    user = workspace.people.person(told.get("user", "ana"))
    scopes = tuple(asked["scope"].split(","))
    code = town.grants.allow(
        workspace.config.team.id, user.id, scopes, asked["client_id"], asked["redirect_uri"]
    )
    return _back(asked, code=code)


def refusal(town: Town, asked: Json) -> str:
    """Why Slack would show no question at all; empty if it would."""
    if not town.config.client_id or asked.get("client_id") != town.config.client_id:
        return "Invalid client_id parameter"
    if origin(asked.get("redirect_uri", "")) != origin(town.config.app_url):
        return "redirect_uri did not match any configured URIs"
    unknown = sorted(set(str(asked.get("scope", "")).split(",")) - town.config.scopes)
    return f"Invalid permissions requested: {', '.join(unknown)}" if unknown else ""


def origin(url: str) -> tuple[str, str]:
    """Scheme and host of a URL."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _back(asked: Json, **outcome: str) -> Response:
    told = {**outcome, "state": asked["state"]}
    return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(told)}", 303)


def _form(town: Town, asked: Json) -> str:
    app = escape(town.config.app_name)
    kept = "".join(
        f'<input type="hidden" name="{name}" value="{escape(str(asked.get(name, "")))}">'
        for name in ("client_id", "scope", "redirect_uri", "state")
    )
    teams = "".join(
        f'<label><input type="radio" name="team" value="{escape(one.config.team.id)}"'
        f"{' checked' if one is town.front else ''}> {escape(one.config.team.name)}"
        f"<small>{'installed' if one.installed else 'not installed yet'}</small></label>"
        for one in town.all
    )
    wants = "".join(
        f"<li>{escape(MEANINGS.get(scope, scope))} <code>{escape(scope)}</code></li>"
        for scope in str(asked["scope"]).split(",")
    )
    return (
        f"<h1>{app} wants to be let into a workspace</h1>"
        f'<form method="post" action="/oauth/v2/authorize">{kept}'
        f"<fieldset><legend>Workspace</legend>{teams}</fieldset>"
        f"<h2>What will {app} be able to do?</h2><ul>{wants}</ul>"
        '<div class="buttons"><button class="button" name="answer" value="cancel">Cancel</button>'
        '<button class="button primary" name="answer" value="allow">Allow</button></div></form>'
    )


def _page(body: str) -> str:
    return _frame().replace("<!-- body -->", body)


@cache
def _frame() -> str:
    return (STATIC / "authorize.html").read_text("utf-8")
