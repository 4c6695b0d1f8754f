"""Clicks, menus, modals, commands and shortcuts: what reaches the app and what its answers do."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.client import Message, Person, RefusedError, Sandbox, View
from tests.sandbox.conftest import TOKEN, TinyApp, running

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(value: str) -> Json:
    return {"text": plain(value.title()), "value": value}


CONFIRM = {
    "title": plain("Import?"),
    "text": plain("812 leads will be created."),
    "confirm": plain("Import"),
    "deny": plain("Not yet"),
}
CARD = [
    {
        "type": "actions",
        "block_id": "card",
        "elements": [
            {
                "type": "button",
                "action_id": "start_import",
                "text": plain("Import"),
                "value": "job_1",
                "confirm": CONFIRM,
            },
            {
                "type": "static_select",
                "action_id": "country",
                "options": [option("us"), option("de")],
            },
            {"type": "external_select", "action_id": "lead", "min_query_length": 0},
            {"type": "overflow", "action_id": "more", "options": [option("help")]},
        ],
    },
    {
        "type": "input",
        "block_id": "tag",
        "label": plain("Tag"),
        "element": {"type": "plain_text_input", "action_id": "tag", "initial_value": "spring"},
    },
]


def field(block_id: str, **element: Any) -> Json:
    inside = {"action_id": "in", "type": "plain_text_input", **element}
    return {"type": "input", "block_id": block_id, "label": plain(block_id), "element": inside}


def modal(title: str = "Mapping", **more: Any) -> Json:
    blocks = [
        field("email", type="static_select", options=[option("email"), option("skip")]),
        {**field("tags"), "optional": True},
    ]
    return {
        "type": "modal",
        "callback_id": "map_columns",
        "title": plain(title),
        "submit": plain("Save"),
        "private_metadata": "job_1",
        "blocks": blocks,
        **more,
    }


def card(ana: Person, web: WebClient) -> Message:
    web.chat_postMessage(channel="C0LEADS", text="card", blocks=CARD)
    return ana.wait_in_channel(lambda message: message.text == "card")


def trigger(ana: Person, web: WebClient, tiny_app: TinyApp) -> str:
    ana.click(card(ana, web), "start_import")
    return str(tiny_app.of("block_actions")[-1].told["trigger_id"])


def refusal(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        call()
    return str(caught.value.response["error"])


def test_a_click_carries_all_that_slack_tells(
    ana: Person, web: WebClient, tiny_app: TinyApp
) -> None:
    """`block_actions` names the action, the message, the place, the person and the state."""
    shown = card(ana, web)
    assert ana.click(shown, "start_import").ok
    told = tiny_app.of("block_actions")[0].told
    action = told["actions"][0]
    assert (action["action_id"], action["block_id"], action["value"]) == (
        "start_import",
        "card",
        "job_1",
    )
    assert told["user"]["id"] == "U0ANA"
    assert told["container"] == {
        "type": "message",
        "message_ts": shown.ts,
        "channel_id": "C0LEADS",
        "is_ephemeral": False,
    }
    assert told["message"]["ts"] == shown.ts
    assert told["state"]["values"]["tag"]["tag"]["value"] == "spring"
    assert told["state"]["values"]["card"]["country"]["selected_option"] is None
    assert told["response_url"].startswith(ana.sandbox.base_url)


def test_a_confirm_dialog_stands_before_the_app(
    ana: Person, web: WebClient, tiny_app: TinyApp
) -> None:
    """Unconfirmed, nothing is sent and the dialog is handed over."""
    answer = ana.click(card(ana, web), "start_import", confirmed=False)
    assert answer.confirm == CONFIRM
    assert not answer.ok
    assert not tiny_app.of("block_actions")


def test_a_choice_is_told_and_remembered(ana: Person, web: WebClient, tiny_app: TinyApp) -> None:
    """A menu's choice is in the action, and in the state of the next click on the card."""
    shown = card(ana, web)
    ana.choose(shown, "country", "de")
    assert tiny_app.of("block_actions")[0].told["actions"][0]["selected_option"] == option("de")
    ana.click(shown, "more", "help", values={"tag": {"tag": "autumn"}})
    told = tiny_app.of("block_actions")[1].told
    assert told["state"]["values"]["card"]["country"]["selected_option"] == option("de")
    assert told["state"]["values"]["tag"]["tag"]["value"] == "autumn"
    assert told["actions"][0]["selected_option"] == option("help")


def test_nobody_can_choose_what_is_not_offered(ana: Person, web: WebClient) -> None:
    """An option or button that is not shown cannot be used."""
    shown = card(ana, web)
    with pytest.raises(RefusedError, match="no option 'fr'"):
        ana.choose(shown, "country", "fr")
    with pytest.raises(RefusedError, match="no 'undo' to click"):
        ana.click(shown, "undo")


