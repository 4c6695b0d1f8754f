"""A program forked from this process, which has loaded it already."""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO

from core.descriptors import close_others

_FORK = multiprocessing.get_context("fork")
#: What a supervisor handles for itself, and its programs by themselves.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Main = Callable[[], object]


class Forked:
    """As much of ``subprocess.Popen`` as a family needs, of a process that begins in ``main``.

    Like a program started from nothing it has arguments, ``env`` in its environment, a session and
    an output of its own, an empty input, and no file or signal handler of ours.
    """

    def __init__(
        self, main: Main, arguments: Sequence[str], env: Mapping[str, str], first: Main | None
    ) -> None:
        """``first``, if there is one, is called in the new process before ``main``."""
        reading, writing = os.pipe()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # what is not yet written would be written by both
        target, given = _live, (main, list(arguments), dict(env), first, writing)
        with _held_back():
            self._process = _FORK.Process(target=target, args=given)
            self._process.start()
        os.close(writing)
        self.stdout: IO[bytes] = os.fdopen(reading, "rb")
        self.pid = self._process.pid or 0

    def poll(self) -> int | None:
        """The exit code once it has ended, negative for a signal; else None."""
        return self._process.exitcode

    def wait(self) -> int | None:
        """The exit code, as soon as it has ended."""
        self._process.join()
        return self.poll()

    def terminate(self) -> None:
        """Send SIGTERM, if it still runs."""
        self._process.terminate()

    def kill(self) -> None:
        """Send SIGKILL, if it still runs."""
        self._process.kill()


@contextmanager
def _held_back() -> Iterator[None]:
    """Let signals wait: one that reaches the new process before it is its own would be lost."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _live(
    main: Main, arguments: list[str], env: dict[str, str], first: Main | None, output: int
) -> None:
    os.setsid()
    if first:
        first()
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    _take_streams(output)
    os.environ.update(env)
    sys.argv[:] = arguments
    try:
        main()
    except Exception:  # noqa: BLE001  (as Python does where a program ends)
        sys.excepthook(*sys.exc_info())
        raise SystemExit(1) from None


def _take_streams(output: int) -> None:
    """Read nothing, write to ``output``, and close what our parent had open."""
    close_others(os.open(os.devnull, os.O_RDONLY), output, output)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True)
