"""A file is shared: take it in. The worker answers with the card; *Dismiss* drops it again."""

from __future__ import annotations

from slack_sdk.errors import SlackApiError

from bot.desk import Incoming
from bot.slack.door import Door, Step, too_late
from bot.slack.payloads import (
    Click,
    Event,
    FileShare,
    Reference,
    SharedFile,
    file_share,
    shared_file,
)
from worker.card.offer_import import DISMISS

_ENDINGS = (".csv", ".tsv", ".xlsx", ".csv.gz", ".tsv.gz")
_FILETYPES = ("csv", "tsv", "xlsx")
#: Other modes are files that lie elsewhere, posts, and what is left of deleted files.
_MODES = ("hosted", "snippet")
#: Why a file of another workspace cannot be looked at; asking again would not help.
_NOT_OURS = ("file_not_found", "file_deleted", "access_denied", "not_visible")
_BEGUN = "This import has begun already, so there is nothing to dismiss."


def shared(door: Door, account: int, event: Event) -> None:
    """One card for each table in the message; silence about everything else and for outsiders."""
    message = file_share(event)
    if not message.user:
        return
    files = [full for file in message.files if (full := _told(door, message, file))]
    tables = [file for file in files if is_table(file)]
    if not tables or door.people.get(message.team, message.user).is_outsider:
        return
    door.desk.take(account, f"event:{event.id}", [_incoming(message, file) for file in tables])


def is_table(file: SharedFile) -> bool:
    """Whether the file looks like one that holds leads, by its name; reading it will tell."""
    named = file.name.lower().endswith(_ENDINGS)
    return file.mode in _MODES and (named or file.filetype in _FILETYPES)


def _told(door: Door, message: FileShare, file: SharedFile) -> SharedFile | None:
    """The file with its name; in channels shared between workspaces it has to be asked for."""
    if not file.stub:
        return file
    try:
        answer = door.workspaces.client(message.team).files_info(file=file.id)
    except SlackApiError as error:
        if error.response["error"] in _NOT_OURS:
            return None
        raise
    return shared_file(answer["file"])


def _incoming(message: FileShare, file: SharedFile) -> Incoming:
    return Incoming(
        key=f"file:{message.team}:{file.id}:{message.channel}:{message.ts}",
        name=file.name or f"file.{file.filetype}",
        source={"slack_file": file.id, "team": message.team},
        origin={
            "door": "slack",
            "team": message.team,
            "channel": message.channel,
            "thread_ts": message.thread_ts,
            "message_ts": message.ts,
            "user": message.user,
            "file_id": file.id,
        },
    )


def dismissed(door: Door, account: int, click: Click, about: Reference) -> None:
    """Drop the draft."""
    door.allow(account, click, about.job, "dismiss this file")
    if not door.desk.dismiss(account, about.job):
        state = door.desk.state(account, about.job, problems=False)
        door.answer(click, too_late(state, _BEGUN))


STEP = Step("offer_import", events={"message.file_share": shared}, actions={DISMISS: dismissed})
