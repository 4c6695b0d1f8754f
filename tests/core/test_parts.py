"""Claims: one holder at a time, in file order, and a late holder writes nothing."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import select

from core import parts
from core.db import Database
from core.models import Import, ImportPart
from core.parts import Claim, ClaimLost, PartKey

FIRST, SECOND = PartKey(1, 7, "write", 0), PartKey(1, 7, "write", 1)


def add(database: Database, *keys: PartKey) -> None:
    with database.writing() as session:
        session.add(Import(account_id=1, id=7, upload_id=1, status="queued", total=20))
        for key in keys:
            parts.add(session, key, rows=10)


def claim(database: Database, key: PartKey, lease_ms: int = 60_000) -> Claim | None:
    return database.transact(lambda s: parts.claim(s, key, owner="test", lease_ms=lease_ms))


def close(database: Database, claimed: Claim | None) -> None:
    assert claimed is not None
    with database.writing() as session:
        parts.hold(session, claimed)
        parts.finish(session, claimed, b"c" * 10)


def test_one_of_many_claims_wins(database: Database) -> None:
    """Of eight workers that claim a part at once, one gets it."""
    add(database, FIRST)

    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: claim(database, FIRST), range(8)))

    assert [c.token for c in claims if c] == [1]


def test_parts_are_claimed_in_order(database: Database) -> None:
    """A part cannot be claimed while one before it is open."""
    add(database, FIRST, SECOND)

    assert claim(database, SECOND) is None
    close(database, claim(database, FIRST))
    assert claim(database, SECOND) is not None


def test_late_holder_is_fenced_off(database: Database) -> None:
    """A holder whose lease ran out and was passed on can neither hold, renew nor finish."""
    add(database, FIRST)
    late = claim(database, FIRST, lease_ms=1)
    assert late
    time.sleep(0.01)
    newer = claim(database, FIRST)
    assert newer
    assert newer.token == 2

    for act in (parts.hold, parts.renew, parts.release):
        with pytest.raises(ClaimLost), database.writing() as session:
            act(session, late)
    close(database, newer)
    with pytest.raises(ClaimLost), database.writing() as session:
        parts.hold(session, newer)


def test_renewed_lease_holds(database: Database) -> None:
    """Nobody can claim a part whose holder keeps renewing."""
    add(database, FIRST)
    mine = claim(database, FIRST, lease_ms=150)
    assert mine
    for _ in range(4):
        time.sleep(0.05)
        with database.writing() as session:
            parts.renew(session, mine)

    assert claim(database, FIRST) is None


def test_waiting_names_the_first_open_part(database: Database) -> None:
    """Pending parts and those whose lease ran out wait; a running one does not."""
    add(database, FIRST, SECOND)

    def waiting() -> list[PartKey]:
        with database.reading() as session:
            return parts.waiting(session)

    assert waiting() == [FIRST]
    claim(database, FIRST, lease_ms=500)
    assert waiting() == []
    time.sleep(0.55)
    assert waiting() == [FIRST]
    close(database, claim(database, FIRST))
    assert waiting() == [SECOND]


def test_poison_part_is_given_up(database: Database) -> None:
    """A part that was claimed too often is closed and its rows count as unprocessed."""
    add(database, FIRST, SECOND)
    for _ in range(3):
        assert claim(database, FIRST, lease_ms=0)
        time.sleep(0.005)

    with database.writing() as session:
        assert parts.give_up(session, max_claims=3) == [FIRST]
        assert parts.give_up(session, max_claims=3) == []

    with database.reading() as session:
        assert session.exec(select(Import)).one().unprocessed == 10
        states = session.exec(select(ImportPart.state).order_by(ImportPart.ordinal)).all()
        assert states == ["given_up", "pending"]
    assert claim(database, SECOND) is not None
