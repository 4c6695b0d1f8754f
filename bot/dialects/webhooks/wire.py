"""The JSON of webhooks: what requests hold, and core values as answers (pure)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from bot.api.endpoint import Wire
from core import ids, singles
from core.models import IncomingHook, WebhookDelivery, WebhookEndpoint
from core.webhooks import Wanted

#: Deliveries of a page.
PAGE, MOST_PAGE = 25, 100

Event = Literal[
    "import.previewed", "import.started", "import.progress", "import.completed", "import.failed",
    "import.cancelled", "import.undone",
]  # fmt: skip
#: What every usable address begins with; ``worker.outward.check`` asks for more.
URL_PATTERN = "^[hH][tT][tT][pP][sS]?://[^/?#]"
_Url = Annotated[
    str,
    Field(min_length=1, max_length=2_000, json_schema_extra={"pattern": URL_PATTERN}),
]
_Words = Annotated[str, Field(max_length=200)]
_Events = Annotated[list[Event], Field(max_length=20)]
_Secret = Annotated[str, Field(min_length=8, max_length=200)]
_Mapping = Annotated[
    dict[Annotated[str, Field(max_length=200)], Annotated[str, Field(max_length=100)]],
    Field(max_length=200),
]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


# ---- requests ----------------------------------------------------------------------------------


class EndpointNew(Wire):
    """An address that wants to hear of imports."""

    url: Annotated[_Url, Field(description="Where to POST events; it begins with https://.")]
    description: _Words = ""
    events: Annotated[
        _Events, Field(default_factory=list, description="Which events; all if empty.")
    ]


class EndpointChange(Wire):
    """What is to be different; what is not mentioned stays."""

    url: _Url | SkipJsonSchema[None] = None
    description: _Words | SkipJsonSchema[None] = None
    events: _Events | SkipJsonSchema[None] = None
    enabled: Annotated[
        bool | SkipJsonSchema[None], Field(description="Whether events are sent to it.")
    ] = None


class DeliveryQuery(Wire):
    """Which page of the log."""

    cursor: Annotated[
        Annotated[str, Field(min_length=1, max_length=100)] | SkipJsonSchema[None],
        Field(description="next_cursor of the page before."),
    ] = None
    limit: Annotated[int, Field(ge=1, le=MOST_PAGE)] = PAGE


class HookNew(Wire):
    """An address for forms and other tools to send single leads to."""

    name: _Words = ""
    mapping: Annotated[
        _Mapping,
        Field(
            default_factory=dict,
            description="Field of what is sent -> field of a lead; others are guessed.",
        ),
    ]
    secret: Annotated[
        _Secret | SkipJsonSchema[None],
        Field(description="If given, requests need a Typeform-Signature made with it."),
    ] = None


def wanted(body: EndpointNew | EndpointChange) -> Wanted:
    """What an endpoint is to be."""
    enabled = body.enabled if isinstance(body, EndpointChange) else None
    return Wanted(body.url, body.description, body.events, enabled)


# ---- answers -----------------------------------------------------------------------------------


class EndpointShown(BaseModel):
    """An endpoint."""

    id: str
    url: str
    description: str
    events: list[str]
    enabled: bool
    disabled_reason: str | None
    created_at: Time


class EndpointMade(EndpointShown):
    """A new endpoint, and the secret that checks what it is sent."""

    secret: Annotated[str, Field(description="Keep it: it is shown this once.")]


class Endpoints(BaseModel):
    """All endpoints of the account."""

    endpoints: list[EndpointShown]


class DeliveryShown(BaseModel):
    """One event for one endpoint, and what came of sending it."""

    id: Annotated[str, Field(description="The header webhook-id, the same at every try.")]
    type: str
    job_id: str
    state: Literal["pending", "sending", "delivered", "given_up", "superseded"]
    attempts: int
    status: Annotated[int | None, Field(description="Of the last answer.")]
    answer: Annotated[str, Field(description="How the last answer begins.")]
    failure: str
    payload: dict[str, Any]
    created_at: Time
    next_attempt_at: Time | None
    delivered_at: Time | None


class Deliveries(BaseModel):
    """A page of the log, the newest first."""

    deliveries: list[DeliveryShown]
    next_cursor: str | None


class HookShown(BaseModel):
    """An incoming hook."""

    id: str
    name: str
    prefix: Annotated[str, Field(description="How its token begins.")]
    mapping: dict[str, str]
    signed: Annotated[bool, Field(description="Whether requests need a signature.")]
    created_at: Time
    last_used_at: Time | None
    revoked_at: Time | None


class HookMade(HookShown):
    """A new hook, and its address."""

    url: Annotated[str, Field(description="Whoever knows it may send leads; shown this once.")]


class Hooks(BaseModel):
    """All incoming hooks of the account."""

    hooks: list[HookShown]


class ProblemShown(BaseModel):
    """One thing that is wrong with what was sent."""

    field: str
    code: str
    message: str
    value: str
    severity: Literal["error", "warning", "info"]


class Taken(BaseModel):
    """What became of a lead that was sent."""

    status: Literal["created", "updated", "unchanged", "skipped", "failed"]
    job_id: str
    lead_id: str | None
    problems: list[ProblemShown]


def endpoint(found: WebhookEndpoint) -> EndpointShown:
    """An endpoint, without its secret."""
    return EndpointShown(
        id=ids.show("ep", found.id), url=found.url, description=found.description,
        events=found.events, enabled=found.disabled_at is None,
        disabled_reason=found.reason or None, created_at=_time(found.created_at),
    )  # fmt: skip


def made(found: WebhookEndpoint, secret: str) -> EndpointMade:
    """An endpoint, with the secret as it is this once."""
    return EndpointMade(**endpoint(found).model_dump(), secret=secret)


def delivery(found: WebhookDelivery) -> DeliveryShown:
    """A line of the log."""
    waits = found.state == "pending"
    return DeliveryShown(
        id=ids.show("msg", found.id), type=found.type, job_id=ids.show("job", found.import_id),
        state=found.state, attempts=found.attempts, status=found.status, answer=found.answer,
        failure=found.failure, payload=json.loads(found.payload),
        created_at=_time(found.created_at),
        next_attempt_at=_time(found.due_at) if waits else None,
        delivered_at=_time(found.delivered_at) if found.delivered_at else None,
    )  # fmt: skip


def page(found: Sequence[WebhookDelivery], limit: int) -> Deliveries:
    """A page, of one delivery more than it may hold."""
    more = ids.show("msg", found[limit - 1].id) if len(found) > limit else None
    return Deliveries(deliveries=[delivery(each) for each in found[:limit]], next_cursor=more)


def hook(found: IncomingHook) -> HookShown:
    """A hook, without its token."""
    return HookShown(
        id=ids.show("hook", found.id), name=found.name, prefix=found.prefix, mapping=found.mapping,
        signed=bool(found.secret), created_at=_time(found.created_at),
        last_used_at=_time(found.last_used_at) if found.last_used_at else None,
        revoked_at=_time(found.revoked_at) if found.revoked_at else None,
    )  # fmt: skip


def hook_made(found: IncomingHook, url: str) -> HookMade:
    """A hook, with its address as it is this once."""
    return HookMade(**hook(found).model_dump(), url=url)


def taken(found: singles.Taken) -> Taken:
    """What became of a lead, and what there is to say about it."""
    problems = [
        ProblemShown(
            field=each.column, code=each.code.value, message=each.message, value=each.value,
            severity=each.severity.value,
        )
        for each in found.problems
    ]  # fmt: skip
    lead_id = None if found.lead_id is None else ids.show("lead", found.lead_id)
    return Taken(
        status=found.status, job_id=ids.show("job", found.import_id), lead_id=lead_id,
        problems=problems,
    )  # fmt: skip


def _time(at: int) -> str:
    return f"{datetime.fromtimestamp(at // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
