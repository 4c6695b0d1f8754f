"""Slack's rate limits, for workspaces that enforce them (`Config.enforce_tiers`)."""

import math
from collections import defaultdict, deque

from sandbox.errors import RateLimitedError
from sandbox.stamps import Clock

# Calls a minute, per method and workspace: the tiers of Slack's rate limit pages.
TIER_2, TIER_3, TIER_4 = 20, 50, 100
PER_MINUTE = {
    "chat.update": TIER_3,
    "chat.delete": TIER_3,
    "chat.postEphemeral": TIER_4,
    "conversations.history": TIER_3,
    "conversations.info": TIER_3,
    "conversations.list": TIER_2,
    "conversations.replies": TIER_3,
    "files.completeUploadExternal": TIER_4,
    "files.getUploadURLExternal": TIER_4,
    "files.info": TIER_4,
    "users.info": TIER_4,
    "users.list": TIER_2,
    "views.open": TIER_4,
    "views.publish": TIER_4,
    "views.push": TIER_4,
    "views.update": TIER_4,
}
POSTS_PER_SECOND = 1
POST_BURST = 5


class Tiers:
    """Counts calls in a sliding window; `chat.postMessage` is about one a second per channel."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calls: dict[str, deque[float]] = defaultdict(deque)

    def count(self, method: str, channel: str) -> None:
        """Count one call; raises RateLimitedError."""
        if method == "chat.postMessage":
            self._within(f"post {channel}", POST_BURST, POST_BURST / POSTS_PER_SECOND)
        elif method in PER_MINUTE:
            self._within(method, PER_MINUTE[method], 60.0)

    def _within(self, key: str, allowed: int, seconds: float) -> None:
        now, calls = self._clock(), self._calls[key]
        while calls and calls[0] <= now - seconds:
            calls.popleft()
        if len(calls) >= allowed:
            raise RateLimitedError(max(1, math.ceil(calls[0] + seconds - now)))
        calls.append(now)
