"""The processes of ``leadport worker``: started, kept alive, and never left behind."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis

from core.db import Database, schema_revision
from tests.parts.programs import Program, started
from tests.parts.valkey import unused_port
from tests.worker.faults import work_undisturbed
from tests.worker.plant import Queue, soon
from worker import main
from worker.settings import Settings

pytestmark = pytest.mark.slow

PROCESSES = 3  # quick, rows, sweeper


@pytest.fixture
def worker(valkey: str, tmp_path: Path) -> Iterator[Program]:
    """A worker on a database that does not exist yet."""
    env = {"LEADPORT_DATA_DIR": str(tmp_path), "REDIS_URL": valkey}
    program = started(work_undisturbed, env)
    # To find a family is to read of every process of the machine: not too often.
    soon(lambda: len(family(program)) == PROCESSES, "the processes", every=0.2)
    yield program
    program.kill()


def family(worker: Program) -> list[psutil.Process]:
    return psutil.Process(worker.pid).children(recursive=True)


def gone(processes: list[psutil.Process]) -> bool:
    return not any(lives(p) for p in processes)


def lives(process: psutil.Process) -> bool:
    """Whether it runs; it may end while it is looked at."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_told(worker: Program, tmp_path: Path, number: signal.Signals) -> None:
    """SIGTERM and Ctrl-C end it with status 0, and with it every process."""
    processes = family(worker)
    worker.send_signal(number)

    assert worker.wait(60) == 0
    assert gone(processes)
    database = Database(f"sqlite:///{tmp_path / 'leadport.db'}")
    assert schema_revision(database)
    database.close()


def test_its_processes_do_not_outlive_it(worker: Program) -> None:
    """Killed by force, it takes its processes with it a moment later."""
    processes = family(worker)
    worker.kill()

    soon(lambda: gone(processes), "every process ends")


def test_a_process_that_dies_is_replaced(worker: Program) -> None:
    """Each of its processes that is killed is started anew."""
    before = {process.pid for process in family(worker)}
    for pid in before:
        os.kill(pid, signal.SIGKILL)

    def replaced() -> bool:
        after = {p.pid for p in family(worker) if lives(p)}
        return len(after) == PROCESSES and not after & before

    soon(replaced, "as many new ones", every=0.2)


def test_a_queue_that_is_away_is_one_line(tmp_path: Path) -> None:
    """A worker that finds no Redis, or loses it, says so in a line per process and waits for it."""
    queue = Queue(tmp_path / "valkey", unused_port())
    env = {"LEADPORT_DATA_DIR": str(tmp_path), "REDIS_URL": queue.url}
    said = tmp_path / "said"
    said.touch()
    worker = started(work_undisturbed, env, said)
    try:
        soon(lambda: said.read_text().count("Redis is away") >= 2, "the word")
        queue.start()
        soon(lambda: listening(queue.url), "the worker listens")
        queue.kill()
        queue.server = None
        soon(lambda: said.read_text().count("Redis is away") >= 4, "the word")
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)
        queue.stop()

    assert "Traceback" not in said.read_text()
    assert said.read_text().count("retrying") == 0


def listening(url: str) -> bool:
    """Whether both queues have a worker."""
    with redis.Redis.from_url(url) as client:
        try:
            return client.scard("rq:workers") == 2
        except redis.exceptions.RedisError:
            return False


def test_without_a_queue_it_refuses(tmp_path: Path) -> None:
    """A worker that nobody could ring says so at once."""
    with pytest.raises(ValueError, match="REDIS_URL"):
        main.run(Settings(data_dir=tmp_path))
