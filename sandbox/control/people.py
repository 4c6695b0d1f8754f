"""What a person does, as control requests."""

import json
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox import acting, clicking, payloads, posting, submitting
from sandbox.control.asked import Asked
from sandbox.courier import Outcome
from sandbox.errors import Json, NotPossibleError, SlackError
from sandbox.files import FAULTS, File
from sandbox.filling import elements_of
from sandbox.identity import BOT_USER
from sandbox.workspace import Workspace


def _sent(outcome: Outcome | None) -> Json:
    return {"ok": bool(outcome and outcome.ok), "delivery": outcome.as_json() if outcome else None}


async def say(asked: Asked) -> Json:
    """Write a message: channel, user, text, thread_ts."""
    message = acting.say(
        asked.workspace, asked.user, asked.room, str(asked.need("text")), asked.get("thread_ts")
    )
    return {"ok": True, "message": posting.as_shown(asked.workspace, message)}


async def share(request: Request) -> Response:
    """Share files (a form): channel, user, file (one or several), text, thread_ts, mode, fault.

    Without a channel the files are uploaded only, as in a modal's file input.
    """
    workspace: Workspace = request.app.state.workspace
    async with request.form(max_files=20) as form:
        fields: Json = {k: v for k, v in form.items() if isinstance(v, str)}
        asked = Asked(workspace, fields)
        try:
            files = await _uploaded(asked, form)
            return JSONResponse(_share(asked, files))
        except NotPossibleError as why:
            return JSONResponse({"ok": False, "error": str(why)}, 409)


async def _uploaded(asked: Asked, form: FormData) -> list[File]:
    parts = [part for part in form.getlist("file") if isinstance(part, UploadFile)]
    if not parts:
        raise NotPossibleError("file is missing")
    if asked.get("channel"):
        acting.root_of(asked.workspace, asked.room, asked.get("thread_ts"))
    files = asked.workspace.files
    mode = str(asked.get("mode", "hosted"))
    added = [
        files.add(part.filename or "file", await part.read(), asked.user.id, mode) for part in parts
    ]
    fault = asked.get("fault")
    if fault:
        _lay_faults(asked.workspace, added, str(fault), int(asked.get("times", 1)))
    return added


def _lay_faults(workspace: Workspace, files: list[File], fault: str, times: int) -> None:
    if fault not in FAULTS:
        raise NotPossibleError(f"fault must be one of {', '.join(FAULTS)}")
    for file in files:
        workspace.files.lay_fault(file.id, fault, times)


def _share(asked: Asked, files: list[File]) -> Json:
    shown = [file.as_slack() for file in files]
    if not asked.get("channel"):
        return {"ok": True, "files": shown}
    text, thread_ts = str(asked.get("text", "")), asked.get("thread_ts")
    message = acting.share(asked.workspace, asked.user, asked.room, files, text, thread_ts)
    return {"ok": True, "message": posting.as_shown(asked.workspace, message)}


def _click(asked: Asked) -> clicking.Click:
    return clicking.Click(
        action_id=str(asked.need("action_id")),
        block_id=asked.get("block_id"),
        value=asked.get("value"),
        confirmed=bool(asked.get("confirmed")),
        stale=bool(asked.get("stale")),
    )


async def click(asked: Asked) -> Json:
    """Click or choose: user, channel + ts or view_id, action_id, value, confirmed, values, stale.

    An element with a confirm dialog answers with the dialog unless `confirmed` is true.
    """
    spot, made = asked.spot, _click(asked)
    _, element = clicking.find_element(asked.workspace, spot, made)
    dialog = clicking.needs_confirming(element, made)
    if dialog:
        return {"ok": False, "confirm": dialog}
    if asked.get("values"):
        spot = clicking.remember(asked.workspace, asked.user, spot, asked.get("values"))
    return _sent(await clicking.click(asked.workspace, asked.user, spot, made))


async def suggest(asked: Asked) -> Json:
    """Type into an external menu: as `click`, plus query. Answers the options."""
    outcome, options = await clicking.suggest(
        asked.workspace, asked.user, asked.spot, _click(asked), str(asked.get("query", ""))
    )
    return _sent(outcome) | {"options": options}


