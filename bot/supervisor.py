"""Run several programs in one terminal: pass on what they print, restart them, end them all."""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import FrameType

from bot.family import Family, Program

#: How long a program may take to end when asked, before it is killed, in seconds. The worker
#: takes up to 16, to let a part come to its end.
GRACE = 20.0
#: Pauses before the first, second... restart in a row, in seconds; the last one is kept.
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
#: A program that ran this long has recovered; its next restart is the first again.
RECOVERED = 60.0
_TICK = 0.1
_CHUNK = 65_536

#: ``say(name, line)``: what a program printed, or with our own name what we did.
Say = Callable[[str, str], None]
OURSELVES = "leadport"


class NotStarted(Exception):  # noqa: N818  (what happened, told to the person at the terminal)
    """A program ended, or took too long, before it was ready. The message says which."""


@dataclass
class _Child:
    family: Family
    started: float
    restarts: int = 0  #: in a row
    due: float | None = None  #: when to start it again, None while it runs
    rest: bytes = b""  #: of a line that has no end yet


@dataclass
class Supervisor:
    """Keeps programs running until asked to stop. Used as a context manager, it leaves nothing."""

    say: Say
    grace: float = GRACE
    pauses: tuple[float, ...] = PAUSES
    stopping: bool = False
    _children: dict[str, _Child] = field(default_factory=dict)
    _output: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(self, *exception: object) -> None:
        self.end_all()
        self._output.close()

    def start(
        self, program: Program, ready: Callable[[], bool] | None = None, seconds: float = 60.0
    ) -> None:
        """Start a program and wait until it is ready. Raises NotStarted."""
        child = _Child(self._launch(program), time.monotonic())
        self._children[program.name] = child
        deadline = time.monotonic() + seconds
        while not self.stopping and ready is not None and not ready():
            if (code := child.family.ended()) is not None:
                raise NotStarted(f"{program.name} could not start: it {_how(code)}.")
            if time.monotonic() > deadline:
                raise NotStarted(f"{program.name} was not ready after {seconds:.0f} seconds.")
            self._listen()

    def run(self) -> None:
        """Restart what ends, until somebody asks to stop."""
        while not self.stopping:
            self._listen()
            for child in self._children.values():
                self._tend(child)

    def stop(self) -> None:
        """Make ``run`` return. Safe to call from a signal handler or another thread."""
        self.stopping = True

    def pids(self) -> dict[str, int]:
        """Program name -> process id of those that run."""
        return {n: c.family.pid for n, c in self._children.items() if c.due is None}

    def end_all(self) -> None:
        """End every program and its descendants: ask, wait, then kill."""
        children = list(self._children.values())
        self._end([c for c in children if not c.family.program.outlives])
        self._end([c for c in children if c.family.program.outlives])
        self._children.clear()

    def _launch(self, program: Program) -> Family:
        family = Family(program)
        self._output.register(family.output, selectors.EVENT_READ, program.name)
        return family

    def _tend(self, child: _Child) -> None:
        """Notice that a program has ended, and start it again when its pause is over."""
        program, now = child.family.program, time.monotonic()
        if child.due is None and (code := child.family.ended()) is not None:
            child.family.kill()  # what it left behind would get in the way of the next one
            self._hang_up(child)
            child.restarts = 0 if now - child.started > RECOVERED else child.restarts
            pause = self.pauses[min(child.restarts, len(self.pauses) - 1)]
            child.due, child.restarts = now + pause, child.restarts + 1
            self.say(OURSELVES, f"{program.name} {_how(code)}; starting it again in {pause:g} s")
        elif child.due is not None and now >= child.due:
            # From nothing: what it crashed of may be in what we have loaded, and threads that run
            # by now do not go with a fork.
            anew = replace(program, main=None)
            child.family, child.started, child.due = self._launch(anew), now, None

    def _end(self, children: list[_Child]) -> None:
        running = [child for child in children if child.due is None]
        for child in running:
            child.family.ask_to_end()
        asked = time.monotonic()
        while any(child.family.ended() is None for child in running):
            if time.monotonic() - asked > self.grace:
                break
            self._listen()
        for child in running:
            if child.family.ended() is None:
                self.say(OURSELVES, f"{child.family.program.name} did not end; killing it")
            child.family.kill()
            self._hang_up(child)

    def _listen(self) -> None:
        """Pass on what was printed, waiting a moment for something."""
        for key, _ in self._output.select(_TICK):
            child = self._children.get(key.data)
            chunk = os.read(key.fd, _CHUNK)
            if not chunk:
                self._output.unregister(key.fileobj)
            if child is not None:
                self._pass_on(child, chunk)

    def _pass_on(self, child: _Child, chunk: bytes) -> None:
        *lines, child.rest = (child.rest + chunk).split(b"\n")
        if not chunk and child.rest:
            lines, child.rest = [child.rest], b""
        for line in lines:
            self.say(child.family.program.name, line.decode(errors="replace").rstrip("\r"))

    def _hang_up(self, child: _Child) -> None:
        """Read the rest of a program's output and close it."""
        output = child.family.output
        while chunk := (output.read() or b""):
            self._pass_on(child, chunk)
        self._pass_on(child, b"")
        if output in {key.fileobj for key in self._output.get_map().values()}:
            self._output.unregister(output)
        output.close()


def _how(code: int) -> str:
    return f"ended with code {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"


@contextmanager
def stopped_by_signals(supervisor: Supervisor) -> Iterator[None]:
    """Ctrl-C, SIGTERM and SIGHUP stop the supervisor; the second one cuts the grace short."""

    def stop(number: int, frame: FrameType | None) -> None:
        if supervisor.stopping:
            supervisor.grace = 0.0
        supervisor.stop()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
