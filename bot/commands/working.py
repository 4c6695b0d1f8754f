"""Do the parts of one import in this process, as a worker does them, and maybe beside one."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from sqlmodel import Session

from core import engine, imports, intake, parts, spread, turns, undo
from core.ahead import Ahead
from core.db import Database
from core.models import Import, Upload
from core.parts import LEASE_MS, Claim, ClaimLost, PartKey
from core.sheet import Limits
from core.uploads import Files
from worker.lease import renewed

_CHUNK = 1 << 20
#: How often to look whether somebody else has done what we wait for, in seconds.
_POLL = 0.2
_TRIES = 4


@dataclass(frozen=True)
class Work:
    """One import. Whatever part of it is free is done here; what others are at is waited for."""

    database: Database
    files: Files
    account_id: int
    import_id: int
    lease_ms: int = LEASE_MS

    def current(self) -> tuple[Import, Upload]:
        """The import and its upload as they are now. Raises NotFound."""
        with self.database.reading() as session:
            found = imports.get(session, self.account_id, self.import_id)
            return found, imports.upload_of(session, self.account_id, self.import_id)

    def transact(self, use_case: Callable[..., Any], *more: Any) -> Any:
        """Run ``use_case(session, account_id, import_id, *more)`` in a transaction."""
        return self.database.transact(
            lambda session: use_case(session, self.account_id, self.import_id, *more)
        )

    def read(self, limits: Limits) -> tuple[Import, Upload]:
        """Read the file, so that the import is a draft with a mapping, or has failed."""

        def do(claim: Claim) -> None:
            intake.read_part(self.database, self.files, claim, limits)

        while (current := self.current())[1].state == "waiting":
            if not self._do_one(self._claim("read"), do):
                time.sleep(_POLL)
        return current

    def forgo_forecast(self) -> None:
        """Close the forecasts that nobody waits for, or a worker would make them in vain."""
        while claim := self._claim("forecast"):
            self.database.transact(partial(_close, claim))

    def write(
        self, ahead: Ahead, stop: Callable[[], bool], seen: Callable[[Import], None]
    ) -> Import:
        """Import what is left; tell ``seen`` after each part. Once ``stop`` says so, cancel."""
        done = -1
        while True:
            running, _ = self.current()
            seen(running)
            if running.status not in imports.ACTIVE:
                return running
            if stop() and not running.cancel_requested:
                self.transact(imports.cancel)
                continue
            claim = self._claim_next(done)
            if self._do_one(claim, partial(self._write, ahead)) and claim:
                done = claim.key.ordinal
            elif not self.transact(imports.settle):
                time.sleep(_POLL)  # others are at its last parts

    def help(self, stop: Callable[[], bool]) -> None:
        """Do parts of the import beside whoever began it, until it is over or ``stop`` says so."""
        with Ahead() as ahead:
            done = -1
            while not stop() and self.current()[0].status in imports.ACTIVE:
                claim = self._claim_next(done)
                if self._do_one(claim, partial(self._write, ahead)) and claim:
                    done = claim.key.ordinal
                else:
                    time.sleep(_POLL)

    def _write(self, ahead: Ahead, claim: Claim) -> None:
        if claim.key.kind == "write":
            engine.write_part(self.database, self.files, claim, ahead)
        else:
            with renewed(self.database, claim):  # it goes through the whole file
                spread.spread_part(self.database, self.files, claim)

    def undo(self, seen: Callable[[Import], None]) -> Import:
        """Undo what is left to undo; tell ``seen`` after each part."""

        def do(claim: Claim) -> None:
            undo.undo_part(self.database, claim)

        while True:
            undoing, _ = self.current()
            seen(undoing)
            if undoing.undo_state != "undoing":
                return undoing
            if not self._do_one(self._claim("undo"), do):
                time.sleep(_POLL)

    def _do_one(self, claim: Claim | None, do: Callable[[Claim], None]) -> bool:
        """Do a part that was free; false where there was none."""
        if claim is None:
            return False
        try:
            do(claim)
        except ClaimLost:
            pass  # it took us too long, and somebody else has done it
        except BaseException:
            self._release(claim)  # so that nobody has to wait for the lease to run out
            raise
        return True

    def _claim(self, kind: str) -> Claim | None:
        with self.database.reading() as session:
            waiting = parts.waiting(session, of=(self.account_id, self.import_id))
        return self._take(next((key for key in waiting if key.kind == kind), None))

    def _claim_next(self, done: int) -> Claim | None:
        """What is best done after the write part ``done``, unless others are always faster."""
        for _ in range(_TRIES):
            with self.database.reading() as session:
                key = turns.following(session, self.account_id, self.import_id, done)
            if key is None or (claim := self._take(key)):
                return claim if key else None
        return None

    def _take(self, key: PartKey | None) -> Claim | None:
        owner = f"cli-{socket.gethostname()}-{os.getpid()}"
        return key and engine.take(self.database, key, owner=owner, lease_ms=self.lease_ms)

    def _release(self, claim: Claim) -> None:
        with suppress(ClaimLost):
            self.database.transact(lambda session: parts.release(session, claim))


def _close(claim: Claim, session: Session) -> None:
    parts.hold(session, claim)
    parts.finish(session, claim)


def take_in(database: Database, files: Files, path: Path, account: str, limits: Limits) -> Work:
    """Copy a file into the store and make a draft of it. Raises FileTooLarge and OSError."""
    with path.open("rb") as file:
        stored = files.put(iter(lambda: file.read(_CHUNK), b""), limits.bytes, path.suffix.lower())

    def draft(session: Session) -> tuple[int, int]:
        account_id = cast(int, imports.account(session, account).id)
        drafted = imports.draft(
            session, account_id, path.name, location=stored.location, size=stored.size,
            sha256=stored.sha256,
        )  # fmt: skip
        return account_id, drafted.id

    return Work(database, files, *database.transact(draft))
