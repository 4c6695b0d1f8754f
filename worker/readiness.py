"""What every work horse would do anew, done once by the process they are forked from.

A horse lives for one job. What it has to load, build or compile before its first row it would build
for every job again; what is there before the fork it shares. To read a small file then takes a
third of the processor time it took without.
"""

from __future__ import annotations

import gc
import logging

from sqlalchemy.orm import configure_mappers

from core import columns
from core.countries import region_of, regions
from core.db import conflicts
from core.identifiers import Kind, normalise
from core.outbox import OutboxKey
from core.parts import PartKey
from worker import jobs, slack_files, thread
from worker.queue import work_of
from worker.station import Station

#: A header that takes every table of names and numbers to understand.
_HEADER = ("Email", "Phone", "Country")
_ROW = ("ana@example.com", "020 7946 0018", "Norway")

log = logging.getLogger(__name__)


def prepare(station: Station) -> None:
    """Get ready to fork: no connection is open afterwards, and no thread was started."""
    load()
    try:
        _compile(station)
    except conflicts() as error:
        log.warning("the database is away: %s", type(error).__name__)  # the horses compile then
    finally:
        station.database.close()
    gc.collect()
    gc.freeze()


def load() -> None:
    """Load and build what does not depend on the database."""
    configure_mappers()
    columns.guess(_HEADER, [_ROW], "GB")
    normalise(Kind.EMAIL, _ROW[0])  # loads the library for addresses
    normalise(Kind.PHONE, _ROW[1], "GB")
    region_of(_ROW[2])
    regions()
    slack_files.trusted()


def _compile(station: Station) -> None:
    """Ask of what does not exist, as every job asks of its own: SQLAlchemy keeps the statements."""
    nothing = PartKey(0, 0, "read", 0)
    jobs.do_part(station, nothing)
    thread.deliver(station, OutboxKey(0, 0, "card"))
    with station.database.reading() as session:
        work_of(session, *nothing[:2])
