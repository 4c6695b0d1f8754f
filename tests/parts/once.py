"""What the first test process that wants it makes for all of them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The file or folder that ``make`` has put where it was told to, in this run of the suite.

    Whoever else wants it meanwhile waits. It is for all to copy, and for nobody to change.
    """
    base = factory.getbasetemp()
    # Every pytest-xdist worker has a folder of its own in that of the run.
    run = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    made = run / name
    with (run / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            unfinished = run / f"new-{name}"
            make(unfinished)
            unfinished.rename(made)
    return made
