"""Slack gives up on an answer after three seconds: ours, while an import keeps the machine busy.

The web process on SQLite, where an import and an answer want the same lock, a Slack look-alike
beside it, and `leadport import` in a loop in a third process. Requests leave on a fixed beat
whether or not earlier ones were answered; half of them write.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlencode

import httpx

from bench import subject
from bench.figures import Figure, Target
from bench.ground import Ground
from bench.scale import Scale
from tests.parts.processes import ROOT, free_port
from tests.parts.valkey import running_valkey

HALF_A_SECOND = Target(500, "p99 under 500 ms", most=True)
PER_SECOND = 20
SECRET, TOKEN = "a signing secret of 32 characters", "xoxb-a-token-of-the-sandbox"
READY_SECONDS = 60


def measure(ground: Ground, scale: Scale) -> Iterator[Figure]:
    """p99 and the worst of the acknowledgements, while nothing else runs and while one imports."""
    for kind, name in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL")):
        with ground.database(kind) as url, _web(url, ground.folder) as address:
            idle = _ask(address, min(scale.seconds, 5))
            with _importing(url, ground.people(scale.large)) as importing:
                busy = _ask(address, scale.seconds)
                overlapped = importing.poll() is None
        yield Figure(
            "acknowledgement",
            f"{len(busy)} requests, {PER_SECOND}/s, during an import, {name}",
            _percentile(busy, 99), "ms p99", _percentile(idle, 99), "ms p99 idle",
            _percentile(busy, 99), "ms", HALF_A_SECOND,
            f"median {_percentile(busy, 50):.0f} ms, worst {max(busy):.0f} ms"
            + ("" if overlapped else "; the import ended before the last request"),
        )  # fmt: skip


def _percentile(values: list[float], share: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


# ---- what runs ---------------------------------------------------------------------------------


@contextmanager
def _web(url: str, folder: Path) -> Iterator[str]:
    """The web process and what it needs; its address."""
    with ExitStack() as stack:
        data_dir = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder)))
        redis = stack.enter_context(running_valkey())
        app, sandbox = free_port(), free_port()
        events = f"http://127.0.0.1:{app}/slack/events"
        env = subject.environment(
            url, data_dir, REDIS_URL=redis, PORT=str(app), SLACK_BOT_TOKEN=TOKEN,
            SLACK_SIGNING_SECRET=SECRET, SLACK_API_URL=f"http://127.0.0.1:{sandbox}/api/",
        )  # fmt: skip
        stack.enter_context(_process(env, "sandbox", "--port", str(sandbox), "--app-url", events))
        stack.enter_context(_process(env, "bot.cli", "web", "--host", "127.0.0.1"))
        for ready in (f"http://127.0.0.1:{sandbox}/", f"http://127.0.0.1:{app}/healthz"):
            _wait_for(ready)
        yield events


@contextmanager
def _process(env: dict[str, str], *module: str) -> Iterator[subprocess.Popen[bytes]]:
    argv = [sys.executable, "-m", *module]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(argv, env=env, cwd=ROOT, stdout=quiet, stderr=quiet) as process:
        try:
            yield process
        finally:
            process.terminate()


@contextmanager
def _importing(url: str, path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """An import that has begun."""
    with tempfile.TemporaryDirectory(dir=path.parent) as data_dir:
        env = subject.environment(url, Path(data_dir))
        with _process(env, "bot.cli", "import", str(path), "--json") as process:
            time.sleep(2)  # Python starts, the file is read: the rows come after that
            yield process


def _wait_for(url: str) -> None:
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


# ---- what is asked -----------------------------------------------------------------------------


def _ask(address: str, seconds: float) -> list[float]:
    """Send requests on the beat; milliseconds from each one's beat to its answer."""
    return asyncio.run(_on_the_beat(address, round(seconds * PER_SECOND)))


async def _on_the_beat(address: str, count: int) -> list[float]:
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        await _post(client, address, 0)  # the first one finds out who the bot is
        began = time.perf_counter()
        asked = []
        for number in range(count):
            beat = began + number / PER_SECOND
            await asyncio.sleep(max(0.0, beat - time.perf_counter()))
            asked.append(asyncio.create_task(_answered(client, address, number, beat)))
        return list(await asyncio.gather(*asked))


async def _answered(client: httpx.AsyncClient, address: str, number: int, beat: float) -> float:
    await _post(client, address, number)
    return (time.perf_counter() - beat) * 1000


async def _post(client: httpx.AsyncClient, address: str, number: int) -> None:
    body, kind = _file_shared(number) if number % 2 else _status_asked()
    stamp = str(int(time.time()))
    digest = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256)
    headers = {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest.hexdigest()}",
        "Content-Type": kind,
    }
    answer = await client.post(address, content=body, headers=headers)
    answer.raise_for_status()


def _file_shared(number: int) -> tuple[bytes, str]:
    """A file was dropped in a channel: a draft is written before it is acknowledged."""
    unique = f"{time.time_ns()}"
    inner = {
        "type": "message", "subtype": "file_share", "channel": "C0LEADS", "user": "U0ANA",
        "ts": f"{unique[:10]}.{number:06d}",
        "files": [{"id": f"F{unique}", "name": "x.csv", "filetype": "csv", "mode": "hosted"}],
    }  # fmt: skip
    event = {"type": "event_callback", "team_id": "T0SANDBOX", "event_id": f"Ev{unique}"}
    return json.dumps({**event, "event": inner}).encode(), "application/json"


def _status_asked() -> tuple[bytes, str]:
    """`/import status`: what runs is read."""
    form = {
        "command": "/import", "text": "status", "team_id": "T0SANDBOX", "channel_id": "C0LEADS",
        "user_id": "U0ANA", "trigger_id": "1.2.3", "response_url": "http://127.0.0.1:9/",
    }  # fmt: skip
    return urlencode(form).encode(), "application/x-www-form-urlencoded"
