"""Faults laid on the Web API: each spoils the next calls of one method, then is used up."""

from collections import defaultdict, deque
from dataclasses import dataclass

KINDS = ("ratelimited", "error", "http_500", "accept_then_500", "accept_then_drop", "hang")


@dataclass(frozen=True)
class Fault:
    """What goes wrong. `accept_then_*` do the work first, as when an answer is lost on its way."""

    kind: str
    error: str = "internal_error"
    retry_after: int = 1
    seconds: float = 0.0


class Faults:
    """Faults waiting, by method; `*` is any method."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Fault]] = defaultdict(deque)

    def lay(self, method: str, fault: Fault, times: int) -> None:
        """Spoil the next `times` calls of a method."""
        self._waiting[method].extend([fault] * times)

    def take(self, method: str) -> Fault | None:
        """The fault for the call that comes now."""
        for name in (method, "*"):
            if self._waiting[name]:
                return self._waiting[name].popleft()
        return None

    def clear(self) -> None:
        """Take all faults away."""
        self._waiting.clear()
