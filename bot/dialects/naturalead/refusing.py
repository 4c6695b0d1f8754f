"""Naturalead's refusals: its statuses, and the texts of its documents (N-22 to N-26, Np-3)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from bot.api.endpoint import Refused
from bot.api.failures import Forbidden, InvalidRequest, NoKey, status_of
from core.errors import ImportFailure, InvalidMapping


class Refusal(BaseModel):
    """Why a request was refused (Np-3)."""

    error: str
    details: str | None = None
    message: str | None = None
    columns: list[str] | None = None  #: those at fault in the file


#: The statuses that the document gives otherwise than is usual here.
_STATUS: Mapping[str, int] = MappingProxyType(
    {
        "unknown_columns": 422,  # N-25
        "upload_expired": 400,  # N-22
        "file_gone": 400,
        "too_many_rows": 400,
        "import_failed": 500,
    }
)
_NO_KEY = "Authentication required. Provide an API key via X-API-Key header or Authorization: Bearer header."  # noqa: E501  (word for word)
_WRONG_KEY = "Invalid or expired API key"
#: What is told of a failure, by its code; its own words are then the details.
_ERRORS: Mapping[str, str] = MappingProxyType(
    {
        "phone_missing": "phone is required",
        "no_identifier": "phone is required",
        "unknown_columns": "Column mapping references columns not found in the CSV",
        "invalid_mapping": "Invalid column mapping",
        "upload_expired": "Invalid or expired uploadId",
        "file_gone": "Invalid or expired uploadId",
        "file_too_large": "CSV file exceeds the maximum upload size",
        "rate_limited": "Rate limit exceeded",
        "file_missing": "file is required",
        **dict.fromkeys(
            (
                "not_a_table", "empty_file", "header_only", "too_many_rows", "too_many_columns",
                "cell_too_long", "took_too_long", "unreadable_encoding", "password_protected",
            ),
            "Invalid CSV format",
        ),
    }
)  # fmt: skip
#: What is told of a field of a request that is missing or of the wrong type (Np-3).
_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "content": "content (CSV string) is required",
        "mapping": "content and mapping are required",
        "uploadId": "content and mapping are required",
    }
)


def refuse(failure: ImportFailure) -> Refused:
    """A refusal in Naturalead's envelope."""
    return Refused(status_of(failure, _STATUS), _told(failure).model_dump(exclude_none=True))


def _told(failure: ImportFailure) -> Refusal:
    if isinstance(failure, Forbidden):
        needs = f"(requires: {failure.scope})"
        words = f"API key does not have the required scope {needs}."
        return Refusal(error="Forbidden", message=words)
    if failure.code == "unauthenticated":
        return Refusal(error=_NO_KEY if isinstance(failure, NoKey) else _WRONG_KEY)
    if isinstance(failure, InvalidRequest) and failure.fields:
        return Refusal(error=_of_field(failure.fields), details=failure.message)
    error = _ERRORS.get(failure.code)
    if error is None:
        return Refusal(error=failure.message)
    return Refusal(error=error, details=failure.message, **_columns(failure))


def _of_field(fields: Mapping[str, str]) -> str:
    name, words = next(iter(fields.items()))
    if name == "tags" and words == "input should be a valid array":
        return "tags must be an array"
    missing = words == "is required" or words.startswith(("input should be", "string should have"))
    return _FIELDS[name] if missing and name in _FIELDS else f"{name} is invalid"


def _columns(failure: ImportFailure) -> dict[str, Any]:
    named = isinstance(failure, InvalidMapping) and failure.columns
    return {"columns": list(failure.columns)} if named else {}  # type: ignore[attr-defined]