def test_external_menus_ask_the_app(ana: Person, web: WebClient, tiny_app: TinyApp) -> None:
    """`block_suggestion` carries what was typed; only options that came back can be chosen."""
    tiny_app.answer("block_suggestion", {"options": [option("ana"), option("ben")]})
    shown = card(ana, web)
    assert [found["value"] for found in ana.suggest(shown, "lead", "an")] == ["ana", "ben"]
    asked = tiny_app.of("block_suggestion")[0].told
    assert (asked["value"], asked["action_id"], asked["block_id"]) == ("an", "lead", "card")
    assert ana.choose(shown, "lead", "ben").ok
    with pytest.raises(RefusedError, match="no option"):
        ana.choose(shown, "lead", "zoe")


def test_a_stale_button_can_be_clicked(ana: Person, web: WebClient, tiny_app: TinyApp) -> None:
    """What an earlier version of a card showed can be clicked when asked for as stale."""
    shown = card(ana, web)
    web.chat_update(channel=shown.channel, ts=shown.ts, text="done")
    with pytest.raises(RefusedError):
        ana.click(shown, "start_import")
    assert ana.click(shown, "start_import", stale=True).ok
    assert tiny_app.of("block_actions")[0].told["actions"][0]["value"] == "job_1"


@pytest.mark.parametrize(("status", "wait"), [(500, 0.0), (200, 0.8)])
def test_an_app_that_fails_or_is_late(
    ana: Person, web: WebClient, tiny_app: TinyApp, status: int, wait: float
) -> None:
    """A click that is not acknowledged in time, or with an error, is not ok and is not retried."""
    tiny_app.answer("block_actions", status=status, wait=wait)
    assert not ana.click(card(ana, web), "start_import").ok
    assert len(tiny_app.of("block_actions")) == 1


def test_a_modal_opens_with_a_trigger_once(ana: Person, web: WebClient, tiny_app: TinyApp) -> None:
    """A trigger opens one modal for the person who clicked; used again it is exchanged."""
    trigger_id = trigger(ana, web, tiny_app)
    opened = web.views_open(trigger_id=trigger_id, view=modal())["view"]
    assert ana.open_view().id == opened["id"]
    again = refusal(lambda: web.views_open(trigger_id=trigger_id, view=modal()))
    assert again == "exchanged_trigger_id"
    assert refusal(lambda: web.views_open(trigger_id="1.2.3", view=modal())) == "invalid_trigger_id"


def test_a_trigger_lives_three_seconds(tiny_app: TinyApp) -> None:
    """Later than that it is `expired_trigger_id` (shortened here)."""
    with (
        running(tiny_app.url, trigger_seconds=0.05) as url,
        Person(url, "ana", timeout=30) as ana,
    ):
        web = WebClient(TOKEN, base_url=f"{url}/api/")
        trigger_id = trigger(ana, web, tiny_app)
        time.sleep(0.1)
        late = refusal(lambda: web.views_open(trigger_id=trigger_id, view=modal()))
        assert late == "expired_trigger_id"


@pytest.fixture
def view(ana: Person, web: WebClient, tiny_app: TinyApp) -> Iterator[View]:
    web.views_open(trigger_id=trigger(ana, web, tiny_app), view=modal())
    yield ana.open_view()


def test_views_are_updated_by_id_and_hash(web: WebClient, ana: Person, view: View) -> None:
    """An update with an old hash is `hash_conflict`, of an unknown view `not_found`."""
    old = view.raw["hash"]
    web.views_update(view_id=view.id, hash=old, view=modal("Second"))
    assert ana.open_view().title == "Second"
    stale = refusal(lambda: web.views_update(view_id=view.id, hash=old, view=modal("Third")))
    assert stale == "hash_conflict"
    assert refusal(lambda: web.views_update(view_id="V0", view=modal())) == "not_found"


def test_a_stack_is_three_views_deep(
    ana: Person, web: WebClient, tiny_app: TinyApp, view: View
) -> None:
    """Two views can be pushed on the root, the next one is `push_limit_reached`."""
    pushing = {"type": "actions", "elements": [{"type": "button", "action_id": "next"}]}
    pushing["elements"][0]["text"] = plain("Next")  # type: ignore[index]
    web.views_update(view_id=view.id, view=modal(blocks=[pushing]))
    for depth in ("2", "3"):
        ana.click(ana.open_view(), "next")
        trigger_id = tiny_app.of("block_actions")[-1].told["trigger_id"]
        web.views_push(trigger_id=trigger_id, view=modal(depth, blocks=[pushing]))
    assert [shown.title for shown in ana.views()] == ["Mapping", "2", "3"]
    ana.click(ana.open_view(), "next")
    trigger_id = tiny_app.of("block_actions")[-1].told["trigger_id"]
    assert (
        refusal(lambda: web.views_push(trigger_id=trigger_id, view=modal())) == "push_limit_reached"
    )


