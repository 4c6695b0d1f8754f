from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.desk import Desk, Incoming
from core import imports
from core.db import Database
from core.errors import NotFound, WrongState
from core.models import Import
from core.outbox import OutboxKey
from core.parts import PartKey
from worker.queue import Bell, name_of

ORIGIN = {"door": "slack", "team": "T1", "file_id": "F1", "user": "U1"}


def incoming(file_id: str = "F1") -> Incoming:
    return Incoming(f"file:{file_id}", f"{file_id}.csv", {}, {**ORIGIN, "file_id": file_id})


@pytest.fixture
def desk(database: Database) -> Desk:
    """A desk with nobody to ring."""
    return Desk(database, Bell(None))


@pytest.fixture
def account(database: Database) -> int:
    with database.writing() as session:
        found = imports.account(session, "default").id
    assert found
    return found


def statuses(desk: Desk) -> list[str]:
    with desk.database.reading() as session:
        return [job.status for job in session.scalars(select(Import))]


def test_a_delivery_is_taken_once(desk: Desk, account: int) -> None:
    """The same event, or the same file in another event, makes no second draft."""
    first = desk.take(account, "event:1", [incoming("F1"), incoming("F2")])
    again = desk.take(account, "event:1", [incoming("F1"), incoming("F2")])
    other = desk.take(account, "event:2", [incoming("F2"), incoming("F3")])

    assert [len(first), len(again), len(other)] == [2, 0, 1]


def test_after_the_commit_the_bell_is_rung(database: Database, account: int, valkey: str) -> None:
    """The part that reads the file and the card are rung for, once the rows are there."""
    bell = Bell(valkey)
    [draft] = Desk(database, bell).take(account, "event:1", [incoming()])

    assert bell.queued() == {
        name_of(PartKey(account, draft.id, "read", 0)),
        name_of(OutboxKey(account, draft.id, "card")),
    }


def test_a_bell_that_is_away_loses_nothing(database: Database, account: int) -> None:
    """With Redis away the draft is written all the same."""
    desk = Desk(database, Bell("redis://127.0.0.1:1/0"))

    assert len(desk.take(account, "event:1", [incoming()])) == 1
    assert statuses(desk) == ["draft"]


def test_a_draft_that_was_not_read_cannot_start(desk: Desk, account: int) -> None:
    """Start before the file was read is refused, and so is another revision."""
    [draft] = desk.take(account, "event:1", [incoming()])

    with pytest.raises(WrongState, match="has not been read"):
        desk.start(account, draft.id, 0)
    with pytest.raises(WrongState, match="changed meanwhile"):
        desk.start(account, draft.id, 7)


def test_dismiss_once(desk: Desk, account: int) -> None:
    """The second to dismiss hears that there is nothing left to dismiss."""
    [draft] = desk.take(account, "event:1", [incoming()])

    assert desk.dismiss(account, draft.id)
    assert not desk.dismiss(account, draft.id)
    assert statuses(desk) == ["cancelled"]


def test_a_lost_file_ends_its_drafts_only(desk: Desk, account: int) -> None:
    """Drafts of the deleted file end; those of other files and workspaces go on."""
    desk.take(account, "event:1", [incoming("F1"), incoming("F2")])
    lost = {"door": "slack", "team": "T1", "file_id": "F1"}

    assert len(desk.lose_file(account, lost)) == 1
    assert desk.lose_file(account, lost) == []
    assert desk.lose_file(account, {**lost, "file_id": "F2", "team": "T2"}) == []
    assert sorted(statuses(desk)) == ["draft", "failed"]


def test_edits_of_two_people_are_kept_apart(desk: Desk, account: int) -> None:
    """What each has chosen so far is kept and forgotten by itself."""
    [draft] = desk.take(account, "event:1", [incoming()])
    desk.keep_edits(account, draft.id, "U1", {"choices": {"0": "email"}})
    desk.keep_edits(account, draft.id, "U2", {"choices": {}})
    desk.keep_edits(account, draft.id, "U2", None)
    origin = desk.origin(account, draft.id)

    assert origin["edits"] == {"U1": {"choices": {"0": "email"}}}
    assert origin["file_id"] == "F1"


def test_other_accounts_are_not_seen(desk: Desk, account: int) -> None:
    """An import of another account is as if it were not there."""
    [draft] = desk.take(account, "event:1", [incoming()])

    with pytest.raises(NotFound):
        desk.state(account + 1, draft.id)
    with pytest.raises(NotFound):
        desk.start(account + 1, draft.id, 0)
