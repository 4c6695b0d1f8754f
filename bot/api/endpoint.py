"""What an endpoint is: a line in a dialect's table that says what it takes, needs and answers.

The same line makes the route, checks the request and writes the page of the OpenAPI document.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict
from starlette.datastructures import Headers

from bot.api.caller import Caller
from bot.api.office import Office
from core.errors import ImportFailure
from core.idempotency import Held
from core.uploads import Stored

#: Bytes of a request without a file.
SMALL_BODY = 1_000_000


class Wire(BaseModel):
    """What arrives: unknown keys are ignored, nothing is changed afterwards."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Nothing(Wire):
    """No parameters."""


@dataclass(frozen=True)
class Sent:
    """A file that came with the request and lies in the store by now."""

    name: str
    content_type: str
    stored: Stored


@dataclass(frozen=True)
class Call:
    """One request: who calls, and what arrived, checked against the endpoint's types."""

    office: Office
    caller: Caller
    path: Mapping[str, str]
    query: Any  #: of type ``Endpoint.query``
    body: Any  #: of type ``Endpoint.body`` or ``Endpoint.form``; bytes where it is ``raw``
    file: Sent | None
    headers: Headers
    id: str  #: of the request, for the log
    key: Held | None = None  #: its Idempotency-Key: what is started is to be noted under it

    @property
    def started(self) -> int | None:
        """What an earlier try of this very request has started, and left unanswered."""
        return self.key.started if self.key else None


@dataclass(frozen=True)
class Answer:
    """What goes back. ``body`` is JSON unless ``stream`` gives bytes of ``media_type``."""

    body: BaseModel | Mapping[str, Any] | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    stream: Iterator[bytes] | AsyncIterator[bytes] | None = None
    media_type: str = "application/json"


Handler = Callable[[Call], Answer | Awaitable[Answer]]


@dataclass(frozen=True)
class Endpoint:
    """One method of one path. The handler's docstring is its description.

    A plain handler runs in a thread, where it may wait for the database; an ``async def`` one
    runs in the event loop and must not, save by ``call.office.run``.
    """

    method: str
    path: str  #: as Starlette and OpenAPI write it, such as ``/jobs/{job_id}``
    handle: Handler
    scope: str  #: what the key needs
    answers: Mapping[int, type[BaseModel] | str]  #: status -> JSON model or media type
    query: type[BaseModel] = Nothing
    body: type[BaseModel] | None = None  #: JSON
    form: type[BaseModel] | None = None  #: fields beside ``file`` in multipart/form-data
    limit: int = SMALL_BODY  #: bytes of the body, or of the file where there is a form
    either: int = 0  #: with both form and body: whichever comes; bytes of the body
    raw: tuple[str, ...] = ()  #: media types of a body that is handed over as it came, in bytes
    #: Whether an Idempotency-Key makes a second try harmless. The handler notes under ``Call.key``
    #: what it starts, and where that is noted already it only answers for it.
    starts: bool = False
    open: bool = False  #: needs no key: whoever knows the path may call it
    refusals: tuple[int, ...] = ()  #: further statuses, beside 401, 403 and 429

    @property
    def name(self) -> str:
        """The handler's name, which is the operation's id."""
        return str(getattr(self.handle, "__name__", ""))


@dataclass(frozen=True)
class Refused:
    """How a dialect words a refusal."""

    status: int
    body: Mapping[str, Any]
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Dialect:
    """One API in the words of its document: its endpoints, and how it refuses."""

    name: str
    endpoints: tuple[Endpoint, ...]
    refuse: Callable[[ImportFailure], Refused]
    prefix: str = ""  #: a path before every endpoint's
    error: type[BaseModel] | None = None  #: the type of a refusal's body, for the documentation
    hosts: tuple[str, ...] = ()  #: host names for which this dialect answers, empty for all
