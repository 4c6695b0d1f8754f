"""Response URLs: what an app may answer to an interaction or command without a token."""

import json
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from sandbox import posting
from sandbox.blocks.surfaces import check_message
from sandbox.errors import Json, SlackError
from sandbox.identity import BOT_USER
from sandbox.messages import Message
from sandbox.triggers import Reply
from sandbox.workspace import Workspace


async def answer(request: Request) -> Response:
    """`POST /response/<key>`: 200 `ok`, 404 when used up or too old."""
    workspace: Workspace = request.app.state.workspace
    try:
        told = json.loads(await request.body())
    except ValueError:
        return PlainTextResponse("invalid_payload", 400)
    try:
        respond(workspace, workspace.response_urls.use(request.path_params["key"]), told)
    except SlackError as refusal:
        status = 404 if refusal.code.endswith("_url") else 400
        return JSONResponse(refusal.answer(), status)
    return PlainTextResponse("ok")


def respond(workspace: Workspace, reply: Reply, told: Json) -> None:
    """Post, replace or delete as told; raises SlackError for what cannot be shown."""
    if told.get("delete_original") or told.get("replace_original"):
        if reply.message_ts is None:
            raise SlackError("message_not_found")
        original = workspace.messages.get(reply.channel, reply.message_ts)
        if told.get("delete_original"):
            posting.delete(workspace, original)
            return
        posting.edit(workspace, original, _filled(workspace, original, told))
        return
    in_channel = told.get("response_type") == "in_channel"
    thread = told.get("thread_ts") or reply.thread_ts
    message = Message(
        ts=workspace.stamps.next(),
        channel=reply.channel,
        user=BOT_USER,
        thread_ts=thread,
        only_for=None if in_channel else reply.user,
    )
    posting.post(workspace, _filled(workspace, message, told))


def _filled(workspace: Workspace, message: Message, told: Json) -> Message:
    text, blocks = str(told.get("text") or ""), told.get("blocks")
    if not text and not blocks:
        raise SlackError("no_text")
    checked = check_message(blocks, workspace.refused_blocks) if blocks else []
    return replace(message, text=text, blocks=checked)
