"""``leadport worker``: one RQ worker process per queue and the sweeper, kept alive.

The processes are forked from this one, which has no thread and no open connection. Each ends by
itself if this one is killed.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from threading import Event, Thread
from types import FrameType

import rq
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy.exc import OperationalError

from core.db import Database, upgrade
from worker import jobs, logs, readiness, sweeper
from worker.queue import QUICK, ROWS, UNNAMED, rq_queue
from worker.settings import Settings
from worker.station import Station, open_station

_FORK = multiprocessing.get_context("fork")
_POLL_SECONDS = 0.2
#: A process that ends is started anew after this long; doubled for each that lived only briefly.
_PAUSES = (0.5, 30.0)
_BRIEFLY = 10.0
#: How long a job may go on after the signal to end, before its work horse is ended as well.
GRACE_SECONDS = 10.0
_LONGEST_REDIS_WAIT = 5
#: Seconds that RQ remembers a silent worker; it waits 15 less for a job at a time.
_WORKER_TTL = 20
_AWAY = "Redis is away, waiting for it: %s"
_AWAY_AGAIN = 60.0

log = logging.getLogger(__name__)


def run(settings: Settings) -> int:
    """Work until SIGTERM or SIGINT; the exit status.

    Raises ValueError without REDIS_URL, and NoSecretKey.
    """
    if not settings.redis_url:
        raise ValueError("REDIS_URL is not set: a worker needs the queue.")
    settings.check_secret_key()
    logs.to_stderr(as_json=settings.log_format == "json")
    stop = Event()
    with _stopped_by_signals(stop):
        if not _schema_ready(settings, stop):
            return 0
        station = open_station(settings)
        readiness.prepare(station)
        lifeline = os.pipe()
        processes = [Kept(role, settings, station, lifeline) for role in _roles(settings)]
        while not stop.wait(_POLL_SECONDS):
            for process in processes:
                process.keep()
        _end(processes)
        for end in lifeline:
            os.close(end)
    return 0


def _roles(settings: Settings) -> list[Role]:
    return [serve_quick, *[serve_rows] * settings.row_workers, sweep]


def _schema_ready(settings: Settings, stop: Event) -> bool:
    """Wait for the database and bring its schema up to date; false if told to stop meanwhile."""
    while not stop.is_set():
        database = Database(settings.database)
        try:
            upgrade(database)
        except OperationalError as error:
            log.warning("waiting for the database: %s", error.orig)
            stop.wait(2)
        else:
            return True
        finally:
            database.close()
    return False


# ---- what the processes do ---------------------------------------------------------------------


def serve_quick(settings: Settings, station: Station) -> None:
    """Read files and deliver messages."""
    _serve(QUICK, settings, station)


def serve_rows(settings: Settings, station: Station) -> None:
    """Forecast and import rows."""
    _serve(ROWS, settings, station)


def sweep(settings: Settings, station: Station) -> None:
    """Find what nobody was told of."""
    stop = Event()
    with _stopped_by_signals(stop):
        sweeper.run(station, stop, settings.sweep_seconds, settings.tick_seconds)


#: What one process does. Its station was opened before the fork, and has no connection yet.
Role = Callable[[Settings, Station], None]


class Worker(rq.Worker):
    """RQ's worker, whose work horses start with no connection of the parent's."""

    max_connection_wait_time = _LONGEST_REDIS_WAIT
    station: Station

    def main_work_horse(self, job: Job, queue: rq.Queue) -> None:
        """Run one job in the forked process; does not return."""
        self.station.database.after_fork()
        super().main_work_horse(job, queue)

    def _shutdown(self) -> None:
        # RQ raises StopRequested from the signal handler, wherever that interrupts; code that
        # swallows it would leave the worker waiting for a job. The flag is looked at below.
        self._stop_requested = True
        super()._shutdown()  # type: ignore[no-untyped-call]  # of RQ

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Called before every wait for a job. Raises StopRequested once told to stop."""
        if self._stop_requested and not self._horse_pid and pipeline is None:
            raise StopRequested
        super().heartbeat(timeout, pipeline)