async def submit(asked: Asked) -> Json:
    """Submit a modal: user, view_id, values = {block_id: {action_id: value}}."""
    values: Any = asked.get("values", {})
    done = await submitting.submit(asked.workspace, asked.user, asked.view, _files(asked, values))
    return done.as_json()


def _files(asked: Asked, values: Json) -> Json:
    """File inputs hold file objects; people name files by id."""
    inputs = {
        (block["block_id"], element["action_id"])
        for block, element in elements_of(asked.view.blocks)
        if element["type"] == "file_input"
    }
    known = asked.workspace.files
    return {
        block_id: {
            action_id: [known.get(str(file_id)).as_slack() for file_id in wanted or []]
            if (block_id, action_id) in inputs
            else wanted
            for action_id, wanted in actions.items()
        }
        for block_id, actions in values.items()
    }


async def close(asked: Asked) -> Json:
    """Dismiss a modal: user, view_id."""
    await submitting.close(asked.workspace, asked.user, asked.view)
    return {"ok": True}


async def command(asked: Asked) -> Json:
    """Run a slash command: user, channel, command, text. Slack allows none in threads."""
    if asked.get("thread_ts"):
        raise NotPossibleError("slash commands cannot be used in threads")
    name, text = str(asked.need("command")), str(asked.get("text", ""))
    return _sent(await acting.command(asked.workspace, asked.user, asked.room, name, text))


async def shortcut(asked: Asked) -> Json:
    """Choose a message shortcut: user, channel, ts, callback_id."""
    spot, callback_id = asked.spot, str(asked.need("callback_id"))
    if spot.message is None or spot.room is None:
        raise NotPossibleError("shortcuts are in the menu of a message")
    known = {registered.callback_id for registered in asked.workspace.config.shortcuts}
    if callback_id not in known:
        raise NotPossibleError(f"there is no shortcut {callback_id!r}")
    payload = payloads.shortcut(asked.workspace, asked.user, spot.room, spot.message, callback_id)
    sent = await clicking.send(asked.workspace, "message_action", callback_id, payload)
    return _sent(sent)


async def delete_file(asked: Asked) -> Json:
    """Delete a file: user, file (its id)."""
    file = asked.workspace.files.get(str(asked.need("file")))
    if file.user != asked.user.id and not asked.user.is_admin:
        raise NotPossibleError("only its owner or an admin can delete a file")
    posting.delete_file(asked.workspace, file.id)
    return {"ok": True}


async def delete_message(asked: Asked) -> Json:
    """Delete a message of one's own: user, channel, ts. One's own eyes only for ephemeral ones."""
    message = asked.spot.message
    if message is None:
        raise NotPossibleError("there is no such message")
    own = asked.user.id in (message.user, message.only_for) or asked.user.is_admin
    if not own:
        raise NotPossibleError("only its author or an admin can delete a message")
    posting.delete(asked.workspace, message)
    return {"ok": True}


async def members(asked: Asked) -> Json:
    """Let the app into a channel or take it out: user, channel, app = true or false."""
    change = acting.add_member if asked.need("app") is True else acting.remove_member
    room = change(asked.workspace, asked.room, BOT_USER)
    return {"ok": True, "app_is_member": BOT_USER in room.members}


async def home(asked: Asked) -> Json:
    """Visit the app's Home tab: user."""
    acting.visit_home(asked.workspace, asked.user, str(asked.get("tab", "home")))
    return {"ok": True}


async def file_content(request: Request) -> Response:
    """The bytes of a file, for the person who looks at the page."""
    workspace: Workspace = request.app.state.workspace
    try:
        file = workspace.files.get(request.path_params["file_id"])
    except SlackError:
        return JSONResponse({"ok": False, "error": "file_not_found"}, 404)
    name = json.dumps(file.name.encode("ascii", "replace").decode())
    headers = {"Content-Disposition": f"attachment; filename={name}"}
    return Response(file.content, media_type=file.mimetype, headers=headers)
