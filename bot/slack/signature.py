"""Whether a request comes from Slack: checked on the raw bytes, before anything is parsed.

Slack's own verifier, in slack_sdk, raises on timestamps that are no number, on signatures that are
not ASCII and on bodies that are not UTF-8; here all of them are just not Slack's.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping

#: Seconds; an older request may be a recorded one.
MAX_AGE = 300
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")


def is_valid(
    secret: str,
    body: bytes,
    headers: Mapping[str, str],
    clock: Callable[[], float] = time.time,
) -> bool:
    """Whether the signature is right and at most five minutes old. ``headers`` ignore case."""
    timestamp = headers.get("x-slack-request-timestamp", "")
    signature = headers.get("x-slack-signature", "")
    if not (_TIMESTAMP.fullmatch(timestamp) and _SIGNATURE.fullmatch(signature)):
        return False
    if abs(clock() - int(timestamp)) > MAX_AGE:
        return False
    told = b"v0:%s:%s" % (timestamp.encode(), body)
    expected = "v0=" + hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature)
