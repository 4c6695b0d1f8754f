"""`make demo`: the whole road, on this machine alone."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import httpx
import pytest

from tests.parts.processes import ROOT, SECONDS, family, free_port, gone, terminal

DEMO = str(ROOT / "scripts" / "demo.py")
LAW = ("created", "updated", "unchanged", "skipped", "failed", "unprocessed")


def environment(folder: Path) -> dict[str, str]:
    """An empty HOME, and a shell that points at other people's services."""
    (folder / "home").mkdir()
    return {
        "HOME": str(folder / "home"),
        "LEADPORT_DATA_DIR": str(folder / "data"),
        "PORT": str(free_port()),
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/production",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SLACK_APP_TOKEN": "xapp-of-somebody-else",
        "SLACK_BOT_TOKEN": "xoxb-of-somebody-else",
    }


def counts(lines: list[str]) -> dict[str, int]:
    """The last table of counts that was printed."""
    found = (re.fullmatch(r"(\w+) +([\d,]+)\n", line) for line in lines)
    return {match[1]: int(match[2].replace(",", "")) for match in found if match}


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
def test_the_demo_imports_the_example_and_leaves_nothing(tmp_path: Path) -> None:
    """With --once the demo ends with 0 when the import is completed and its counts add up; a
    second demo in the same folder finds nothing new and stays up, until Ctrl-C ends all of it."""
    env = environment(tmp_path)
    with terminal(DEMO, "--once", **env) as demo:
        assert demo.process.wait(2 * SECONDS) == 0, "".join(demo.lines)
        demo.reader.join(SECONDS)
        first = counts(demo.lines)
    assert first["total"] == sum(first[name] for name in LAW) == 1_000
    assert first["created"] > 900 and first["failed"] > 0
    for said in (
        "Reading tradeshow.csv",
        "Edit mapping",
        "Import tradeshow.csv?",
        "leads-problems",
    ):
        assert any(said in line for line in demo.lines)

    with terminal(DEMO, **env) as demo:
        page = re.findall(r"http://[\d.:]+", demo.saw("to see the thread"))[0]
        assert "html" in httpx.get(page, trust_env=False).headers["content-type"]
        demo.saw("already imported on")
        again = counts(demo.lines)
        assert again["created"] == again["updated"] == 0
        started = family(demo.process.pid, 7)  # as `up`, and the sandbox
        assert demo.end(signal.SIGINT) == 0
        assert gone(started)

    assert list((tmp_path / "home").iterdir()) == []


@pytest.mark.slow
def test_a_demo_that_imports_nothing_fails(tmp_path: Path) -> None:
    """With --once the demo says why and ends with another code than 0 if nothing was imported."""
    env = {**environment(tmp_path), "LEADPORT_MAX_FILE_BYTES": "1000"}
    with terminal(DEMO, "--once", **env) as demo:
        assert demo.process.wait(SECONDS) == 1
        demo.saw("The import was not completed")
        demo.saw("limit")
