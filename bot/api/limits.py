"""How many requests a minute: by address, by key, by account. Kept in Redis, or here without it.

A window slides: what counts is the last 60 seconds, whenever they began (Np-5).
"""

from __future__ import annotations

import ipaddress
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from worker.queue import connect

#: After Redis failed to answer, it is not asked again for so many seconds.
AWAY_SECONDS = 5.0
_PREFIX = "leadport-rate"

log = logging.getLogger(__name__)


class Tier(StrEnum):
    """Whose requests are counted, in the words of the refusal."""

    ADDRESS = "address"
    KEY = "key"
    ACCOUNT = "account"


@dataclass(frozen=True)
class Rates:
    """Requests a minute for each tier; 0 for no limit."""

    address: int = 1_000
    key: int = 500
    account: int = 2_000

    def of(self, tier: Tier) -> int:
        """The limit of a tier."""
        rate: int = getattr(self, tier.value)
        return rate


NO_LIMITS = Rates(0, 0, 0)


@dataclass(frozen=True)
class Standing:
    """Where somebody stands after a request: whether it is let in, and what is left."""

    tier: Tier
    limit: int
    remaining: int
    reset: int  #: seconds until more is left
    admitted: bool

    @property
    def headers(self) -> dict[str, str]:
        """As the IETF draft on RateLimit headers names them (draft 7 and before)."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }

    @property
    def words(self) -> str:
        """Why the request was not let in."""
        return (
            f"Too many requests: at most {self.limit} a minute for each {self.tier}. "
            f"Send it again in {self.reset} s."
        )


class Limits:
    """Counts requests; safe to use from many threads."""

    def __init__(
        self,
        rates: Rates = NO_LIMITS,
        redis_url: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``clock`` is in seconds, and says when a Redis that was away is asked again."""
        self._items = {t: RateLimitItemPerMinute(rates.of(t)) for t in Tier if rates.of(t)}
        self._here = MovingWindowRateLimiter(MemoryStorage())
        self._shared = _in_redis(redis_url) if redis_url and self._items else None
        self._clock = clock
        self._ask_at = 0.0

    def admit(self, tier: Tier, name: str, *, tell: bool = True) -> Standing | None:
        """Count a request of ``name``; None where there is no limit to tell of.

        Without ``tell`` only a refusal is told, which spares the question how much is left.
        """
        item = self._items.get(tier)
        if item is None:
            return None
        if self._shared and self._clock() >= self._ask_at:
            try:
                return _ask(self._shared, item, tier, name, tell)
            except RedisError as error:
                # A limit that every process counts by itself is still one.
                self._ask_at = self._clock() + AWAY_SECONDS
                log.warning("Redis is away, requests are counted here: %s", type(error).__name__)
        return _ask(self._here, item, tier, name, tell)


def _in_redis(redis_url: str) -> MovingWindowRateLimiter:
    pool = connect(redis_url).connection_pool
    return MovingWindowRateLimiter(
        RedisStorage("redis://", connection_pool=pool, key_prefix=_PREFIX)
    )


def _ask(
    limiter: MovingWindowRateLimiter, item: RateLimitItem, tier: Tier, name: str, tell: bool
) -> Standing | None:
    admitted = limiter.hit(item, tier, name)
    if admitted and not tell:
        return None
    frees_at, left = limiter.get_window_stats(item, tier, name)
    reset = max(1, math.ceil(frees_at - time.time()))
    return Standing(tier, item.amount, max(0, left), reset, admitted)


def address_of(host: str | None) -> str:
    """Whom an address stands for: an IPv6 customer has a whole /64 to choose from."""
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return host or "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
