"""The real parts tests run against: PostgreSQL, SQLite, Valkey, Chromium.

Servers start with the first test that asks for them, once in each pytest-xdist worker, and end
with it. Every test gets a database and a Valkey with nothing of another test in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import httpx
import pytest
import redis
from playwright.sync_api import Browser

from core.db import Database
from tests.parts import databases
from tests.parts.chromium import Kept, installed_chromium
from tests.parts.databases import copied_postgres, copied_sqlite
from tests.parts.once import once
from tests.parts.order import is_of_pages
from tests.parts.postgres import Postgres, prepare, running_postgres
from tests.parts.valkey import running_valkey

# Every client reads the certificates of the world anew, 50 ms each; ours speak plain HTTP.
httpx._transports.default.create_ssl_context = cache(httpx.create_ssl_context)
databases.remember_statements()

# ---- databases ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A running PostgreSQL 18 with the template that tests copy."""
    made = once(tmp_path_factory, "postgres", lambda to: prepare(to, databases.template))
    with running_postgres(data=made) as server:
        yield server


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SQLite file that tests copy."""
    return once(tmp_path_factory, "leadport.db", databases.template_file)


@pytest.fixture
def sqlite_database(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    """A migrated, empty SQLite database of the test's own."""
    with copied_sqlite(migrated_sqlite, tmp_path) as database:
        yield database


@pytest.fixture
def postgres_database(postgres: Postgres) -> Iterator[Database]:
    """A migrated, empty PostgreSQL database of the test's own."""
    with copied_postgres(postgres) as database:
        yield database


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Database:
    """The test runs twice: on SQLite and on PostgreSQL."""
    chosen: Database = request.getfixturevalue(f"{request.param}_database")
    return chosen


# ---- queue -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[str]:
    """The URL of a running Valkey."""
    with running_valkey() as url:
        yield url


@pytest.fixture
def valkey(valkey_server: str) -> str:
    """The URL of a Valkey with nothing in it. A test that kills the server starts its own."""
    with redis.Redis.from_url(valkey_server) as client:
        client.flushall()
    return valkey_server


# ---- browser -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium. Without one the test is skipped; in CI that is a failure."""
    path = installed_chromium()
    if path is None and os.environ.get("CI"):
        pytest.fail("No Chromium on PATH, and CI has to run the page tests: install chromium.")
    return path or pytest.skip("No Chromium on PATH: install chromium to run the page tests.")


_pages = Kept()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Browser:
    """A headless Chromium; ``browser.new_page()`` opens a page, which the test closes.

    Not for the whole session: while Playwright's synchronous API is open it has an event loop
    running in this thread, and ``asyncio.run`` in any other test would refuse to start a second.
    """
    return _pages.browser(chromium)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """The browser stays for the next module if its first test is of pages too."""
    if nextitem is None or (nextitem.path != item.path and not is_of_pages(nextitem)):
        _pages.close()
