"""Which account a Slack workspace belongs to, and how to talk to it.

A workspace is ours because somebody there installed the app by OAuth, or because its token stands
in the environment; both may be in use side by side, each workspace with an account of its own.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from urllib.parse import urlsplit
from urllib.request import proxy_bypass

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from sqlmodel import Session

from core import imports
from worker.counts import CountedClient, Counts
from worker.installations import Installation, Installations
from worker.settings import SLACK_API_URL

#: What a client says at DEBUG holds the token it was given in an answer.
_calls = logging.getLogger("slack_sdk.without_tokens")
_calls.setLevel(logging.INFO)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
#: What Slack says of a token that opens nothing any more.
_DEAD = frozenset({"account_inactive", "invalid_auth", "token_expired", "token_revoked"})


class NoWorkspace(LookupError):  # noqa: N818  (a fact about a team, read as such)
    """Leadport is not installed in that workspace."""


@dataclass(frozen=True)
class Identity:
    """Who we are in a workspace, as auth.test says."""

    team: str
    bot_user: str


def account_of(team: str) -> str:
    """The name of the account of a workspace that installs the app by OAuth."""
    return f"slack-{team}"


class Workspaces:
    """All workspaces that are ours.

    The leads of the one whose token stands in the environment are ``account``'s.
    """

    def __init__(
        self,
        bot_token: str,
        *,
        api_url: str = SLACK_API_URL,
        account: str = "default",
        timeout: int = 10,
        installations: Installations | None = None,
        counts: Counts | None = None,
    ) -> None:
        self.api_url = api_url
        self.installations = installations
        self._counts = counts
        self._token = bot_token
        self._account = account
        self._timeout = timeout
        self._lock = Lock()
        self._identity: Identity | None = None

    @property
    def connected(self) -> bool:
        """Whether the environment names a workspace."""
        return bool(self._token)

    def installed(self, team: str) -> Installation | None:
        """The workspace, if it installed the app by OAuth and has not put it out since."""
        found = self._found(team)
        return found if found and found.token else None

    def account_id(self, session: Session, team: str) -> int | None:
        """The account of the workspace in the environment, made if it is new; None for others.

        Call ``learn`` before, outside of the transaction.
        """
        if not self.connected or team != self._ours().team:
            return None
        return imports.account(session, self._account).id

    def account_for(self, team: str) -> str:
        """What the account of a workspace is to be called that installs the app now.

        Raises SlackApiError and OSError where Slack cannot be asked.
        """
        return self._account if self._in_environment(team) else account_of(team)

    def _in_environment(self, team: str) -> bool:
        try:
            return self.connected and self._ours().team == team
        except SlackApiError as error:
            if error.response.get("error") in _DEAD:
                return False  # whoever it belonged to
            raise

    def client(self, team: str) -> WebClient:
        """A client for the workspace. It never tries twice.

        Raises NoWorkspace, and SlackApiError or OSError where Slack has to be asked and cannot be.
        """
        installed = self._reached(team)
        return self.caller(installed.token) if installed else self._client

    def token(self, team: str) -> str:
        """The bot token. Raises what ``client`` raises."""
        installed = self._reached(team)
        return installed.token if installed else self._token

    def identity(self, team: str) -> Identity:
        """Who we are there. Raises NoWorkspace, and SlackApiError or OSError."""
        installed = self._reached(team)
        return Identity(team, installed.bot_user) if installed else self._ours()

    def learn(self) -> None:
        """Ask Slack, once, which workspace the environment names; raises what ``client`` raises."""
        self._ours()

    def _found(self, team: str) -> Installation | None:
        return self.installations.find(team) if self.installations else None

    def _reached(self, team: str) -> Installation | None:
        """How to reach a workspace: by its installation, or by the token in the environment."""
        found = self._found(team)
        if found and found.token:
            return found
        # A workspace that has put us out must not be spoken to with the token of another one.
        if not self.connected or (found and not self._in_environment(team)):
            raise NoWorkspace(team)
        return None

    def _ours(self) -> Identity:
        """The workspace in the environment; Slack is asked once."""
        with self._lock:
            if self._identity is None:
                answer = self._client.auth_test()
                self._identity = Identity(answer["team_id"], answer["user_id"])
            return self._identity

    @cached_property
    def _client(self) -> WebClient:
        return self.caller(self._token)

    def caller(self, token: str | None, timeout: int | None = None) -> WebClient:
        """A client with that token; ``timeout`` in seconds."""
        # Slack may have taken a message although its answer was lost: whoever calls has to decide
        # whether trying again is safe, so the client's own retries are off.
        patience = timeout or self._timeout
        client = CountedClient(
            token, base_url=self.api_url, timeout=patience, retry_handlers=[], logger=_calls
        )
        client.counts = self._counts
        host = urlsplit(self.api_url).hostname or ""
        if host in _LOOPBACK or proxy_bypass(host):
            client.proxy = None  # the client itself does not look at NO_PROXY
        return client
