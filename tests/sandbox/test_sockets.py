"""Socket Mode: tickets, envelopes, acknowledgements, and sockets that end."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from sandbox import __main__ as program
from sandbox.client import Message, Person, RefusedError, Sandbox
from sandbox.config import Config
from sandbox.main import create_app
from tests.sandbox.conftest import SECRET, TOKEN, running

APP_TOKEN = "xapp-1-A0SANDBOX-1-aa"
NOBODY = "http://127.0.0.1:9/slack/events"
SECONDS = 30.0

Json = dict[str, Any]
MODAL: Json = {
    "type": "modal",
    "callback_id": "form",
    "title": {"type": "plain_text", "text": "Form"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [
        {
            "type": "input",
            "block_id": "name",
            "label": {"type": "plain_text", "text": "Name"},
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}
CARD: list[Json] = [
    {
        "type": "actions",
        "block_id": "row",
        "elements": [
            {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}},
            {
                "type": "external_select",
                "action_id": "pick",
                "min_query_length": 0,
                "placeholder": {"type": "plain_text", "text": "Pick"},
            },
        ],
    }
]


@pytest.fixture(scope="module")
def town() -> Iterator[str]:
    """A sandbox in Socket Mode whose app may take its time."""
    patient = {"deadline_seconds": SECONDS, "parting_seconds": SECONDS}
    with running(NOBODY, socket_mode=True, app_token=APP_TOKEN, **patient) as url:
        yield url


@pytest.fixture
def url(town: str) -> str:
    with Sandbox(town) as sandbox:
        sandbox.reset()
        sandbox.settings(socket_mode=True)
        sandbox.disconnect()
    return town


def opened(url: str, token: str = APP_TOKEN) -> str:
    """Where a socket can be opened."""
    answer = WebClient(base_url=f"{url}/api/").apps_connections_open(app_token=token)
    return str(answer["url"])


@contextmanager
def linked(url: str, address: str = "") -> Iterator[ClientConnection]:
    """The app's end of a socket, after its hello."""
    with connect(address or opened(url), proxy=None, open_timeout=SECONDS) as socket:
        assert heard(socket)["type"] == "hello"
        yield socket


def heard(socket: ClientConnection) -> Json:
    return dict(json.loads(socket.recv(SECONDS)))


def acknowledge(socket: ClientConnection, envelope: Json, **payload: Any) -> None:
    told = {"envelope_id": envelope["envelope_id"]}
    socket.send(json.dumps({**told, "payload": payload} if payload else told))


def outcomes(sandbox: Sandbox, count: int) -> list[tuple[int, int | None, str | None]]:
    """What became of the first so many deliveries."""
    until = time.monotonic() + SECONDS
    while len(sandbox.deliveries()) < count:
        assert time.monotonic() < until
        time.sleep(0.01)
    return [(d["attempt"], d["status"], d["problem"]) for d in sandbox.deliveries()[:count]]


@contextmanager
def doing(act: Callable[[], Any]) -> Iterator[Callable[[], Any]]:
    """A person does something while the app, in this thread, listens; then its outcome."""
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(act)
        yield lambda: done.result(SECONDS)


def ended(socket: ClientConnection) -> bool:
    """Whether the other side ends the socket."""
    try:
        socket.recv(SECONDS)
    except ConnectionClosed:
        return True
    return False


@pytest.mark.parametrize(
    ("token", "error"),
    [
        ("xapp-1-A0SANDBOX-1-bb", "invalid_auth"),
        ("nonsense", "invalid_auth"),
        (TOKEN, "not_allowed_token_type"),
        ("xoxb-of-another", "not_allowed_token_type"),
    ],
)
def test_only_the_app_s_own_token_opens_sockets(url: str, token: str, error: str) -> None:
    """A wrong app-level token, a bot's token and no token are told apart."""
    with pytest.raises(SlackApiError) as caught:
        opened(url, token)
    assert caught.value.response["error"] == error
    with pytest.raises(SlackApiError, match="not_authed"):
        WebClient(base_url=f"{url}/api/").api_call("apps.connections.open")


def test_an_app_level_token_does_nothing_else(url: str) -> None:
    """It speaks for the app, in no workspace."""
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        WebClient(APP_TOKEN, base_url=f"{url}/api/").auth_test()


def test_a_ticket_is_good_once_and_soon(url: str) -> None:
    """A used, a late and an invented ticket open nothing."""
    address = opened(url)
    with linked(url, address):
        pass
    for wrong in (
        address,
        address.replace("ticket=", "ticket=x"),
        f"{url}/link/".replace("http", "ws"),
    ):
        with pytest.raises(InvalidStatus) as refused, connect(wrong, proxy=None):
            pass
        assert refused.value.response.status_code == 403

    now = [1000.0]
    config = Config(NOBODY, SECRET, TOKEN, "http://testserver", socket_mode=True)
    app = create_app(config, lambda: now[0])
    tickets = app.state.town.sockets.tickets
    late, good = tickets.give(), tickets.give()
    now[0] += 30.0
    assert tickets.take(good) and not tickets.take(good)
    now[0] += 0.1
    assert not tickets.take(late)