def test_a_submission_carries_the_whole_state(ana: Person, tiny_app: TinyApp, view: View) -> None:
    """`view_submission` holds every input, filled in or not; an empty answer closes the view."""
    assert ana.submit(view, {"email": {"in": "email"}}).ok
    told = tiny_app.of("view_submission")[0].told["view"]
    assert told["state"]["values"] == {
        "email": {"in": {"type": "static_select", "selected_option": option("email")}},
        "tags": {"in": {"type": "plain_text_input", "value": None}},
    }
    assert (told["callback_id"], told["private_metadata"]) == ("map_columns", "job_1")
    assert ana.views() == []


def test_a_required_field_is_asked_for_before_the_app(
    ana: Person, tiny_app: TinyApp, view: View
) -> None:
    """The client itself refuses an empty required input, and the app hears nothing."""
    done = ana.submit(view)
    assert done.errors == {"email": "Please complete this required field."}
    assert not tiny_app.of("view_submission")


def test_errors_stay_beside_their_fields(ana: Person, tiny_app: TinyApp, view: View) -> None:
    """`response_action: errors` keeps the modal open with its values; fixing them goes through."""
    wrong = {"response_action": "errors", "errors": {"email": "One target twice"}}
    tiny_app.answer("view_submission", wrong)
    done = ana.submit(view, {"email": {"in": "skip"}})
    assert (done.ok, done.errors) == (False, {"email": "One target twice"})
    shown = ana.open_view()
    assert shown.errors == {"email": "One target twice"}
    assert shown.raw["state"]["values"]["email"]["in"]["selected_option"] == option("skip")
    tiny_app.answer("view_submission")
    assert ana.submit(shown, {"email": {"in": "email"}}).ok
    assert ana.views() == []


def test_errors_for_no_field_show_as_trouble(ana: Person, tiny_app: TinyApp, view: View) -> None:
    """Errors that name no input block are Slack's "We had some trouble connecting"."""
    tiny_app.answer("view_submission", {"response_action": "errors", "errors": {"nope": "x"}})
    done = ana.submit(view, {"email": {"in": "email"}})
    assert done.raw["trouble"].startswith("We had some trouble")
    assert len(ana.views()) == 1


@pytest.mark.parametrize(
    ("answer", "titles"),
    [
        ({"response_action": "update", "view": modal("Updated")}, ["Updated"]),
        ({"response_action": "push", "view": modal("Pushed")}, ["Mapping", "Pushed"]),
        ({"response_action": "clear"}, []),
        ({"response_action": "update", "view": {"type": "modal"}}, ["Mapping"]),
    ],
)
def test_what_an_answer_does_to_the_stack(
    ana: Person, tiny_app: TinyApp, view: View, answer: Json, titles: list[str]
) -> None:
    """update, push and clear do as they say; a view that breaks rules changes nothing."""
    tiny_app.answer("view_submission", answer)
    ana.submit(view, {"email": {"in": "email"}})
    assert [shown.title for shown in ana.views()] == titles


def test_closing_tells_the_app_if_it_asked(
    ana: Person, web: WebClient, tiny_app: TinyApp, view: View
) -> None:
    """`view_closed` comes only with notify_on_close."""
    ana.dismiss(view)
    assert not tiny_app.of("view_closed")
    opened = trigger(ana, web, tiny_app)
    web.views_open(trigger_id=opened, view=modal(notify_on_close=True))
    ana.dismiss(ana.open_view())
    assert tiny_app.of("view_closed")[0].told["view"]["callback_id"] == "map_columns"


def test_a_file_input_hands_over_files(ana: Person, web: WebClient, tiny_app: TinyApp) -> None:
    """A modal's file input submits whole file objects that can be downloaded."""
    picked = {
        "type": "input",
        "block_id": "file",
        "label": plain("File"),
        "element": {"type": "file_input", "action_id": "in", "filetypes": ["csv"]},
    }
    opened = trigger(ana, web, tiny_app)
    web.views_open(trigger_id=opened, view=modal(blocks=[picked]))
    ids = ana.upload(("leads.csv", b"email\n"))
    assert ana.submit(ana.open_view(), {"file": {"in": ids}}).ok
    state = tiny_app.of("view_submission")[0].told["view"]["state"]["values"]
    assert state["file"]["in"]["files"][0]["name"] == "leads.csv"


def test_a_command_reaches_the_app_and_its_answer_the_person(
    ana: Person, ben: Person, tiny_app: TinyApp
) -> None:
    """A slash command is form-encoded; its JSON answer is shown to that person only."""
    tiny_app.answer("/import", {"text": "nothing is running"})
    assert ana.command("/import", "status").ok
    told = tiny_app.of("/import")[0].told
    assert (told["text"], told["user_id"], told["channel_id"]) == ("status", "U0ANA", "C0LEADS")
    assert [(m.text, m.ephemeral) for m in ana.messages()] == [("nothing is running", True)]
    assert ben.messages() == []


