"""The sandbox as one web application: Web API, downloads, control API and page."""

import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from sandbox import authorizing, downloads, page, responding
from sandbox.api import door, oauth
from sandbox.config import Config
from sandbox.control.routes import CONTROL
from sandbox.sockets import link
from sandbox.stamps import Clock
from sandbox.town import Town
from sandbox.workspace import Workspace

FILE = "/files-pri/{key}"
#: What each workspace has to itself.
ROUTES: list[BaseRoute] = [
    Route("/", page.index),
    Route(f"{FILE}/download/{{name}}", downloads.download),
    Route(f"{FILE}/{{name}}", downloads.download),
    Route("/upload/v1/{file_id}", downloads.receive_upload, methods=["POST", "PUT"]),
    Route("/response/{key}", responding.answer, methods=["POST"]),
    Mount("/control", routes=CONTROL),
    Mount("/static", StaticFiles(directory=page.STATIC)),
]
#: What the workspaces share.
SHARED: list[BaseRoute] = [
    Route(f"/api/{oauth.METHOD}", oauth.access, methods=["POST"]),
    Route("/api/{method}", door.answer, methods=["GET", "POST"]),
    WebSocketRoute("/link/", link),
    Route("/oauth/v2/authorize", authorizing.ask, methods=["GET"]),
    Route("/oauth/v2/authorize", authorizing.answer, methods=["POST"]),
]


def create_app(config: Config, clock: Clock = time.time) -> Starlette:
    """A workspace of its own; `app.state.workspace` is its state. `clock` is Unix seconds.

    Its neighbours lie under their ids, as `/T0OTHER/`, and are built the same.
    """
    town = Town(config, clock)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        for workspace in town.all:
            await workspace.courier.start()
        yield
        for workspace in town.all:
            await workspace.courier.stop()

    beside = [Mount(f"/{one.config.team.id}", _place(one)) for one in town.neighbours]
    app = Starlette(routes=[*SHARED, *beside, *ROUTES], lifespan=lifespan)
    app.state.town, app.state.workspace = town, town.front
    return app


def _place(workspace: Workspace) -> Starlette:
    """One workspace's own part of the site."""
    app = Starlette(routes=ROUTES)
    app.state.workspace = workspace
    return app


class Server(uvicorn.Server):
    """A server that ends its live streams before it waits for connections to close."""

    def __init__(self, config: uvicorn.Config, town: Town) -> None:
        super().__init__(config)
        self._town = town

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop serving."""
        for workspace in self._town.all:
            workspace.feed.end()
        await super().shutdown(sockets)


def run(config: Config, host: str, port: int) -> None:
    """Serve until interrupted."""
    app = create_app(config)
    settings = uvicorn.Config(
        app, host=host, port=port, log_level="warning", timeout_graceful_shutdown=2
    )
    with suppress(KeyboardInterrupt):
        Server(settings, app.state.town).run()
