"""`leadport up`: everything in one terminal, and nothing of it left afterwards."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from bot.embedded import secret_key
from bot.family import Family, Program
from tests.parts.processes import ROOT, SECONDS, descendants, family, free_port, gone, terminal


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
def test_up_serves_restarts_what_crashes_and_leaves_nothing(tmp_path: Path) -> None:
    """`up` is ready without any setting, restarts a killed web process by name, and one SIGINT
    ends every process it started; all that it keeps, and its secret key, is for its owner only."""
    port, data = free_port(), tmp_path / "data"
    with terminal("-m", "bot.cli", "up", "--port", str(port), LEADPORT_DATA_DIR=str(data)) as up:
        up.saw(f"Leadport is up: http://127.0.0.1:{port}")
        up.saw("Without SLACK_BOT_TOKEN")
        ready = httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False)
        assert ready.json() | {"workers": {}} == {"database": True, "queue": True, "workers": {}}
        assert "Leadport" in httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).text

        started = family(up.process.pid, 6)  # Valkey, web, worker and what the worker runs
        web = int(re.findall(r"\d+", up.saw("Started server process"))[-1])
        os.kill(web, signal.SIGKILL)
        up.saw("web was ended by SIGKILL; starting it again")
        wait_until_ready(port)

        other = ("-m", "bot.cli", "up", "--port", str(free_port()))
        with terminal(*other, LEADPORT_DATA_DIR=str(data)) as second:
            second.saw(f"already runs in {data}, as process {up.process.pid}")
            assert second.process.wait(SECONDS) == 1

        started |= descendants(up.process.pid)
        assert up.end(signal.SIGINT) == 0
        assert gone(started)

    key = data / "secret-key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert [path for path in data.rglob("*") if path.stat().st_mode & 0o077] == []
    assert list((data / "valkey" / "appendonlydir").iterdir())
    assert secret_key(data) == key.read_text() and len(secret_key(data)) >= 43


def wait_until_ready(port: int) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        with suppress(httpx.TransportError):
            if httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).is_success:
                return
        time.sleep(0.1)
    raise AssertionError("the web process did not come back")


def test_up_says_when_its_port_is_taken(tmp_path: Path) -> None:
    """A port in use is a sentence and code 1, not a web process that is restarted for ever."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with terminal("-m", "bot.cli", "up", "--port", port, LEADPORT_DATA_DIR=str(tmp_path)) as up:
            up.saw(f"Port {port} cannot be used")
            assert up.process.wait(SECONDS) == 1


def test_the_sandbox_starts_from_the_command_line() -> None:
    """`leadport sandbox` serves its page, given the token and secret that the app uses."""
    port = str(free_port())
    secrets = {"SLACK_BOT_TOKEN": "xoxb-test", "SLACK_SIGNING_SECRET": "secret"}
    with terminal("-m", "bot.cli", "sandbox", "--port", port, **secrets) as sandbox:
        sandbox.saw(f"http://127.0.0.1:{port}")
        wait_for_page(port)
        assert sandbox.end(signal.SIGTERM) in (0, -signal.SIGTERM)

    with terminal("-m", "bot.cli", "sandbox", "--port", port) as refused:
        refused.saw("SLACK_SIGNING_SECRET and SLACK_BOT_TOKEN")
        assert refused.process.wait(SECONDS) == 2


def wait_for_page(port: str) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        with suppress(httpx.TransportError):
            assert httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).is_success
            return
        time.sleep(0.05)
    raise AssertionError("the sandbox did not answer")


@pytest.mark.parametrize("line", (ROOT / "Procfile").read_text().splitlines())
def test_the_procfile_s_lines_start(line: str, tmp_path: Path, valkey: str) -> None:
    """Each line of the Procfile starts what serves or works, and ends on SIGTERM."""
    name, _, command = line.partition(": ")
    program, *arguments = command.split()
    assert program == "leadport"
    port = free_port()
    env = {"LEADPORT_DATA_DIR": str(tmp_path), "REDIS_URL": valkey, "PORT": str(port)}
    started = Family(Program(name, (sys.executable, "-m", "bot.cli", *arguments), env))
    try:
        if name == "web":
            wait_until_ready(port)
        else:
            family(started.pid, 3)
        assert started.ended() is None
        started.ask_to_end()
        assert started.process.wait(SECONDS) in (0, -signal.SIGTERM)
    finally:
        started.kill()
        started.output.close()
