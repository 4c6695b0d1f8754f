"""Builds the web process from the environment and serves it."""

from __future__ import annotations

import uvicorn
from starlette.applications import Starlette

from bot.slack import app as slack_app
from bot.slack.socket_mode import SocketMode
from bot.web import create_app, door
from core.db import Database, upgrade
from core.uploads import Files
from worker import logs
from worker.counts import Counts
from worker.installations import Installations
from worker.queue import Bell
from worker.settings import Settings
from worker.workspaces import Workspaces

#: Slack waits 3 s for our answer, so there is no use in waiting longer for Slack's.
ANSWER_SECONDS = 3


def build(settings: Settings) -> Starlette:
    """The app and all that it holds; the schema is brought up to date first. Raises NoSecretKey."""
    settings.check_secret_key()
    database = Database(settings.database)
    upgrade(database)
    files, bell = Files(settings.files_root), Bell(settings.redis_url)
    workspaces = Workspaces(
        settings.slack_bot_token,
        api_url=settings.slack_api_url,
        timeout=min(ANSWER_SECONDS, settings.slack_timeout_seconds),
        installations=Installations(database, settings.secret_key),
        counts=Counts(settings.redis_url),
    )
    socket = None
    if settings.has_slack and settings.slack_app_token:
        bolt = slack_app.build(door(database, bell, workspaces))
        socket = SocketMode(bolt, settings.slack_app_token)
    return create_app(
        settings, database, files, bell, workspaces, socket=socket, on_stop=[database.close]
    )


def serve(settings: Settings, host: str = "0.0.0.0") -> None:  # noqa: S104  (a server's default)
    """Serve until SIGTERM or SIGINT."""
    logs.to_stderr(as_json=settings.log_format == "json")
    uvicorn.run(
        build(settings),
        host=host,
        port=settings.port,
        log_config=None,  # uvicorn's lines go through ours
        log_level="info",
        access_log=False,
        forwarded_allow_ips=settings.trusted_proxies,
        server_header=False,
        ws="none",  # nobody speaks WebSocket to us
        # Slack gives up after 3 s; nothing we do takes longer.
        timeout_graceful_shutdown=5,
    )
