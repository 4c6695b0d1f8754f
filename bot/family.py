"""A child process and everything that came of it, so that none of it is ever left behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from bot.forked import Forked, Main

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Program:
    """Something to start and keep running. ``env`` is added to our own environment."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    #: Ended after all the others, which need it to finish what they are at.
    outlives: bool = False
    #: What ``argv`` runs, if we have loaded it: it need not be loaded again to be started.
    main: Main | None = None


class Family:
    """A started program. It leads a session of its own, which its descendants cannot help joining.

    A process group would not do: RQ moves each work horse to a new one.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process = _forked(program, program.main) if program.main else _from_nothing(program)
        self.output = cast(IO[bytes], self.process.stdout)
        os.set_blocking(self.output.fileno(), False)

    @property
    def pid(self) -> int:
        """The process id of the program itself."""
        return self.process.pid

    def ended(self) -> int | None:
        """The exit code once the program has ended, negative for a signal; else None."""
        return self.process.poll()

    def ask_to_end(self) -> None:
        """Send SIGTERM to the program, which ends its own children."""
        self.process.terminate()

    def kill(self) -> None:
        """End the program and all its descendants at once. Safe to call again."""
        for pid in self.members():
            _kill(pid)
        self.process.kill()
        self.process.wait()

    def members(self) -> list[int]:
        """Process ids of those of the session that still run."""
        return [pid for pid in _running() if _session_of(pid) == self.pid]


def _from_nothing(program: Program) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603  (our own programs)
        program.argv,
        env={**os.environ, **program.env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C is for us to pass on, and only once
        preexec_fn=_ends_with_parent(),
    )


def _forked(program: Program, main: Main) -> Forked:
    module = program.argv.index("-m") + 1  # python -m MODULE ARGUMENTS
    return Forked(main, program.argv[module:], program.env, _ends_with_parent())


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):  # it ended by itself meanwhile
        os.kill(pid, signal.SIGKILL)


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None  # ended meanwhile, or not ours to look at


def _running() -> Iterator[int]:
    """Process ids of the machine, without those that have ended and only wait to be noticed."""
    proc = Path("/proc")
    if not (proc / "self" / "stat").exists():
        # A system without /proc, such as macOS.
        listed = subprocess.run(("/bin/ps", "-axo", "pid=,stat="), capture_output=True, check=True)
        for line in listed.stdout.decode().splitlines():
            pid, _, state = line.strip().partition(" ")
            if not state.strip().startswith("Z"):
                yield int(pid)
        return
    for entry in proc.iterdir():
        if entry.name.isdigit() and _state(entry) not in ("", "Z", "X"):
            yield int(entry.name)


def _state(entry: Path) -> str:
    try:
        # The name in brackets may hold anything, so the fields are counted after its end.
        return (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""


def _ends_with_parent() -> Callable[[], object] | None:
    """What a child runs first so that it gets SIGTERM if we are killed; only Linux can do that."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
