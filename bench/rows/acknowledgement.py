"""Slack gives up on an answer after three seconds: ours, while an import keeps the machine busy.

The web process on SQLite, where an import and an answer want the same lock, a Slack look-alike
beside it, and `leadport import` in a loop in a third process. Requests leave on a fixed beat
whether or not earlier ones were answered; half of them write.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import httpx

from bench import subject
from bench.busy import PER_SECOND, ask, importing, percentile, process, wait_for
from bench.figures import Figure, Target
from bench.ground import Ground
from bench.scale import Scale
from tests.parts.processes import free_port
from tests.parts.valkey import running_valkey

HALF_A_SECOND = Target(500, "p99 under 500 ms", most=True)
SECRET, TOKEN = "a signing secret of 32 characters", "xoxb-a-token-of-the-sandbox"


def measure(ground: Ground, scale: Scale) -> Iterator[Figure]:
    """p99 and the worst of the acknowledgements, while nothing else runs and while one imports."""
    for kind, name in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL")):
        with ground.database(kind) as url, _web(url, ground.folder) as address:
            post = partial(_post, address)
            idle = ask(post, min(scale.seconds, 5))
            with importing(url, ground.people(scale.large)) as running:
                busy = ask(post, scale.seconds)
                overlapped = running.poll() is None
        yield Figure(
            "acknowledgement",
            f"{len(busy)} requests, {PER_SECOND}/s, during an import, {name}",
            percentile(busy, 99), "ms p99", percentile(idle, 99), "ms p99 idle",
            percentile(busy, 99), "ms", HALF_A_SECOND,
            f"median {percentile(busy, 50):.0f} ms, worst {max(busy):.0f} ms"
            + ("" if overlapped else "; the import ended before the last request"),
        )  # fmt: skip


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
        stack.enter_context(process(env, "sandbox", "--port", str(sandbox), "--app-url", events))
        stack.enter_context(process(env, "bot.cli", "web", "--host", "127.0.0.1"))
        for ready in (f"http://127.0.0.1:{sandbox}/", f"http://127.0.0.1:{app}/healthz"):
            wait_for(ready)
        yield events


# ---- what is asked -----------------------------------------------------------------------------


async def _post(address: str, client: httpx.AsyncClient, number: int) -> None:
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
