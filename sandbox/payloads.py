"""The payloads of interactions: what Slack tells the app when a person clicks or submits."""

from sandbox.errors import Json
from sandbox.identity import APP_ID, Channel, User
from sandbox.messages import Message
from sandbox.views import View
from sandbox.workspace import Workspace


def common(kind: str, user: User) -> Json:
    """What every payload carries."""
    return {
        "type": kind,
        "team": {"id": user.team.id, "domain": user.team.domain},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team.id},
        "api_app_id": APP_ID,
        "token": "sandbox",
        "enterprise": None,
        "is_enterprise_install": False,
    }


def on_message(workspace: Workspace, user: User, room: Channel, message: Message) -> Json:
    """Where a message interaction happened, and how to answer it."""
    container = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": room.id,
        "is_ephemeral": message.only_for is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    body: Json = {"container": container, "channel": _channel(room)}
    if message.only_for is None:
        body["message"] = workspace.messages.as_slack(message)
    return body | {
        "response_url": response_url(workspace, user, message),
        "trigger_id": workspace.triggers.give(user.id),
    }


def response_url(workspace: Workspace, user: User, message: Message) -> str:
    """A URL for answering beside this message."""
    key = workspace.response_urls.give(message.channel, user.id, message.ts, message.thread_ts)
    return f"{workspace.config.public_url}/response/{key}"


def _channel(room: Channel) -> Json:
    return {"id": room.id, "name": "directmessage" if room.kind == "im" else room.name}


def on_view(workspace: Workspace, user: User, view: View) -> Json:
    """Where a view interaction happened."""
    return {
        "container": {"type": "view", "view_id": view.id},
        "view": view.as_slack(),
        "trigger_id": workspace.triggers.give(user.id, view.id),
    }


def shortcut(
    workspace: Workspace, user: User, room: Channel, message: Message, callback_id: str
) -> Json:
    """`message_action`: a shortcut chosen in a message's menu."""
    stamp = workspace.stamps.next()
    return {
        **common("message_action", user),
        "callback_id": callback_id,
        "action_ts": stamp,
        "message_ts": message.ts,
        "trigger_id": workspace.triggers.give(user.id),
        "response_url": response_url(workspace, user, message),
        "channel": _channel(room),
        "message": workspace.messages.as_slack(message),
    }


def submission(workspace: Workspace, user: User, view: View) -> Json:
    """`view_submission`."""
    trigger = workspace.triggers.give(user.id, view.id)
    return {
        **common("view_submission", user),
        "trigger_id": trigger,
        "view": view.as_slack(),
        "response_urls": [],
    }


def closing(user: User, view: View, cleared: bool) -> Json:
    """`view_closed`."""
    return {**common("view_closed", user), "view": view.as_slack(), "is_cleared": cleared}
