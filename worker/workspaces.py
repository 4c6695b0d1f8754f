"""Which account a Slack workspace belongs to, and how to talk to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

from slack_sdk import WebClient
from sqlmodel import Session

from core import imports
from worker.settings import SLACK_API_URL

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class NoWorkspace(LookupError):  # noqa: N818  (a fact about a team, read as such)
    """Leadport is not installed in that workspace."""


@dataclass(frozen=True)
class Identity:
    """Who we are in a workspace, as auth.test says."""

    team: str
    bot_user: str


class Workspaces:
    """The one workspace whose token stands in the environment; its leads are ``account``'s."""

    def __init__(
        self,
        bot_token: str,
        *,
        api_url: str = SLACK_API_URL,
        account: str = "default",
        timeout: int = 10,
    ) -> None:
        self.api_url = api_url
        self._token = bot_token
        self._account = account
        self._timeout = timeout
        self._lock = Lock()
        self._identity: Identity | None = None

    @property
    def connected(self) -> bool:
        """Whether there is any workspace."""
        return bool(self._token)

    def account_id(self, session: Session, team: str) -> int | None:
        """The account of a workspace, made if it is new; None for a workspace that is not ours.

        Raises what ``identity`` raises.
        """
        if not self.connected or team != self.identity(team).team:
            return None
        return imports.account(session, self._account).id

    def client(self, team: str) -> WebClient:
        """A client for the workspace. It never tries twice. Raises NoWorkspace."""
        if not self.connected:
            raise NoWorkspace(team)
        return self._client

    def token(self, team: str) -> str:
        """The bot token, for downloads. Raises NoWorkspace."""
        if not self.connected:
            raise NoWorkspace(team)
        return self._token

    def identity(self, team: str = "") -> Identity:
        """Who we are there; asked once. Raises NoWorkspace, and SlackApiError or OSError."""
        with self._lock:
            if self._identity is None:
                answer = self.client(team).auth_test()
                self._identity = Identity(answer["team_id"], answer["user_id"])
            return self._identity

    @cached_property
    def _client(self) -> WebClient:
        # Slack may have taken a message although its answer was lost: whoever calls has to decide
        # whether trying again is safe, so the client's own retries are off.
        client = WebClient(
            self._token, base_url=self.api_url, timeout=self._timeout, retry_handlers=[]
        )
        host = urlsplit(self.api_url).hostname or ""
        if host in _LOOPBACK or proxy_bypass(host):
            client.proxy = None  # the client itself does not look at NO_PROXY
        return client
