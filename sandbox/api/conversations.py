"""conversations.*: what the bot may know of channels and read in them."""

from sandbox import acting
from sandbox.api.calls import Call
from sandbox.errors import Json, SlackError
from sandbox.identity import BOT_USER, Channel
from sandbox.messages import Message


def _room(call: Call) -> Channel:
    return call.workspace.channels.visible_to_bot(call.text("channel"))


def _readable(call: Call) -> Channel:
    room = _room(call)
    if BOT_USER not in room.members:
        raise SlackError("not_in_channel")
    return room


async def info(call: Call) -> Json:
    """`conversations.info`."""
    return {"channel": _room(call).as_slack()}


async def list_all(call: Call) -> Json:
    """`conversations.list`: public channels, and private ones with the bot in them."""
    kinds = {"public_channel": "channel", "private_channel": "group", "im": "im"}
    asked = (call.text("types") or "public_channel").split(",")
    wanted = {kinds[name.strip()] for name in asked if name.strip() in kinds}
    rooms = [
        room.as_slack()
        for room in call.workspace.channels.by_id.values()
        if room.kind in wanted and (room.kind == "channel" or BOT_USER in room.members)
    ]
    return {"channels": rooms, "response_metadata": {"next_cursor": ""}}


async def members(call: Call) -> Json:
    """`conversations.members`."""
    people = sorted(_room(call).members)
    return {"members": people, "response_metadata": {"next_cursor": ""}}


def _page(call: Call, found: list[Message], extra: Json) -> Json:
    """A page of messages; the cursor is the number already given."""
    start, size = call.number("cursor", 0), min(call.number("limit", 100), 999)
    oldest, latest = call.text("oldest"), call.text("latest")
    within = [m for m in found if (not oldest or m.ts > oldest) and (not latest or m.ts < latest)]
    rest = len(within) > start + size
    shown = [_with_metadata(call, message) for message in within[start : start + size]]
    cursor = str(start + size) if rest else ""
    return {
        "messages": shown,
        "has_more": rest,
        **extra,
        "response_metadata": {"next_cursor": cursor},
    }


def _with_metadata(call: Call, message: Message) -> Json:
    body = call.workspace.messages.as_slack(message)
    if not call.flag("include_all_metadata"):
        body.pop("metadata", None)
    return body


async def history(call: Call) -> Json:
    """`conversations.history`: newest first, without replies and ephemeral messages."""
    room = _readable(call)
    visible = call.workspace.messages.in_channel(room.id, BOT_USER)
    roots = [m for m in visible if m.root == m.ts or m.broadcast]
    return _page(call, roots[::-1], {"pin_count": 0})


async def replies(call: Call) -> Json:
    """`conversations.replies`: the parent first."""
    room = _readable(call)
    thread = call.workspace.messages.thread(room.id, call.need("ts"))
    if not thread:
        raise SlackError("thread_not_found")
    return _page(call, thread, {})


async def open_dm(call: Call) -> Json:
    """`conversations.open` with one user."""
    user = call.workspace.people.find(call.need("users"))
    if user is None or user.is_bot:
        raise SlackError("user_not_found")
    room = call.workspace.channels.dm_with(user.id)
    return {"channel": room.as_slack() if call.flag("return_im") else {"id": room.id}}


async def join(call: Call) -> Json:
    """`conversations.join`: public channels only."""
    room = _room(call)
    if room.kind != "channel":
        raise SlackError("method_not_supported_for_channel_type")
    room = acting.add_member(call.workspace, room, BOT_USER)
    return {"channel": room.as_slack()}
