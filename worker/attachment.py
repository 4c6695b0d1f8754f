"""Attach a file to the thread, in steps of which each is written down: the rows that failed below
the summary, and what undoing did to each lead.

Slack takes a file in three steps, and only the last one shows it. The file's id is known before
that, so after a lost answer Slack can be asked whether the file is already there.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import httpx
from slack_sdk.errors import SlackApiError
from sqlmodel import Session

from core import results
from core.errors import FileGone
from core.uploads import Files
from worker.card import CardState
from worker.card.summary import PROBLEMS_FILE
from worker.card.undo_import import UNDO_FILE
from worker.lease import kept
from worker.slack_files import trusted

if TYPE_CHECKING:
    from worker.thread import Telling

_TIMEOUT = httpx.Timeout(60, connect=10)
#: Refusals that another try will not change.
_FINAL = frozenset({"missing_scope", "file_upload_size_restricted", "storage_limit_reached"})

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Attached:
    """A file that goes with one kind of message."""

    name: str
    wanted: Callable[[CardState], bool]
    rows: Callable[[Session, Files, int, int], Iterator[bytes]]


def _problem_rows(
    session: Session, files: Files, account_id: int, import_id: int
) -> Iterator[bytes]:
    return results.problems_csv(session, files, account_id, import_id)


def _undo_rows(session: Session, _: Files, account_id: int, import_id: int) -> Iterator[bytes]:
    return results.undo_csv(session, account_id, import_id)


#: By the kind of the delivery.
ATTACHED = {
    "summary": Attached(PROBLEMS_FILE, lambda state: state.counts.failed > 0, _problem_rows),
    "undone": Attached(UNDO_FILE, lambda state: state.undone.state == "undone", _undo_rows),
}


def file_of(telling: Telling) -> Attached:
    """The file that goes with this delivery."""
    return ATTACHED[telling.delivery.key.kind]


def owed(telling: Telling) -> bool:
    """Whether the file is wanted, and neither attached nor explained away yet."""
    return file_of(telling).wanted(telling.state) and "attached" not in telling.sent


def attach(telling: Telling) -> Telling:
    """Attach the file of this delivery if it is owed.

    Raises TakenOver, and SlackApiError or OSError where another try may succeed.
    """
    if not owed(telling):
        return telling
    try:
        return _attach(telling)
    except (FileGone, SlackApiError) as error:
        why = error.code if isinstance(error, FileGone) else str(error.response.get("error"))
        if isinstance(error, SlackApiError) and why not in _FINAL:
            raise
        return explain(telling, why)


def _attach(telling: Telling) -> Telling:
    resumed = "file" in telling.sent
    if not resumed:
        station = telling.station
        with kept(station.database, telling.delivery, station.pace.delivery_lease_ms):
            file_id = _upload(telling)
        telling = telling.note(file=file_id)
    if not (resumed and _is_there(telling)):
        telling.place.client.files_completeUploadExternal(
            files=[{"id": telling.sent["file"], "title": file_of(telling).name}],
            channel_id=telling.place.channel,
            thread_ts=telling.place.thread_ts,
        )
    return telling.note(attached=True)


def _upload(telling: Telling) -> str:
    """Send the bytes; the id of a file that nobody sees yet."""
    client, name = telling.place.client, file_of(telling).name
    with tempfile.TemporaryFile() as file:
        length = _write(telling, file)
        ticket = client.files_getUploadURLExternal(filename=name, length=length)
        file.seek(0)
        try:
            httpx.post(
                ticket["upload_url"],
                content=iter(lambda: file.read(1 << 16), b""),
                headers={"Content-Length": str(length), "Content-Type": "text/csv"},
                timeout=_TIMEOUT,
                verify=trusted(),
            ).raise_for_status()
        except httpx.HTTPError as error:
            raise OSError(f"upload: {type(error).__name__}") from error
    return str(ticket["file_id"])


def _write(telling: Telling, file: IO[bytes]) -> int:
    """Write the rows; the number of bytes."""
    station, (account_id, import_id, _) = telling.station, telling.delivery.key
    with station.database.reading() as session:
        rows = file_of(telling).rows(session, station.files, account_id, import_id)
        file.writelines(rows)
    return file.tell()


def _is_there(telling: Telling) -> bool:
    try:
        telling.place.client.files_info(file=telling.sent["file"])
    except SlackApiError as error:
        if error.response.get("error") == "file_not_found":
            return False
        raise
    return True


def explain(telling: Telling, why: str) -> Telling:
    """Say that the file the card or the summary speaks of will not come.

    Raises TakenOver, SlackApiError and OSError.
    """
    name = file_of(telling).name
    log.error("import %s: %s not attached: %s", telling.delivery.key.import_id, name, why)
    telling = telling.note(attached=False)
    telling.place.client.chat_postMessage(
        channel=telling.place.channel,
        thread_ts=telling.place.thread_ts,
        text=f"{name} could not be attached ({why}).",
    )
    return telling
