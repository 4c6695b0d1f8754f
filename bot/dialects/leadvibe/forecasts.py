"""Forecast an import for a caller: ask for it, wait a moment, and say how far it is."""

from __future__ import annotations

import asyncio
import time

from bot.api.endpoint import Answer, Call
from bot.dialects.leadvibe import bodies, wire
from bot.dialects.leadvibe.jobs import chosen, draft_id
from core.drafts import read_draft
from core.errors import NotFound
from core.models import Import, Upload
from core.parts import PartKey
from worker.jobs import do_part

#: How long to wait for a worker before answering 202, and how often to look, in seconds.
_PATIENCE, _LOOK = 5.0, 0.1
#: A file of up to so many bytes is looked through here and at once.
_SMALL = 200_000


async def asked(call: Call) -> Answer:
    """A forecast by the mapping of a request, if it is done soon. Raises as ``start`` does."""
    drafted, upload = await call.office.run(_asked_for, call)
    if upload.size <= _SMALL:
        key = PartKey(drafted.account_id, drafted.id, "forecast", drafted.revision)
        await call.office.run(do_part, call.office.station, key)  # nothing where a worker has it
    until = time.monotonic() + _PATIENCE
    while (answer := await call.office.run(found, call, drafted.id)).status == "running":
        if time.monotonic() >= until:
            return Answer(answer, 202, {"Location": f"forecast/{answer.file_id}"})
        await asyncio.sleep(_LOOK)
    return Answer(answer)


def found(call: Call, import_id: int) -> bodies.Forecast:
    """The newest forecast of a draft, as far as it is. Raises NotFound and UploadExpired."""
    with call.office.database.reading() as session:
        drafted, upload = read_draft(session, call.caller.account_id, import_id)
    if not drafted.revision:
        raise NotFound("Nobody asked for a forecast of this file.")
    return wire.forecast(drafted, upload)


def _asked_for(call: Call) -> tuple[Import, Upload]:
    """Map the file as the request says, which asks for a forecast of it."""
    office, account_id, import_id = call.office, call.caller.account_id, draft_id(call.body.file_id)
    choice = chosen(office.database, account_id, import_id, call.body)
    return office.desk.remap(account_id, import_id, choice.targets, choice.rules), choice.upload
