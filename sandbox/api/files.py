"""files.*: what the app asks of files, and its own uploads in three steps."""

import asyncio
from dataclasses import replace
from typing import Any

from sandbox import posting
from sandbox.api.calls import Call
from sandbox.blocks.surfaces import check_message
from sandbox.errors import InputRefusedError, Json, SlackError
from sandbox.files import SNIPPET_BYTES, File
from sandbox.identity import BOT_USER, Channel


async def info(call: Call) -> Json:
    """`files.info`."""
    file = call.workspace.files.get(call.need("file"))
    return {"file": file.as_slack(), "comments": [], "response_metadata": {"next_cursor": ""}}


async def delete(call: Call) -> Json:
    """`files.delete`: the app may delete its own files only."""
    file = call.workspace.files.get(call.need("file"))
    if file.user != BOT_USER:
        raise SlackError("cant_delete_file")
    posting.delete_file(call.workspace, file.id)
    return {}


async def get_upload_url(call: Call) -> Json:
    """`files.getUploadURLExternal`: step one of an upload."""
    name, length = call.need("filename"), call.number("length", 0)
    if length <= 0:
        wrong = "must be more than 0 [json-pointer:/length]"
        raise InputRefusedError("invalid_arguments", [wrong])
    if length > call.workspace.config.max_file_bytes:
        raise SlackError("file_upload_size_restricted")
    upload = call.workspace.files.begin_upload(name, length)
    base = call.workspace.config.public_url
    return {"upload_url": f"{base}/upload/v1/{upload.file_id}", "file_id": upload.file_id}


async def complete_upload(call: Call) -> Json:
    """`files.completeUploadExternal`: step three. The share appears a moment later, as in Slack."""
    told = _listed(call.value("files"))
    workspace = call.workspace
    blocks = call.value("blocks")
    checked = check_message(blocks, workspace.refused_blocks) if blocks else []
    room, thread = _target(call)
    files = [_finish(call, entry) for entry in told]
    if room is not None:
        comment = call.text("initial_comment")
        share = _share_later(call, files, room, comment, thread, checked)
        workspace.courier.in_background(share)
    return {"files": [file.as_slack() for file in files]}


def _listed(told: Any) -> list[Json]:
    if not isinstance(told, list) or not told or not all(isinstance(f, dict) for f in told):
        missing = "missing required field: files [json-pointer:]"
        raise InputRefusedError("invalid_arguments", [missing])
    return told


def _target(call: Call) -> tuple[Channel | None, str | None]:
    wanted = call.text("channel_id") or call.text("channels").split(",")[0]
    if not wanted:
        return None, None
    room = call.workspace.channels.visible_to_bot(wanted)
    if BOT_USER not in room.members:
        raise SlackError("not_in_channel")
    thread = call.text("thread_ts")
    if not thread:
        return room, None
    try:
        return room, call.workspace.messages.get(room.id, thread).root
    except SlackError:
        raise SlackError("invalid_thread_ts") from None


def _finish(call: Call, entry: Json) -> File:
    files = call.workspace.files
    file = files.finish_upload(str(entry.get("id", "")), BOT_USER)
    text_like = file.mimetype.startswith("text/") and len(file.content) <= SNIPPET_BYTES
    mode = "snippet" if text_like else "hosted"
    return files.put(replace(file, title=str(entry.get("title") or file.name), mode=mode))


async def _share_later(
    call: Call,
    files: list[File],
    room: Channel,
    comment: str,
    thread: str | None,
    blocks: list[Json],
) -> None:
    await asyncio.sleep(call.workspace.config.share_delay_seconds)
    posting.share(call.workspace, files, room, BOT_USER, comment, thread, blocks)
