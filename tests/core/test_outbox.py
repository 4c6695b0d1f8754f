"""The outbox: at least once, one deliverer at a time, and no request lost."""

from __future__ import annotations

import operator
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from core import outbox
from core.db import Database
from core.models import Outbox
from core.outbox import Delivery, OutboxKey

CARD = OutboxKey(1, 7, "card")


def ask(database: Database, *, once: bool = False) -> None:
    database.transact(lambda session: outbox.request(session, CARD, once=once))


def claim(database: Database, lease_ms: int = 30_000) -> Delivery | None:
    return database.transact(lambda session: outbox.claim(session, CARD, lease_ms))


def due(database: Database) -> list[OutboxKey]:
    with database.reading() as session:
        return outbox.due(session)


def deliver(database: Database, delivery: Delivery | None, pause_ms: int = 0) -> bool:
    assert delivery
    return database.transact(
        lambda session: outbox.delivered(session, delivery, {"ts": "1.2"}, pause_ms)
    )


def test_one_deliverer(database: Database) -> None:
    """Of eight workers that want to deliver, one may."""
    ask(database)

    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: claim(database), range(8)))

    assert len([c for c in claims if c]) == 1


def test_request_during_delivery_is_delivered_again(database: Database) -> None:
    """A request that comes in while a delivery is under way makes another one due."""
    ask(database)
    delivery = claim(database)
    ask(database)
    assert deliver(database, delivery)

    again = claim(database)

    assert again
    assert again.result == {"ts": "1.2"}
    assert deliver(database, again)
    assert due(database) == []
    assert claim(database) is None


def test_pause_is_kept(database: Database) -> None:
    """After a delivery the next one is not due before the pause is over, however often asked."""
    ask(database)
    assert deliver(database, claim(database), pause_ms=600_000)
    ask(database)

    assert due(database) == []
    with database.writing() as session:
        session.get_one(Outbox, tuple(CARD)).due_at -= 600_000
    assert due(database) == [CARD]


def test_once_is_once(database: Database) -> None:
    """What is asked for once is delivered once, whoever asks again."""
    ask(database, once=True)
    assert deliver(database, claim(database))
    ask(database, once=True)

    assert due(database) == []


def test_lost_deliverer_is_replaced(database: Database) -> None:
    """When a deliverer dies another one takes over, and the first one's word no longer counts."""
    ask(database)
    lost = claim(database, lease_ms=1)
    time.sleep(0.01)
    newer = claim(database)

    assert newer
    assert newer.attempts == 2
    assert not deliver(database, lost)
    assert deliver(database, newer)


def fail(database: Database, *, foreseen: bool = True) -> int | None:
    """A try that fails: the pause after it, in ms. The clock is then put on to its end."""
    delivery = claim(database)
    assert delivery
    pause = database.transact(lambda s: outbox.retry(s, delivery, "http_500", foreseen=foreseen))
    with database.writing() as session:
        row = session.get_one(Outbox, tuple(CARD))
        if pause and row.failing_since:
            row.failing_since, row.due_at = row.failing_since - pause, 0
    return pause


def test_what_fails_is_tried_again_for_days(database: Database) -> None:
    """Pauses double to a minute, from the second hour on to ten, and end after three days."""
    ask(database)
    began = time.monotonic()
    pauses = [pause for _ in range(70) if (pause := fail(database))]
    took = time.monotonic() - began  # the database's clock goes on meanwhile
    seconds = [round(pause / 1_000) for pause in pauses]
    doubled = [1, 1, 2, 4, 8, 16, 32, 60, 60]
    most = [min(60, each * (1 + 2 * took) + 1) for each in doubled]
    assert all(map(operator.le, doubled, seconds)) and all(map(operator.le, seconds[:9], most))
    first_hour = [sum(seconds[:n]) < 3_600 for n in range(len(seconds))]
    assert max(seconds[: sum(first_hour)]) == 60
    assert set(seconds[sum(first_hour) + 1 :]) == {600}

    earlier = 3 * 24 * 3_600_000 - sum(pauses) - 1_500_000  # 25 minutes before the three days end
    with database.writing() as session:
        row = session.get_one(Outbox, tuple(CARD))
        assert row.failing_since
        row.failing_since -= earlier
    last = [fail(database) for _ in range(4)]

    assert [pause and round(pause / 1_000) for pause in last] == [600, 600, 600, None]


def test_a_delivery_ends_the_failing(database: Database) -> None:
    """After a delivery the pauses begin anew, and so they do for what was given up."""
    ask(database)
    assert [fail(database) for _ in range(4)][-1] == pytest.approx(4_000, abs=900)
    assert deliver(database, claim(database))
    ask(database)
    assert fail(database) == 1_000

    given_up = claim(database)
    assert given_up
    database.transact(lambda session: outbox.abandon(session, given_up, "not_in_channel"))
    ask(database)
    assert fail(database) == 1_000


def test_only_claims_without_an_end_are_counted(database: Database) -> None:
    """Refusals and pauses that were asked for are ends; what nobody foresaw is none."""
    ask(database)
    fail(database)
    postponed = claim(database)
    assert postponed
    database.transact(lambda session: outbox.postpone(session, postponed, 0, "ratelimited"))
    for _ in range(2):
        fail(database, foreseen=False)

    last = claim(database)
    assert last
    assert last.attempts == 3
