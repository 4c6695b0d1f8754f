"""`leadport hooks`: make, list and revoke addresses that take in single leads."""

from __future__ import annotations

from collections.abc import Mapping

from bot import terminal
from bot.commands import permits
from bot.commands.permits import Permits
from bot.dialects.webhooks import wire
from bot.embedded import secret_key
from core import hooks, ids
from worker.settings import Settings
from worker.webhooks import vault

HOOKS = Permits(
    "hook", "incoming hooks", hooks.listed, hooks.revoke, lambda row: wire.hook(row).model_dump()
)


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
    made, token = permits.made(
        settings, account, as_json,
        lambda session, account_id: hooks.create(session, account_id, name, mapping, locked),
    )  # fmt: skip
    url = f"{settings.public_url}/hooks/{token}"
    if as_json:
        terminal.print_json(wire.hook_made(made, url).model_dump())
    else:
        open_ = ", and whoever knows it may send leads."
        permits.show_once(url, open_, HOOKS, ids.show("hook", made.id), account)
    return terminal.DONE
