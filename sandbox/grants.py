"""Installations under way: the codes that Slack hands to a browser and takes back from the app."""

import secrets
from dataclasses import dataclass

from sandbox.errors import SlackError
from sandbox.stamps import Clock

CODE_SECONDS = 600


@dataclass(frozen=True)
class Grant:
    """What a person allowed: to whom, where, and who did."""

    team: str
    user: str
    scopes: tuple[str, ...]
    client_id: str
    redirect_uri: str
    at: float


class Grants:
    """Codes, each good once and for ten minutes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[str, Grant] = {}
        self._used: set[str] = set()

    def allow(
        self, team: str, user: str, scopes: tuple[str, ...], client_id: str, redirect_uri: str
    ) -> str:
        """A code for what was allowed."""
        code = f"{secrets.randbelow(10**12)}.{secrets.token_hex(20)}"
        self._waiting[code] = Grant(team, user, scopes, client_id, redirect_uri, self._clock())
        return code

    def take(self, code: str, client_id: str, redirect_uri: str) -> Grant:
        """What a code stands for, once; raises SlackError as oauth.v2.access does."""
        if code in self._used:
            raise SlackError("code_already_used")
        grant = self._waiting.get(code)
        if grant is None or grant.client_id != client_id:
            raise SlackError("invalid_code")
        if grant.redirect_uri != redirect_uri:
            raise SlackError("bad_redirect_uri")
        del self._waiting[code]
        self._used.add(code)
        if self._clock() - grant.at > CODE_SECONDS:
            raise SlackError("invalid_code")
        return grant
