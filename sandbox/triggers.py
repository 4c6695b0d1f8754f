"""Short-lived permissions that ride on an interaction: trigger ids and response URLs."""

import secrets
from dataclasses import dataclass, replace

from sandbox.errors import SlackError
from sandbox.stamps import Clock


@dataclass(frozen=True)
class Trigger:
    """The right to open one modal for one person, for three seconds. `view_id`: born in a modal."""

    user: str
    born: float
    view_id: str | None = None
    spent: bool = False


class Triggers:
    """Every trigger given out. Slack cannot be asked for a longer life."""

    def __init__(self, clock: Clock, lifetime: float) -> None:
        self._clock = clock
        self._lifetime = lifetime
        self._by_id: dict[str, Trigger] = {}

    def give(self, user: str, view_id: str | None = None) -> str:
        """A fresh trigger id."""
        trigger_id = (
            f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        )
        self._by_id[trigger_id] = Trigger(user, self._clock(), view_id)
        return trigger_id

    def redeem(self, trigger_id: str) -> Trigger:
        """Use a trigger up.

        Raises SlackError invalid_trigger_id, exchanged_trigger_id or expired_trigger_id.
        """
        trigger = self._by_id.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.spent:
            raise SlackError("exchanged_trigger_id")
        if self._clock() - trigger.born > self._lifetime:
            raise SlackError("expired_trigger_id")
        self._by_id[trigger_id] = replace(trigger, spent=True)
        return trigger


@dataclass(frozen=True)
class Reply:
    """What a response URL may answer: the place, the person, and the message it was born on."""

    channel: str
    user: str
    born: float
    message_ts: str | None = None
    thread_ts: str | None = None
    uses: int = 0


class ResponseUrls:
    """Response URLs: five uses within thirty minutes."""

    def __init__(self, clock: Clock, lifetime: float, uses: int) -> None:
        self._clock = clock
        self._lifetime = lifetime
        self._uses = uses
        self._by_key: dict[str, Reply] = {}

    def give(
        self, channel: str, user: str, message_ts: str | None = None, thread_ts: str | None = None
    ) -> str:
        """The last part of a new response URL."""
        key = secrets.token_urlsafe(24)
        self._by_key[key] = Reply(channel, user, self._clock(), message_ts, thread_ts)
        return key

    def use(self, key: str) -> Reply:
        """Count one use; raises SlackError used_url or expired_url (both come as 404)."""
        reply = self._by_key.get(key)
        if reply is None or self._clock() - reply.born > self._lifetime:
            raise SlackError("expired_url")
        if reply.uses >= self._uses:
            raise SlackError("used_url")
        self._by_key[key] = replace(reply, uses=reply.uses + 1)
        return reply
