"""`leadport up`: everything in one terminal."""

from __future__ import annotations

import gc
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import typer

from bot import cli, terminal
from bot.embedded import AlreadyRunning, secret_key, sole_use, valkey
from bot.family import Program
from bot.supervisor import OURSELVES, NotStarted, Supervisor, stopped_by_signals
from worker.settings import Settings

_COLOURS = {"web": "cyan", "worker": "green", "valkey": "magenta", "sandbox": "blue"}
_WIDTH = 8
ANYWHERE = "0.0.0.0"  # noqa: S104  (only compared with)


def run(settings: Settings, host: str) -> int:
    """Run it all until told to stop; the exit code."""
    supervisor = Supervisor(say)
    try:
        with sole_use(settings.data_dir), stopped_by_signals(supervisor), supervisor:
            bring_up(supervisor, settings, host)
            if not supervisor.stopping:
                _announce(settings)
            supervisor.run()
    except (AlreadyRunning, NotStarted) as failure:
        terminal.complain(str(failure))
        return terminal.REFUSED
    return terminal.DONE


def bring_up(
    supervisor: Supervisor,
    settings: Settings,
    host: str = "127.0.0.1",
    env: Mapping[str, str] | None = None,
) -> None:
    """Start Valkey if there is no REDIS_URL, then worker and web; return when they are ready.

    ``env`` is added to the environment of worker and web. Raises NotStarted.
    """
    _check_port(host, settings.port)
    _load()
    _migrate(settings)
    shared = {
        "PYTHONUNBUFFERED": "1",
        "LEADPORT_DATA_DIR": str(settings.data_dir),
        "LEADPORT_SECRET_KEY": settings.secret_key or secret_key(settings.data_dir),
        "PORT": str(settings.port),
        **(env or {}),
    }
    if not settings.redis_url:
        embedded = valkey(settings.data_dir)
        supervisor.start(embedded.program, embedded.is_ready, 30)
        shared["REDIS_URL"] = embedded.url
    here = "127.0.0.1" if host == ANYWHERE else host
    supervisor.start(ours(shared, "worker"))
    web = ours(shared, "web", "--host", host)
    supervisor.start(web, answers(f"http://{here}:{settings.port}/healthz"))


def ours(env: Mapping[str, str], command: str, *options: str) -> Program:
    """One of our own commands as a program."""
    argv = (sys.executable, "-m", "bot.cli", command, *options)
    return Program(command, argv, env, main=cli.main)


def answers(url: str) -> Callable[[], bool]:
    """Whether something answers at ``url``, to be asked again until it does."""

    address = urlsplit(url)

    def ask() -> bool:
        with closing(HTTPConnection(address.netloc, timeout=2)) as web:
            try:
                web.request("GET", address.path or "/")
                return web.getresponse().status == 200
            except (OSError, HTTPException):
                return False

    return ask


def say(name: str, line: str) -> None:
    """One line of a program's, after its name."""
    label = typer.style(f"{name:>{_WIDTH}} |", fg=_COLOURS.get(name, "white"))
    typer.echo(f"{label} {terminal.printable(line)}")


def _check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise NotStarted(
                f"Port {port} cannot be used ({error.strerror}). Choose another with --port."
            ) from None


def _load() -> None:
    """Import once what worker and web are made of. To load it takes most of the time of a start."""
    gc.disable()  # among modules there is no garbage to look for
    import bot.main
    import worker.main

    assert bot.main and worker.main  # noqa: S101  (imported to be there)
    gc.freeze()  # nobody has to look through it again, and the processes go on sharing it
    gc.enable()


def _migrate(settings: Settings) -> None:
    from core.db import Database, upgrade

    database = Database(settings.database)
    try:
        upgrade(database)
    finally:
        database.close()


def _announce(settings: Settings) -> None:
    say(OURSELVES, f"Leadport is up: {settings.public_url}   (Ctrl-C ends it)")
    if settings.has_slack:
        way = "in Socket Mode" if settings.slack_app_token else "at /slack/events of that address"
        say(OURSELVES, f"It hears from Slack {way}.")
        if settings.can_be_installed:
            say(OURSELVES, f"Add it to a workspace: {settings.public_url}/slack/install")
    else:
        say(OURSELVES, "Without SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET it serves API and pages")
        say(OURSELVES, "only. To try the Slack side, run `make demo`; to connect, see README.md.")
