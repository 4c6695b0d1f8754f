"""Leadport in several workspaces of one sandbox, installed by OAuth as people do it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

import sandbox.main
from bot.web import create_app
from core.db import Database
from core.uploads import Files
from sandbox.client import Person, Sandbox
from sandbox.config import Config, Team
from tests.bot.conftest import SECRET, Office
from tests.sandbox.conftest import serving
from worker.installations import Installations
from worker.queue import Bell
from worker.settings import Settings
from worker.station import Pace, Station
from worker.workspaces import Workspaces

CLIENT_ID, CLIENT_SECRET, SECRET_KEY = "12.34", "the client secret", "a secret key"
FRONT, FJORD = "T0SANDBOX", "T0FJORD"
NEIGHBOURS = (Team(FJORD, "Fjord <Labs>", "fjord"),)


@dataclass
class Town:
    """The web process, and the workspaces around it."""

    url: str  #: of the web process
    slack: str
    settings: Settings
    station: Station
    open: ExitStack

    def browser(self) -> httpx.Client:
        """Somebody's browser, which keeps cookies and goes nowhere by itself."""
        return httpx.Client(trust_env=False, timeout=30)

    def begin(self, browser: httpx.Client) -> httpx.URL:
        """Go to the app's install page; where that sends the browser."""
        answer = browser.get(f"{self.url}/slack/install")
        assert answer.status_code == 302, answer.text
        return httpx.URL(answer.headers["location"])

    def decide(self, browser: httpx.Client, page: httpx.URL, team: str, how: str) -> httpx.URL:
        """Press a button on Slack's page; where that sends the browser."""
        assert browser.get(page).status_code == 200
        form = {**dict(page.params), "team": team, "user": "ana", "answer": how}
        answer = browser.post(page.copy_with(query=None), data=form)
        return httpx.URL(answer.headers["location"])

    def install(self, team: str, how: str = "allow") -> httpx.Response:
        """All of it, in a browser of its own; the page at the end."""
        with self.browser() as browser:
            return browser.get(self.decide(browser, self.begin(browser), team, how))

    def uninstall(self, team: str) -> None:
        """Remove the app in Slack, and wait until it has heard of that."""
        with Sandbox(self.place(team)) as control:
            control.do("/uninstall")
        self.office(team).hear("app_uninstalled")

    def place(self, team: str) -> str:
        """Where a workspace's page and control API lie."""
        return self.slack if team == FRONT else f"{self.slack}/{team}"

    def office(self, team: str) -> Office:
        """One workspace, with or without Leadport in it."""
        names = ("ana", "ben", "guest")
        people = [self.open.enter_context(Person(self.place(team), n, timeout=30)) for n in names]
        return Office(self.url, self.station, people[0].sandbox, *people)


@contextmanager
def town(database: Database, folder: Path, bot_token: str = "") -> Iterator[Town]:
    """A town where nobody has installed the app, but for the front if there is a bot token."""
    with (
        socket.create_server(("127.0.0.1", 0)) as slack_socket,
        socket.create_server(("127.0.0.1", 0)) as web_socket,
    ):
        slack = f"http://127.0.0.1:{slack_socket.getsockname()[1]}"
        web = f"http://127.0.0.1:{web_socket.getsockname()[1]}"
        settings = Settings(
            data_dir=folder, slack_bot_token=bot_token, slack_signing_secret=SECRET,
            slack_api_url=f"{slack}/api/", slack_client_id=CLIENT_ID,
            slack_client_secret=CLIENT_SECRET, secret_key=SECRET_KEY, base_url=web,
        )  # fmt: skip
        files, bell = Files(folder / "files"), Bell(None)
        workspaces, workers = (_workspaces(settings, database) for _ in range(2))
        config = Config(
            f"{web}/slack/events", SECRET, bot_token, slack, retry_delays=(0.2, 0.5),
            client_id=CLIENT_ID, client_secret=CLIENT_SECRET, neighbours=NEIGHBOURS,
        )  # fmt: skip
        app = create_app(settings, database, files, bell, workspaces)
        station = Station(database, files, bell, workers, Pace(edit_ms=0))
        with (
            serving(sandbox.main.create_app(config), slack_socket),
            serving(app, web_socket),
            ExitStack() as people,
        ):
            yield Town(web, slack, settings, station, people)


def _workspaces(settings: Settings, database: Database) -> Workspaces:
    """As each process has its own."""
    return Workspaces(
        settings.slack_bot_token,
        api_url=settings.slack_api_url,
        installations=Installations(database, settings.secret_key),
    )
