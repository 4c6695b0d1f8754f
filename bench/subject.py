"""Leadport as a person would run it: `leadport import FILE --json`, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

_OURS = ("LEADPORT_", "SLACK_", "DATABASE_URL", "REDIS_URL", "PORT")


@dataclass(frozen=True)
class Run:
    """What an import came to. ``seconds`` hold reading, guessing, importing: the whole command
    but for the start of Python."""

    rows: int
    seconds: float
    peak_mb: float  #: of resident memory, of the largest process that took part
    report: dict[str, Any]

    @property
    def speed(self) -> float:
        """Rows per second."""
        return self.rows / self.seconds


def environment(url: str, data_dir: Path, **more: str) -> dict[str, str]:
    """This process's environment without any Leadport settings, but for these."""
    kept = {name: v for name, v in os.environ.items() if not name.startswith(_OURS)}
    return kept | {"DATABASE_URL": url, "LEADPORT_DATA_DIR": str(data_dir)} | more


def import_file(url: str, path: Path, *options: str) -> Run:
    """Import ``path`` into the database at ``url``. Raises RuntimeError where it does not end."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="data-") as data_dir:
        argv = [sys.executable, "-m", "bot.cli", "import", str(path), "--json", *options]
        process = subprocess.Popen(
            argv, env=environment(url, Path(data_dir)), stdout=subprocess.PIPE, text=True
        )
        with watched(process.pid) as peak:
            said, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"leadport import failed: {said}")
    report = json.loads(said)
    return Run(report["total"], report["seconds"], peak.megabytes, report)


class Peak(threading.Thread):
    """Watches the memory of a process and its children.

    What the system says of an ended process counts the process that started it too, from before the
    new program was loaded; so it is asked while they run.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.megabytes, self.over = 0.0, threading.Event()
        self._process = psutil.Process(pid)

    def run(self) -> None:
        """Look ten times a second: the system itself keeps the highest value of each process."""
        while not self.over.wait(0.1):
            with suppress(psutil.Error, OSError):
                for each in (self._process, *self._process.children(recursive=True)):
                    status = Path(f"/proc/{each.pid}/status").read_text()
                    high = re.search(r"VmHWM:\s+(\d+) kB", status)
                    self.megabytes = max(self.megabytes, int(high[1]) / 1024 if high else 0.0)


@contextmanager
def watched(pid: int) -> Iterator[Peak]:
    """The most memory that the process or a child of it takes while the context is open."""
    peak = Peak(pid)
    peak.start()
    try:
        yield peak
    finally:
        peak.over.set()
        peak.join()
