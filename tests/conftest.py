"""The real parts tests run against: PostgreSQL, SQLite, Valkey, Chromium.

Servers start with the first test that asks for them, once in each pytest-xdist worker, and end
with it. Every test gets a database and a Valkey with nothing of another test in it.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import httpx
import pytest
import redis
from hypothesis import settings
from playwright.sync_api import Browser

from core.db import Database
from tests.parts import databases, order
from tests.parts.chromium import installed_chromium, running_chromium
from tests.parts.databases import TEMPLATE, copied_postgres, copied_sqlite, migrated
from tests.parts.postgres import Postgres, running_postgres
from tests.parts.valkey import running_valkey

# ``--hypothesis-profile=long`` looks for it before any test is imported (tests/parts/examples.py).
settings.register_profile("long", max_examples=1_000)

OURS = ("LEADPORT_", "SLACK_", "DATABASE_URL", "REDIS_URL", "PORT")


def pytest_configure() -> None:
    """Whatever the developer's shell points at is not for tests to write to."""
    for name in [name for name in os.environ if name.startswith(OURS)]:
        del os.environ[name]
    # Every client reads the certificates of the world anew, 50 ms each; ours speak plain HTTP.
    httpx._transports.default.create_ssl_context = cache(httpx.create_ssl_context)
    databases.remember_statements()


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[object]:
    """What importing and collecting makes stays to the end. To look through it for garbage again
    and again costs an eighth of the collection, and a test in twenty afterwards."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests begin early."""
    order.slow_first(items)


# ---- databases ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL 18; ``postgres.url(name)`` names one of its databases."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres) -> Postgres:
    """The server, holding the template that tests copy."""
    migrated(postgres.create(TEMPLATE))
    return postgres


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SQLite file that tests copy."""
    path = tmp_path_factory.mktemp("template") / "leadport.db"
    migrated(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_database(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Database]:
    """A migrated, empty SQLite database of the test's own."""
    with copied_sqlite(migrated_sqlite, tmp_path) as database:
        yield database


@pytest.fixture
def postgres_database(migrated_postgres: Postgres) -> Iterator[Database]:
    """A migrated, empty PostgreSQL database of the test's own."""
    with copied_postgres(migrated_postgres) as database:
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


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A headless Chromium; ``browser.new_page()`` opens a page, which the test closes.

    Not for the whole session: while Playwright's synchronous API is open it has an event loop
    running in this thread, and ``asyncio.run`` in any other test would refuse to start a second.
    """
    with running_chromium(chromium) as running:
        yield running
