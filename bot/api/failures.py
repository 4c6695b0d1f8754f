"""Why a request over HTTP is refused, beside what the core refuses; and the status of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from core.errors import ImportFailure


class Unauthenticated(ImportFailure):
    """Send a valid API key as "Authorization: Bearer KEY" or as "X-Api-Key: KEY"."""

    code = "unauthenticated"


class NoKey(Unauthenticated):
    """Send a valid API key as "Authorization: Bearer KEY" or as "X-Api-Key: KEY"."""


class Forbidden(ImportFailure):
    """The API key does not have the scope that this needs."""

    code = "forbidden"

    def __init__(self, message: str = "", scope: str = "") -> None:
        super().__init__(message or f"The API key does not have the scope {scope}.")
        self.scope = scope


class InvalidRequest(ImportFailure):
    """The request is not as documented."""

    code = "invalid_request"

    def __init__(self, message: str = "", fields: Mapping[str, str] | None = None) -> None:
        """``fields`` says what is wrong with which field of the request."""
        super().__init__(message)
        self.fields = MappingProxyType(dict(fields or {}))


class FileMissing(InvalidRequest):
    """The request brings no file. Send one as multipart/form-data in the field "file"."""

    code = "file_missing"


class NoSuchPath(ImportFailure):
    """There is nothing at this address."""

    code = "no_such_path"


class BadMethod(ImportFailure):
    """This address does not take that method."""

    code = "bad_method"

    def __init__(self, allowed: Iterable[str]) -> None:
        """``allowed`` are the methods that it does take."""
        self.allowed = sorted(allowed)
        super().__init__(f"Use {' or '.join(self.allowed)} here.")


class BodyTooLarge(ImportFailure):
    """The request is larger than the limit."""

    code = "file_too_large"

    def __init__(self, limit: int) -> None:
        """``limit`` is in bytes."""
        megabytes = limit // 1_000_000 if limit % (1 << 20) else limit >> 20
        super().__init__(f"The file is larger than {megabytes} MB, which is the limit.")
        self.limit = limit


class UnsupportedType(ImportFailure):
    """The file must be a CSV."""

    code = "unsupported_type"


class Rejected(ImportFailure):
    """The file was rejected when it was read."""

    def __init__(self, code: str, message: str) -> None:
        """``code`` and ``message`` are those of the upload."""
        super().__init__(message)
        self.code = code


class RateLimited(ImportFailure):
    """Too many requests. Wait, and send it again."""

    code = "rate_limited"

    def __init__(self, message: str = "", retry_after: int = 1) -> None:
        """``retry_after`` is in seconds."""
        super().__init__(message)
        self.retry_after = retry_after


class KeyReused(ImportFailure):
    """This Idempotency-Key was used for another request. Send a new one."""

    code = "idempotency_key_reused"


class StillRunning(ImportFailure):
    """The first request with this Idempotency-Key is still running. Ask again in a moment."""

    code = "idempotency_still_running"


class InternalError(ImportFailure):
    """Internal error."""

    code = "internal_error"

    def __init__(self, log_id: str) -> None:
        """``log_id`` finds the cause in the log."""
        super().__init__(f"Internal error. Its number in the log is {log_id}.")
        self.log_id = log_id


#: The status of each code; a dialect overrides those that its document gives otherwise. What is not
#: here is 400: the core refuses only what somebody asked for.
STATUS: Mapping[str, int] = MappingProxyType(
    {
        "unauthenticated": 401,
        "forbidden": 403,
        "not_allowed": 403,
        "not_found": 404,
        "no_such_path": 404,
        "bad_method": 405,
        "wrong_state": 409,
        "idempotency_still_running": 409,
        "file_gone": 410,
        "upload_expired": 410,
        "file_too_large": 413,
        "too_many_rows": 413,
        "unsupported_type": 415,
        "idempotency_key_reused": 422,
        "rate_limited": 429,
        "internal_error": 500,
    }
)


def status_of(failure: ImportFailure, overrides: Mapping[str, int] = MappingProxyType({})) -> int:
    """The HTTP status of a refusal."""
    return overrides.get(failure.code, STATUS.get(failure.code, 400))
