"""`leadport keys`: make, list and revoke the keys of the HTTP API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot import terminal
from bot.commands import permits
from bot.commands.permits import Permits
from core import ids, keys
from core.models import ApiKey
from worker.settings import Settings


def create(settings: Settings, account: str, name: str, scopes: list[str], as_json: bool) -> int:
    """Make a key and print it, this once; the exit code."""
    row, key = permits.made(
        settings, account, as_json,
        lambda session, account_id: keys.create(session, account_id, name, scopes),
    )  # fmt: skip
    if as_json:
        terminal.print_json({"key": key, **_as_json(row)})
    else:
        may = f". It may: {', '.join(row.scopes)}."
        permits.show_once(key, may, KEYS, ids.show("key", row.id), account)
    return terminal.DONE


def _as_json(row: ApiKey) -> dict[str, Any]:
    return {
        "id": ids.show("key", row.id),
        "name": row.name,
        "prefix": row.prefix,
        "scopes": row.scopes,
        "created_at": _time(row.created_at),
        "last_used_at": _time(row.last_used_at),
        "revoked_at": _time(row.revoked_at),
    }


def _time(at: int | None) -> str | None:
    return None if at is None else f"{datetime.fromtimestamp(at // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


KEYS = Permits(
    "key", "keys", keys.listed, keys.revoke, _as_json, about=lambda row: ", ".join(row["scopes"])
)
