"""`leadport hooks`: make, list and revoke addresses that take in single leads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from sqlmodel import Session

from bot import terminal
from bot.dialects.webhooks import wire
from bot.embedded import secret_key
from core import accounts, hooks, ids
from core.errors import ImportFailure, NotFound
from core.models import IncomingHook
from worker.settings import Settings
from worker.webhooks import vault


def create(
    settings: Settings,
    account: str,
    name: str,
    mapping: Mapping[str, str],
    secret: str,
    as_json: bool,
) -> int:
    """Make a hook and print its address, this once; the exit code."""
    key = settings.secret_key or secret_key(settings.data_dir)  # as `leadport up` has it
    locked = vault(key).lock(secret) if secret else ""

    def make(session: Session) -> tuple[IncomingHook, str]:
        account_id = cast(int, accounts.account(session, account).id)
        return hooks.create(session, account_id, name, mapping, locked)

    with terminal.opened(settings) as (database, _):
        try:
            made, token = database.transact(make)
        except ImportFailure as failure:
            raise terminal.refused(failure, as_json) from None
    url = f"{settings.public_url}/hooks/{token}"
    if as_json:
        terminal.print_json(wire.hook_made(made, url).model_dump())
    else:
        terminal.out().print(url)
        shown = ids.show("hook", made.id)
        terminal.aside().print(
            "Keep it now: it is never shown again, and whoever knows it may send leads. "
            f"To end it: leadport hooks revoke {shown} --account {account}"
        )
    return terminal.DONE


def list_(settings: Settings, account: str, as_json: bool) -> int:
    """Print the hooks of an account; the exit code."""
    with terminal.opened(settings) as (database, _), database.reading() as session:
        found = accounts.find(session, account)
        rows = [wire.hook(row) for row in hooks.listed(session, found)] if found else []
    if as_json:
        terminal.print_json({"hooks": [row.model_dump() for row in rows]})
        return terminal.DONE
    if not rows:
        terminal.out().print(f"The account {account} has no incoming hooks.")
    for row in rows:
        state = f"revoked {row.revoked_at}" if row.revoked_at else "valid"
        used = f"last used {row.last_used_at}" if row.last_used_at else "never used"
        terminal.out().print(f"{row.id}  {row.prefix}...  {state}, {used}  {row.name}")
    return terminal.DONE


def revoke(settings: Settings, account: str, hook_id: str) -> int:
    """End a hook; the exit code."""

    def end(session: Session) -> None:
        found, number = accounts.find(session, account), ids.read("hook", hook_id)
        if found is None or number is None:
            raise NotFound("There is no such hook.")
        hooks.revoke(session, found, number)

    with terminal.opened(settings) as (database, _):
        try:
            database.transact(end)
        except ImportFailure as failure:
            raise terminal.refused(failure) from None
    terminal.out().print(f"{hook_id} is revoked.")
    return terminal.DONE
