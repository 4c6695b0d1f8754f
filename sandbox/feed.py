"""The live feed: everything that changes, to everyone who watches."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress

from sandbox.errors import Json

HEARTBEAT_SECONDS = 10.0
BACKLOG = 1000


class Feed:
    """Fans changes out to server-sent event streams."""

    def __init__(self) -> None:
        self._watchers: dict[asyncio.Queue[Json | None], str | None] = {}

    def tell(self, kind: str, only_for: str | None = None, **facts: object) -> None:
        """Announce a change, to one person if `only_for` is given."""
        change = {"kind": kind, **facts}
        for queue, viewer in self._watchers.items():
            if viewer is None or only_for in (None, viewer):
                with suppress(asyncio.QueueFull):
                    queue.put_nowait(change)

    def end(self) -> None:
        """End every stream; a server that stops waits for none."""
        for queue in self._watchers:
            with suppress(asyncio.QueueFull):
                queue.put_nowait(None)

    async def watch(self, viewer: str | None) -> AsyncIterator[str]:
        """The stream for one viewer (None sees all), with a heartbeat so that ends are noticed."""
        queue: asyncio.Queue[Json | None] = asyncio.Queue(BACKLOG)
        self._watchers[queue] = viewer
        try:
            yield ": welcome\n\n"
            while line := await self._next(queue):
                yield line
        finally:
            del self._watchers[queue]

    @staticmethod
    async def _next(queue: asyncio.Queue[Json | None]) -> str:
        """The next line of a stream, '' at its end."""
        try:
            change = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
        except TimeoutError:
            return ": still here\n\n"
        return "" if change is None else f"data: {json.dumps(change)}\n\n"
