"""The conversation over Socket Mode: the real web process, and a socket to the sandbox."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

import sandbox.main
from bot import main
from bot.desk import Desk
from bot.slack import payloads
from bot.slack.column_form import TARGET
from bot.slack.socket_mode import SocketMode
from core.db import Database
from core.models import Import
from core.uploads import Files
from sandbox.client import Person, Sandbox
from sandbox.config import Config
from tests.bot.conftest import LEADS, TOKEN, Office
from tests.sandbox.conftest import serving
from worker.queue import Bell
from worker.settings import Settings
from worker.station import Pace, Station
from worker.workspaces import Workspaces

APP_TOKEN = "xapp-1-A0SANDBOX-1-aa"
SECONDS = 30.0


@contextmanager
def slack(app_token: str = APP_TOKEN) -> Iterator[str]:
    """A sandbox in Socket Mode, with no address to send anything to. It is patient, for what is
    tested is not how fast this machine is; how it hurries is for its own tests."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        config = Config(
            "http://127.0.0.1:9/slack/events", "", TOKEN, url, socket_mode=True,
            app_token=app_token, deadline_seconds=SECONDS, parting_seconds=SECONDS,
            trigger_seconds=SECONDS, retry_delays=(0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0),
        )  # fmt: skip
        with serving(sandbox.main.create_app(config), bound):
            yield url


@contextmanager
def web(settings: Settings) -> Iterator[str]:
    """The web process as `leadport web` builds it, at a free port."""
    with socket.create_server(("127.0.0.1", 0)) as bound, serving(main.build(settings), bound):
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def settings_for(url: str, folder: Path) -> Settings:
    """Those of Socket Mode: no signing secret, for nothing comes over HTTP."""
    return Settings(
        data_dir=folder, slack_bot_token=TOKEN, slack_app_token=APP_TOKEN,
        slack_api_url=f"{url}/api/",
    )  # fmt: skip


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office that Slack cannot reach."""
    with slack() as url:
        settings = settings_for(url, tmp_path_factory.mktemp("office"))
        with web(settings) as address:
            database = Database(settings.database)
            workspaces = Workspaces(TOKEN, api_url=settings.slack_api_url)
            files = Files(settings.files_root)
            station = Station(database, files, Bell(None), workspaces, Pace(edit_ms=0))
            people = [Person(url, name, timeout=SECONDS) for name in ("ana", "ben", "guest")]
            with Sandbox(url) as control:
                yield Office(address, station, control, *people)
            for person in people:
                person.close()
            database.close()


@pytest.fixture
def linked(office: Office) -> Office:
    """The office with its socket open."""
    wait_for_socket(office)
    return office


def wait_for_socket(office: Office) -> None:
    until(lambda: office.sandbox.get("/workspace")["sockets"] == 1, "no socket is open")


def until(fits: Callable[[], bool], otherwise: str) -> None:
    late = time.monotonic() + SECONDS
    while not fits():
        assert time.monotonic() < late, otherwise
        time.sleep(0.01)


def test_the_conversation_over_a_socket(linked: Office) -> None:
    """A file, its card, a mapping with a mistake in it, the correction, the confirmation and the
    summary: all of it comes and goes over the socket, and a disconnect in the middle heals."""
    office = linked
    shared = office.ben.share(("leads.csv", LEADS))
    office.ben.click(office.card(shared), "map_columns")
    form = office.ben.open_view(lambda view: view.callback_id == "map_columns")
    wrong = office.ben.submit(form, {"column-3": {TARGET: "email"}})
    assert wrong.errors and not wrong.ok
    assert office.sandbox.disconnect()
    wait_for_socket(office)
    assert office.ben.submit(
        form, {"column-3": {TARGET: "phone"}, "column-4": {TARGET: "notes"}}
    ).ok
    office.ben.click(office.card(shared), "start_import")
    office.work()

    assert "4 rows = 3 new + 1 failed" in office.replies(shared)[1].words
    assert office.ana.command("/import", "status").ok
    sent = office.sandbox.deliveries()
    assert {each["kind"] for each in sent} >= {"event", "interaction", "command"}
    assert all(each["by_socket"] for each in sent)


def test_what_happens_while_no_socket_is_open_comes_later(linked: Office) -> None:
    """A file that is shared in the very moment of a disconnect is taken in, once."""
    office = linked
    before = office.count(Import)
    assert office.sandbox.disconnect()
    shared = office.ben.share(("between.csv", LEADS))

    assert office.card(shared).by_app
    assert office.count(Import) == before + 1
    wait_for_socket(office)


def test_what_failed_comes_again(linked: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """What went wrong in Leadport is not acknowledged, so Slack sends it again, here over the next
    socket, for this one breaks without a word; with what was shared meanwhile it is taken once."""
    office, failed, take = linked, threading.Event(), Desk.take

    def fails_once(*about: Any) -> list[Import]:
        if not failed.is_set():
            failed.set()
            raise OSError("the database is away")
        return take(*about)

    before = office.count(Import)
    monkeypatch.setattr(Desk, "take", fails_once)
    shared = [office.ben.share(("fails.csv", LEADS))]
    assert failed.wait(SECONDS)
    assert office.ana.command("/import", "help").ok  # others on this socket are answered
    assert office.count(Import) == before
    assert office.sandbox.disconnect(abruptly=True)
    shared.append(office.ben.share(("meanwhile.csv", LEADS)))

    assert all(office.card(each).by_app for each in shared)
    assert office.count(Import) == before + 2
    wait_for_socket(office)


def test_an_event_that_comes_twice_is_handled_once(linked: Office) -> None:
    """Slack sends an event again whose acknowledgement it missed; at once, or four together."""
    office = linked
    before = office.count(Import)
    shared = office.ben.share(("twice.csv", LEADS))
    office.taken(shared)
    wait_for_socket(office)
    again = office.sandbox.redeliver(event="message", times=4, together=True, attempt=1)
    office.work()

    assert [each["ok"] for each in again] == [True] * 4
    assert office.count(Import) == before + 1
    assert len(office.replies(shared)) == 1


def test_pages_are_served_while_a_listener_waits(
    linked: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests over the socket are answered in threads: while one of them waits, others and the
    web process's own pages are answered."""
    office = linked
    card = office.card(office.ben.share(("slow.csv", LEADS)))
    entered, released, click = threading.Event(), threading.Event(), payloads.click

    def slow(body: dict[str, Any]) -> payloads.Click:
        entered.set()
        released.wait(SECONDS)
        return click(body)

    monkeypatch.setattr(payloads, "click", slow)
    with ThreadPoolExecutor(1) as pool:
        clicked = pool.submit(office.ben.click, card, "map_columns")
        assert entered.wait(SECONDS)
        try:
            page = httpx.get(f"{office.url}/healthz", trust_env=False, timeout=SECONDS)
            other = office.ana.command("/import", "help")
            assert not clicked.done()
        finally:
            released.set()
        assert page.is_success and other.ok and clicked.result(SECONDS).ok


