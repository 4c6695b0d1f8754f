"""What happens when a message appears, changes or goes: it is kept, shown, and told to the app."""

from dataclasses import replace

from sandbox import events
from sandbox.errors import Json
from sandbox.files import File, Share
from sandbox.identity import Channel
from sandbox.messages import Message
from sandbox.workspace import Workspace


def as_shown(workspace: Workspace, message: Message) -> Json:
    """A message for the page and for people: Slack's object, the channel, who may see it."""
    body = workspace.messages.as_slack(message)
    return body | {
        "channel": message.channel,
        "ephemeral": message.only_for is not None,
        "broadcast": message.broadcast,
    }


def post(workspace: Workspace, message: Message) -> Message:
    """Add a message."""
    message = workspace.messages.add(message)
    shown = as_shown(workspace, message)
    workspace.feed.tell("message", only_for=message.only_for, message=shown)
    events.send_message_event(workspace, message)
    return message


def edit(workspace: Workspace, before: Message, after: Message) -> Message:
    """Change a message in place."""
    after = workspace.messages.change(after)
    shown = as_shown(workspace, after)
    workspace.feed.tell("changed", only_for=after.only_for, message=shown)
    events.message_changed(workspace, before, after)
    return after


def delete(workspace: Workspace, message: Message) -> None:
    """Remove a message."""
    workspace.messages.remove(message)
    workspace.feed.tell(
        "deleted", only_for=message.only_for, channel=message.channel, ts=message.ts
    )
    events.message_deleted(workspace, message)


def share(
    workspace: Workspace,
    files: list[File],
    room: Channel,
    user: str,
    text: str = "",
    thread_ts: str | None = None,
    blocks: list[Json] | None = None,
) -> Message:
    """Share files into a channel or thread as one message."""
    ts = workspace.stamps.next()
    place = Share(room.id, room.kind, ts, thread_ts)
    for file in files:
        current = workspace.files.get(file.id)
        workspace.files.put(replace(current, shared_in=(*current.shared_in, place)))
    message = Message(
        ts,
        room.id,
        user,
        text,
        blocks or [],
        tuple(file.id for file in files),
        thread_ts,
        "file_share",
    )
    message = post(workspace, message)
    for file in files:
        _tell_shared(workspace, file, room, user, ts)
    return message


def _tell_shared(workspace: Workspace, file: File, room: Channel, user: str, ts: str) -> None:
    event = {"type": "file_shared", "file_id": file.id, "user_id": user}
    events.send(
        workspace,
        {**event, "file": {"id": file.id}, "channel_id": room.id, "event_ts": ts},
    )


def delete_file(workspace: Workspace, file_id: str) -> None:
    """Delete a file; its messages keep a tombstone. Raises SlackError file_not_found."""
    file = workspace.files.delete(file_id)
    for message in workspace.messages.holding(file_id):
        workspace.feed.tell("changed", message=as_shown(workspace, message))
    stamp = workspace.stamps.next()
    places = [place.channel for place in file.shared_in]
    event = {"type": "file_deleted", "file_id": file_id, "channel_ids": places, "event_ts": stamp}
    events.send(workspace, event)
