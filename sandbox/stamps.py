"""Timestamps and ids that are never given twice."""

import itertools
from collections.abc import Callable

Clock = Callable[[], float]


class Stamps:
    """Hands out Slack's message timestamps (`seconds.microseconds`, strictly rising) and ids."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._last = 0
        # An app remembers event ids across restarts of the sandbox, which therefore may not
        # begin anew: a second run would look like a redelivery of the first.
        self._numbers = itertools.count(int(clock() * 1000) + 1)

    def next(self) -> str:
        """A new `ts`."""
        self._last = max(int(self.clock() * 1_000_000), self._last + 1)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def id(self, prefix: str) -> str:
        """A new id, such as `F19AA2C3F1A7`: the prefix and a running number in capitals."""
        return f"{prefix}{next(self._numbers):08X}"
