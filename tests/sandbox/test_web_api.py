"""The Web API: what it does, and each refusal by Slack's name for it."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.api.methods import METHODS
from sandbox.client import Person, Sandbox
from tests.sandbox.conftest import TOKEN, TinyApp, running

DIVIDER = [{"type": "divider"}]


def refused(call: Callable[[], Any]) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        call()
    return dict(caught.value.response.data)


def test_the_token_is_checked(url: str, web: WebClient) -> None:
    """No token is `not_authed`, a wrong one `invalid_auth`, and the right one names the bot."""
    assert refused(WebClient(base_url=f"{url}/api/").auth_test)["error"] == "not_authed"
    assert (
        refused(WebClient("xoxb-no", base_url=f"{url}/api/").auth_test)["error"] == "invalid_auth"
    )
    assert web.auth_test()["user_id"] == "U0SANDBOX"


def test_a_method_that_is_not_there(web: WebClient) -> None:
    """An unknown method is refused as such."""
    assert refused(lambda: web.api_call("leads.import"))["error"] == "unknown_method"


def test_a_missing_scope_is_named(web: WebClient, sandbox: Sandbox) -> None:
    """`missing_scope` says what was needed and what was granted."""
    sandbox.settings(scopes=["chat:write"])
    told = refused(lambda: web.users_info(user="U0ANA"))
    assert told["error"] == "missing_scope"
    assert (told["needed"], told["provided"]) == ("users:read", "chat:write")


def test_scopes_of_history_follow_the_kind_of_channel(web: WebClient, sandbox: Sandbox) -> None:
    """Reading a private channel needs groups:history, not channels:history."""
    sandbox.settings(scopes=["channels:history"])
    assert web.conversations_history(channel="C0LEADS")["ok"]
    told = refused(lambda: web.conversations_history(channel="C0PRIVATE"))
    assert told["needed"] == "groups:history"


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C0NOWHERE", "channel_not_found"),
        ("C0SECRET", "channel_not_found"),
        ("C0RANDOM", "not_in_channel"),
    ],
)
def test_posting_where_the_bot_is_not(web: WebClient, channel: str, error: str) -> None:
    """An unknown channel and a private one without the bot look the same; a public one differs."""
    told = refused(lambda: web.chat_postMessage(channel=channel, text="hello"))
    assert told["error"] == error


def test_a_message_is_posted_edited_and_deleted(ana: Person, web: WebClient) -> None:
    """Posts appear, edits replace in place, `text` without blocks takes blocks away."""
    posted = web.chat_postMessage(channel="#leads", text="card", blocks=DIVIDER)
    place = {"channel": posted["channel"], "ts": posted["ts"]}
    web.chat_update(**place, text="card", blocks=[*DIVIDER, *DIVIDER])
    assert len(ana.messages()[0].blocks) == 2
    assert "edited" not in ana.messages()[0].raw
    web.chat_update(**place, text="done")
    assert ana.messages()[0].blocks == []
    assert "edited" in ana.messages()[0].raw
    web.chat_delete(**place)
    assert ana.messages() == []
    assert refused(lambda: web.chat_update(**place, text="x"))["error"] == "message_not_found"


def test_what_the_bot_may_not_edit(ana: Person, web: WebClient) -> None:
    """Other people's messages cannot be updated, ephemeral ones cannot be found."""
    said = ana.say("mine")
    told = refused(lambda: web.chat_update(channel="C0LEADS", ts=said.ts, text="x"))
    assert told["error"] == "cant_update_message"
    told = refused(lambda: web.chat_delete(channel="C0LEADS", ts=said.ts))
    assert told["error"] == "cant_delete_message"
    whisper = web.chat_postEphemeral(channel="C0LEADS", user="U0ANA", text="psst")
    told = refused(lambda: web.chat_update(channel="C0LEADS", ts=whisper["message_ts"], text="x"))
    assert told["error"] == "message_not_found"


def test_lengths_of_text(ana: Person, web: WebClient) -> None:
    """A post needs text and is cut at 40,000 characters; an edit over 4,000 is refused."""
    empty = refused(lambda: web.api_call("chat.postMessage", json={"channel": "C0LEADS"}))
    assert empty["error"] == "no_text"
    posted = web.chat_postMessage(channel="C0LEADS", text="x" * 40_001)
    assert len(ana.messages()[0].text) == 40_000
    told = refused(lambda: web.chat_update(channel="C0LEADS", ts=posted["ts"], text="x" * 4_001))
    assert told["error"] == "msg_too_long"


