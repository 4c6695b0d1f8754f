"""Installing Leadport in a workspace by OAuth: off to Slack, and back with a code.

``GET /slack/install`` sends a browser to Slack's page, where a person allows the app or not;
``GET /slack/oauth_redirect`` is where Slack sends it afterwards. Nothing is stored before the state
has shown that both were the same browser, and each state counts once.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin

from anyio import to_thread
from slack_sdk.errors import SlackApiError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from bot.pages import notice
from bot.pages.notice import Notice
from bot.slack.state import MAX_AGE, NotOurs, States
from core import imports
from core.db import Database
from worker.installations import Grant, Installation
from worker.settings import Settings
from worker.workspaces import Workspaces

#: What the app asks a workspace for: the scopes of manifest.yml, where each says what it is for.
SCOPES = (
    "channels:history", "groups:history", "im:history", "mpim:history",
    "files:read", "files:write", "chat:write", "commands", "users:read",
)  # fmt: skip
COOKIE = "leadport_install"
INSTALL, REDIRECT = "/slack/install", "/slack/oauth_redirect"
#: Seconds that Slack may take to answer; a person is waiting, and no request of Slack's.
_PATIENCE = 10
#: States belong to nobody's account.
_NOBODY = 0
_CODES_GONE = frozenset({"code_already_used", "code_expired", "invalid_code"})
_TEAM = re.compile(r"[A-Z0-9]{2,30}")

log = logging.getLogger(__name__)


class NoGrant(ValueError):  # noqa: N818  (what came of it)
    """What Slack answered is no installation in one workspace; the message says why."""


@dataclass(frozen=True)
class Installer:
    """The app as Slack knows it, and where installations are kept."""

    client_id: str
    client_secret: str
    public_url: str
    database: Database
    workspaces: Workspaces
    states: States

    async def install(self, request: Request) -> Response:
        """Send the browser to Slack, with a state in its hands and a cookie to prove it by."""
        cookie, state = self.states.new()
        answer = RedirectResponse(self._slack(state), 302, {"Cache-Control": "no-store"})
        answer.set_cookie(
            COOKIE, cookie, max_age=MAX_AGE, path="/slack", httponly=True, samesite="lax",
            secure=self.public_url.startswith("https://"),
        )  # fmt: skip
        return answer

    async def redirect(self, request: Request) -> Response:
        """Take the browser back, and say what came of it."""
        asked, cookie = request.query_params, request.cookies.get(COOKIE, "")
        told = await to_thread.run_sync(self.outcome, dict(asked), cookie)
        answer = notice.response(told)
        answer.delete_cookie(COOKIE, path="/slack", httponly=True, samesite="lax")
        return answer

    def outcome(self, asked: dict[str, str], cookie: str) -> Notice:
        """What to say to the one who comes back; keeps the installation if there is one."""
        if "error" in asked:
            return self._declined(asked["error"])
        try:
            state = self.states.check(asked.get("state", ""), cookie)
        except NotOurs:
            return self._again("This link is too old, or was opened in another browser.")
        if not self.database.transact(lambda s: imports.take_once(s, _NOBODY, f"install:{state}")):
            return self._again("This link was used before.")
        try:
            return self._installed(read_grant(self._exchange(asked.get("code", ""))))
        except NoGrant as why:
            return self._again(str(why))
        except SlackApiError as error:
            return self._refused(str(error.response.get("error")))
        except OSError as error:
            log.warning("Slack could not be asked about an installation: %s", type(error).__name__)
            return self._again("Slack could not be reached.", 502)

    def _slack(self, state: str) -> str:
        """Slack's page that asks whether to allow the app; it lies beside the API."""
        query = {"client_id": self.client_id, "scope": ",".join(SCOPES), "user_scope": ""}
        query |= {"redirect_uri": self._back, "state": state}
        api = self.workspaces.api_url.rstrip("/") + "/"
        return f"{urljoin(api, '../oauth/v2/authorize')}?{urlencode(query)}"

    @property
    def _back(self) -> str:
        return self.public_url + REDIRECT

    def _exchange(self, code: str) -> dict[str, Any]:
        """The code for a token. Raises SlackApiError and OSError."""
        answer = self.workspaces.caller(None, _PATIENCE).oauth_v2_access(
            client_id=self.client_id,
            client_secret=self.client_secret,
            code=code,
            redirect_uri=self._back,
        )
        return answer.data if isinstance(answer.data, dict) else {}

    def _installed(self, grant: Grant) -> Notice:
        installed = self._keep(grant)
        log.info("workspace %s has installed the app", installed.team)
        return Notice(
            f"Leadport is installed in {grant.name or 'your workspace'}",
            "Invite it to a channel with /invite @Leadport, and drop a CSV of leads there. "
            "You can close this page.",
        )

    def _keep(self, grant: Grant) -> Installation:
        if self.workspaces.installations is None:
            raise NoGrant("This Leadport keeps no installations.")
        account = self.workspaces.account_for(grant.team)
        return self.workspaces.installations.save(grant, account)

    def _declined(self, error: str) -> Notice:
        if error == "access_denied":
            return self._again("You cancelled on Slack's page. That is fine.", 200)
        log.warning("Slack refused an installation: %s", _code(error))
        return self._again(f"Slack refused it ({_code(error)}).")

    def _refused(self, error: str) -> Notice:
        if error in _CODES_GONE:
            return self._again("Slack says that this link was used before, or is too old.")
        log.error("Slack refused an installation: %s", _code(error))
        return self._again(
            f"Slack refused it ({_code(error)}). If that happens again, tell the person who runs "
            "Leadport: the app's settings may not be right.",
            502,
        )

    def _again(self, why: str, status: int = 400) -> Notice:
        link = (self.public_url + INSTALL, "Install Leadport")
        return Notice("Leadport was not installed", why, link, status)


