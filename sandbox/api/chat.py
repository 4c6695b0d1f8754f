"""chat.*: post, edit, delete, whisper, link."""

from dataclasses import replace

from sandbox import posting
from sandbox.api.calls import Call
from sandbox.blocks.surfaces import check_message
from sandbox.errors import Json, SlackError
from sandbox.identity import BOT_USER, Channel
from sandbox.messages import Message

POST_CHARACTERS = 40_000  # what is longer is cut
UPDATE_CHARACTERS = 4_000


def _room(call: Call) -> Channel:
    room = call.workspace.channels.visible_to_bot(call.text("channel"))
    if BOT_USER not in room.members:
        raise SlackError("not_in_channel")
    return room


def _content(call: Call) -> tuple[str, list[Json], list[Json]]:
    blocks = call.value("blocks")
    checked = check_message(blocks, call.workspace.refused_blocks) if blocks else []
    attachments = call.value("attachments") or []
    text = call.text("text")
    if not (text or checked or attachments):
        raise SlackError("no_text")
    return text[:POST_CHARACTERS], checked, attachments


def _thread(call: Call, room: Channel) -> str | None:
    """The root of the thread to post in; a reply's `ts` leads to its thread."""
    thread_ts = call.text("thread_ts")
    if not thread_ts:
        return None
    try:
        return call.workspace.messages.get(room.id, thread_ts).root
    except SlackError:
        raise SlackError("thread_not_found") from None


async def post_message(call: Call) -> Json:
    """`chat.postMessage`."""
    room = _room(call)
    text, blocks, attachments = _content(call)
    workspace = call.workspace
    message = Message(
        ts=workspace.stamps.next(),
        channel=room.id,
        user=BOT_USER,
        text=text,
        blocks=blocks,
        thread_ts=_thread(call, room),
        metadata=call.value("metadata"),
        attachments=attachments,
        broadcast=call.flag("reply_broadcast"),
    )
    message = posting.post(workspace, message)
    shown = workspace.messages.as_slack(message)
    return {"channel": room.id, "ts": message.ts, "message": shown}


async def post_ephemeral(call: Call) -> Json:
    """`chat.postEphemeral`."""
    room = _room(call)
    text, blocks, attachments = _content(call)
    workspace = call.workspace
    user = workspace.people.find(call.need("user"))
    if user is None or user.id not in room.members:
        raise SlackError("user_not_in_channel")
    message = Message(
        ts=workspace.stamps.next(),
        channel=room.id,
        user=BOT_USER,
        text=text,
        blocks=blocks,
        thread_ts=_thread(call, room),
        attachments=attachments,
        only_for=user.id,
    )
    return {"message_ts": posting.post(workspace, message).ts}


def _own_message(call: Call, refusal: str) -> Message:
    room = call.workspace.channels.visible_to_bot(call.text("channel"))
    message = call.workspace.messages.get(room.id, call.need("ts"))
    if message.only_for:
        raise SlackError("message_not_found")
    if not message.by_bot:
        raise SlackError(refusal)
    return message


async def update(call: Call) -> Json:
    """`chat.update`: text without blocks takes the blocks away; blocks alone leave no mark."""
    before = _own_message(call, "cant_update_message")
    if len(call.text("text")) > UPDATE_CHARACTERS:
        raise SlackError("msg_too_long")
    text, blocks, attachments = _content(call)
    changed_text = "text" in call.arguments and text != before.text
    workspace = call.workspace
    after = replace(
        before,
        text=text if "text" in call.arguments else before.text,
        blocks=blocks,
        attachments=attachments,
        edited_at=workspace.stamps.next() if changed_text else before.edited_at,
        metadata=call.value("metadata") or before.metadata,
    )
    after = posting.edit(workspace, before, after)
    shown = workspace.messages.as_slack(after)
    return {"channel": after.channel, "ts": after.ts, "text": after.text, "message": shown}


async def delete(call: Call) -> Json:
    """`chat.delete`."""
    message = _own_message(call, "cant_delete_message")
    posting.delete(call.workspace, message)
    return {"channel": message.channel, "ts": message.ts}


async def permalink(call: Call) -> Json:
    """`chat.getPermalink`."""
    room = call.workspace.channels.visible_to_bot(call.text("channel"))
    message = call.workspace.messages.get(room.id, call.need("message_ts"))
    place = f"{call.workspace.config.public_url}/archives/{room.id}/p{message.ts.replace('.', '')}"
    thread = f"?thread_ts={message.thread_ts}&cid={room.id}" if message.thread_ts else ""
    return {"channel": room.id, "permalink": place + thread}
