"""The doorbell: what is put in Redis, and what happens without it."""

from __future__ import annotations

import time

import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer

from core import imports
from core.db import Database
from core.outbox import OutboxKey
from core.parts import PartKey
from tests.parts.valkey import unused_port
from worker.queue import QUICK, ROWS, Bell, name_of, work_of

PART = PartKey(1, 1 << 62, "write", 3)
CARD = OutboxKey(1, 1 << 62, "card")


def test_a_job_is_ids_in_json(valkey: str) -> None:
    """What Redis holds of a job is the name of a function and ids, in JSON and not in pickle."""
    assert Bell(valkey).ring([PART, CARD])

    with redis.Redis.from_url(valkey) as client:
        [write] = Queue(ROWS, connection=client, serializer=JSONSerializer).jobs
        [deliver] = Queue(QUICK, connection=client, serializer=JSONSerializer).jobs
    assert (write.func_name, tuple(write.args)) == ("worker.jobs.run_part", PART)
    assert (deliver.func_name, tuple(deliver.args)) == ("worker.jobs.deliver", CARD)
    assert JSONSerializer.loads(write.data)[2] == list(PART)


def test_a_summary_waits_among_the_rows(valkey: str) -> None:
    """A summary, which may bring a large file, holds up no card, and has an hour's time."""
    Bell(valkey).ring([CARD._replace(kind="summary")])

    with redis.Redis.from_url(valkey) as client:
        [summary] = Queue(ROWS, connection=client, serializer=JSONSerializer).jobs
    assert (summary.func_name, summary.timeout) == ("worker.jobs.deliver", 3_600)


def test_what_was_rung_for_is_known(valkey: str) -> None:
    """The bell names the keys nobody has answered yet, so that nobody rings for them again."""
    bell = Bell(valkey)
    assert bell.queued() == set()

    bell.ring([PART, CARD])

    assert bell.queued() == {name_of(PART), name_of(CARD)}


def test_redis_away_is_said_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """However often a bell is rung in vain, the log has one line of it, and one more later."""
    bell = Bell(f"redis://127.0.0.1:{unused_port()}/0")
    for _ in range(3):
        bell.ring_part(PART)
        bell.queued()
    said = len(caplog.records)
    bell._say_again_at = 0.0  # a minute later
    bell.queued()

    assert said == 1
    assert len(caplog.records) == 2
    assert "Redis is away" in caplog.text


def test_redis_away_is_an_answer() -> None:
    """Ringing with Redis away, or with none at all, says no within a moment and never raises."""
    started = time.monotonic()
    for url in (f"redis://127.0.0.1:{unused_port()}/0", None):
        bell = Bell(url)
        assert not bell.ring_part(PART)
        assert not bell.ring_outbox(CARD)
        assert bell.queued() is None
        assert not bell.is_up()
    assert time.monotonic() - started < 3


def test_work_of_a_new_draft(sqlite_database: Database) -> None:
    """After a file was taken in there is a card to post and a file to read."""
    with sqlite_database.writing() as session:
        account = imports.account(session, "default").id or 0
        drafted = imports.draft(session, account, "a.csv", origin={"door": "slack"})
        imports.tell(session, drafted, "card")
    with sqlite_database.reading() as session:
        found = work_of(session, account, drafted.id)

    assert found == [
        OutboxKey(account, drafted.id, "card"),
        PartKey(account, drafted.id, "read", 0),
    ]
