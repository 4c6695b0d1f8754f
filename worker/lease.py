"""Keep a claim good while its part is being done, or a delivery while it is under way."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from sqlmodel import Session

from core import outbox, parts
from core.db import Database, conflicts
from core.outbox import Delivery
from core.parts import Claim, ClaimLost

log = logging.getLogger(__name__)


@contextmanager
def renewed(database: Database, claim: Claim) -> Iterator[None]:
    """Begin the lease anew three times per lease, for as long as the block runs.

    A process that is stopped or killed renews nothing, and the part becomes free.
    """

    def renew(session: Session) -> bool:
        try:
            parts.renew(session, claim)
        except ClaimLost:
            return False  # done, or somebody else's: the work finds out by itself
        return True

    with _renewed(database, renew, claim.lease_ms, claim.key.import_id):
        yield


@contextmanager
def kept(database: Database, delivery: Delivery, lease_ms: int) -> Iterator[None]:
    """Begin the lease of a delivery anew three times per lease, for as long as the block runs."""

    def renew(session: Session) -> bool:
        return outbox.renew(session, delivery, lease_ms)

    with _renewed(database, renew, lease_ms, delivery.key.import_id):
        yield


@contextmanager
def _renewed(
    database: Database, renew: Callable[[Session], bool], lease_ms: int, import_id: int
) -> Iterator[None]:
    ended = Event()

    def run() -> None:
        while not ended.wait(lease_ms / 3_000):
            try:
                if not database.transact(renew):
                    return
            except conflicts() as error:
                log.warning("import %s: lease not renewed: %s", import_id, type(error).__name__)

    renewing = Thread(target=run, daemon=True)
    renewing.start()
    try:
        yield
    finally:
        ended.set()
        renewing.join()
