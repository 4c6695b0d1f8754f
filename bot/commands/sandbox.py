"""`leadport sandbox`: become the sandbox, which is a program of its own and no library of ours."""

from __future__ import annotations

import os
import sys


def run(port: int, app_url: str, socket_mode: bool = False) -> None:
    """Replace this process by the sandbox's."""
    argv = [sys.executable, "-m", "sandbox", "--port", str(port), "--app-url", app_url]
    argv += ["--socket-mode"] if socket_mode else []
    os.execv(sys.executable, argv)  # noqa: S606  (our own program, without a shell)
