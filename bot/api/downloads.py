"""Send a long file: made in one go beside the answer, then sent at the caller's own pace.

Whoever reads slowly would otherwise hold a connection of the database all the while.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from typing import IO

from sqlmodel import Session

from bot.api.endpoint import Answer
from bot.api.office import Office

CSV = "text/csv; charset=utf-8"
#: A file of up to so many bytes is kept in memory.
_IN_MEMORY = 1 << 20
_CHUNK = 1 << 18
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")

Maker = Callable[[Session], Iterator[bytes]]


async def download(office: Office, make: Maker, name: str) -> Answer:
    """What ``make`` gives as a CSV to be saved as ``name``. Raises what ``make`` raises."""
    file, size = await office.run(_made, office, make)
    headers = {
        "Content-Disposition": f'attachment; filename="{_NOT_IN_A_NAME.sub("-", name)}"',
        "Content-Length": str(size),
        "Cache-Control": "no-store",
    }
    return Answer(stream=_sent(office, file), headers=headers, media_type=CSV)


def _made(office: Office, make: Maker) -> tuple[IO[bytes], int]:
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  (``_sent`` closes it)
    try:
        with office.database.reading() as session:
            for chunk in make(session):
                file.write(chunk)
    except BaseException:
        file.close()
        raise
    size = file.tell()
    file.seek(0)
    return file, size


async def _sent(office: Office, file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while chunk := await office.run(file.read, _CHUNK):
            yield chunk
