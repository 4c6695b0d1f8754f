"""A web process that is killed by force after an import was started, and before it is answered."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path
from typing import Any, NoReturn

import uvicorn

from bot.dialects.leadvibe import wire
from bot.web import create_app
from core.db import Database
from core.uploads import Files
from tests.api.conftest import UNLIMITED
from worker.queue import Bell
from worker.settings import Settings
from worker.workspaces import Workspaces

#: What it is told: the database, the folder of the files, and where to write down its port.
DATABASE, FOLDER, PORT = "DYING_DATABASE", "DYING_FOLDER", "DYING_PORT"


def main() -> int:
    """Serve until the first import was started."""
    wire.started = _die
    database, folder = Database(os.environ[DATABASE]), Path(os.environ[FOLDER])
    settings = Settings(data_dir=folder, **UNLIMITED)
    with socket.create_server(("127.0.0.1", 0)) as bound:
        app = create_app(settings, database, Files(folder / "files"), Bell(None), Workspaces(""))
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
        port, written = Path(os.environ[PORT]), Path(os.environ[PORT] + ".part")
        written.write_text(str(bound.getsockname()[1]), encoding="ascii")
        written.rename(port)  # all of it is there at once
        server.run([bound])
    return 1


def _die(*_: Any) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")
