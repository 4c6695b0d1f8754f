"""Attach the rows that failed to the summary, in steps of which each is written down.

Slack takes a file in three steps, and only the last one shows it. The file's id is known before
that, so after a lost answer Slack can be asked whether the file is already there.
"""

from __future__ import annotations

import logging
import tempfile
from typing import IO, TYPE_CHECKING

import httpx
from slack_sdk.errors import SlackApiError

from core import results
from core.errors import FileGone
from worker.card.summary import PROBLEMS_FILE
from worker.lease import kept
from worker.slack_files import trusted

if TYPE_CHECKING:
    from worker.thread import Telling

_TIMEOUT = httpx.Timeout(60, connect=10)
#: Refusals that another try will not change.
_FINAL = frozenset({"missing_scope", "file_upload_size_restricted", "storage_limit_reached"})

log = logging.getLogger(__name__)


def attach(telling: Telling) -> Telling:
    """Attach leads-problems.csv if rows failed and it is not attached yet.

    Raises TakenOver, and SlackApiError or OSError where another try may succeed.
    """
    if not telling.state.counts.failed or "attached" in telling.sent:
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
            files=[{"id": telling.sent["file"], "title": PROBLEMS_FILE}],
            channel_id=telling.place.channel,
            thread_ts=telling.place.thread_ts,
        )
    return telling.note(attached=True)


def _upload(telling: Telling) -> str:
    """Send the bytes; the id of a file that nobody sees yet."""
    client = telling.place.client
    with tempfile.TemporaryFile() as file:
        length = _write(telling, file)
        ticket = client.files_getUploadURLExternal(filename=PROBLEMS_FILE, length=length)
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
    """Write the failed rows; the number of bytes."""
    station, (account_id, import_id, _) = telling.station, telling.delivery.key
    with station.database.reading() as session:
        file.writelines(results.problems_csv(session, station.files, account_id, import_id))
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
    """Say that the file the summary speaks of will not come.

    Raises TakenOver, SlackApiError and OSError.
    """
    log.error("import %s: problems not attached: %s", telling.delivery.key.import_id, why)
    telling = telling.note(attached=False)
    telling.place.client.chat_postMessage(
        channel=telling.place.channel,
        thread_ts=telling.place.thread_ts,
        text=f"{PROBLEMS_FILE} could not be attached ({why}).",
    )
    return telling