def _serve(name: str, settings: Settings, station: Station) -> None:
    logging.getLogger("rq.worker").addFilter(AwayOnce())
    # RQ raises StopRequested wherever the signal comes: while we stop, and while we tell of Redis.
    try:
        try:
            _work(name, settings, station)
        except RedisError as error:
            log.warning(_AWAY, error)  # we are started again
    except StopRequested:
        log.info("told to stop while already stopping")


def _work(name: str, settings: Settings, station: Station) -> None:
    jobs.equip(station)
    connection = Redis.from_url(str(settings.redis_url), driver_info=UNNAMED)
    worker = Worker(
        [rq_queue(name, connection)],
        connection=connection,
        serializer=JSONSerializer,
        job_monitoring_interval=10,
        maintenance_interval=60,
        log_job_description=False,
        worker_ttl=_WORKER_TTL,
    )
    worker.station = station
    worker.work(logging_level="WARNING")


class AwayOnce(logging.Filter):
    """Make what RQ says of a Redis that is away one line a minute, without a traceback."""

    def __init__(self) -> None:
        """Nothing was said yet."""
        super().__init__()
        self._again_at = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is to be logged."""
        error = _redis_error(record)
        if error is None:
            return True
        due = time.monotonic() >= self._again_at
        if due:
            self._again_at = time.monotonic() + _AWAY_AGAIN
        record.msg, record.args, record.exc_info = _AWAY, (error,), None
        return due


def _redis_error(record: logging.LogRecord) -> BaseException | None:
    raised = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    told = record.args if isinstance(record.args, tuple) else ()
    return next((e for e in (raised, *told) if isinstance(e, RedisError)), None)


# ---- keeping them alive ------------------------------------------------------------------------


@dataclass
class Kept:
    """A process that is started again when it ends.

    ``lifeline`` is a pipe of which this process alone keeps the writing end: it closes when we end,
    however we end.
    """

    role: Role
    settings: Settings
    station: Station
    lifeline: tuple[int, int]
    process: BaseProcess | None = None
    pause: float = _PAUSES[0]
    started_at: float = 0.0
    start_at: float = 0.0

    def keep(self) -> None:
        """Start the process if it is time to."""
        if self.process is None:
            if time.monotonic() >= self.start_at:
                self._start()
        elif not self.process.is_alive():
            self._ended(self.process)

    def _start(self) -> None:
        arguments = (self.role, self.settings, self.station, self.lifeline)
        self.process = _FORK.Process(target=_live, args=arguments)
        self.process.start()
        self.started_at = time.monotonic()

    def _ended(self, process: BaseProcess) -> None:
        log.warning("%s ended with %s", self.role.__name__, process.exitcode)
        process.close()
        self.process = None
        now = time.monotonic()
        briefly = now - self.started_at < _BRIEFLY
        self.pause = min(self.pause * 2, _PAUSES[1]) if briefly else _PAUSES[0]
        self.start_at = now + self.pause

    def signal(self, number: int) -> None:
        """Send a signal, if the process lives."""
        if self.process is not None and self.process.is_alive() and self.process.pid:
            os.kill(self.process.pid, number)

    def wait(self, until: float) -> None:
        """Wait for the end, or until the clock shows ``until``."""
        if self.process is not None:
            self.process.join(max(0.0, until - time.monotonic()))


def _end(processes: list[Kept]) -> None:
    """End all: first let jobs come to their end, then end the jobs, then by force."""
    for number, seconds in (
        (signal.SIGTERM, GRACE_SECONDS),
        (signal.SIGTERM, 3.0),  # RQ ends its work horse at the second one
        (signal.SIGKILL, 3.0),
    ):
        for process in processes:
            process.signal(number)
        until = time.monotonic() + seconds
        for process in processes:
            process.wait(until)


def _live(role: Role, settings: Settings, station: Station, lifeline: tuple[int, int]) -> None:
    """The life of a process: its role, until it is done or the parent is gone."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    os.setpgrp()  # Ctrl-C reaches the parent, which tells us in its own time
    os.close(lifeline[1])
    Thread(target=_end_with_parent, args=(lifeline[0],), daemon=True).start()
    role(settings, station)


def _end_with_parent(lifeline: int) -> None:
    os.read(lifeline, 1)  # returns at the parent's end, for nobody ever writes
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _stopped_by_signals(stop: Event) -> Iterator[None]:
    def heard(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {n: signal.signal(n, heard) for n in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
