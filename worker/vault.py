"""Keys made of the secret key, one for each purpose, and secrets kept encrypted under them."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Unreadable(ValueError):  # noqa: N818  (a fact about what was kept)
    """What was kept was encrypted under another key, or is damaged."""


def derive(secret_key: str, purpose: str) -> bytes:
    """32 bytes that tell nothing of the secret key, nor of the key for another purpose."""
    kdf = HKDF(SHA256(), length=32, salt=None, info=f"leadport: {purpose}".encode())
    return kdf.derive(secret_key.encode())


class Vault:
    """Encrypts short texts under a key of its own, so that the database alone tells none."""

    def __init__(self, secret_key: str, purpose: str) -> None:
        """``purpose`` names what is kept; what one vault has locked no other opens."""
        self._fernet = Fernet(base64.urlsafe_b64encode(derive(secret_key, purpose)))

    def lock(self, text: str) -> str:
        """The text, encrypted; ASCII, about 4/3 of its length and 100 characters more."""
        return self._fernet.encrypt(text.encode()).decode()

    def unlock(self, locked: str) -> str:
        """The text as it was. Raises Unreadable."""
        try:
            return self._fernet.decrypt(locked.encode()).decode()
        except InvalidToken:
            raise Unreadable("It was encrypted under another LEADPORT_SECRET_KEY.") from None
