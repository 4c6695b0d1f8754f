"""The fixtures themselves: fresh for every test, the versions we promise, ended afterwards."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import redis
from playwright.sync_api import Browser
from sqlalchemy import text

from core.db import Database, schema_revision
from tests.parts.postgres import Postgres


def test_postgres_is_version_18(postgres: Postgres) -> None:
    """The server the tests run on is the PostgreSQL we say we test on."""
    with postgres.connect() as connection:
        assert connection.info.server_version // 10_000 == 18


@pytest.mark.parametrize("turn", [1, 2])
def test_database_is_fresh(database: Database, turn: int) -> None:
    """What one test writes the next does not see, and both start at the newest schema."""
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE left_behind (turn integer)"))

    assert schema_revision(database)


@pytest.mark.parametrize("turn", [1, 2])
def test_valkey_is_empty_and_appends(valkey: str, turn: int) -> None:
    """Each test finds no key, on a server that keeps its append-only file."""
    with redis.Redis.from_url(valkey, decode_responses=True) as client:
        assert client.dbsize() == 0
        assert client.info("persistence")["aof_enabled"] == 1
        client.set("turn", turn)


@pytest.mark.browser
def test_chromium_shows_a_page(browser: Browser) -> None:
    """The browser runs scripts and answers with what it drew."""
    page = browser.new_page()
    page.set_content("<p id=a></p><script>a.textContent = 6 * 7</script>")

    assert page.inner_text("#a") == "42"
    page.close()


SESSION = """
import psutil
from tests.parts.postgres import running_postgres
from tests.parts.valkey import running_valkey
with running_postgres() as postgres, running_valkey():
    pids = [child.pid for child in psutil.Process().children(recursive=True)]
    print(postgres.folder, *pids, flush=True)
    {ending}
"""


@pytest.mark.parametrize("ending", ["pass", "raise KeyboardInterrupt"])
def test_nothing_is_left_running(ending: str) -> None:
    """However a test session ends, its servers end with it and their folder is gone."""
    session = subprocess.run(
        [sys.executable, "-c", SESSION.format(ending=ending)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    folder, *pids = session.stdout.split()

    assert len(pids) > 2
    assert not [pid for pid in pids if psutil.pid_exists(int(pid))]
    assert not Path(folder).exists()
