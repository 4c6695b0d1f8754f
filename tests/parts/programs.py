"""Programs forked from a process that has imported them already.

To start Python and import all of Leadport takes seconds of processor time, and the tests of faults
start programs again and again. What they prove begins where a program runs; that it starts from
nothing, as a command, is proven in tests/bot/test_up.py. The process that forks has no thread and
no connection, starts with the first program and ends with pytest.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

ROOT = Path(__file__).parents[2]
_SERVER = multiprocessing.get_context("forkserver")
# All that is known to be wanted, and what multiprocessing itself imports in a child of pytest's.
_SERVER.set_forkserver_preload(["pytest", "tests.parts.programs", "tests.parts.preloaded"])


@dataclass
class Program:
    """A process that runs a function and ends with what it returns."""

    process: ForkServerProcess

    @property
    def pid(self) -> int:
        assert self.process.pid
        return self.process.pid

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it by force, if it still runs, and wait for that."""
        self.process.kill()
        self.process.join()

    def wait(self, seconds: float) -> int:
        """The exit code, once it has ended; minus the signal's number if one ended it."""
        self.process.join(seconds)
        assert self.process.exitcode is not None, "it did not end"
        return self.process.exitcode


def started(main: Callable[[], int], env: Mapping[str, str], said: Path | None = None) -> Program:
    """``main``, a function of a module, in a process with ``env`` added to our environment.

    What it writes to stderr is written to the file ``said``.
    """
    process = _SERVER.Process(target=_run, args=(main, {**os.environ, **env}, said))
    process.start()
    return Program(process)


def _run(main: Callable[[], int], env: dict[str, str], said: Path | None) -> None:
    os.environ.clear()
    os.environ.update(env)
    os.chdir(ROOT)
    if said:
        with said.open("w") as file:
            os.dup2(file.fileno(), sys.stderr.fileno())
    sys.exit(main())
