"""The courier: signed requests to the app, the three-second deadline, retries, and the log."""

import asyncio
import itertools
import json
import ssl
import time
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from sandbox.config import Config
from sandbox.errors import Json
from sandbox.signing import signed_headers

LOG_LENGTH = 500
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Parcel:
    """A request for the app: `kind` is event, interaction, options, command or challenge."""

    kind: str
    what: str
    body: bytes
    content_type: str


@dataclass(frozen=True)
class Outcome:
    """How one attempt went. `problem` is Slack's retry reason, None when the app answered 2xx."""

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

    @property
    def ok(self) -> bool:
        """Whether the app answered 2xx in time."""
        return self.problem is None

    def as_json(self) -> Json:
        """For the developer log."""
        return asdict(self) | {"ok": self.ok}


def event_parcel(envelope: Json) -> Parcel:
    """An Events API request."""
    event = envelope.get("event", {})
    what = ".".join(filter(None, (event.get("type", envelope["type"]), event.get("subtype"))))
    return Parcel("event", what, json.dumps(envelope).encode(), JSON_TYPE)


def form_parcel(kind: str, what: str, fields: dict[str, str]) -> Parcel:
    """A form-encoded request: slash commands, and interactions in their `payload` field."""
    return Parcel(kind, what, urlencode(fields).encode(), FORM_TYPE)


def certificates(url: str) -> ssl.SSLContext:
    """The certificates to trust. Plain HTTP needs none, and reading them takes long."""
    https = url.startswith("https:")
    return ssl.create_default_context() if https else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Courier:
    """Sends parcels and remembers what became of them."""

    def __init__(self, config: Config, clock: Callable[[], float]) -> None:
        self._config = config
        self._clock = clock
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._client: httpx.AsyncClient | None = None
        self.log: deque[Outcome] = deque(maxlen=LOG_LENGTH)
        self.parcels: dict[int, Parcel] = {}
        # Kept from the moment they leave, for an app may act on one before it has answered.
        self.sent: deque[Parcel] = deque(maxlen=LOG_LENGTH)
        self.on_outcome: Callable[[Outcome], None] = lambda outcome: None

    async def start(self) -> None:
        """Open the connections. The app is asked directly, past any proxy of the environment."""
        self._client = httpx.AsyncClient(
            timeout=self._config.deadline_seconds,
            trust_env=False,
            verify=certificates(self._config.app_url),
        )

    async def stop(self) -> None:
        """Give up whatever is still on its way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client:
            await self._client.aclose()

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
        """One attempt. `manner` spoils the signature (see `signing.MANNERS`)."""
        self.sent.append(parcel)
        headers = {"Content-Type": parcel.content_type, "User-Agent": "Slackbot 1.0 (sandbox)"}
        headers |= signed_headers(self._config.signing_secret, parcel.body, self._clock(), manner)
        if attempt:
            headers["X-Slack-Retry-Num"] = str(attempt)
            headers["X-Slack-Retry-Reason"] = reason or "unknown_error"
        began = time.monotonic()
        status, problem, response = await self._post(parcel.body, headers)
        outcome = Outcome(
            id=next(self._numbers),
            kind=parcel.kind,
            what=parcel.what,
            at=self._clock(),
            attempt=attempt,
            milliseconds=round((time.monotonic() - began) * 1000),
            status=status,
            problem=problem,
            answer=response.text if response else "",
            content_type=response.headers.get("content-type", "") if response else "",
            no_retry=bool(response and response.headers.get("x-slack-no-retry") == "1"),
        )
        return self._remember(parcel, outcome)

    async def _post(
        self, body: bytes, headers: dict[str, str]
    ) -> tuple[int | None, str | None, httpx.Response | None]:
        if self._client is None:
            raise RuntimeError("the courier has not been started")
        post = self._client.post(self._config.app_url, content=body, headers=headers)
        try:
            # One deadline for the whole answer; httpx's own timeouts start anew with each step.
            response = await asyncio.wait_for(post, self._config.deadline_seconds)
        except (TimeoutError, httpx.TimeoutException):
            return None, "http_timeout", None
        except httpx.TransportError:
            return None, "connection_failed", None
        return response.status_code, None if response.is_success else "http_error", response

    def _remember(self, parcel: Parcel, outcome: Outcome) -> Outcome:
        if len(self.log) == LOG_LENGTH:
            self.parcels.pop(self.log[0].id, None)
        self.log.append(outcome)
        self.parcels[outcome.id] = parcel
        self.on_outcome(outcome)
        return outcome
