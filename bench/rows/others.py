"""What a user would otherwise reach for, on the same list into SQLite, each in its own process.

None of them finds two spellings of a phone, reports a bad row or can be undone; the figures say
what their way costs, not that they do the same.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import subject
from bench.figures import Figure
from bench.ground import Ground
from bench.scale import Scale

HERE = Path(__file__).parent.parent / "rivals"


def measure(ground: Ground, scale: Scale) -> Iterator[Figure]:
    """Each with so many rows; Leadport with as many rows beside it."""
    path = ground.people(scale.others)
    with ground.database("sqlite") as url:
        ours = subject.import_file(url, path).speed
    for name, module, way in _RIVALS:
        work = f"{scale.others:,} rows by {name}"
        if importlib.util.find_spec(module) is None:
            yield Figure("others", work, 0, "rows/s", note=f"skipped: {module} is not installed")
            continue
        speed = scale.others / way(ground, path)
        yield Figure(
            "others", work, speed, "rows/s", ours, "rows/s Leadport", ours / speed,
            "times as fast",
        )  # fmt: skip


def _script(name: str) -> Callable[[Ground, Path], float]:
    """Run a program of ``rivals``; it prints the seconds it took after its imports."""

    def run(ground: Ground, path: Path) -> float:
        database = ground.folder / f"{name}.db"
        argv = [sys.executable, str(HERE / f"{name}.py"), str(path), str(database)]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        return float(done.stdout.split()[-1])

    return run


def _sqlite_utils(ground: Ground, path: Path) -> float:
    database = ground.folder / "sqlite-utils.db"
    program = shutil.which("sqlite-utils", path=str(Path(sys.executable).parent))
    table = (str(database), "leads", str(path), "--csv", "--pk", "Email")
    began = time.perf_counter()
    subprocess.run([program or "sqlite-utils", "upsert", *table], check=True, capture_output=True)
    return time.perf_counter() - began


_RIVALS = (
    ("a loop over phonenumbers, email-validator, session.merge", "sqlmodel", _script("loop")),
    ("django-import-export", "import_export", _script("django_import_export")),
    ("sqlite-utils upsert --csv, nothing checked", "sqlite_utils", _sqlite_utils),
)