def test_hello_says_which_app_and_how_many(url: str) -> None:
    """The first message names the app, and counts its sockets."""
    with linked(url), connect(opened(url), proxy=None) as second:
        hello = heard(second)
    assert hello["num_connections"] == 2
    assert hello["connection_info"]["app_id"] == "A0SANDBOX"
    assert hello["debug_info"]["approximate_connection_time"] > 0


def test_an_event_over_a_socket(url: str) -> None:
    """Events come in an envelope that takes no payload; the acknowledgement is the answer."""
    with linked(url) as socket, Person(url, "ana") as ana:
        ana.say("hello")
        envelope = heard(socket)
        acknowledge(socket, envelope, text="is not read")
        assert outcomes(ana.sandbox, 1) == [(0, 200, None)]
        [delivery] = ana.sandbox.deliveries()
    assert envelope["type"] == "events_api"
    assert envelope["payload"]["event"]["text"] == "hello"
    assert (envelope["retry_attempt"], envelope["retry_reason"]) == (0, "")
    assert envelope["accepts_response_payload"] is False
    assert delivery["by_socket"] and delivery["answer"] == ""


def test_a_command_over_a_socket(url: str) -> None:
    """What the acknowledgement brings is shown to the person."""
    with (
        linked(url) as socket,
        Person(url, "ana") as ana,
        doing(lambda: ana.command("/import", "help")) as done,
    ):
        envelope = heard(socket)
        acknowledge(socket, envelope, text="At your service")
        assert done().ok
        assert "At your service" in [message.text for message in ana.messages()]
    assert envelope["type"] == "slash_commands" and envelope["accepts_response_payload"]
    assert envelope["payload"]["command"] == "/import" and envelope["payload"]["text"] == "help"


def test_clicks_options_and_modals_over_a_socket(url: str) -> None:
    """A click takes no payload; suggested options and a modal's errors come back in it."""
    web = WebClient(TOKEN, base_url=f"{url}/api/")
    with Sandbox(url) as sandbox:
        sandbox.settings(scopes=["chat:write"])  # so that no event is in the way
    posted = Message(dict(web.chat_postMessage(channel="C0LEADS", text="card", blocks=CARD)["message"], channel="C0LEADS"))  # fmt: skip  # noqa: E501
    with linked(url) as socket, Person(url, "ana") as ana:
        option = {"text": {"type": "plain_text", "text": "One"}, "value": "1"}
        with doing(lambda: ana.suggest(posted, "pick", "o")) as done:
            asked = heard(socket)
            acknowledge(socket, asked, options=[option])
            assert [each["value"] for each in done()] == ["1"]
        with doing(lambda: ana.click(posted, "go")) as done:
            clicked = heard(socket)
            web.views_open(trigger_id=clicked["payload"]["trigger_id"], view=MODAL)
            acknowledge(socket, clicked, text="is not read")
            assert done().ok
        view = ana.open_view()
        with doing(lambda: ana.submit(view, {"name": {"text": "x"}})) as done:
            submitted = heard(socket)
            acknowledge(socket, submitted, response_action="errors", errors={"name": "Too short"})
            assert done().errors == {"name": "Too short"}
        with doing(lambda: ana.submit(view, {"name": {"text": "Ada"}})) as done:
            acknowledge(socket, heard(socket))
            assert done().ok
        assert ana.views() == []
    assert {m["type"] for m in (asked, clicked, submitted)} == {"interactive"}
    assert [m["accepts_response_payload"] for m in (asked, clicked, submitted)] == [
        True,
        False,
        True,
    ]


def test_what_is_not_acknowledged_comes_again() -> None:
    """After the deadline an event is sent anew, with the number and the reason; nonsense, and the
    acknowledgement of another envelope, count for nothing."""
    with (
        running(NOBODY, socket_mode=True, app_token=APP_TOKEN, retry_delays=(0.0, 0.01)) as url,
        linked(url) as socket,
        Person(url, "ana") as ana,
    ):
        ana.say("hello")
        first = heard(socket)
        socket.send("no JSON")
        socket.send("[1]")
        socket.send(json.dumps({"envelope_id": "of another"}))
        second = heard(socket)
        acknowledge(socket, first)
        third = heard(socket)
        acknowledge(socket, third)
        assert outcomes(ana.sandbox, 2)[:2] == [(0, None, "timeout"), (1, None, "timeout")]
    assert [m["retry_attempt"] for m in (first, second, third)] == [0, 1, 2]
    assert second["retry_reason"] == "timeout"
    assert len({m["payload"]["event_id"] for m in (first, second, third)}) == 1
    assert len({m["envelope_id"] for m in (first, second, third)}) == 3


