"""The web process: an app is a table of routes."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cache, partial
from importlib.metadata import version

from anyio import to_thread
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot import metrics
from bot.api import openapi, serving
from bot.api.limits import Limits, Rates
from bot.api.office import Office
from bot.desk import Desk
from bot.dialects import DIALECTS
from bot.pages import status
from bot.slack import app as slack_app
from bot.slack import install
from bot.slack.door import Door
from bot.slack.endpoint import endpoint
from bot.slack.people import People
from bot.slack.socket_mode import SocketMode
from core.db import Database
from core.uploads import Files
from worker.counts import Counts
from worker.queue import Bell
from worker.settings import Settings
from worker.station import Station
from worker.workspaces import Workspaces

#: Bytes; Slack's own requests stay below one megabyte.
MAX_BODY = 2_000_000

Hook = Callable[[], None]


def create_app(
    settings: Settings,
    database: Database,
    files: Files,
    bell: Bell,
    workspaces: Workspaces,
    socket: SocketMode | None = None,
    on_stop: Sequence[Hook] = (),
) -> Starlette:
    """Everything that is served over HTTP. Without Slack settings the Slack route says so.

    With a ``socket`` Slack's requests come over that one too, for as long as the app runs.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if socket:
            await to_thread.run_sync(socket.start)
        yield
        for hook in ([socket.stop] if socket else []) + list(on_stop):
            await to_thread.run_sync(hook)

    measured = metrics.metrics(database, bell, Counts(settings.redis_url))
    app = Starlette(
        routes=[
            Route("/", home, methods=["GET"]),
            Route("/healthz", healthz, methods=["GET"]),
            Route("/readyz", readyz, methods=["GET"]),
            Route("/slack/events", _slack(settings, database, bell, workspaces), methods=["POST"]),
            Route("/metrics", metrics_page, methods=["GET"]),
            Route("/openapi.json", openapi_json, methods=["GET"]),
            Route("/docs", docs_page, methods=["GET"]),
            *_installing(settings, database, workspaces),
            *_api(settings, Station(database, files, bell, workspaces), measured),
        ],
        lifespan=lifespan,
        max_body_size=MAX_BODY,
    )
    app.state.settings, app.state.database = settings, database
    app.state.files, app.state.bell = files, bell
    app.state.metrics, app.state.socket = measured, socket
    app.state.described = cache(partial(_described, settings.public_url))
    return app


def door(database: Database, bell: Bell, workspaces: Workspaces) -> Door:
    """The Slack door of this process."""
    return Door(Desk(database, bell), workspaces, People(workspaces))


def _api(settings: Settings, station: Station, measured: metrics.Metrics) -> list[BaseRoute]:
    """The routes of every dialect."""
    desk = Desk(station.database, station.bell)
    rates = Rates(settings.rate_address, settings.rate_key, settings.rate_account)
    limits = Limits(rates, settings.redis_url)
    office = Office(settings, station.database, station.files, desk, station, measured, limits)
    return [route for dialect in DIALECTS for route in serving.routes(dialect, office)]


def _slack(
    settings: Settings, database: Database, bell: Bell, workspaces: Workspaces
) -> Callable[..., object]:
    if not (settings.has_slack and settings.slack_signing_secret):
        return not_connected
    bolt = slack_app.build(door(database, bell, workspaces))
    return endpoint(bolt, settings.slack_signing_secret)


def _installing(settings: Settings, database: Database, workspaces: Workspaces) -> list[BaseRoute]:
    installer = install.installer(settings, database, workspaces)
    begin = installer.install if installer else install.not_set_up
    end = installer.redirect if installer else install.not_set_up
    return [
        Route(install.INSTALL, begin, methods=["GET"]),
        Route(install.REDIRECT, end, methods=["GET"]),
    ]


async def not_connected(request: Request) -> Response:
    """Nobody told us how to recognise Slack over HTTP."""
    words = f"Slack over HTTP is not connected. In use: {_slack_words(request.app.state.settings)}"
    return PlainTextResponse(f"{words}\n", 503)


async def home(request: Request) -> Response:
    """What this is, and whether its parts are there."""
    state = request.app.state
    parts = await to_thread.run_sync(
        _parts, state.settings, state.database, state.bell, state.socket
    )
    return HTMLResponse(status.page(version("leadport"), parts))


def _parts(
    settings: Settings, database: Database, bell: Bell, socket: SocketMode | None
) -> list[tuple[str, str, bool]]:
    """Name, words and health of each part."""
    reachable, queue = _answers(database), bell.is_up()
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    late = "away: files are still taken in, and imported when it is back"
    return [
        ("Database", f"{kind}, {'answering' if reachable else 'not answering'}", reachable),
        ("Queue", "answering" if queue else late, queue),
        _slack_part(settings, socket),
    ]


def _slack_part(settings: Settings, socket: SocketMode | None) -> tuple[str, str, bool]:
    words = _slack_words(settings)
    if socket and not socket.connected:
        return ("Slack", f"{words}: not connected, the log says why", False)
    return ("Slack", words, settings.has_slack)


def _slack_words(settings: Settings) -> str:
    if not settings.has_slack:
        return "nothing, set SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET"
    way = "Socket Mode" if settings.slack_app_token else f"{settings.public_url}/slack/events"
    add = f"; add it to a workspace at {settings.public_url}{install.INSTALL}"
    return way + (add if settings.can_be_installed else "")


async def healthz(request: Request) -> Response:
    """The process is alive."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Whether requests can be served; the queue may be away, the database may not."""
    state = request.app.state
    reachable = await to_thread.run_sync(_answers, state.database)
    depths = await to_thread.run_sync(state.bell.depths)
    seen = {name: workers for name, (_, workers) in (depths or {}).items()}
    body = {"database": reachable, "queue": depths is not None, "workers": seen}
    return JSONResponse(body, 200 if reachable else 503)


def _described(server: str) -> tuple[bytes, str]:
    """The OpenAPI document as JSON, and as a page to read."""
    from bot.pages import docs  # with the first reader: Markdown takes a moment to import

    document = openapi.document(DIALECTS, version("leadport"), server)
    return serving.json_bytes(document), docs.page(document)


async def openapi_json(request: Request) -> Response:
    """The API as OpenAPI 3.1."""
    described = await to_thread.run_sync(request.app.state.described)
    return Response(described[0], media_type="application/json")


async def docs_page(request: Request) -> Response:
    """The API to read."""
    described = await to_thread.run_sync(request.app.state.described)
    return HTMLResponse(described[1])


async def metrics_page(request: Request) -> Response:
    """What Prometheus scrapes: sums over all accounts, and nothing of anybody's data."""
    state = request.app.state
    token: str = state.settings.metrics_token
    sent = request.headers.get("authorization", "").encode()
    if token and not hmac.compare_digest(sent, f"Bearer {token}".encode()):
        return PlainTextResponse("Send LEADPORT_METRICS_TOKEN as the Bearer token.\n", 401)
    text_ = await to_thread.run_sync(generate_latest, state.metrics.registry)
    return Response(text_, media_type=CONTENT_TYPE_LATEST)


def _answers(database: Database) -> bool:
    try:
        with database.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True
