"""Take in a file that came with a request: from the store to a draft that can be started."""

from __future__ import annotations

from bot.api.endpoint import Call
from bot.api.failures import Rejected
from core.models import Import, Upload
from core.uploads import Stored


async def taken(
    call: Call,
    name: str,
    stored: Stored,
    *,
    lifetime_ms: int | None = None,
    most_rows: int | None = None,
) -> tuple[Import, Upload]:
    """A draft of the file, once it was read. Raises Rejected.

    It can be started for ``lifetime_ms`` milliseconds. A file of more than ``most_rows`` rows is
    refused as ``too_many_rows``.
    """
    office, account_id = call.office, call.caller.account_id

    def receive() -> Import:
        return office.desk.receive(
            account_id, name, stored, lifetime_ms=lifetime_ms, most_rows=most_rows
        )

    drafted, upload = await office.read(await office.run(receive))
    if upload.state == "rejected":
        raise Rejected(upload.failure_code, upload.failure_message)
    return drafted, upload
