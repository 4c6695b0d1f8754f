"""The sandbox as a process of its own."""

import signal
import socket
import subprocess
import sys
import time

import httpx

from sandbox.client import Sandbox

RUN = """
import sys
from sandbox.config import Config
from sandbox.main import run

port = int(sys.argv[1])
url = f"http://127.0.0.1:{port}"
run(Config("http://127.0.0.1:9/slack/events", "secret", "xoxb-1", url), "127.0.0.1", port)
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


def wait_until_up(url: str) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            assert httpx.get(url, trust_env=False).status_code == 200
            return
        except httpx.TransportError:
            assert time.monotonic() < until
            time.sleep(0.05)


def test_an_interrupt_ends_it_at_once_though_someone_watches() -> None:
    """Ctrl-C ends the process cleanly and without a word, with a live stream open."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(port)], stderr=subprocess.PIPE, text=True
    )
    try:
        wait_until_up(f"http://127.0.0.1:{port}")
        with Sandbox(f"http://127.0.0.1:{port}") as watcher, watcher.watching() as changes:
            process.send_signal(signal.SIGINT)
            assert list(changes) == []
        _, said = process.communicate(timeout=10)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, said) == (0, "")
