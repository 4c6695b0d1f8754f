"""Deliveries to the app: signed, on a deadline, retried, repeated and forged on request."""

import time

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.client import Message, Person, Sandbox
from tests.sandbox.conftest import TOKEN, TinyApp, running


def shown(sandbox: Sandbox, count: int) -> list[tuple[int, int | None, str | None]]:
    until = time.monotonic() + 30
    while len(sandbox.deliveries()) < count and time.monotonic() < until:
        time.sleep(0.02)
    return [(d["attempt"], d["status"], d["problem"]) for d in sandbox.deliveries()]


def test_the_app_can_prove_its_address(sandbox: Sandbox, tiny_app: TinyApp) -> None:
    """`url_verification` succeeds when the app echoes the challenge."""
    assert sandbox.do("/challenge")["ok"]
    assert tiny_app.of("url_verification")


def test_a_failing_app_gets_three_retries(ana: Person, sandbox: Sandbox, tiny_app: TinyApp) -> None:
    """The same event comes again with its number and the reason."""
    tiny_app.answer("message", status=500)
    ana.say("hello")
    heard = tiny_app.wait_for("message", 4)
    assert {request.told["event_id"] for request in heard} == {heard[0].told["event_id"]}
    retries = [
        (h.headers.get("x-slack-retry-num"), h.headers.get("x-slack-retry-reason")) for h in heard
    ]
    assert retries == [(None, None), *((str(n), "http_error") for n in (1, 2, 3))]
    assert shown(sandbox, 4) == [(n, 500, "http_error") for n in range(4)]


def test_a_late_answer_is_a_timeout(ana: Person, sandbox: Sandbox, tiny_app: TinyApp) -> None:
    """Past the deadline the event is retried as `http_timeout`; once taken, it stops."""
    answers = iter([0.8, 0.0])
    tiny_app.answers["message"] = lambda told: (200, None, next(answers))
    ana.say("hello")
    assert shown(sandbox, 2) == [(0, None, "http_timeout"), (1, 200, None)]
    assert tiny_app.of("message")[1].headers["x-slack-retry-reason"] == "http_timeout"


def test_an_app_that_is_away() -> None:
    """Nothing listening is `connection_failed`, and the sandbox lives on."""
    with running("http://127.0.0.1:9/slack/events") as url, Person(url, "ana") as ana:
        ana.say("hello")
        assert shown(ana.sandbox, 4) == [(n, None, "connection_failed") for n in range(4)]
        assert ana.say("still here").text == "still here"


def test_events_can_come_again_at_once(ana: Person, sandbox: Sandbox, tiny_app: TinyApp) -> None:
    """One event delivered four more times together keeps its id."""
    ana.say("hello")
    first = tiny_app.wait_for("message")[0]
    outcomes = sandbox.redeliver(event="message", times=4, together=True)
    assert [outcome["status"] for outcome in outcomes] == [200] * 4
    assert {h.told["event_id"] for h in tiny_app.of("message")} == {first.told["event_id"]}
    assert len(tiny_app.of("message")) == 5


@pytest.mark.parametrize("manner", ["wrong", "stale", "missing"])
def test_a_forged_signature_does_not_verify(
    ana: Person, sandbox: Sandbox, tiny_app: TinyApp, manner: str
) -> None:
    """The SDK's own verifier turns a wrong, a stale and a missing signature away."""
    ana.say("hello")
    tiny_app.wait_for("message")
    assert sandbox.redeliver(event="message", signature=manner)[0]["status"] == 401
    assert len(tiny_app.of("message")) == 1


def test_the_bot_hears_itself_and_edits(ana: Person, web: WebClient, tiny_app: TinyApp) -> None:
    """Own messages come with bot_id; edits and deletions as their subtypes."""
    posted = web.chat_postMessage(channel="C0LEADS", text="one")
    web.chat_update(channel="C0LEADS", ts=posted["ts"], text="two")
    web.chat_delete(channel="C0LEADS", ts=posted["ts"])
    events = [heard.told["event"] for heard in tiny_app.wait_for("message", 3)]
    by_kind = {event.get("subtype"): event for event in events}
    assert by_kind[None]["bot_id"] == "B0SANDBOX"
    assert by_kind["message_changed"]["message"]["text"] == "two"
    assert by_kind["message_changed"]["previous_message"]["text"] == "one"
    assert by_kind["message_deleted"]["deleted_ts"] == posted["ts"]


def test_events_need_subscription_and_scope(tiny_app: TinyApp) -> None:
    """Without the scope or the subscription nothing is sent; other channels still are."""
    with (
        running(tiny_app.url, events=frozenset({"message.im"})) as url,
        Person(url, "ana") as ana,
    ):
        ana.say("not subscribed")
        ana.say("in the DM", channel="dm")
        assert tiny_app.wait_for("message")[0].told["event"]["channel_type"] == "im"
        ana.sandbox.settings(scopes=["chat:write"])
        ana.say("no scope", channel="dm")
        ana.visit_home()
    assert [heard.told["event"]["text"] for heard in tiny_app.of("message")] == ["in the DM"]


def test_uninstalling_ends_the_token(
    web: WebClient, ana: Person, sandbox: Sandbox, tiny_app: TinyApp
) -> None:
    """The app is told twice, its token is dead, and nothing more reaches it."""
    sandbox.do("/uninstall")
    tiny_app.wait_for("app_uninstalled")
    tiny_app.wait_for("tokens_revoked")
    with pytest.raises(SlackApiError, match="account_inactive"):
        web.auth_test()
    ana.say("hello?")
    sandbox.reset()
    assert ana.messages() == []
    assert web.auth_test()["ok"]
    assert not tiny_app.of("message")


def test_the_live_feed_shows_one_person_only_what_they_see(
    url: str, ana: Person, web: WebClient
) -> None:
    """A watcher sees messages as they come; another's ephemeral message is not among them."""
    with Sandbox(url) as watcher, watcher.watching("ben") as changes:
        web.chat_postEphemeral(channel="C0LEADS", user="U0ANA", text="psst")
        ana.say("hello")
        texts = []
        while "hello" not in texts:
            change = next(changes)
            texts += [change["message"]["text"]] if change["kind"] == "message" else []
    assert texts == ["hello"]


def test_refused_blocks_can_be_set_later(web: WebClient, sandbox: Sandbox, ana: Person) -> None:
    """A workspace that stops knowing a block refuses it from then on."""
    sandbox.settings(refused_blocks=["plan"])
    plan = [{"type": "plan", "title": "Importing", "tasks": []}]
    with pytest.raises(SlackApiError, match="invalid_blocks"):
        web.chat_postMessage(channel="C0LEADS", text="progress", blocks=plan)
    sandbox.settings(refused_blocks=[])
    assert web.chat_postMessage(channel="C0LEADS", text="progress", blocks=plan)["ok"]
    assert isinstance(ana.messages()[0], Message)


def test_a_sandbox_without_echo_keeps_the_bots_words_to_itself(tiny_app: TinyApp) -> None:
    """With `echo_own_messages` off only people's messages are delivered."""
    with running(tiny_app.url, echo_own_messages=False) as url, Person(url, "ana") as ana:
        WebClient(TOKEN, base_url=f"{url}/api/").chat_postMessage(channel="C0LEADS", text="mine")
        ana.say("yours")
        assert tiny_app.wait_for("message")[0].told["event"]["text"] == "yours"
