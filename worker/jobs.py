"""What RQ runs: one part of an import, or one message. Arguments are ids and nothing else.

A job may be run twice, late, or never: whoever claims the row does the work, everybody else quits.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from sqlmodel import Session

from core import engine, forecast, imports, intake, parts, spread, turns, undo
from core.ahead import Ahead
from core.errors import ImportFailure
from core.outbox import OutboxKey
from core.parts import Claim, ClaimLost, PartKey
from worker import slack_files, thread
from worker.lease import renewed
from worker.queue import Key, name_of, work_of
from worker.station import Station

#: How long a file that Slack did not give rests before each further try, in milliseconds.
DOWNLOAD_RESTS = (1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000)
_NOT_YET = "Slack has not given the file yet; trying again."

log = logging.getLogger(__name__)

#: How long one job goes on with the parts of one import, in seconds: well below RQ's timeout.
TURN_SECONDS = 60.0

_station: Station | None = None


def equip(station: Station) -> None:
    """Give this process, and the work horses it forks, what jobs need."""
    global _station
    _station = station


def run_part(account_id: int, import_id: int, kind: str, ordinal: int) -> None:
    """RQ: do one part, if it is still to be done, and go on while no other import waits."""
    until = time.monotonic() + TURN_SECONDS
    key: PartKey | None = PartKey(account_id, import_id, kind, ordinal)
    with Ahead() as ahead:
        station = replace(_equipped(), ahead=ahead)
        while key:
            key = do_part(station, key, until)


def deliver(account_id: int, import_id: int, kind: str) -> None:
    """RQ: send one message, if it is still to be sent."""
    thread.deliver(_equipped(), OutboxKey(account_id, import_id, kind))


def _equipped() -> Station:
    if _station is None:
        raise RuntimeError("this process was not equipped to run jobs")
    return _station


def do_part(station: Station, key: PartKey, until: float = 0.0) -> PartKey | None:
    """Claim a part, do it, and ring for what follows from it.

    A part that fails is given back to rest a while before the next try. Raises what failed. Before
    ``until`` on the monotonic clock it may answer with a part that is the caller's to do.
    """
    claim = engine.take(station.database, key, owner=_owner(), lease_ms=station.pace.lease_ms)
    if claim is None:
        return _another(station, key, until)
    _call_for_help(station, claim)
    try:
        with renewed(station.database, claim):
            WORK[key.kind](station, claim)
    except ClaimLost:
        log.warning("import %s: %s %s is another worker's now", key.import_id, *key[2:])
        return None
    except BaseException:
        log.error("import %s: %s %s failed", key.import_id, *key[2:])  # noqa: TRY400  (RQ logs it)
        _give_back(station, claim)
        raise
    return follow_up(station, key, go_on=time.monotonic() < until)


def _another(station: Station, missed: PartKey, until: float) -> PartKey | None:
    """A part of the same import to do in place of one that somebody else has taken."""
    if missed.kind != "write" or time.monotonic() >= until:
        return None
    with station.database.reading() as session:
        found = _following(session, missed)
    return found if found != missed else None


def follow_up(station: Station, key: PartKey, *, go_on: bool = False) -> PartKey | None:
    """End the import if that was its last part; ring for its next part and its messages.

    With ``go_on`` nobody is rung for a part that this worker had better do itself.
    """
    database, (account_id, import_id) = station.database, key[:2]
    if key.kind == "write":
        database.transact(lambda session: imports.settle(session, account_id, import_id))
    with database.reading() as session:
        work = work_of(session, account_id, import_id)
        mine = _following(session, key) if go_on else None
    station.bell.ring(_to_ring_for(work, key, mine))  # at the end: imports take turns
    return mine


def _to_ring_for(work: list[Key], done: PartKey, mine: PartKey | None) -> list[Key]:
    """Of what could be done, what somebody has to be told of: whoever is at it goes on by itself.

    That is one part to write if this worker goes on with none, and some at once after a ``spread``.
    """
    writes = [each for each in work if isinstance(each, PartKey) and each.kind == "write"]
    told = writes if done.kind == "spread" else [] if mine else writes[:1]
    return [each for each in work if each != mine and (each in told or each not in writes)]


def _following(session: Session, done: PartKey) -> PartKey | None:
    """The next part of this import, unless another import waits for its turn."""
    if done.kind not in ("write", "spread"):
        return None
    if any(key[:2] != done[:2] for key in parts.waiting(session)):
        return None
    ordinal = done.ordinal if done.kind == "write" else -1
    return turns.following(session, *done[:2], ordinal)


def _call_for_help(station: Station, claim: Claim) -> None:
    """Tell a worker that the import could be spread over several, unless one was told before."""
    key = claim.key._replace(kind="spread", ordinal=0)
    if claim.key.kind != "write" or claim.marks:
        return
    with station.database.reading() as session:
        wanted = key in parts.waiting(session, of=key[:2])
    if wanted and name_of(key) not in (station.bell.queued() or ()):
        station.bell.ring_part(key)


def _give_back(station: Station, claim: Claim) -> None:
    rest = station.pace.lease_ms // 4 << min(claim.token - 1, 4)
    with suppress(ClaimLost):
        station.database.transact(lambda session: parts.release(session, claim, rest))


def _owner() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


# ---- kinds of parts ----------------------------------------------------------------------------


def _read(station: Station, claim: Claim) -> None:
    with station.database.reading() as session:
        dropped = imports.get(session, *claim.key[:2]).status != "draft"
    if dropped:
        intake.forgo(station.database, claim)
        return
    try:
        _fetch(station, claim)
    except slack_files.NotYet as why:
        log.warning("import %s: no file yet: %s", claim.key.import_id, why)
        intake.put_off(station.database, claim, DOWNLOAD_RESTS[claim.key.ordinal], _NOT_YET)
        return
    except ImportFailure as failure:
        intake.reject(station.database, claim, failure)
        return
    intake.read_part(station.database, station.files, claim, station.limits)


def _fetch(station: Station, claim: Claim) -> None:
    """Get the file, unless it lies in the store. Raises ImportFailure where that is hopeless."""
    with station.database.reading() as session:
        draft = imports.get(session, *claim.key[:2])
        upload = imports.upload_of(session, *claim.key[:2])
    file_id = upload.source.get("slack_file")
    if upload.location or not file_id:
        return
    last_try = claim.key.ordinal >= len(DOWNLOAD_RESTS)
    download = slack_files.Download(
        client=slack_files.way_to(station.workspaces, draft.origin["team"], last_try=last_try),
        file_id=file_id,
        name=upload.name,
        limit=station.limits.bytes,
    )
    stored = slack_files.fetch(download, station.files, last_try=last_try)
    intake.fetched(station.database, claim, stored)


def _forecast(station: Station, claim: Claim) -> None:
    forecast.run(station.database, station.files, claim)


def _spread(station: Station, claim: Claim) -> None:
    spread.spread_part(station.database, station.files, claim)


def _write(station: Station, claim: Claim) -> None:
    engine.write_part(station.database, station.files, claim, station.ahead)


def _undo(station: Station, claim: Claim) -> None:
    undo.undo_part(station.database, claim)


#: How to do each kind of part. Each may raise ClaimLost.
WORK: dict[str, Callable[[Station, Claim], None]] = {
    "read": _read,
    "forecast": _forecast,
    "spread": _spread,
    "write": _write,
    "undo": _undo,
}
