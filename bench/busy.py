"""Ask a web process on a fixed beat while an import keeps the machine busy."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench import subject
from tests.parts.processes import ROOT

PER_SECOND = 20
READY_SECONDS = 60

#: Sends one request, by its number, and raises where it was not answered well.
Send = Callable[[httpx.AsyncClient, int], Awaitable[None]]


def percentile(values: list[float], share: int) -> float:
    """The value that so many percent of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


@contextmanager
def process(env: dict[str, str], *module: str) -> Iterator[subprocess.Popen[bytes]]:
    """A module run as a program, for as long as the context is open."""
    argv = [sys.executable, "-m", *module]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(argv, env=env, cwd=ROOT, stdout=quiet, stderr=quiet) as running:
        try:
            yield running
        finally:
            running.terminate()


@contextmanager
def importing(url: str, path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """An import that has begun."""
    with tempfile.TemporaryDirectory(dir=path.parent) as data_dir:
        env = subject.environment(url, Path(data_dir))
        with process(env, "bot.cli", "import", str(path), "--json") as running:
            time.sleep(2)  # Python starts, the file is read: the rows come after that
            yield running


def wait_for(url: str) -> None:
    """Wait until somebody answers there."""
    until = time.monotonic() + READY_SECONDS
    while True:
        try:
            httpx.get(url, timeout=2, trust_env=False)
        except httpx.TransportError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def ask(send: Send, seconds: float) -> list[float]:
    """Send requests on the beat; milliseconds from each one's beat to its answer."""
    return asyncio.run(_on_the_beat(send, round(seconds * PER_SECOND)))


async def _on_the_beat(send: Send, count: int) -> list[float]:
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        await send(client, 0)  # the first one finds things out that the others know
        began = time.perf_counter()
        asked = []
        for number in range(count):
            beat = began + number / PER_SECOND
            await asyncio.sleep(max(0.0, beat - time.perf_counter()))
            asked.append(asyncio.create_task(_answered(client, send, number, beat)))
        return list(await asyncio.gather(*asked))


async def _answered(client: httpx.AsyncClient, send: Send, number: int, beat: float) -> float:
    await send(client, number)
    return (time.perf_counter() - beat) * 1000