def test_the_first_page_says_whether_there_is_a_socket(linked: Office) -> None:
    """Socket Mode is named on the first page, and nothing is taken over HTTP without a secret."""
    page = httpx.get(f"{linked.url}/", trust_env=False, timeout=SECONDS).text
    assert "Socket Mode" in page and "not connected" not in page
    refused = httpx.post(f"{linked.url}/slack/events", trust_env=False, timeout=SECONDS)
    assert refused.status_code == 503 and "Socket Mode" in refused.text


def test_a_token_that_slack_refuses(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The web process serves all the same, and the log says what to mend, without the token."""
    with slack("xapp-1-another") as url, web(settings_for(url, tmp_path)) as address:
        until(lambda: "SLACK_APP_TOKEN is not one that Slack knows" in caplog.text, "not a word")
        page = httpx.get(f"{address}/", trust_env=False, timeout=SECONDS).text

    assert "not connected" in page
    assert APP_TOKEN not in caplog.text


def test_slack_that_is_away_at_first_is_reached_later() -> None:
    """The first connection is tried until it works."""
    tried = threading.Event()

    def connect() -> None:
        if not tried.is_set():
            tried.set()
            raise ConnectionRefusedError
        connected.set()

    connected = threading.Event()
    handler: Any = type("Handler", (), {"connect": staticmethod(connect)})()
    mode = SocketMode(None, APP_TOKEN, pauses=(0.01,))  # type: ignore[arg-type]
    mode._connect(handler)

    assert connected.is_set()
