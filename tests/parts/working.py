"""A worker beside a test, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def working(work: Callable[[], object]) -> Iterator[None]:
    """Call ``work`` over and over, for as long as the context is open."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(0.04):
            work()

    worker = threading.Thread(target=run)
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join()
