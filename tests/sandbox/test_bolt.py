"""A real Bolt app in front of the sandbox: what Slack's own framework makes of its requests."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import Ack, App
from slack_bolt.adapter.starlette.handler import to_bolt_request, to_starlette_response
from slack_sdk import WebClient
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.client import Person
from tests.sandbox.conftest import SECRET, TOKEN, running, serving
from tests.sandbox.test_blocks import actions, button, labelled, modal, options, plain, section


def bolt_app(sandbox_url: str) -> App:
    """Every kind of listener, each answering so that a person sees it."""
    web = WebClient(TOKEN, base_url=f"{sandbox_url}/api/")
    app = App(client=web, signing_secret=SECRET, process_before_response=True)

    @app.event({"type": "message", "subtype": "file_share"})
    def offer_import(event: dict[str, Any], say: Any) -> None:
        card = [section(event["files"][0]["name"]), actions(button(action_id="map_columns"))]
        say(text="offer", blocks=card, thread_ts=event["ts"])

    @app.event("message")
    def other_messages() -> None:
        pass

    @app.action("map_columns")
    def map_columns(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        menu = {"type": "external_select", "action_id": "in", "min_query_length": 0}
        view = modal(labelled(menu, block_id="lead"), submit=plain("Save"), callback_id="mapping")
        client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.options("in")
    def leads(ack: Ack) -> None:
        ack(options=options(3))

    @app.view("mapping")
    def mapping(ack: Ack, body: dict[str, Any], view: dict[str, Any], client: WebClient) -> None:
        chosen = view["state"]["values"]["lead"]["in"]["selected_option"]["value"]
        if chosen == "0":
            ack(response_action="errors", errors={"lead": "Not that one"})
            return
        ack()
        client.chat_postMessage(channel="C0LEADS", text=f"{body['user']['name']} chose {chosen}")

    @app.command("/import")
    def import_command(ack: Ack, respond: Any, command: dict[str, Any]) -> None:
        ack()
        respond(f"you said {command['text']}")

    @app.shortcut("import_this")
    def import_this(ack: Ack, shortcut: dict[str, Any], say: Any) -> None:
        ack()
        say(text=f"importing {shortcut['message']['files'][0]['name']}")

    return app


def served(app: App) -> Starlette:
    async def events(request: Request) -> Response:
        heard = to_bolt_request(request, await request.body())
        return to_starlette_response(await run_in_threadpool(app.dispatch, heard))

    return Starlette(routes=[Route("/slack/events", events, methods=["POST"])])


@pytest.fixture
def ana() -> Iterator[Person]:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        app_url = f"http://127.0.0.1:{bound.getsockname()[1]}/slack/events"
        heard = frozenset({"message.channels"})
        with (
            running(app_url, deadline_seconds=3.0, events=heard) as url,
            serving(served(bolt_app(url)), bound),
            Person(url, "ana", timeout=30) as person,
        ):
            yield person


def test_a_whole_conversation_with_bolt(ana: Person) -> None:
    """File, card, click, modal, options, error, submission: every step is understood."""
    shared = ana.share(("leads.csv", b"email\n"))
    card = ana.wait_for(shared, lambda message: message.by_app)
    assert "leads.csv" in card.words
    assert ana.click(card, "map_columns").ok
    view = ana.open_view()
    assert len(ana.suggest(view, "in", "")) == 3
    assert ana.submit(view, {"lead": {"in": "0"}}).errors == {"lead": "Not that one"}
    assert ana.submit(view, {"lead": {"in": "2"}}).ok
    assert ana.wait_in_channel(lambda message: message.text == "ana chose 2")
    problems = [d for d in ana.sandbox.deliveries() if not d["ok"]]
    assert problems == []


def test_commands_and_shortcuts_with_bolt(ana: Person) -> None:
    """`respond` finds its way back through the response URL, `say` into the channel."""
    assert ana.command("/import", "status").ok
    assert ana.wait_in_channel(lambda message: message.text == "you said status").ephemeral
    shared = ana.share(("leads.csv", b"email\n"))
    assert ana.shortcut(shared, "import_this").ok
    assert ana.wait_in_channel(lambda message: message.text == "importing leads.csv")
