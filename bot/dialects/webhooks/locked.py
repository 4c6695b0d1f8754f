"""Secrets of webhooks, encrypted as they are stored."""

from __future__ import annotations

from bot.api.endpoint import Call
from core.errors import ImportFailure
from worker.vault import Unreadable, Vault
from worker.webhooks import vault


class NoKey(ImportFailure):
    """Secrets cannot be kept: LEADPORT_SECRET_KEY is not set. Set it and start Leadport again."""

    code = "no_secret_key"


class OtherKey(ImportFailure):
    """The hook's secret cannot be read: LEADPORT_SECRET_KEY was changed. Make a new hook."""

    code = "no_secret_key"


def lock(call: Call, secret: str) -> str:
    """A secret as it may be stored. Raises NoKey."""
    return _vault(call).lock(secret)


def unlock(call: Call, locked: str) -> str:
    """The secret as it was. Raises NoKey and OtherKey."""
    try:
        return _vault(call).unlock(locked)
    except Unreadable:
        raise OtherKey from None


def _vault(call: Call) -> Vault:
    if not call.office.settings.secret_key:
        raise NoKey
    return vault(call.office.settings.secret_key)
