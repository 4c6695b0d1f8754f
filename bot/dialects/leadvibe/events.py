"""Follow a job: its numbers as server-sent events, for as long as somebody listens.

Events are told from the database as it is, so that any process can go on where another one's
connection broke: the id of an event is what it told.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator

from bot.api.endpoint import Answer, Call
from bot.api.failures import RateLimited
from bot.dialects.leadvibe import wire
from bot.dialects.leadvibe.jobs import followed
from core import imports

MEDIA_TYPE = "text/event-stream"
#: How often to look at the job, how long to be silent, and how long to follow it, in seconds.
#: Clients connect again by themselves.
_LOOK, _SILENCE, _LONGEST = 0.5, 15.0, 600.0
#: Connections of one account at a time, in each process.
_MOST = 20
#: After how many milliseconds a client is to connect again.
_AGAIN = 2_000
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def follow(call: Call, following: Counter[int]) -> Answer:
    """The events of a job after the one that ``Last-Event-ID`` names.

    ``following`` counts the connections of each account. Raises NotFound and RateLimited.
    """
    if following[call.caller.account_id] >= _MOST:
        raise RateLimited(f"Follow at most {_MOST} jobs at a time.", retry_after=5)
    last = call.headers.get("last-event-id", "")
    first = await _look(call)
    if _has_ended(first) and last == _id(first):
        return Answer(status=204)
    stream = _counted(_events(call, first, last), following, call.caller.account_id)
    return Answer(stream=stream, headers=_HEADERS, media_type=MEDIA_TYPE)


async def _counted(
    events: AsyncIterator[bytes], following: Counter[int], account_id: int
) -> AsyncIterator[bytes]:
    following[account_id] += 1
    try:
        async for event in events:
            yield event
    finally:
        following[account_id] -= 1


async def _events(call: Call, seen: wire.Seen, last: str) -> AsyncIterator[bytes]:
    until = time.monotonic() + _LONGEST
    told_at = time.monotonic()
    yield f"retry: {_AGAIN}\n\n".encode()
    while time.monotonic() < until:
        if _id(seen) != last:
            last, told_at = _id(seen), time.monotonic()
            yield _event(seen)
        if _has_ended(seen):
            return
        if time.monotonic() - told_at > _SILENCE:
            told_at = time.monotonic()
            yield b": still there\n\n"
        await asyncio.sleep(_LOOK)
        seen = await _look(call, seen)


async def _look(call: Call, before: wire.Seen | None = None) -> wire.Seen:
    office, job_id = call.office, call.path["job_id"]
    return await office.run(followed, office.database, call.caller.account_id, job_id, before)


def _has_ended(seen: wire.Seen) -> bool:
    return seen.job.status in imports.ENDED and seen.job.undo_state != "undoing"


def _event(seen: wire.Seen) -> bytes:
    name = "end" if _has_ended(seen) else "progress"
    data = wire.job(seen).model_dump_json()
    return f"id: {_id(seen)}\nevent: {name}\ndata: {data}\n\n".encode()


def _id(seen: wire.Seen) -> str:
    """What an event tells, in short: it changes whenever a number does, and with every state."""
    job = seen.job
    rows = (job.created, job.updated, job.unchanged, job.skipped, job.failed, job.unprocessed)
    leads = (job.undo_counts.get(name, 0) for name in ("deleted", "restored", "kept", "gone"))
    numbers = ".".join(str(number) for number in (*rows, *leads))
    return f"{job.status}-{job.undo_state or 'as_is'}-{numbers}"