def test_ephemeral_messages_are_for_one_person(ana: Person, ben: Person, web: WebClient) -> None:
    """Only the named person sees it, and the bot's own reading does not show it."""
    web.chat_postEphemeral(channel="C0LEADS", user="U0ANA", text="only you")
    assert [m.ephemeral for m in ana.messages()] == [True]
    assert ben.messages() == []
    assert web.conversations_history(channel="C0LEADS")["messages"] == []
    told = refused(lambda: web.chat_postEphemeral(channel="C0PRIVATE", user="U0GUEST", text="no"))
    assert told["error"] == "user_not_in_channel"


def test_threads_hold_together(ana: Person, web: WebClient) -> None:
    """A reply to a reply lands in the same thread; a thread that never was is refused."""
    root = ana.say("list?")
    reply = web.chat_postMessage(channel="C0LEADS", thread_ts=root.ts, text="one")
    web.chat_postMessage(
        channel="C0LEADS",
        thread_ts=reply["ts"],
        text="two",
        metadata={"event_type": "import", "event_payload": {"job": "job_1"}},
    )
    answer = web.conversations_replies(channel="C0LEADS", ts=root.ts, include_all_metadata=True)
    assert [m["text"] for m in answer["messages"]] == ["list?", "one", "two"]
    assert answer["messages"][0]["reply_count"] == 2
    assert answer["messages"][2]["metadata"]["event_payload"] == {"job": "job_1"}
    told = refused(lambda: web.chat_postMessage(channel="C0LEADS", thread_ts="1.000001", text="x"))
    assert told["error"] == "thread_not_found"
    history = web.conversations_history(channel="C0LEADS")["messages"]
    assert [m["text"] for m in history] == ["list?"]


def test_history_comes_in_pages(ana: Person, web: WebClient) -> None:
    """`limit` and `cursor` walk through everything once, newest first."""
    for number in range(5):
        ana.say(str(number))
    pages = [page["messages"] for page in web.conversations_history(channel="C0LEADS", limit=2)]
    assert [[m["text"] for m in page] for page in pages] == [["4", "3"], ["2", "1"], ["0"]]


def test_conversations_as_the_bot_knows_them(web: WebClient) -> None:
    """The bot sees public channels and its own private ones, and can open DMs and join."""
    listed = web.conversations_list(types="public_channel,private_channel")["channels"]
    assert {room["name"] for room in listed} == {"leads", "random", "sales-private"}
    assert web.conversations_open(users="U0BEN")["channel"]["id"] == "D0BEN"
    assert not web.conversations_info(channel="C0RANDOM")["channel"]["is_member"]
    assert web.conversations_join(channel="C0RANDOM")["channel"]["is_member"]
    assert "U0GUEST" in web.conversations_members(channel="C0LEADS")["members"]


def test_people_as_the_bot_knows_them(web: WebClient) -> None:
    """ana is an admin, guest is restricted, strangers are not found."""
    assert web.users_info(user="U0ANA")["user"]["is_admin"]
    assert web.users_info(user="U0GUEST")["user"]["is_ultra_restricted"]
    assert refused(lambda: web.users_info(user="U0NOBODY"))["error"] == "user_not_found"
    assert web.usergroups_users_list(usergroup="S0SALES")["users"] == ["U0ANA", "U0BEN"]
    assert len(web.users_list()["members"]) == 4
    assert web.team_info()["team"]["id"] == "T0SANDBOX"


def test_a_permalink_names_channel_and_message(ana: Person, web: WebClient) -> None:
    """`chat.getPermalink` ends as Slack's do."""
    said = ana.say("here")
    link = web.chat_getPermalink(channel="C0LEADS", message_ts=said.ts)["permalink"]
    assert link.endswith(f"/archives/C0LEADS/p{said.ts.replace('.', '')}")


