"""The sandbox as one web application: Web API, downloads, control API and page."""

import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox import downloads, page, responding
from sandbox.api import door
from sandbox.config import Config
from sandbox.control.routes import CONTROL
from sandbox.stamps import Clock
from sandbox.workspace import Workspace

FILE = "/files-pri/{key}"
ROUTES = [
    Route("/", page.index),
    Route("/api/{method}", door.answer, methods=["GET", "POST"]),
    Route(f"{FILE}/download/{{name}}", downloads.download),
    Route(f"{FILE}/{{name}}", downloads.download),
    Route("/upload/v1/{file_id}", downloads.receive_upload, methods=["POST", "PUT"]),
    Route("/response/{key}", responding.answer, methods=["POST"]),
    Mount("/control", routes=CONTROL),
    Mount("/static", StaticFiles(directory=page.STATIC)),
]


def create_app(config: Config, clock: Clock = time.time) -> Starlette:
    """A workspace of its own; `app.state.workspace` is its state. `clock` is Unix seconds."""
    workspace = Workspace(config, clock)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await workspace.courier.start()
        yield
        await workspace.courier.stop()

    app = Starlette(routes=ROUTES, lifespan=lifespan)
    app.state.workspace = workspace
    return app


class Server(uvicorn.Server):
    """A server that ends its live streams before it waits for connections to close."""

    def __init__(self, config: uvicorn.Config, workspace: Workspace) -> None:
        super().__init__(config)
        self._workspace = workspace

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop serving."""
        self._workspace.feed.end()
        await super().shutdown(sockets)


def run(config: Config, host: str, port: int) -> None:
    """Serve until interrupted."""
    app = create_app(config)
    settings = uvicorn.Config(
        app, host=host, port=port, log_level="warning", timeout_graceful_shutdown=2
    )
    with suppress(KeyboardInterrupt):
        Server(settings, app.state.workspace).run()
