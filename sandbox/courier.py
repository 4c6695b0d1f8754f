"""The courier: requests to the app by HTTP or by socket, their retries, and the log."""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.config import Config
from sandbox.errors import Json
from sandbox.http_line import HttpLine
from sandbox.parcels import ENVELOPES, Parcel
from sandbox.signing import signed_headers
from sandbox.sockets import Sockets

LOG_LENGTH = 500


@dataclass(frozen=True)
class Outcome:
    """How one attempt went. `problem` is Slack's retry reason, None when the app took it.

    `status` is that of HTTP; an acknowledgement over a socket counts as 200.
    """

    id: int
    kind: str
    what: str
    at: float
    attempt: int
    milliseconds: int
    status: int | None
    problem: str | None
    answer: str = ""
    content_type: str = ""
    no_retry: bool = False
    by_socket: bool = False

    @property
    def ok(self) -> bool:
        """Whether the app answered 2xx, or acknowledged, in time."""
        return self.problem is None

    def as_json(self) -> Json:
        """For the developer log."""
        return asdict(self) | {"ok": self.ok}


class Courier:
    """Sends parcels and remembers what became of them."""

    def __init__(self, config: Config, clock: Callable[[], float], sockets: Sockets) -> None:
        self._config = config
        self._clock = clock
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._line = HttpLine(config)
        self._sockets = sockets
        self.log: deque[Outcome] = deque(maxlen=LOG_LENGTH)
        self.parcels: dict[int, Parcel] = {}
        # Kept from the moment they leave, for an app may act on one before it has answered.
        self.sent: deque[Parcel] = deque(maxlen=LOG_LENGTH)
        self.on_outcome: Callable[[Outcome], None] = lambda outcome: None

    async def start(self) -> None:
        """Open the connections."""
        await self._line.start()

    async def stop(self) -> None:
        """Give up whatever is still on its way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._line.stop()

    def forget(self) -> None:
        """Drop what is on its way, and the log."""
        for task in self._tasks:
            task.cancel()
        self.log.clear()
        self.sent.clear()
        self.parcels.clear()

    def in_background(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something without waiting for it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def send_event(self, parcel: Parcel) -> None:
        """Deliver an event, again after each of `retry_delays` until the app takes it."""
        reason = None
        for attempt, delay in enumerate((0.0, *self._config.retry_delays)):
            await asyncio.sleep(delay)
            outcome = await self.send(parcel, attempt=attempt, reason=reason)
            if outcome.ok or outcome.no_retry:
                return
            reason = outcome.problem

    async def send(
        self, parcel: Parcel, *, attempt: int = 0, reason: str | None = None, manner: str = "right"
    ) -> Outcome:
        """One attempt. `manner` spoils the signature (see `signing.MANNERS`), if it bears one."""
        self.sent.append(parcel)
        by_socket = self._sockets.on and parcel.kind in ENVELOPES
        began = time.monotonic()
        if by_socket:
            reply = await self._sockets.deliver(parcel, attempt, reason)
        else:
            headers = self._headers(parcel, attempt, reason, manner)
            reply = await self._line.post(parcel.body, headers)
        outcome = Outcome(
            id=next(self._numbers),
            kind=parcel.kind,
            what=parcel.what,
            at=self._clock(),
            attempt=attempt,
            milliseconds=round((time.monotonic() - began) * 1000),
            status=reply.status,
            problem=reply.problem,
            answer=reply.answer,
            content_type=reply.content_type,
            no_retry=reply.no_retry,
            by_socket=by_socket,
        )
        return self._remember(parcel, outcome)

    def _headers(
        self, parcel: Parcel, attempt: int, reason: str | None, manner: str
    ) -> dict[str, str]:
        headers = {"Content-Type": parcel.content_type, "User-Agent": "Slackbot 1.0 (sandbox)"}
        headers |= signed_headers(self._config.signing_secret, parcel.body, self._clock(), manner)
        if attempt:
            headers["X-Slack-Retry-Num"] = str(attempt)
            headers["X-Slack-Retry-Reason"] = reason or "unknown_error"
        return headers

    def _remember(self, parcel: Parcel, outcome: Outcome) -> Outcome:
        if len(self.log) == LOG_LENGTH:
            self.parcels.pop(self.log[0].id, None)
        self.log.append(outcome)
        self.parcels[outcome.id] = parcel
        self.on_outcome(outcome)
        return outcome
