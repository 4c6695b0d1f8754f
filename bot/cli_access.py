"""The part of the `leadport` command that lets others in: keys, webhooks and incoming hooks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot import terminal

if TYPE_CHECKING:
    from worker.settings import Settings

Account = Annotated[
    str, typer.Option("--account", metavar="NAME", help="The account whose leads are meant.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, for scripts.")]


def private_settings(**given: Any) -> Settings:
    """The settings, for a command that keeps people's data: nobody else may read what it writes."""
    from bot import private

    os.umask(terminal.PRIVATE)
    settings = terminal.settings(**given)
    for words in private.close(settings):
        terminal.complain(words)
    return settings


# ---- keys --------------------------------------------------------------------------------------

keys_app = typer.Typer(help="Make, list and revoke the keys of the HTTP API.", no_args_is_help=True)


@keys_app.command("create")
def keys_create(
    account: Account = "default",
    scopes: Annotated[
        str,
        typer.Option(
            metavar="SCOPES",
            help="What it may, separated by commas: leads:import, leads:read, leads:write, admin.",
        ),
    ] = "leads:import,leads:read,leads:write",
    name: Annotated[
        str, typer.Option(metavar="TEXT", show_default=False, help="What it is for.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Make a key for an account, which is made too if it is new. The key is shown this once."""
    from bot.commands import keys as command

    wanted = [scope.strip() for scope in scopes.replace(" ", ",").split(",") if scope.strip()]
    raise typer.Exit(command.create(private_settings(), account, name, wanted, as_json))


@keys_app.command("list")
def keys_list(account: Account = "default", as_json: Json = False) -> None:
    """List the keys of an account, by how they begin."""
    from bot.commands import permits
    from bot.commands.keys import KEYS

    raise typer.Exit(permits.list_(private_settings(), KEYS, account, as_json))


@keys_app.command("revoke")
def keys_revoke(
    key: Annotated[
        str, typer.Argument(metavar="KEY_ID", show_default=False, help="Its id, as listed.")
    ],
    account: Account = "default",
) -> None:
    """End a key, at once and for ever."""
    from bot.commands import permits
    from bot.commands.keys import KEYS

    raise typer.Exit(permits.revoke(private_settings(), KEYS, account, key))


# ---- webhooks ----------------------------------------------------------------------------------

webhooks_app = typer.Typer(help="Try the webhooks that Leadport sends.", no_args_is_help=True)


@webhooks_app.command("test")
def webhooks_test(
    target: Annotated[
        str,
        typer.Argument(metavar="URL|ENDPOINT_ID", show_default=False, help="Where to send it."),
    ],
    account: Account = "default",
    as_json: Json = False,
) -> None:
    """Send one signed event, `webhook.test`, to an address or to an endpoint of the account.

    Tells what was answered. The code is 0 if the event was taken.
    """
    from bot.commands import webhooks as command

    raise typer.Exit(command.test(private_settings(), target, account, as_json))


# ---- incoming hooks ----------------------------------------------------------------------------

hooks_app = typer.Typer(
    help="Make, list and revoke addresses that forms send single leads to.", no_args_is_help=True
)


@hooks_app.command("create")
def hooks_create(
    account: Account = "default",
    name: Annotated[
        str, typer.Option(metavar="TEXT", show_default=False, help="What it is for.")
    ] = "",
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=TARGET",
            show_default=False,
            help="What a field means, instead of the guess; can be given several times.",
        ),
    ] = None,
    secret: Annotated[
        str,
        typer.Option(
            envvar="LEADPORT_HOOK_SECRET",
            metavar="TEXT",
            show_default=False,
            help="Take only what has a Typeform-Signature made with it.",
        ),
    ] = "",
    as_json: Json = False,
) -> None:
    """Make an address that takes in single leads. It is shown this once."""
    from bot.commands import hooks as command

    given = dict(pair.rpartition("=")[::2] for pair in mapping or ())
    if not all(name and target for name, target in given.items()):
        raise typer.BadParameter("--map takes FIELD=TARGET, such as --map Question=company.")
    raise typer.Exit(command.create(private_settings(), account, name, given, secret, as_json))


@hooks_app.command("list")
def hooks_list(account: Account = "default", as_json: Json = False) -> None:
    """List the incoming hooks of an account, by how their tokens begin."""
    from bot.commands import permits
    from bot.commands.hooks import HOOKS

    raise typer.Exit(permits.list_(private_settings(), HOOKS, account, as_json))


@hooks_app.command("revoke")
def hooks_revoke(
    hook: Annotated[
        str, typer.Argument(metavar="HOOK_ID", show_default=False, help="Its id, as listed.")
    ],
    account: Account = "default",
) -> None:
    """End an incoming hook, at once and for ever."""
    from bot.commands import permits
    from bot.commands.hooks import HOOKS

    raise typer.Exit(permits.revoke(private_settings(), HOOKS, account, hook))
