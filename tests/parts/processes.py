"""Commands in processes of their own: what they say, what came of them, what is left of them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SECONDS = 60


@dataclass
class Terminal:
    """A command in a process of its own, and what it has said so far."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def saw(self, words: str, seconds: float = SECONDS) -> str:
        """The first line with these words, once there is one."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            ended = not self.reader.is_alive()
            for line in list(self.lines):
                if words in line:
                    return line
            if ended:
                break  # and will say no more
            time.sleep(0.05)
        raise AssertionError(f"{words!r} was not said in:\n{''.join(self.lines)}")

    def end(self, number: int) -> int:
        """Send a signal; the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(SECONDS)
        self.reader.join(SECONDS)
        return code


@contextmanager
def terminal(*argv: str, **env: str) -> Iterator[Terminal]:
    with subprocess.Popen(
        [sys.executable, *argv],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield Terminal(process)
        finally:
            process.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def descendants(pid: int) -> set[int]:
    """Process ids of everything that came of a process and still runs."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # it ended meanwhile
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if state not in "ZX":
                    parents[int(entry.name)] = int(parent)
    found, fresh = set(), {pid}
    while fresh:
        fresh = {child for child, parent in parents.items() if parent in fresh} - found
        found |= fresh
    return found


def family(pid: int, size: int) -> set[int]:
    """The descendants of a process, once there are so many; a worker takes a moment to fork its."""
    until = time.monotonic() + SECONDS
    while len(found := descendants(pid)) < size:
        assert time.monotonic() < until, f"only {len(found)} processes came of it"
        time.sleep(0.05)
    return found


def gone(pids: set[int]) -> bool:
    """Whether none of the processes runs, looked at for a few seconds."""
    until = time.monotonic() + 30
    while any(runs(pid) for pid in pids):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
