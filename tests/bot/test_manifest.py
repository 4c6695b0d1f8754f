"""The manifests, held against the code: nothing missing, nothing asked for in vain."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jsonschema
import pytest
import yaml

from bot.slack.app import STEPS
from bot.slack.install import SCOPES as SCOPES_ASKED
from tests.bot.conftest import Office

ROOT = Path(__file__).parents[2]
HTTP, SOCKET = (
    yaml.safe_load((ROOT / name).read_text("utf-8"))
    for name in ("manifest.yml", "manifest.socket.yml")
)

#: What each Web API method asks for.
SCOPES = {
    "auth_test": None,
    "chat_delete": "chat:write",
    "chat_postEphemeral": "chat:write",
    "chat_postMessage": "chat:write",
    "chat_update": "chat:write",
    "conversations_replies": "channels:history",
    "files_completeUploadExternal": "files:write",
    "files_getUploadURLExternal": "files:write",
    "files_info": "files:read",
    "oauth_v2_access": None,
    "users_info": "users:read",
    "views_open": None,
    "views_update": None,
}
#: What each event asks for.
EVENT_SCOPES = {
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "file_deleted": "files:read",
    "app_uninstalled": None,
    "tokens_revoked": None,
}
MESSAGES = {"message.channels", "message.groups", "message.im", "message.mpim"}


def text(most: int, least: int = 1) -> dict[str, Any]:
    return {"type": "string", "minLength": least, "maxLength": most}


def shape(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


FLAG, URL = {"type": "boolean"}, {"type": "string", "pattern": "^https://"}
NAMES = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
COMMAND = shape(
    {"command": {**text(32), "pattern": "^/"}, "description": text(2000)},
    url=URL, usage_hint=text(1000), should_escape=FLAG,
)  # fmt: skip
#: The parts of Slack's manifest schema that we use, with its limits.
SCHEMA = shape(
    {
        "_metadata": shape({"major_version": {"const": 2}, "minor_version": {"type": "integer"}}),
        "display_information": shape(
            {"name": text(35)}, description=text(140), long_description=text(4000, 175),
            background_color={"type": "string", "pattern": "^#[0-9a-f]{6}$"},
        ),
        "features": shape(
            {"bot_user": shape({"display_name": text(80)}, always_online=FLAG)},
            app_home=shape(
                {}, home_tab_enabled=FLAG, messages_tab_enabled=FLAG,
                messages_tab_read_only_enabled=FLAG,
            ),
            slash_commands={"type": "array", "items": COMMAND, "maxItems": 50},
        ),
        "oauth_config": shape(
            {"scopes": shape({"bot": NAMES})}, redirect_urls={"type": "array", "items": URL}
        ),
        "settings": shape(
            {
                "event_subscriptions": shape({"bot_events": NAMES}, request_url=URL),
                "interactivity": shape({"is_enabled": FLAG}, request_url=URL),
            },
            org_deploy_enabled=FLAG, socket_mode_enabled=FLAG, token_rotation_enabled=FLAG,
        ),
    }
)  # fmt: skip


def called() -> set[str]:
    """Every Web API method that the code names."""
    families = "auth|chat|conversations|files|oauth|reactions|users|views"
    pattern = re.compile(rf"\.((?:{families})_[a-zA-Z0-9_]+)\(")
    sources = [*(ROOT / "bot").rglob("*.py"), *(ROOT / "worker").rglob("*.py")]
    return {name for path in sources for name in pattern.findall(path.read_text("utf-8"))}


@pytest.mark.parametrize("manifest", [HTTP, SOCKET], ids=["http", "socket"])
def test_it_is_a_manifest(manifest: dict[str, Any]) -> None:
    """Only keys that Slack knows, within its limits."""
    jsonschema.validate(manifest, SCHEMA)


def test_events_are_those_listened_to() -> None:
    """Every event a step listens to is subscribed, and no other."""
    wanted = {name.partition(".")[0] for step in STEPS for name in step.listened}
    subscribed = set(HTTP["settings"]["event_subscriptions"]["bot_events"])

    assert (wanted - {"message"}) | (MESSAGES if "message" in wanted else set()) == subscribed


def test_scopes_are_those_needed() -> None:
    """Every scope is needed by an event, a method or the command, and none is missing."""
    methods = called()
    assert methods == SCOPES.keys(), "name the scope of each method that is called, and no other"
    events = HTTP["settings"]["event_subscriptions"]["bot_events"]
    needed = {SCOPES[name] for name in methods} | {EVENT_SCOPES[name] for name in events}
    commands = {"commands"} if HTTP["features"]["slash_commands"] else set()

    assert (needed - {None}) | commands == set(HTTP["oauth_config"]["scopes"]["bot"])


def test_installing_asks_for_the_same_scopes() -> None:
    """Whoever installs the app by OAuth is asked for what the manifest asks for."""
    assert list(SCOPES_ASKED) == HTTP["oauth_config"]["scopes"]["bot"]


def test_every_scope_says_why() -> None:
    """Each scope stands with a comment that says what it is for."""
    source = (ROOT / "manifest.yml").read_text("utf-8")
    for scope in HTTP["oauth_config"]["scopes"]["bot"]:
        assert re.search(rf"- {scope} # \w{{2,}}", source), scope


def test_commands_are_those_answered() -> None:
    """There is a command exactly if a step answers one; shortcuts, if any, would be listened to."""
    assert bool(HTTP["features"]["slash_commands"]) is any(step.command for step in STEPS)
    assert "shortcuts" not in HTTP["features"]


def test_urls_are_served(office: Office) -> None:
    """Each address in the manifest is a route: one takes Slack's POST, one a browser's GET."""
    urls = re.findall(r"https://\S+", (ROOT / "manifest.yml").read_text("utf-8"))
    paths = {urlsplit(url).path for url in urls} - {""}

    assert paths == {"/slack/events", "/slack/oauth_redirect"}
    assert httpx.post(f"{office.url}/slack/events", trust_env=False).status_code == 401
    back = httpx.get(f"{office.url}/slack/oauth_redirect", trust_env=False)
    assert (back.status_code, "SLACK_CLIENT_ID is not set" in back.text) == (503, True)


def test_socket_mode_differs_only_in_the_transport() -> None:
    """manifest.socket.yml is manifest.yml without addresses."""
    http = deepcopy(HTTP)
    settings = http["settings"]
    del settings["event_subscriptions"]["request_url"], settings["interactivity"]["request_url"]
    del http["oauth_config"]["redirect_urls"]
    for command in http["features"]["slash_commands"]:
        del command["url"]
    settings["socket_mode_enabled"] = True

    assert http == SOCKET
