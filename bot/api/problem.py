"""Refusals as problem+json (RFC 9457), for everything that no vendor's document words."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict

from bot.api.endpoint import Refused
from bot.api.failures import status_of
from core.errors import ImportFailure

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """Why a request was refused. ``code`` is stable; ``detail`` is for people."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    #: What is wrong with which field of the request.
    fields: dict[str, str] | None = None


def refused(
    failure: ImportFailure,
    overrides: Mapping[str, int] = MappingProxyType({}),
    **more: object,
) -> Refused:
    """The refusal; ``overrides`` are statuses of codes, ``more`` are further members."""
    status = status_of(failure, overrides)
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": failure.message,
        "code": failure.code,
    }
    if fields := getattr(failure, "fields", None):
        body["fields"] = dict(fields)
    return Refused(status, {**body, **more}, MEDIA_TYPE)
