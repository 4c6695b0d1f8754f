from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from bot.main import build
from bot.web import create_app
from core.db import Database
from core.uploads import Files
from tests.bot.conftest import Office
from tests.sandbox.conftest import serving
from worker.queue import Bell
from worker.settings import Settings
from worker.workspaces import Workspaces


@contextmanager
def serving_alone(app: Starlette) -> Iterator[httpx.Client]:
    """The web process on a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        with serving(app, bound), httpx.Client(base_url=url, trust_env=False) as web:
            yield web


def test_without_slack_everything_else_is_served(tmp_path: Path) -> None:
    """No token: the pages are there, and the Slack route says what is missing."""
    with serving_alone(build(Settings(data_dir=tmp_path))) as web:
        slack, home, ready = web.post("/slack/events"), web.get("/"), web.get("/readyz")

    assert slack.status_code == 503
    assert "SLACK_SIGNING_SECRET" in slack.text
    assert "nothing, set SLACK_BOT_TOKEN" in home.text
    assert ready.json() == {"database": True, "queue": False, "workers": {}}


def test_it_starts_without_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With the settings of a real workspace in the environment nothing is complained about."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "secret")
    with serving_alone(build(Settings(data_dir=tmp_path))) as web:
        assert web.post("/slack/events").status_code == 401

    assert [r.getMessage() for r in caplog.records if r.levelname == "WARNING"] == []


def test_the_status_page_tells_the_truth(office: Office) -> None:
    """The first page names the database, the queue that is away, and where Slack is taken in."""
    page = httpx.get(office.url, trust_env=False).text

    assert "SQLite, answering" in page
    assert "away: files are still taken in, and imported when it is back" in page
    assert "/slack/events" in page
    assert "xoxb" not in page


def test_a_database_that_is_away(tmp_path: Path) -> None:
    """Alive but not ready: healthz says ok and readyz says no, without a stack trace."""
    away = Database("postgresql://nobody@127.0.0.1:1/nothing")
    app = create_app(Settings(data_dir=tmp_path), away, Files(tmp_path), Bell(None), Workspaces(""))
    with serving_alone(app) as web:
        alive, ready, home = web.get("/healthz"), web.get("/readyz"), web.get("/")

    assert alive.status_code == 200
    assert ready.status_code == 503
    assert "PostgreSQL, not answering" in home.text
    assert "nobody" not in home.text


def test_other_paths_and_methods(office: Office) -> None:
    """What is not served is a plain 404 or 405."""
    with httpx.Client(base_url=office.url, trust_env=False) as web:
        assert web.get("/slack/events").status_code == 405
        assert web.get("/nothing").status_code == 404