@pytest.mark.parametrize("body", ["json", "form"])
def test_bodies_may_be_json_or_forms(url: str, ana: Person, body: str) -> None:
    """Blocks arrive whole from a JSON body and as a JSON string in a form."""
    told: dict[str, Any] = {"channel": "C0LEADS", "text": "hi"}
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(trust_env=False, headers=headers) as client:
        if body == "json":
            client.post(f"{url}/api/chat.postMessage", json={**told, "blocks": DIVIDER})
        else:
            told["blocks"] = '[{"type": "divider"}]'
            client.post(f"{url}/api/chat.postMessage", data=told)
    assert ana.messages()[0].blocks[0]["type"] == "divider"


def test_blocks_that_are_no_json(url: str) -> None:
    """A string that is not JSON is `invalid_blocks_format`, before any other rule."""
    told = {"channel": "C0LEADS", "blocks": "[{", "token": TOKEN}
    answer = httpx.post(f"{url}/api/chat.postMessage", data=told, trust_env=False).json()
    assert answer == {"ok": False, "error": "invalid_blocks_format"}


def test_blocks_validate_needs_no_token(url: str) -> None:
    """`blocks.validate` is public, and names the place of a mistake by JSON pointer."""
    anyone = WebClient(base_url=f"{url}/api/")
    assert anyone.api_call("blocks.validate", json={"blocks": DIVIDER})["ok"]
    told = refused(
        lambda: anyone.api_call("blocks.validate", json={"blocks": [{"type": "header"}]})
    )
    assert told["error"] == "invalid_blocks"
    assert told["response_metadata"]["messages"] == [
        "[ERROR] missing required field: text [json-pointer:/blocks/0]"
    ]


def test_faults_happen_as_often_as_asked(web: WebClient, sandbox: Sandbox, ana: Person) -> None:
    """A rate limit comes with 429 and Retry-After, then the method works again."""
    sandbox.fault("chat.postMessage", "ratelimited", retry_after=7)
    with pytest.raises(SlackApiError) as caught:
        web.chat_postMessage(channel="C0LEADS", text="one")
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "7"
    assert web.chat_postMessage(channel="C0LEADS", text="two")["ok"]
    assert [m.text for m in ana.messages()] == ["two"]


@pytest.mark.parametrize("kind", ["accept_then_500", "accept_then_drop"])
def test_an_answer_can_be_lost_after_the_work_is_done(
    url: str, sandbox: Sandbox, ana: Person, kind: str
) -> None:
    """The post stands although the caller never learns of it."""
    sandbox.fault("chat.postMessage", kind)
    told = {"channel": "C0LEADS", "text": "posted", "token": TOKEN}
    try:
        answer = httpx.post(f"{url}/api/chat.postMessage", data=told, trust_env=False)
        assert answer.status_code == 500
    except httpx.TransportError:
        assert kind == "accept_then_drop"
    assert [m.text for m in ana.messages()] == ["posted"]


def test_other_faults(web: WebClient, sandbox: Sandbox) -> None:
    """Any error can be laid on any method, a 500 too, and taken back."""
    sandbox.fault("*", "error", error="fatal_error")
    assert refused(web.auth_test)["error"] == "fatal_error"
    sandbox.fault("auth.test", "http_500", times=5)
    assert refused(web.auth_test)["error"].startswith("Received a response in a non-JSON format")
    sandbox.do("/clear_faults")
    assert web.auth_test()["ok"]
    assert [call["error"] for call in sandbox.calls("auth.test")] == [
        "fatal_error",
        "http_500",
        None,
    ]


def test_tiers_can_be_enforced(tiny_app: TinyApp) -> None:
    """With tiers enforced the 51st edit within a minute is refused, with seconds to wait."""
    with running(tiny_app.url, enforce_tiers=True) as url:
        web = WebClient(TOKEN, base_url=f"{url}/api/")
        posted = web.chat_postMessage(channel="C0LEADS", text="0")
        place = {"channel": posted["channel"], "ts": posted["ts"]}
        for number in range(50):
            web.chat_update(**place, text=str(number))
        with pytest.raises(SlackApiError) as caught:
            web.chat_update(**place, text="over")
        assert 1 <= int(caught.value.response.headers["Retry-After"]) <= 60


def test_every_method_of_the_table_is_one_of_slacks() -> None:
    """The SDK knows each method by name, so none is an invention."""
    for name in METHODS.keys() - {"blocks.validate"}:
        assert hasattr(WebClient, name.replace(".", "_")), name
