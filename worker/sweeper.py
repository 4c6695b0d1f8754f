"""What finds work that nobody was told of: it makes Redis, and any single worker, dispensable."""

from __future__ import annotations

import logging
import time
from threading import Event, Thread

from sqlmodel import Session

from core import deliveries, disposal, forecast, idempotency, imports, outbox, parts, undo
from core.db import conflicts
from core.errors import ImportFailure
from core.parts import PartKey
from worker import attachment, thread, webhooks
from worker.queue import name_of
from worker.station import Station

#: How often the whole file store is looked through.
_TIDY_SECONDS = 3_600.0

log = logging.getLogger(__name__)


class GivenUp(ImportFailure):
    """The file could not be read because of an internal error. Sending it again is safe."""

    code = "internal_error"


def run(station: Station, stop: Event, sweep_seconds: float, tick_seconds: float) -> None:
    """Deliver what is due at every tick, and sweep now and then, until told to stop.

    Messages that bring a file have a thread of their own: it must not hold up the cards. So do
    webhooks, whose other side is anybody's.
    """
    beside = [Thread(target=_attach, args=(station, stop, tick_seconds), daemon=True)]
    if station.courier:
        arguments = (station.courier, stop, tick_seconds)
        beside.append(Thread(target=webhooks.run, args=arguments, daemon=True))
    for thread_ in beside:
        thread_.start()
    sweep_at = tidy_at = 0.0
    while not stop.wait(tick_seconds) and all(thread_.is_alive() for thread_ in beside):
        try:
            deliver_due(station, "card")
            ring_reads(station)
            if time.monotonic() >= sweep_at:
                sweep_at = time.monotonic() + sweep_seconds
                sweep(station)
            if time.monotonic() >= tidy_at:
                tidy_at = time.monotonic() + _TIDY_SECONDS
                tidy(station)
        except conflicts() as error:
            log.warning("the database is away: %s", type(error).__name__)


def tidy(station: Station) -> None:
    """Forget what nobody asks for any more."""
    disposal.drop_orphans(station.database, station.files)
    station.database.transact(idempotency.drop_expired)
    station.database.transact(deliveries.drop_old)


def _attach(station: Station, stop: Event, tick_seconds: float) -> None:
    while not stop.wait(tick_seconds):
        try:
            for kind in attachment.ATTACHED:
                deliver_due(station, kind)
        except conflicts() as error:
            log.warning("the database is away: %s", type(error).__name__)


def deliver_due(station: Station, kind: str) -> None:
    """Send the messages of a kind whose pause is over; a worker may have been faster."""
    with station.database.reading() as session:
        keys = outbox.due(session, kind=kind)
    for key in keys:
        thread.deliver(station, key)


def sweep(station: Station) -> None:
    """Give up what never ends, end imports that have nothing left to do, ring for what waits."""
    station.database.transact(lambda session: _give_up(session, station.pace.max_claims))
    with station.database.reading() as session:
        unsettled = imports.unsettled(session)
        waiting = parts.waiting(session)
    for account_id, import_id in unsettled:
        _settle(station, account_id, import_id)
    _ring(station, waiting)
    disposal.drop_unwanted(station.database, station.files)


def ring_reads(station: Station) -> None:
    """Ring for files to be read at once: somebody is looking at the card that says so."""
    with station.database.reading() as session:
        waiting = [key for key in parts.waiting(session) if key.kind == "read"]
    if waiting:
        # First, or a file that always crashes would be claimed again before any sweep saw it free.
        given_up = station.database.transact(lambda s: _give_up(s, station.pace.max_claims))
        _ring(station, [key for key in waiting if key not in given_up])


def _ring(station: Station, waiting: list[PartKey]) -> None:
    queued = station.bell.queued()
    if queued is not None:
        station.bell.ring(key for key in waiting if name_of(key) not in queued)


def _settle(station: Station, account_id: int, import_id: int) -> None:
    station.database.transact(lambda session: imports.settle(session, account_id, import_id))


def _give_up(session: Session, max_claims: int) -> list[PartKey]:
    given_up = parts.give_up(session, max_claims)
    for key in given_up:
        log.error("import %s: %s %s given up", key.import_id, *key[2:])
        if key.kind == "read":
            imports.reject(session, *key[:2], GivenUp())
        elif key.kind == "forecast":
            forecast.give_up(session, key)
        elif key.kind == "undo":
            undo.give_up(session, key)
    return given_up