def test_commands_that_fail(ana: Person, tiny_app: TinyApp) -> None:
    """A late or failing app and an unknown command are told by Slackbot; threads take none."""
    tiny_app.answer("/import", wait=0.8)
    assert not ana.command("/import").ok
    tiny_app.answer("/import", status=500)
    assert not ana.command("/import").ok
    assert not ana.command("/export").ok
    assert [message.text for message in ana.messages()] == [
        '/import failed with the error "operation_timeout"',
        '/import failed with the error "dispatch_failed"',
        "/export is not a valid command.",
    ]
    with pytest.raises(RefusedError, match="threads"):
        ana.sandbox.do("/command", user="ana", channel="leads", command="/import", thread_ts="1.1")


def test_a_message_shortcut_carries_the_message(ana: Person, tiny_app: TinyApp) -> None:
    """`message_action` brings the message with its files."""
    shared = ana.share(("leads.csv", b"email\n"))
    assert ana.shortcut(shared, "import_this").ok
    told = tiny_app.of("message_action")[0].told
    assert (told["callback_id"], told["message_ts"]) == ("import_this", shared.ts)
    assert told["message"]["files"][0]["name"] == "leads.csv"


def respond(url: str, **told: Any) -> httpx.Response:
    return httpx.post(url, json=told, trust_env=False)


def response_url(ana: Person, web: WebClient, tiny_app: TinyApp) -> str:
    ana.click(card(ana, web), "start_import")
    return str(tiny_app.of("block_actions")[-1].told["response_url"])


def test_a_response_url_replaces_and_deletes(
    ana: Person, ben: Person, web: WebClient, tiny_app: TinyApp
) -> None:
    """It can whisper, speak up, replace the original and delete it."""
    url = response_url(ana, web, tiny_app)
    assert respond(url, text="only you").text == "ok"
    assert respond(url, text="everyone", response_type="in_channel").text == "ok"
    assert [m.text for m in ben.messages()] == ["card", "everyone"]
    assert [m.text for m in ana.messages()] == ["card", "only you", "everyone"]
    respond(url, text="replaced", replace_original=True)
    assert ben.messages()[0].text == "replaced"
    respond(url, delete_original=True)
    assert [m.text for m in ben.messages()] == ["everyone"]


def test_a_response_url_wears_out(ana: Person, web: WebClient, tiny_app: TinyApp) -> None:
    """The sixth use is 404 `used_url`; blocks are checked as everywhere."""
    url = response_url(ana, web, tiny_app)
    assert respond(url, blocks=[{"type": "hologram"}]).status_code == 400
    for _ in range(4):
        assert respond(url, text="again").status_code == 200
    assert (respond(url, text="six").status_code, respond(url, text="six").json()["error"]) == (
        404,
        "used_url",
    )


def test_a_response_url_grows_old(tiny_app: TinyApp) -> None:
    """After its half hour (shortened here) it is 404 `expired_url`."""
    with (
        running(tiny_app.url, response_url_seconds=0.05) as url,
        Person(url, "ana", timeout=30) as ana,
    ):
        old = response_url(ana, WebClient(TOKEN, base_url=f"{url}/api/"), tiny_app)
        time.sleep(0.1)
        assert respond(old, text="late").json()["error"] == "expired_url"


def test_the_home_tab(ana: Person, web: WebClient, tiny_app: TinyApp) -> None:
    """Visiting tells the app; what it publishes is there for that person, and can be clicked."""
    ana.visit_home()
    assert tiny_app.wait_for("app_home_opened")[0].told["event"]["user"] == "U0ANA"
    assert ana.home() is None
    published = web.views_publish(user_id="U0ANA", view={"type": "home", "blocks": CARD[:1]})
    home = ana.home()
    assert home is not None
    ana.click(home, "start_import")
    assert tiny_app.of("block_actions")[0].told["container"]["view_id"] == published["view"]["id"]
    stale = refusal(
        lambda: web.views_publish(user_id="U0ANA", hash="1.a", view={"type": "home", "blocks": []})
    )
    assert stale == "hash_conflict"


def test_people_cannot_be_where_they_are_not(url: str, sandbox: Sandbox) -> None:
    """A guest has no private channel, and nobody has another's modal or an unknown name."""
    with Person(url, "guest") as guest, pytest.raises(RefusedError, match="no channel"):
        guest.say("hello", channel="sales-private")
    with pytest.raises(RefusedError, match="nobody here"):
        sandbox.do("/say", user="zoe", channel="leads", text="hello")
