"""A running sandbox and a tiny app for it to talk to, both over real sockets."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
import uvicorn
from playwright.sync_api import Browser, Page
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette

from sandbox.client import Person, Sandbox
from sandbox.config import DEFAULT_EVENTS, Config
from sandbox.main import create_app

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
TOKEN = "xoxb-sandbox-token"

Json = dict[str, Any]


@dataclass
class Heard:
    """One request the app got."""

    headers: dict[str, str]
    body: bytes
    told: Json

    @property
    def kind(self) -> str:
        return str(self.told.get("event", self.told).get("type", self.told.get("command", "")))


@dataclass
class TinyApp:
    """Hears everything; answers what `answers[kind]` says: (status, JSON, seconds to wait)."""

    url: str
    heard: list[Heard] = field(default_factory=list)
    answers: dict[str, Callable[[Json], tuple[int, Any, float]]] = field(default_factory=dict)

    def answer(self, kind: str, body: Any = None, *, status: int = 200, wait: float = 0) -> None:
        self.answers[kind] = lambda told: (status, body, wait)

    def of(self, kind: str) -> list[Heard]:
        return [heard for heard in self.heard if heard.kind == kind]

    def wait_for(self, kind: str, count: int = 1, timeout: float = 30) -> list[Heard]:
        until = time.monotonic() + timeout
        while len(self.of(kind)) < count:
            assert time.monotonic() < until, f"heard only {[h.kind for h in self.heard]}"
            time.sleep(0.01)
        return self.of(kind)


def _parsed(body: bytes, content_type: str) -> Json:
    if content_type.startswith("application/json"):
        return dict(json.loads(body))
    form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    return dict(json.loads(form["payload"])) if "payload" in form else form


def _handler(app: TinyApp) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            verifier = SignatureVerifier(SECRET)
            headers = {name.lower(): value for name, value in self.headers.items()}
            if not verifier.is_valid_request(body, headers):
                self._reply(401, {"error": "bad signature"})
                return
            heard = Heard(headers, body, _parsed(body, headers["content-type"]))
            app.heard.append(heard)
            if heard.kind == "url_verification":
                self._reply(200, {"challenge": heard.told["challenge"]})
                return
            status, answer, wait = app.answers.get(heard.kind, lambda _: (200, None, 0.0))(
                heard.told
            )
            time.sleep(wait)
            self._reply(status, answer)

        def _reply(self, status: int, answer: Any) -> None:
            body = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            with suppress(BrokenPipeError, ConnectionResetError):  # who was kept waiting may leave
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def tiny_app() -> Iterator[TinyApp]:
    app = TinyApp("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(app))
    server.daemon_threads = True
    app.url = f"http://127.0.0.1:{server.server_port}/slack/events"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield app
    server.shutdown()
    thread.join()
    server.server_close()


class QuickServer(uvicorn.Server):
    """A server that ends when told, without looking up only ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = threading.Event()

    async def main_loop(self) -> None:
        self._over = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.serving.set()
        await self._over.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for each in (*self.servers, *(sockets or ())):
            each.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._quiet(), self.config.timeout_graceful_shutdown)
        for task in self.server_state.tasks:
            task.cancel()
        await self.lifespan.shutdown()

    async def _quiet(self) -> None:
        while self.server_state.connections or self.server_state.tasks:
            await asyncio.sleep(0.001)

    def end(self) -> None:
        self.should_exit = True
        self._loop.call_soon_threadsafe(self._over.set)


@contextmanager
def serving(app: Starlette, bound: socket.socket) -> Iterator[None]:
    config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1)
    server = QuickServer(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    server.serving.wait()
    try:
        yield
    finally:
        server.end()
        thread.join()


@contextmanager
def running(app_url: str, **settings: Any) -> Iterator[str]:
    """A sandbox at a free port; yields its address. Waits are short so that tests are."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        usual: Json = {
            "retry_delays": (0.0, 0.02, 0.05),
            "deadline_seconds": 0.5,
            "events": DEFAULT_EVENTS | {"file_shared"},
        }
        config = Config(app_url, SECRET, TOKEN, url, **{**usual, **settings})
        with serving(create_app(config), bound):
            yield url


@pytest.fixture
def url(tiny_app: TinyApp) -> Iterator[str]:
    with running(tiny_app.url) as address:
        yield address


@pytest.fixture
def sandbox(url: str) -> Iterator[Sandbox]:
    with Sandbox(url) as control:
        yield control


@pytest.fixture
def ana(url: str) -> Iterator[Person]:
    with Person(url, "ana", timeout=30) as person:
        yield person


@pytest.fixture
def ben(url: str) -> Iterator[Person]:
    with Person(url, "ben", timeout=30) as person:
        yield person


@pytest.fixture
def web(url: str) -> WebClient:
    return WebClient(TOKEN, base_url=f"{url}/api/")


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Page]:
    """One window for the tests of a module: a new one takes longer than most of what they do."""
    opened = browser.new_page(viewport={"width": 1440, "height": 900})
    opened.set_default_timeout(30_000)
    yield opened
    opened.close()


@pytest.fixture
def page(window: Page, url: str) -> Iterator[Page]:
    """The page as ana, in #leads. Errors in it and requests to elsewhere fail the test.

    Every sandbox has an address of its own, so nothing that one test stored is seen by the next.
    """
    wrong: list[str] = []
    listeners: dict[str, Callable[[Any], None]] = {
        "pageerror": lambda error: wrong.append(str(error)),
        "console": lambda line: wrong.append(line.text) if line.type == "error" else None,
        "request": lambda asked: (
            None if asked.url.startswith((url, "data:", "about:")) else wrong.append(asked.url)
        ),
    }
    for event, listener in listeners.items():
        window.on(event, listener)  # type: ignore[call-overload]  # one overload per event
    visit(window, url, user="ana", channel="leads")
    yield window
    window.goto("about:blank")
    for event, listener in listeners.items():
        window.remove_listener(event, listener)
    assert wrong == []


def visit(page: Page, url: str, **place: str) -> None:
    """Open the page for someone somewhere, and wait until it is alive."""
    page.goto(f"{url}/?{urlencode(place)}")
    page.wait_for_selector("body[data-ready]")
