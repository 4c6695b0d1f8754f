"""Installing the app by OAuth, and a second workspace beside the first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.client import Person
from sandbox.config import Team
from sandbox.errors import SlackError
from sandbox.grants import CODE_SECONDS, Grants
from tests.sandbox.conftest import TOKEN, TinyApp, running, visit

CLIENT, SECRET = "12.34", "a client secret"
FJORD = Team("T0FJORD", "Fjord Labs", "fjord-labs")


@dataclass
class Town:
    """A sandbox with two workspaces, and a browser that does not follow redirects."""

    url: str
    back: str  #: where the app wants the browser back
    browser: httpx.Client
    web: WebClient = field(init=False)

    def __post_init__(self) -> None:
        self.web = WebClient(base_url=f"{self.url}/api/")

    def asked(self, **other: str) -> dict[str, str]:
        usual = {"client_id": CLIENT, "scope": "chat:write,channels:history", "state": "s&1"}
        return {**usual, "redirect_uri": self.back, **other}

    def answer(self, how: str, team: str = FJORD.id, **other: str) -> dict[str, str]:
        """Press a button on Slack's page; what the browser brings to the app."""
        form = {**self.asked(**other), "team": team, "user": "ana", "answer": how}
        answered = self.browser.post(f"{self.url}/oauth/v2/authorize", data=form)
        assert answered.status_code == 303, answered.text
        return {k: v[0] for k, v in parse_qs(urlsplit(answered.headers["location"]).query).items()}

    def access(self, code: str, **other: str) -> Any:
        """What the app is given for a code."""
        usual = {"client_id": CLIENT, "client_secret": SECRET, "redirect_uri": self.back}
        return self.web.oauth_v2_access(**{**usual, **other}, code=code)


@pytest.fixture
def town(tiny_app: TinyApp) -> Iterator[Town]:
    back = tiny_app.url.replace("/slack/events", "/slack/oauth_redirect")
    settings: dict[str, Any] = {"client_id": CLIENT, "client_secret": SECRET}
    with (
        running(tiny_app.url, **settings, neighbours=(FJORD,)) as url,
        httpx.Client(trust_env=False) as browser,
    ):
        yield Town(url, back, browser)


def test_a_neighbour_is_let_in(town: Town, tiny_app: TinyApp) -> None:
    """Allow gives a code, the code gives a token, and the token opens that workspace alone."""
    brought = town.answer("allow")
    given = town.access(brought["code"])
    fjord = WebClient(given["access_token"], base_url=f"{town.url}/api/")
    with Person(f"{town.url}/{FJORD.id}", "ana") as ana, Person(town.url, "ana") as front:
        ana.say("hello")
        [heard] = tiny_app.wait_for("message")
        fjord.chat_postMessage(channel="C0LEADS", text="from the app")

        assert [m.text for m in ana.messages()] == ["hello", "from the app"]
        assert front.messages() == []
    assert brought["state"] == "s&1"
    assert given["team"] == {"id": FJORD.id, "name": FJORD.name}
    assert given["scope"] == "chat:write,channels:history"
    assert heard.told["team_id"] == fjord.auth_test()["team_id"] == FJORD.id
    assert WebClient(TOKEN, base_url=f"{town.url}/api/").auth_test()["team_id"] == "T0SANDBOX"


def test_cancelling(town: Town) -> None:
    """Cancel brings the browser back with access_denied and the state, and no code."""
    assert town.answer("cancel") == {"error": "access_denied", "state": "s&1"}


def test_a_code_is_good_once(town: Town) -> None:
    """The second time it was used already, and nobody made up a code that works."""
    code = town.answer("allow")["code"]
    town.access(code)
    with pytest.raises(SlackApiError, match="code_already_used"):
        town.access(code)
    with pytest.raises(SlackApiError, match="invalid_code"):
        town.access("1.2")


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"client_id": "9.9"}, "invalid_client_id"),
        ({"client_secret": "another"}, "bad_client_secret"),
        ({"redirect_uri": "http://127.0.0.1:1/"}, "bad_redirect_uri"),
    ],
)
def test_a_wrong_app_gets_no_token(town: Town, wrong: dict[str, str], refusal: str) -> None:
    """Id, secret and address must be the app's; a refused try leaves the code unused."""
    code = town.answer("allow")["code"]
    with pytest.raises(SlackApiError, match=refusal):
        town.access(code, **wrong)

    assert town.access(code)["ok"]


def test_codes_grow_old() -> None:
    """After ten minutes a code is worth nothing."""
    clock = [1000.0]
    grants = Grants(lambda: clock[0])
    code = grants.allow("T1", "U1", ("commands",), CLIENT, "http://app/")
    clock[0] += CODE_SECONDS + 1
    with pytest.raises(SlackError, match="invalid_code"):
        grants.take(code, CLIENT, "http://app/")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"client_id": "9.9"}, "Invalid client_id"),
        ({"scope": "chat:write,admin"}, "admin"),
        ({"scope": ""}, "Invalid permissions"),
        ({"redirect_uri": "https://elsewhere.example/"}, "redirect_uri did not match"),
    ],
)
def test_what_nobody_is_asked(town: Town, wrong: dict[str, str], words: str) -> None:
    """A page of Slack's own words, and no button, for a link that is not the app's."""
    answer = town.browser.get(f"{town.url}/oauth/v2/authorize", params=town.asked(**wrong))

    assert answer.status_code == 400
    assert words in answer.text
    assert "<button" not in answer.text


def test_uninstalling_and_installing_again(town: Town) -> None:
    """The old token is dead for good, and the new one works."""
    old = town.access(town.answer("allow")["code"])["access_token"]
    with Person(f"{town.url}/{FJORD.id}", "ana") as ana:
        ana.sandbox.do("/uninstall")
    new = town.access(town.answer("allow")["code"])["access_token"]
    with pytest.raises(SlackApiError, match="account_inactive"):
        WebClient(old, base_url=f"{town.url}/api/").auth_test()

    assert WebClient(new, base_url=f"{town.url}/api/").auth_test()["team_id"] == FJORD.id


@pytest.mark.browser
def test_the_pages(town: Town, browser: Browser) -> None:
    """A person chooses the workspace and is sent back; each workspace has a page of its own."""
    page = browser.new_page()
    page.set_default_timeout(30_000)
    asked = httpx.URL(f"{town.url}/oauth/v2/authorize", params=town.asked())
    page.goto(str(asked))
    page.get_by_label(FJORD.name).check()
    page.route(f"{town.back}*", lambda route: route.fulfill(body="back at the app"))
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{town.back}*")
    given = town.access(parse_qs(urlsplit(page.url).query)["code"][0])
    visit(page, f"{town.url}/{FJORD.id}", user="ana", channel="leads")
    shown = page.text_content("#sidebar") or ""
    page.close()

    assert given["team"]["id"] == FJORD.id
    assert FJORD.name in shown
