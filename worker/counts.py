"""Counters that all processes share, for the page of metrics. Nothing depends on them.

They lie in Redis: what Redis forgets begins again at 0, as counters of a process that restarts do.
"""

from __future__ import annotations

import time
from typing import Any

from redis.exceptions import RedisError
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from worker.queue import connect

_HASH = "leadport:counts"
#: After Redis was found away nothing is counted for so many seconds: counting must not slow us.
_REST = 30.0


class Counts:
    """Named counters, such as the calls of one of Slack's methods."""

    def __init__(self, redis_url: str | None) -> None:
        """Without a URL nothing is counted."""
        self._redis = connect(redis_url) if redis_url else None
        self._again_at = 0.0

    def add(self, *names: str) -> None:
        """One more. Never raises because Redis is away."""
        if self._redis is None or time.monotonic() < self._again_at:
            return
        try:
            self._redis.hincrby(_HASH, " ".join(names), 1)
        except RedisError:
            self._again_at = time.monotonic() + _REST

    def all(self) -> dict[tuple[str, ...], int]:
        """All of them by their names; none while Redis is away."""
        if self._redis is None:
            return {}
        try:
            found = self._redis.hgetall(_HASH)
        except RedisError:
            return {}
        return {tuple(_text(name).split(" ")): int(count) for name, count in found.items()}


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name


class CountedClient(WebClient):
    """Slack's client; it counts its calls by method and outcome: ok, Slack's error, unreachable."""

    counts: Counts | None = None

    def api_call(self, api_method: str, **more: Any) -> SlackResponse:
        """Call Slack. Raises SlackApiError and OSError."""
        outcome = "unreachable"
        try:
            answer = super().api_call(api_method, **more)
            outcome = "ok"
        except SlackApiError as error:
            outcome = str(error.response.get("error") or error.response.status_code)
            raise
        else:
            return answer
        finally:
            if self.counts is not None:
                self.counts.add("slack", api_method, outcome)