@pytest.mark.parametrize("reason", ["refresh_requested", "warning", "link_disabled"])
def test_a_socket_that_is_to_end(url: str, reason: str) -> None:
    """It is told why, may acknowledge what it has, gets nothing new, and is closed."""
    with linked(url) as old, Person(url, "ana") as ana:
        ana.say("before")
        before = heard(old)
        with Sandbox(url) as control, doing(lambda: control.disconnect(reason)) as done:
            told = heard(old)
            with linked(url) as new:
                acknowledge(old, before)
                assert done() == 1
                ana.say("after")
                after = heard(new)
                acknowledge(new, after)
                assert outcomes(ana.sandbox, 2) == [(0, 200, None), (0, 200, None)]
        assert ended(old)
    assert (told["type"], told["reason"]) == ("disconnect", reason)
    assert after["payload"]["event"]["text"] == "after"


def test_a_socket_that_breaks(url: str) -> None:
    """What was under way failed, and so do its retries until a socket is open again."""
    with Person(url, "ana") as ana:
        with linked(url) as old:
            ana.say("hello")
            first = heard(old)
            with linked(url) as new:
                assert ana.sandbox.disconnect(abruptly=True) == 2
                assert ended(old) and ended(new)
        failed = [(n, None, "connection_failed") for n in range(4)]  # the last three without any
        assert outcomes(ana.sandbox, 4) == failed
        with linked(url) as socket, doing(lambda: ana.sandbox.redeliver(event="message")) as done:
            second = heard(socket)
            acknowledge(socket, second)
            assert done()[0]["ok"]
    assert first["payload"] == second["payload"]


def test_without_a_socket_nothing_arrives(url: str) -> None:
    """As in Slack, a command fails at once and its person is told."""
    with Person(url, "ana") as ana:
        assert not ana.command("/import", "help").ok
        assert 'failed with the error "dispatch_failed"' in ana.messages()[-1].text


def test_the_switch(url: str) -> None:
    """Off ends the sockets as link_disabled, refuses new ones so, and HTTP is used again."""
    with linked(url) as socket, Person(url, "ana") as ana:
        assert ana.sandbox.get("/workspace")["sockets"] == 1
        ana.sandbox.settings(socket_mode=False)
        assert heard(socket)["reason"] == "link_disabled"
        assert ended(socket)
        with connect(opened(url), proxy=None) as late:
            assert heard(late)["reason"] == "link_disabled"
            assert ended(late)
        assert not ana.command("/import").ok
        assert [d["by_socket"] for d in ana.sandbox.deliveries("command")] == [False]


def test_ten_sockets_and_no_more(url: str) -> None:
    """Each of several sockets takes its turn; the eleventh is turned away."""
    with linked(url) as first, linked(url) as second, Person(url, "ana") as ana:
        for text in ("one", "two"):
            ana.say(text)
        for socket in (first, second):
            acknowledge(socket, heard(socket))
        assert outcomes(ana.sandbox, 2) == [(0, 200, None), (0, 200, None)]
        with ExitStack() as more:
            links = [connect(opened(url), proxy=None) for _ in range(9)]
            told = [heard(more.enter_context(each)) for each in links]
    assert [each["type"] for each in told] == ["hello"] * 8 + ["disconnect"]
    assert told[-1]["reason"] == "too_many_websockets"


def test_a_socket_ends_by_itself() -> None:
    """When its time is over it is told to connect anew."""
    with (
        running(NOBODY, socket_mode=True, app_token=APP_TOKEN, socket_seconds=0.2) as url,
        linked(url) as socket,
    ):
        assert heard(socket)["reason"] == "refresh_requested"
        assert ended(socket)


def test_only_what_is_json_fits_an_envelope(url: str) -> None:
    """A broken body cannot be sent over a socket, and an unknown reason is none."""
    with linked(url) as socket, Person(url, "ana") as ana:
        ana.say("hello")
        acknowledge(socket, heard(socket))
        outcomes(ana.sandbox, 1)
        for body in ("{", "[]"):
            with pytest.raises(RefusedError, match="envelope"):
                ana.sandbox.redeliver(event="message", body=body)
        with pytest.raises(RefusedError, match="refresh_requested"):
            ana.sandbox.disconnect("boredom")


def test_the_switch_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--socket-mode` takes the app's token from the environment, and no signing secret."""
    configs: list[Config] = []
    monkeypatch.setattr(program, "run", lambda config, host, port: configs.append(config))
    monkeypatch.setattr(sys, "argv", ["sandbox", "--socket-mode"])
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    monkeypatch.delenv("SLACK_APP_TOKEN", raising=False)
    with pytest.raises(SystemExit):
        program.main()
    assert "--socket-mode needs SLACK_APP_TOKEN" in capsys.readouterr().err

    monkeypatch.setenv("SLACK_APP_TOKEN", APP_TOKEN)
    program.main()
    [config] = configs
    assert config.socket_mode and config.app_token == APP_TOKEN and APP_TOKEN not in repr(config)
