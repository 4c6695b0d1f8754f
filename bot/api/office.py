"""What every endpoint holds: the desk, the database, the files, and threads to work in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from anyio import to_thread
from sqlalchemy import literal, select
from sqlmodel import col

from bot.api.limits import Limits
from bot.desk import Desk
from bot.metrics import Metrics
from core import imports
from core.db import Database
from core.models import Import, Upload
from core.parts import PartKey
from core.uploads import Files, Stored
from worker.jobs import do_part
from worker.settings import Settings
from worker.station import Station

T = TypeVar("T")

#: How often to look whether a worker is done, in seconds: soon at first, then more calmly.
_LOOKS = (0.02, 0.02, 0.05, 0.1, 0.2)
#: How long to wait for a worker to begin reading before it is done here, in seconds.
_PATIENCE = 3.0
#: A file of up to so many bytes is read here and at once: ringing for it would take longer.
_SMALL = 200_000


@dataclass(frozen=True)
class Office:
    """The parts of this process that endpoints work with."""

    settings: Settings
    database: Database
    files: Files
    desk: Desk
    station: Station
    measured: Metrics
    limits: Limits = field(default_factory=Limits)

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run something that waits for the database or the disk, in a thread."""
        return await to_thread.run_sync(work, *arguments)

    def discard(self, stored: Stored) -> None:
        """Delete a file that no upload holds."""
        with self.database.reading() as session:
            held = session.scalar(
                select(literal(1)).where(col(Upload.location) == stored.location).limit(1)
            )
        if not held:
            self.files.delete(stored.location)

    async def read(self, drafted: Import) -> tuple[Import, Upload]:
        """The draft once its file was read: its upload is ``ready`` or ``rejected``.

        A worker reads it; where none begins in time it is read here.
        """
        key = PartKey(drafted.account_id, drafted.id, "read", 0)
        small = (await self.run(self._current, key))[1].size <= _SMALL
        here_at = time.monotonic() + (0 if small else _PATIENCE)
        looks = iter(_LOOKS)
        while (current := await self.run(self._current, key))[1].state == "waiting":
            if time.monotonic() >= here_at:
                await self.run(do_part, self.station, key)  # does nothing where it is being read
                here_at = time.monotonic() + _PATIENCE
            else:
                await asyncio.sleep(next(looks, _LOOKS[-1]))
        return current

    async def ended(self, account_id: int, import_id: int, seconds: float) -> Import:
        """The import once it has ended, or as it is after so many seconds."""
        return await self._until(
            lambda i: i.status in imports.ENDED, account_id, import_id, seconds
        )

    async def undone(self, account_id: int, import_id: int, seconds: float) -> Import:
        """The import once it was undone, or as it is after so many seconds."""
        return await self._until(
            lambda i: i.undo_state != "undoing", account_id, import_id, seconds
        )

    async def _until(
        self, done: Callable[[Import], bool], account_id: int, import_id: int, seconds: float
    ) -> Import:
        until, looks = time.monotonic() + seconds, iter(_LOOKS)
        while True:
            current = await self.run(self._import, account_id, import_id)
            if done(current) or time.monotonic() >= until:
                return current
            await asyncio.sleep(next(looks, _LOOKS[-1]))

    def _import(self, account_id: int, import_id: int) -> Import:
        with self.database.reading() as session:
            return imports.get(session, account_id, import_id)

    def _current(self, key: PartKey) -> tuple[Import, Upload]:
        with self.database.reading() as session:
            return (
                imports.get(session, *key[:2]),
                imports.upload_of(session, *key[:2]),
            )
