"""When a message is due: progress waits its turn, news does not, and a pause asked for is kept."""

from __future__ import annotations

import time

from core import outbox, parts
from core.db import Database
from core.outbox import Delivery, OutboxKey
from core.parts import PartKey

CARD = OutboxKey(1, 7, "card")
PAUSE = 60_000


def ask(database: Database, *, soon: bool) -> None:
    database.transact(lambda session: outbox.request(session, CARD, soon=soon))


def claim(database: Database) -> Delivery | None:
    return database.transact(lambda session: outbox.claim(session, CARD))


def deliver(database: Database, delivery: Delivery | None) -> bool:
    assert delivery
    return database.transact(lambda s: outbox.delivered(s, delivery, {"ts": "1.2"}, PAUSE))


def test_progress_waits_and_news_does_not(database: Database) -> None:
    """After a delivery a mere request waits out the pause; one that asks for soon is due."""
    ask(database, soon=True)
    deliver(database, claim(database))

    ask(database, soon=False)
    assert claim(database) is None
    ask(database, soon=True)
    assert claim(database)


def test_news_during_a_delivery_is_due_after_it(database: Database) -> None:
    """News that comes in while a message is being sent does not wait out the pause."""
    ask(database, soon=True)
    delivery = claim(database)
    time.sleep(0.01)
    ask(database, soon=True)
    deliver(database, delivery)

    assert claim(database)


def test_a_pause_the_other_side_asked_for_is_kept(database: Database) -> None:
    """News does not shorten the pause after a refusal such as 429."""
    ask(database, soon=True)
    delivery = claim(database)
    assert delivery
    database.transact(lambda session: outbox.postpone(session, delivery, PAUSE, "ratelimited"))

    ask(database, soon=True)

    assert claim(database) is None


def test_a_step_noted_is_there_for_the_next(database: Database) -> None:
    """What a delivery of two steps noted is what the next deliverer finds; a zombie notes none."""
    ask(database, soon=True)
    first = database.transact(lambda session: outbox.claim(session, CARD, 1))
    assert first
    assert database.transact(lambda session: outbox.note(session, first, {"ts": "1.2"}, 1))
    time.sleep(0.01)
    second = claim(database)

    assert second
    assert second.result == {"ts": "1.2"}
    assert not database.transact(lambda session: outbox.note(session, first, {"ts": "9.9"}))


def test_the_work_of_one_import(database: Database) -> None:
    """Asked about one import, parts and messages of another are left out."""
    for import_id in (7, 8):
        key = PartKey(1, import_id, "read", 0)
        database.transact(lambda session, key=key: parts.add(session, key))
        card = OutboxKey(1, import_id, "card")
        database.transact(lambda session, card=card: outbox.request(session, card))

    with database.reading() as session:
        assert parts.waiting(session, of=(1, 8)) == [PartKey(1, 8, "read", 0)]
        assert outbox.due(session, of=(1, 8)) == [OutboxKey(1, 8, "card")]
        assert len(parts.waiting(session)) == 2


def test_a_part_given_back_rests(database: Database) -> None:
    """A part that is released with a pause cannot be claimed until the pause is over."""
    key = PartKey(1, 7, "read", 0)
    database.transact(lambda session: parts.add(session, key))
    claimed = database.transact(lambda session: parts.claim(session, key, owner="a"))
    assert claimed

    database.transact(lambda session: parts.release(session, claimed, 200))

    assert database.transact(lambda session: parts.claim(session, key, owner="b")) is None
    time.sleep(0.21)
    again = database.transact(lambda session: parts.claim(session, key, owner="b"))
    assert again
    assert again.token == 2