def read_grant(answer: dict[str, Any]) -> Grant:
    """What oauth.v2.access answered. Raises NoGrant for what is no installation that lasts."""
    if answer.get("is_enterprise_install"):
        raise NoGrant(
            "It cannot be installed for a whole organisation; choose one workspace on Slack's page."
        )
    if answer.get("refresh_token") or answer.get("expires_in"):
        raise NoGrant("Token rotation is switched on for this app, which Leadport does not use.")
    team, enterprise = _part(answer, "team"), _part(answer, "enterprise")
    token, bot_user = _text(answer, "access_token"), _text(answer, "bot_user_id")
    if answer.get("token_type") != "bot" or not (token and bot_user):
        raise NoGrant("Slack's answer holds no token for a bot.")
    if not _TEAM.fullmatch(_text(team, "id")):
        raise NoGrant("Slack's answer names no workspace.")
    return Grant(
        team=_text(team, "id"),
        bot_user=bot_user,
        token=token,
        name=_text(team, "name"),
        enterprise=_text(enterprise, "id"),
        scopes=tuple(scope for scope in _text(answer, "scope").split(",") if scope),
        installed_by=_text(_part(answer, "authed_user"), "id"),
    )


def _part(answer: dict[str, Any], name: str) -> dict[str, Any]:
    found = answer.get(name)
    return found if isinstance(found, dict) else {}


def _text(answer: dict[str, Any], name: str) -> str:
    found = answer.get(name)
    return found if isinstance(found, str) else ""


def _code(error: str) -> str:
    """An error code of Slack's, and nothing else that somebody may have put in its place."""
    return error if re.fullmatch(r"[a-z_]{1,60}", error) else "unknown error"


def installer(settings: Settings, database: Database, workspaces: Workspaces) -> Installer | None:
    """The installer that the settings describe; None where they name no app."""
    if not settings.can_be_installed:
        return None
    return Installer(
        client_id=settings.slack_client_id,
        client_secret=settings.slack_client_secret,
        public_url=settings.public_url,
        database=database,
        workspaces=workspaces,
        states=States(settings.secret_key),
    )


async def not_set_up(request: Request) -> Response:
    """Nobody told us the app's client id."""
    words = "Leadport cannot be installed from here: SLACK_CLIENT_ID is not set."
    return PlainTextResponse(f"{words}\n", 503)
