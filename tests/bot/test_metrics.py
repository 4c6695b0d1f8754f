"""``/metrics``, ``/readyz`` and what is logged."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from slack_sdk.errors import SlackApiError

from core.db import Database
from tests.api.conftest import running_api
from tests.bot.conftest import LEADS, Office
from worker import logs
from worker.counts import CountedClient, Counts

Samples = dict[tuple[str, ...], float]


def scraped(url: str, **headers: str) -> Samples:
    """Every sample by its name and the values of its labels."""
    page = httpx.get(f"{url}/metrics", headers=headers, timeout=30)
    assert page.status_code == 200, page.text
    families = text_string_to_metric_families(page.text)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_what_imports_did(office: Office) -> None:
    """Jobs, rows by outcome, seconds and open work are what the database says they are."""
    card = office.card(office.ana.share(("leads.csv", LEADS)))
    office.ana.click(card, "start_import")
    before = scraped(office.url)
    office.work()
    after = scraped(office.url)

    assert before["leadport_parts_open", "write"] >= 1
    assert ("leadport_parts_open", "write") not in after
    assert after["leadport_jobs", "completed"] == 1
    assert after["leadport_rows_total", "created"] == 3
    assert after["leadport_rows_total", "failed"] == 1
    assert after["leadport_import_seconds_total",] > 0
    assert after["leadport_queue_up",] == 0


def test_slack_calls_are_counted(valkey: str, office: Office) -> None:
    """Calls are counted by method and outcome, whatever process made them."""
    counts = Counts(valkey)
    client = CountedClient("xoxb-wrong", base_url=office.station.workspaces.api_url)
    client.counts = counts
    for _ in range(2):
        with pytest.raises(SlackApiError):
            client.auth_test()
    client.token = "xoxb-a-token-of-the-sandbox"
    client.auth_test()

    assert counts.all() == {
        ("slack", "auth.test", "invalid_auth"): 2,
        ("slack", "auth.test", "ok"): 1,
    }


def test_the_queue_is_seen(valkey: str, sqlite_database: Database, tmp_path: Path) -> None:
    """Queue depth, workers and Slack's answers come from Redis; /readyz names the workers."""
    Counts(valkey).add("slack", "chat.postMessage", "ratelimited")
    with running_api(sqlite_database, tmp_path, redis_url=valkey, metrics_token="let me") as api:
        refused = httpx.get(f"{api.url}/metrics", timeout=30)
        samples = scraped(api.url, Authorization="Bearer let me")
        ready = httpx.get(f"{api.url}/readyz", timeout=30)

    assert refused.status_code == 401
    assert samples["leadport_queue_up",] == 1
    assert samples["leadport_queue_jobs", "leadport-rows"] == 0
    assert samples["leadport_workers", "leadport-rows"] == 0
    assert samples["leadport_slack_calls_total", "chat.postMessage", "ratelimited"] == 1
    assert ready.json() == {
        "database": True,
        "queue": True,
        "workers": {"leadport-quick": 0, "leadport-rows": 0},
    }


def test_counting_never_holds_anybody_up() -> None:
    """Without Redis, or while it is away, counting does nothing."""
    away = Counts("redis://127.0.0.1:1/0")
    for counts in (Counts(None), away):
        counts.add("slack", "auth.test", "ok")
        assert counts.all() == {}


@pytest.mark.parametrize("as_json", [True, False])
def test_a_line_carries_its_ids(as_json: bool) -> None:
    """What is logged in a block about something names it, as JSON and as text."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.formatter(as_json=as_json))
    log = logging.Logger("bot.test")
    log.addHandler(handler)
    with logs.about(request="r1"), logs.about(account=7):
        log.info("answered in %d ms", 5)
    try:
        raise ZeroDivisionError("oh")
    except ZeroDivisionError:
        log.exception("failed")

    lines = written.getvalue().splitlines()
    if as_json:
        told, failed = map(json.loads, lines)
        assert (told["event"], told["request"], told["account"]) == ("answered in 5 ms", "r1", 7)
        assert "ZeroDivisionError: oh" in failed["exception"] and "request" not in failed
    else:
        assert lines[0].endswith("INFO bot.test: answered in 5 ms account=7 request=r1")
        assert lines[-1] == "ZeroDivisionError: oh"
