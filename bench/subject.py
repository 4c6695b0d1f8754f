"""Leadport as a person would run it: `leadport import FILE --json`, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
        assert process.stdout
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"leadport import failed: {said}")
    report = json.loads(said)
    return Run(report["total"], report["seconds"], used.ru_maxrss / 1024, report)
