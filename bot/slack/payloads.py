"""What Slack sends, as frozen types: nothing untyped gets past this module.

Every reader raises Malformed where a field that Slack always sends is missing or of another type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core import ids

Json = dict[str, Any]


class Malformed(ValueError):  # noqa: N818  (it describes the payload)
    """Not what Slack sends."""


@dataclass(frozen=True)
class Event:
    """An event of the Events API; ``at`` is when it happened, in seconds of Unix time."""

    id: str
    team: str
    type: str
    body: Json
    at: int = 0


@dataclass(frozen=True)
class SharedFile:
    """A file in a message, as far as the message tells."""

    id: str
    name: str
    filetype: str
    mode: str
    stub: bool  #: only its id is told, as in channels shared between workspaces


@dataclass(frozen=True)
class FileShare:
    """A message that holds files."""

    team: str
    channel: str
    user: str
    ts: str
    thread_ts: str
    files: tuple[SharedFile, ...]


@dataclass(frozen=True)
class Reference:
    """What a button speaks of: an import, and the revision of its mapping that was shown."""

    job: int
    revision: int


@dataclass(frozen=True)
class Click:
    """A button was pressed or something chosen in a select, on a message or in a modal."""

    team: str
    user: str
    action_id: str
    #: What a button holds or what was chosen in a select.
    value: str
    #: Which import it is about: a button's value, a select's block_id, a modal's metadata.
    about: str
    trigger_id: str
    channel: str = ""
    thread_ts: str = ""
    view: View | None = None


@dataclass(frozen=True)
class View:
    """An open modal with what the person has filled in: block id -> action id -> value."""

    id: str
    hash: str
    metadata: str
    values: Json


@dataclass(frozen=True)
class Submission:
    """A modal was submitted."""

    team: str
    user: str
    view: View


@dataclass(frozen=True)
class Command:
    """A slash command."""

    team: str
    user: str
    channel: str
    name: str
    text: str
    trigger_id: str = ""


def check(told: object) -> None:
    """Refuse what Bolt would trip over before any listener could. Raises Malformed."""
    if not isinstance(told, dict):
        raise Malformed("not an object")
    for name in ("team", "user", "channel", "view", "container", "message"):
        if not isinstance(told.get(name) or {}, dict | str):
            raise Malformed(name)
    if "event" in told:
        _text(_json(told, "event"), "type")
    if told.get("type") == "block_actions":
        _first_action(told)


def event(body: Json) -> Event:
    """The envelope of an event."""
    inner = _json(body, "event")
    at = body.get("event_time")
    return Event(
        _text(body, "event_id"), _installed_team(body), _text(inner, "type"), inner,
        at if isinstance(at, int) else 0,
    )  # fmt: skip


def _installed_team(body: Json) -> str:
    """The workspace that let the app in: in a shared channel the sender may be of another one."""
    authorizations = body.get("authorizations")
    first = authorizations[0] if isinstance(authorizations, list) and authorizations else None
    team = first.get("team_id") if isinstance(first, dict) else None
    return team if isinstance(team, str) and team else _text(body, "team_id")


def file_share(found: Event) -> FileShare:
    """A message with files; ``user`` is empty where it is no person's."""
    body = found.body
    files = body.get("files")
    if not isinstance(files, list):
        raise Malformed("files")
    ts = _text(body, "ts")
    return FileShare(
        found.team, _text(body, "channel"), str(body.get("user") or ""), ts,
        body.get("thread_ts") or ts, tuple(shared_file(f) for f in files if isinstance(f, dict)),
    )  # fmt: skip


def shared_file(body: Json) -> SharedFile:
    """A file object, or the stub of one."""
    return SharedFile(
        _text(body, "id"),
        str(body.get("name") or body.get("title") or ""),
        str(body.get("filetype") or ""),
        str(body.get("mode") or ""),
        body.get("file_access") == "check_file_info",
    )


def click(body: Json) -> Click:
    """The first action of a block_actions payload."""
    action = _first_action(body)
    container = body.get("container") or {}
    message = body.get("message") or {}
    shown = view(_json(body, "view")) if body.get("view") else None
    own = str(action.get("value") or action.get("block_id") or "")
    return Click(
        team=_team(body),
        user=_text(_json(body, "user"), "id"),
        action_id=_text(action, "action_id"),
        value=_value(action),
        about=shown.metadata if shown else own,
        trigger_id=str(body.get("trigger_id") or ""),
        channel=str((body.get("channel") or {}).get("id") or container.get("channel_id") or ""),
        thread_ts=str(message.get("thread_ts") or container.get("message_ts") or ""),
        view=shown,
    )


def submission(body: Json) -> Submission:
    """A view_submission payload."""
    return Submission(_team(body), _text(_json(body, "user"), "id"), view(_json(body, "view")))


def view(body: Json) -> View:
    """A view object."""
    values = (body.get("state") or {}).get("values") or {}
    metadata = body.get("private_metadata") or ""
    return View(_text(body, "id"), str(body.get("hash") or ""), str(metadata), values)


def command(body: Json) -> Command:
    """A slash command's form."""
    return Command(
        _text(body, "team_id"), _text(body, "user_id"), _text(body, "channel_id"),
        _text(body, "command"), str(body.get("text") or ""), str(body.get("trigger_id") or ""),
    )  # fmt: skip


def reference(text: str) -> Reference:
    """``job_....3``, as buttons and modals carry it; the revision may be missing."""
    job, revision, *_ = [*text.split("."), ""]
    found = ids.read("job", job)
    if found is None or not (revision or "0").isdigit():
        raise Malformed("reference")
    return Reference(found, int(revision or 0))


def chosen(values: Json, block_id: str) -> str | None:
    """What a field of a modal holds: the value of an option or a text, None where it is empty."""
    fields = values.get(block_id) or {}
    return next((_value(field) or None for field in fields.values()), None)


def ticked(values: Json, block_id: str) -> tuple[str, ...] | None:
    """The ticked boxes of a field; None where the field is not in the modal."""
    for field in (values.get(block_id) or {}).values():
        return tuple(_text(box, "value") for box in field.get("selected_options") or ())
    return None


def _value(field: Json) -> str:
    option = field.get("selected_option") or {}
    return str(field.get("value") or option.get("value") or "")


def _first_action(body: Json) -> Json:
    actions = body.get("actions")
    if not isinstance(actions, list) or not actions or not isinstance(actions[0], dict):
        raise Malformed("actions")
    found: Json = actions[0]
    return found


def _team(body: Json) -> str:
    # An org-wide installation names no team at the top level, the user always has one.
    team = body.get("team") or {}
    return str(team.get("id") or "") or _text(_json(body, "user"), "team_id")


def _text(body: Json, name: str) -> str:
    found = body.get(name)
    if not isinstance(found, str) or not found:
        raise Malformed(name)
    return found


def _json(body: Json, name: str) -> Json:
    found = body.get(name)
    if not isinstance(found, dict):
        raise Malformed(name)
    return found
