"""The state of an installation under way: proof that who comes back is who set out, and lately.

The browser keeps a secret in a cookie, and takes the secret's fingerprint, signed, to Slack and
back. A link made by somebody else fails for want of the cookie, and one not made here for want of
the signature.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable

from itsdangerous import BadSignature, TimestampSigner

from worker.vault import derive

#: Seconds that a person has to read Slack's page and to click.
MAX_AGE = 600
_LONGEST = 500  # characters; ours are shorter


class NotOurs(ValueError):  # noqa: N818  (what is said of a state)
    """The state is forged, of another browser, or too old."""


class States:
    """Makes and checks states; ``clock`` tells seconds of Unix time."""

    def __init__(self, secret_key: str, clock: Callable[[], float] = time.time) -> None:
        self._signer = _Signer(derive(secret_key, "installing in Slack"), clock)

    def new(self) -> tuple[str, str]:
        """A cookie, and the state that belongs to it."""
        cookie = secrets.token_urlsafe(32)
        return cookie, self._signer.sign(_fingerprint(cookie)).decode()

    def check(self, state: str, cookie: str) -> str:
        """What tells this state from all others. Raises NotOurs."""
        if len(state) > _LONGEST or not cookie:
            raise NotOurs
        try:
            told = self._signer.unsign(state.encode("utf-8", "replace"), max_age=MAX_AGE).decode()
        except BadSignature:
            raise NotOurs from None
        if not hmac.compare_digest(told, _fingerprint(cookie)):
            raise NotOurs
        return told


class _Signer(TimestampSigner):
    def __init__(self, key: bytes, clock: Callable[[], float]) -> None:
        super().__init__(key, salt="state", digest_method=hashlib.sha256)
        self._clock = clock

    def get_timestamp(self) -> int:
        return int(self._clock())


def _fingerprint(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "replace")).hexdigest()
