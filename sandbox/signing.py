"""Slack's request signature, version 0."""

import hashlib
import hmac

MANNERS = ("right", "wrong", "stale", "missing")
STALE_SECONDS = 600


def signed_headers(secret: str, body: bytes, now: float, manner: str = "right") -> dict[str, str]:
    """The signature headers of a request; `manner` can spoil them to see what the app does."""
    timestamp = str(int(now) - (STALE_SECONDS if manner == "stale" else 0))
    if manner == "missing":
        return {}
    key = secret if manner != "wrong" else secret + "x"
    base = b"v0:" + timestamp.encode() + b":" + body
    digest = hmac.new(key.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}"}
