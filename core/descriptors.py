"""The open files of a process that was forked: what is its parent's is not its own."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def close_others(reading: int, writing: int, errors: int | None = None) -> None:
    """Make these standard input, output and error (by default nowhere), and close all others."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    # Copied up and then down: one of them may itself be 0, 1 or 2.
    wanted = [os.dup(each) for each in (reading, writing, nowhere if errors is None else errors)]
    for standard, copy in enumerate(wanted):
        os.dup2(copy, standard)
    for number in [int(path.name) for path in Path("/dev/fd").iterdir()]:
        if number > 2:
            with suppress(OSError):  # the folder itself, closed by now
                os.close(number)
