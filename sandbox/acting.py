"""What a person does in channels: talk, share, run commands, let the app in, visit its Home."""

import json

from sandbox import events, posting
from sandbox.courier import Outcome
from sandbox.errors import Json, NotPossibleError, SlackError
from sandbox.files import File
from sandbox.identity import APP_ID, BOT_USER, Channel, User
from sandbox.messages import Message
from sandbox.parcels import form_parcel
from sandbox.responding import respond
from sandbox.workspace import Workspace

SLACKBOT = "USLACKBOT"


def enter(workspace: Workspace, wanted: str, user: User) -> Channel:
    """The channel a person means (`dm` is their talk with the app); raises NotPossibleError."""
    room = (
        workspace.channels.dm_with(user.id) if wanted == "dm" else workspace.channels.find(wanted)
    )
    if room is None or user.id not in room.members:
        raise NotPossibleError(f"{user.name} has no channel {wanted!r}")
    return room


def root_of(workspace: Workspace, room: Channel, thread_ts: str | None) -> str | None:
    """The thread a person answers in; raises NotPossibleError."""
    if not thread_ts:
        return None
    try:
        return workspace.messages.get(room.id, thread_ts).root
    except SlackError:
        raise NotPossibleError("there is no such message to reply to") from None


def say(
    workspace: Workspace, user: User, room: Channel, text: str, thread_ts: str | None
) -> Message:
    """Write a message."""
    root = root_of(workspace, room, thread_ts)
    message = Message(workspace.stamps.next(), room.id, user.id, text, thread_ts=root)
    return posting.post(workspace, message)


def share(
    workspace: Workspace,
    user: User,
    room: Channel,
    files: list[File],
    text: str = "",
    thread_ts: str | None = None,
) -> Message:
    """Share files in one message."""
    root = root_of(workspace, room, thread_ts)
    return posting.share(workspace, files, room, user.id, text, root)


def add_member(workspace: Workspace, room: Channel, user_id: str) -> Channel:
    """Someone (the app's bot user too) joins a channel."""
    if user_id in room.members:
        return room
    room = workspace.channels.change_members(room, room.members | {user_id})
    _tell_membership(workspace, "member_joined_channel", room, user_id)
    return room


def remove_member(workspace: Workspace, room: Channel, user_id: str) -> Channel:
    """Someone leaves a channel."""
    room = workspace.channels.change_members(room, room.members - {user_id})
    _tell_membership(workspace, "member_left_channel", room, user_id)
    return room


def _tell_membership(workspace: Workspace, kind: str, room: Channel, user_id: str) -> None:
    workspace.feed.tell("channels")
    event = {"type": kind, "user": user_id, "channel": room.id, "team": room.team}
    channel_type = "G" if room.kind == "group" else "C"
    stamp = workspace.stamps.next()
    events.send(workspace, {**event, "channel_type": channel_type, "event_ts": stamp})


def visit_home(workspace: Workspace, user: User, tab: str = "home") -> None:
    """Open the app's Home tab (or its Messages tab)."""
    room = workspace.channels.dm_with(user.id)
    event: Json = {"type": "app_home_opened", "user": user.id, "channel": room.id, "tab": tab}
    view = workspace.views.homes.get(user.id)
    if view and tab == "home":
        event["view"] = view.as_slack()
    events.send(workspace, {**event, "event_ts": workspace.stamps.next()})


def uninstall(workspace: Workspace) -> None:
    """Take the app out of the workspace: its tokens die, and it is told."""
    workspace.keys.revoke()
    revoked = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [BOT_USER]}}
    events.send(workspace, {**revoked, "event_ts": workspace.stamps.next()})
    events.send(workspace, {"type": "app_uninstalled", "event_ts": workspace.stamps.next()})


def whisper(workspace: Workspace, user: User, room: Channel, text: str) -> Message:
    """Slackbot tells one person something."""
    message = Message(workspace.stamps.next(), room.id, SLACKBOT, text, only_for=user.id)
    return posting.post(workspace, message)


async def command(
    workspace: Workspace, user: User, room: Channel, name: str, text: str
) -> Outcome | None:
    """Run a slash command; None if the app has not registered it."""
    if name not in {registered.name for registered in workspace.config.commands}:
        whisper(workspace, user, room, f"{name} is not a valid command.")
        return None
    key = workspace.response_urls.give(room.id, user.id)
    fields = {
        "token": "sandbox",
        "team_id": user.team.id,
        "team_domain": workspace.config.team.domain,
        "channel_id": room.id,
        "channel_name": "directmessage" if room.kind == "im" else room.name,
        "user_id": user.id,
        "user_name": user.name,
        "command": name,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": f"{workspace.config.public_url}/response/{key}",
        "trigger_id": workspace.triggers.give(user.id),
    }
    outcome = await workspace.courier.send(form_parcel("command", f"{name} {text}".strip(), fields))
    _show_answer(workspace, user, room, name, outcome)
    return outcome


def _show_answer(
    workspace: Workspace, user: User, room: Channel, name: str, outcome: Outcome
) -> None:
    if not outcome.ok:
        late = outcome.problem in ("http_timeout", "timeout")
        reason = "operation_timeout" if late else "dispatch_failed"
        whisper(workspace, user, room, f'{name} failed with the error "{reason}"')
        return
    answer = _answer_body(outcome)
    if answer:
        key = workspace.response_urls.give(room.id, user.id)
        respond(workspace, workspace.response_urls.use(key), answer)


def _answer_body(outcome: Outcome) -> Json:
    if not outcome.answer.strip():
        return {}
    if outcome.content_type.startswith("application/json"):
        body = json.loads(outcome.answer)
        return body if isinstance(body, dict) else {}
    return {"text": outcome.answer}
