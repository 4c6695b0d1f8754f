"""`leadport keys`: make, list and revoke the keys of the HTTP API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from sqlmodel import Session

from bot import terminal
from core import accounts, ids, keys
from core.errors import ImportFailure, NotFound
from core.models import ApiKey
from worker.settings import Settings


def create(settings: Settings, account: str, name: str, scopes: list[str], as_json: bool) -> int:
    """Make a key and print it, this once; the exit code."""

    def make(session: Session) -> tuple[ApiKey, str]:
        account_id = cast(int, accounts.account(session, account).id)
        return keys.create(session, account_id, name, scopes)

    with terminal.opened(settings) as (database, _):
        try:
            row, key = database.transact(make)
        except ImportFailure as failure:
            raise terminal.refused(failure, as_json) from None
    if as_json:
        terminal.print_json({"key": key, **_as_json(row)})
    else:
        terminal.out().print(key)
        allowed = ", ".join(row.scopes)
        terminal.aside().print(
            f"Keep it now: it is never shown again. It may: {allowed}. "
            f"To end it: leadport keys revoke {ids.show('key', row.id)} --account {account}"
        )
    return terminal.DONE


def list_(settings: Settings, account: str, as_json: bool) -> int:
    """Print the keys of an account; the exit code."""
    with terminal.opened(settings) as (database, _), database.reading() as session:
        found = accounts.find(session, account)
        rows = [_as_json(row) for row in keys.listed(session, found)] if found else []
    if as_json:
        terminal.print_json({"keys": rows})
        return terminal.DONE
    if not rows:
        terminal.out().print(f"The account {account} has no keys.")
    for row in rows:
        state = f"revoked {row['revoked_at']}" if row["revoked_at"] else "valid"
        used = f"last used {row['last_used_at']}" if row["last_used_at"] else "never used"
        scopes = ", ".join(row["scopes"])
        terminal.out().print(
            f"{row['id']}  {row['prefix']}...  {scopes}  {state}, {used}  {row['name']}"
        )
    return terminal.DONE


def revoke(settings: Settings, account: str, key_id: str) -> int:
    """End a key; the exit code."""

    def end(session: Session) -> None:
        found, number = accounts.find(session, account), ids.read("key", key_id)
        if found is None or number is None:
            raise NotFound("There is no such key.")
        keys.revoke(session, found, number)

    with terminal.opened(settings) as (database, _):
        try:
            database.transact(end)
        except ImportFailure as failure:
            raise terminal.refused(failure) from None
    terminal.out().print(f"{key_id} is revoked.")
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
