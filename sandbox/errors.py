"""Refusals, as Slack words them."""

from typing import Any

Json = dict[str, Any]


class SlackError(Exception):
    """A Web API refusal: `{"ok": false, "error": code}` plus whatever else Slack tells."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.more = more

    def answer(self) -> Json:
        """The body of the response."""
        return {"ok": False, "error": self.code, **self.more}


class InputRefusedError(SlackError):
    """Arguments or blocks that break a rule; `findings` name the places by JSON pointer."""

    def __init__(self, code: str, findings: list[str]) -> None:
        super().__init__(
            code,
            errors=findings,
            response_metadata={"messages": [f"[ERROR] {finding}" for finding in findings]},
        )


class RateLimitedError(SlackError):
    """429 with Retry-After in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("ratelimited")
        self.retry_after = retry_after


class NotPossibleError(Exception):
    """Something no person could do in the client, such as clicking a button that is not there."""
