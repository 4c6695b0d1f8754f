"""A caller of the HTTP API polls `GET /leads/import/jobs/{job_id}` while that very job runs."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx

from bench import subject
from bench.busy import PER_SECOND, ask, importing, percentile, process, wait_for
from bench.figures import Figure, Target
from bench.ground import Ground
from bench.scale import Scale
from tests.parts.processes import ROOT, free_port

A_QUARTER = Target(250, "p99 under 250 ms", most=True)


def measure(ground: Ground, scale: Scale) -> Iterator[Figure]:
    """p99 and the worst of the answers, while the job runs and after it has ended."""
    for kind, name in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL")):
        with ground.database(kind) as url, _web(url, ground.folder) as client:
            with importing(url, ground.people(scale.large)) as running:
                get = partial(_get, str(client.base_url), dict(client.headers), _newest(client))
                busy = ask(get, scale.seconds)
                overlapped = running.poll() is None
                running.wait()
            idle = ask(get, min(scale.seconds, 5))
        yield Figure(
            "jobs/{id}",
            f"{len(busy)} requests, {PER_SECOND}/s, during the import, {name}",
            percentile(busy, 99), "ms p99", percentile(idle, 99), "ms p99 idle",
            percentile(busy, 99), "ms", A_QUARTER,
            f"median {percentile(busy, 50):.0f} ms, worst {max(busy):.0f} ms"
            + ("" if overlapped else "; the import ended before the last request"),
        )  # fmt: skip


@contextmanager
def _web(url: str, folder: Path) -> Iterator[httpx.Client]:
    """The web process, and a client with a key of the account that imports."""
    with tempfile.TemporaryDirectory(dir=folder) as data_dir:
        port = free_port()
        env = subject.environment(
            url, Path(data_dir), PORT=str(port), LEADPORT_RATE_KEY="0", LEADPORT_RATE_ADDRESS="0",
            LEADPORT_RATE_ACCOUNT="0",
        )  # fmt: skip
        argv = [sys.executable, "-m", "bot.cli", "keys", "create", "--json"]
        made = subprocess.run(argv, env=env, cwd=ROOT, capture_output=True, check=True)
        headers = {"Authorization": f"Bearer {json.loads(made.stdout)['key']}"}
        base = f"http://127.0.0.1:{port}"
        with process(env, "bot.cli", "web", "--host", "127.0.0.1"):
            wait_for(f"{base}/healthz")
            with httpx.Client(base_url=base, headers=headers, trust_env=False) as client:
                yield client


def _newest(client: httpx.Client) -> str:
    """The job that was started last, once there is one."""
    while not (jobs := client.get("/leads/import/jobs").raise_for_status().json()["jobs"]):
        time.sleep(0.1)
    return str(jobs[0]["job_id"])


async def _get(
    base: str, headers: dict[str, str], job_id: str, client: httpx.AsyncClient, number: int
) -> None:
    answer = await client.get(f"{base}/leads/import/jobs/{job_id}", headers=headers)
    answer.raise_for_status()
