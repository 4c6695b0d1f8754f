"""Events: which of them the app hears of, and the envelope they travel in."""

import json

from sandbox.courier import Outcome
from sandbox.errors import Json
from sandbox.identity import APP_ID, BOT_USER, Channel
from sandbox.messages import Message
from sandbox.parcels import event_parcel
from sandbox.workspace import Workspace

MESSAGE_SCOPES = {"channel": "channels", "group": "groups", "im": "im"}


def envelope(workspace: Workspace, event: Json) -> Json:
    """The `event_callback` around an event."""
    return {
        "token": "sandbox",
        "team_id": workspace.config.team.id,
        "context_team_id": workspace.config.team.id,
        "context_enterprise_id": None,
        "api_app_id": APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": workspace.stamps.id("Ev"),
        "event_time": int(workspace.clock()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": workspace.config.team.id,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": workspace.stamps.id("4-"),
    }


def send(workspace: Workspace, event: Json) -> None:
    """Deliver an event in the background if the app subscribed to its type."""
    if event["type"] in workspace.config.events:
        _dispatch(workspace, event)


def send_message_event(workspace: Workspace, message: Message, event: Json | None = None) -> None:
    """Tell the app of a message it may read: subscribed, scoped, and the bot is in the channel."""
    room = workspace.channels.by_id[message.channel]
    if message.only_for or not _hears(workspace, room):
        return
    if message.by_bot and not workspace.config.echo_own_messages:
        return
    stamp = workspace.stamps.next() if event else message.ts
    body = {**(event or workspace.messages.as_slack(message)), "channel": room.id}
    kind = {"channel_type": room.kind, "event_ts": stamp}
    _dispatch(workspace, {"type": "message", **body, **kind})


def message_changed(workspace: Workspace, before: Message, after: Message) -> None:
    """Tell the app of an edit."""
    send_message_event(
        workspace,
        after,
        {
            "subtype": "message_changed",
            "hidden": True,
            "ts": workspace.stamps.next(),
            "message": workspace.messages.as_slack(after),
            "previous_message": workspace.messages.as_slack(before),
        },
    )


def message_deleted(workspace: Workspace, message: Message) -> None:
    """Tell the app that a message is gone."""
    send_message_event(
        workspace,
        message,
        {
            "subtype": "message_deleted",
            "hidden": True,
            "ts": workspace.stamps.next(),
            "deleted_ts": message.ts,
            "previous_message": workspace.messages.as_slack(message),
        },
    )


def _hears(workspace: Workspace, room: Channel) -> bool:
    family = MESSAGE_SCOPES[room.kind]
    subscription = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}
    return (
        subscription[room.kind] in workspace.config.events
        and f"{family}:history" in workspace.scopes
        and BOT_USER in room.members
    )


def _dispatch(workspace: Workspace, event: Json) -> None:
    if not workspace.installed and event["type"] not in ("app_uninstalled", "tokens_revoked"):
        return
    parcel = event_parcel(envelope(workspace, event))
    workspace.courier.in_background(workspace.courier.send_event(parcel))


def type_of(body: bytes) -> str:
    """The event type inside a delivered envelope, for finding it again; '' if it is broken."""
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    return str(told.get("event", {}).get("type", "")) if isinstance(told, dict) else ""


async def verify_url(workspace: Workspace) -> tuple[Outcome, str]:
    """Send `url_verification`; the app must echo the challenge, which is returned too."""
    challenge = workspace.stamps.id("challenge-")
    body = {"token": "sandbox", "challenge": challenge, "type": "url_verification"}
    return await workspace.courier.send(event_parcel(body)), challenge
