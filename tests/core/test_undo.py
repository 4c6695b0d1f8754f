"""Undo restores exactly what an import did, and leaves alone what was touched since."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session, col, select

from core import engine, imports, parts, undo
from core.db import Database
from core.errors import WrongState
from core.models import Identifier, Import, Lead, LeadChange
from core.parts import ClaimLost, PartKey
from core.rules import ImportRules, OnMatch
from core.uploads import Files
from tests.core import dump, life
from tests.core.test_engine import all_rules, row_cells, run
from tests.parts.examples import examples

_accounts = count(500_000)
FIRST = b"Name,Email,Phone,Tags\nAna,ana@example.com,+12025550143,vip\nBen,ben@example.com,,\n"
SECOND = b"Name,Email,Phone,Tags\nAnna,ana@example.com,+12025550144,press\nCy,cy@example.com,,\n"


#: Rows without an opt-out, which is the one thing that undo leaves.
no_opt_outs = row_cells.map(lambda cells: (*cells[:-1], ""))


def everything(session: Session, account_id: int) -> list[tuple[Any, ...]]:
    """Every byte of leads and identifiers, but for the times."""
    leads = session.execute(
        text("SELECT id, fields, tags, version FROM lead WHERE account_id = :a ORDER BY id"),
        {"a": account_id},
    )
    owned = session.execute(
        text(
            "SELECT kind, value, lead_id, written FROM identifier WHERE account_id = :a "
            "ORDER BY kind, value"
        ),
        {"a": account_id},
    )
    return [(*row[:1], str(row[1]), str(row[2]), row[3]) for row in (*leads, *owned)]


def end(database: Database, account_id: int, import_id: int) -> None:
    """Make an import that ``run`` did one that can be undone."""
    with database.writing() as session:
        session.add(
            Import(
                account_id=account_id, id=import_id, upload_id=1, status="completed", started_at=1
            )
        )


def undo_all(database: Database, account_id: int, import_id: int) -> dict[str, int]:
    """Undo an import to the end, as workers do; what the preview said must come true."""
    with database.reading() as session:
        foreseen = undo.preview(session, account_id, import_id)
    database.transact(lambda s: undo.start(s, account_id, import_id))
    while step(database, account_id, import_id):
        pass
    with database.reading() as session:
        undone = imports.get(session, account_id, import_id)
        assert undone.undo_state == "undone"
        assert undone.undo_counts == foreseen
        return undone.undo_counts


def step(database: Database, account_id: int, import_id: int) -> bool:
    """Do the next part of an undo; false where there is none."""
    with database.reading() as session:
        waiting = [k for k in parts.waiting(session) if k[:3] == (account_id, import_id, "undo")]
    for key in waiting:
        claim = engine.take(database, key, owner="test", lease_ms=60_000)
        assert claim
        undo.undo_part(database, claim)
    return bool(waiting)


def test_import_then_undo(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Undoing an import leaves leads, identifiers and tags as they were, to the byte."""
    monkeypatch.setattr(undo, "BATCH_LEADS", 3)

    @examples(10 if database.is_sqlite else 4)
    @given(
        files=st.lists(st.lists(no_opt_outs, max_size=10), min_size=2, max_size=3),
        rules=all_rules,
        sizes=st.lists(st.integers(1, 6), max_size=3),
    )
    def check(files: list[list[tuple[str, ...]]], rules: ImportRules, sizes: list[int]) -> None:
        account_id = next(_accounts)
        states = []
        for import_id, rows in enumerate(files, 1):
            with database.reading() as session:
                states.append(everything(session, account_id))
            run(database, account_id, account_id * 10 + import_id, rows, rules, sizes)
            end(database, account_id, account_id * 10 + import_id)
        for import_id in range(len(files), 0, -1):  # the last import first
            undo_all(database, account_id, account_id * 10 + import_id)

            with database.reading() as session:
                assert everything(session, account_id) == states[import_id - 1]

    check()


@given(
    before=st.lists(row_cells, max_size=5), rows=st.lists(row_cells, max_size=10), rules=all_rules
)
@examples(20)
def test_opt_outs_are_never_undone(
    sqlite_database: Database,
    before: list[tuple[str, ...]],
    rows: list[tuple[str, ...]],
    rules: ImportRules,
) -> None:
    """Whoever an import opted out stays so; everything else about every lead goes back."""
    account_id = next(_accounts)
    run(sqlite_database, account_id, account_id * 10, before, ImportRules(region="US"), [])
    with sqlite_database.reading() as session:
        old = {lead.id: lead.fields for lead in all_leads(session, account_id)}
    run(sqlite_database, account_id, account_id * 10 + 1, rows, rules, [3])
    end(sqlite_database, account_id, account_id * 10 + 1)
    with sqlite_database.reading() as session:
        leads = all_leads(session, account_id)
        out = {lead.id for lead in leads if "unsubscribed" in lead.fields}

    undo_all(sqlite_database, account_id, account_id * 10 + 1)

    with sqlite_database.reading() as session:
        after = {lead.id: lead.fields for lead in all_leads(session, account_id)}
    assert {id_ for id_ in out if after[id_]["unsubscribed"] == "yes"} == out
    rest = {id_: fields for id_, fields in after.items() if id_ not in out}
    assert rest == {id_: fields for id_, fields in old.items() if id_ not in out}
    for id_ in out & old.keys():
        assert after[id_] == {**old[id_], "unsubscribed": "yes"}


def test_a_kept_opt_out_is_a_touch(sqlite_database: Database) -> None:
    """A lead that keeps an opt-out is not what it was: to the import before, it was touched."""
    account_id = next(_accounts)
    for step_, opt_out in enumerate(("", "yes")):
        cells = ("Ana", "ana@x.com", *[""] * 6, opt_out)
        run(sqlite_database, account_id, account_id * 10 + step_, [cells], ImportRules(), [])
        end(sqlite_database, account_id, account_id * 10 + step_)
    undo_all(sqlite_database, account_id, account_id * 10 + 1)

    with sqlite_database.reading() as session:
        [lead] = all_leads(session, account_id)
        first = session.get_one(LeadChange, (account_id, account_id * 10, lead.id))
        assert lead.version > first.version
    assert undo_all(sqlite_database, account_id, account_id * 10)["kept"] == 1


@given(rows=st.lists(no_opt_outs, min_size=1, max_size=10), edited=st.integers(0, 20))
@examples(12)
def test_edited_leads_keep_their_edits(
    sqlite_database: Database, rows: list[tuple[str, ...]], edited: int
) -> None:
    """What a person changed after the import stays, and everything else goes back."""
    account_id = next(_accounts)
    before = [
        ("Old", "ana@x.com", *[""] * 4, "1", "", ""),
        ("Old", "ben@x.com", *[""] * 4, "1", "", ""),
    ]
    rules = ImportRules(on_match=OnMatch.UPDATE)
    run(sqlite_database, account_id, account_id * 10, before, rules, [])
    with sqlite_database.reading() as session:
        old = {lead.id: dict(lead.fields) for lead in all_leads(session, account_id)}
    run(sqlite_database, account_id, account_id * 10 + 1, rows, rules, [])
    end(sqlite_database, account_id, account_id * 10 + 1)
    with sqlite_database.writing() as session:
        leads = all_leads(session, account_id)
        chosen = leads[edited % len(leads)]
        chosen.fields = {**chosen.fields, "custom:Booth": "edited"}
        chosen.version += 1
        session.add(chosen)
        expected = old.get(chosen.id, chosen.fields)

    undo_all(sqlite_database, account_id, account_id * 10 + 1)

    with sqlite_database.reading() as session:
        after = {lead.id: lead.fields for lead in all_leads(session, account_id)}
    assert after.pop(chosen.id) == {**expected, "custom:Booth": "edited"}
    assert after == {id_: fields for id_, fields in old.items() if id_ != chosen.id}


def all_leads(session: Session, account_id: int) -> list[Lead]:
    """The account's leads, in the order of their ids."""
    mine = select(Lead).where(col(Lead.account_id) == account_id)
    return list(session.exec(mine.order_by(col(Lead.id))))


def test_kept_fields_are_named(database: Database, tmp_path: Path) -> None:
    """A field that a later import changed stays, and the journal names it."""
    files = Files(tmp_path / "files")
    life.run(database, files, FIRST)
    second = life.run(database, files, SECOND)
    life.run(database, files, b"Name,Email\nAnnika,ana@example.com\n")

    counts = undo_all(database, second.account_id, second.id)

    assert counts == {"deleted": 1, "restored": 1, "kept": 0, "gone": 0}
    with database.reading() as session:
        leads = {lead["fields"]["email"]: lead for lead in dump.leads(session, second.account_id)}
        changes = session.exec(select(LeadChange).where(LeadChange.import_id == second.id)).all()
    assert set(leads) == {"ana@example.com", "ben@example.com"}
    ana = leads["ana@example.com"]
    assert ana["fields"]["name"] == "Annika"
    assert ana["fields"]["phone"] == "+12025550143"
    assert ana["tags"] == ["vip"]
    assert ["phone", "+12025550144"] not in ana["ids"]
    assert {(c.undone, tuple(c.kept or ())) for c in changes} == {
        ("restored", ("name",)),
        ("deleted", ()),
    }


def test_touched_lead_is_not_deleted(database: Database, tmp_path: Path) -> None:
    """A lead that the import created and somebody touched since is kept, and counted as kept."""
    files = Files(tmp_path / "files")
    first = life.run(database, files, FIRST)
    second = life.run(database, files, SECOND)

    counts = undo_all(database, first.account_id, first.id)

    assert counts == {"deleted": 1, "restored": 0, "kept": 1, "gone": 0}
    assert undo_all(database, first.account_id, second.id) == {
        "deleted": 1,
        "restored": 1,
        "kept": 0,
        "gone": 0,
    }


def test_killed_undo_goes_on(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An undo whose worker died in a batch leaves no half batch and goes on where it stopped."""
    monkeypatch.setattr(undo, "BATCH_LEADS", 10)
    body = "".join(f"P{n},p{n}@example.com\n" for n in range(35))
    done = life.run(database, Files(tmp_path / "files"), b"Name,Email\n" + body.encode())
    key = PartKey(done.account_id, done.id, "undo", 0)
    database.transact(lambda s: undo.start(s, done.account_id, done.id))
    step(database, done.account_id, done.id)
    dead = engine.take(database, key._replace(ordinal=1), owner="dead", lease_ms=0)
    assert dead
    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(undo, "_advance", lambda *a: (_ for _ in ()).throw(KeyboardInterrupt))
        undo.undo_part(database, dead)
    with database.reading() as session:
        assert len(session.exec(select(Lead)).all()) == 25

    while step(database, done.account_id, done.id):
        pass

    with pytest.raises(ClaimLost):
        undo.undo_part(database, dead)
    with database.reading() as session:
        assert session.exec(select(Lead)).all() == []
        assert session.exec(select(Identifier)).all() == []
        undone = imports.get(session, done.account_id, done.id)
    assert undone.undo_counts == {"deleted": 35, "restored": 0, "kept": 0, "gone": 0}


def test_undo_once(database: Database, tmp_path: Path) -> None:
    """An import is undone once; what has not ended cannot be undone."""
    files = Files(tmp_path / "files")
    key = life.offer(database, files, FIRST)
    with pytest.raises(WrongState, match="draft"):
        database.transact(lambda s: undo.start(s, key.account_id, key.import_id))
    done = life.run(database, files, FIRST)
    undo_all(database, done.account_id, done.id)

    with pytest.raises(WrongState, match="has been undone already"):
        database.transact(lambda s: undo.start(s, done.account_id, done.id))


def test_undo_that_was_given_up_goes_on(database: Database, tmp_path: Path) -> None:
    """An undo that was given up may be started again."""
    done = life.run(database, Files(tmp_path / "files"), FIRST)
    database.transact(lambda s: undo.start(s, done.account_id, done.id))
    key = PartKey(done.account_id, done.id, "undo", 0)
    for _ in range(2):
        assert engine.take(database, key, owner="dead", lease_ms=-1)
    given_up = database.transact(lambda s: parts.give_up(s, 2))
    assert given_up == [key]
    database.transact(lambda s: undo.give_up(s, key))

    assert undo_all(database, done.account_id, done.id)["deleted"] == 2


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("queued", "has not begun"),
        ("in_progress", "still running"),
        ("paused", "is paused"),
        ("failed", "Nothing of it was imported"),
    ],
)
def test_what_cannot_be_undone(sqlite_database: Database, status: str, words: str) -> None:
    """Neither undone nor previewed is an import that has not ended, or that never began."""
    with sqlite_database.writing() as session:
        session.add(Import(account_id=1, id=1, upload_id=1, status=status))
    for use_case in (undo.start, undo.preview):
        with pytest.raises(WrongState, match=words):
            sqlite_database.transact(lambda s, ask=use_case: ask(s, 1, 1))


def test_nothing_left_to_restore(database: Database, tmp_path: Path) -> None:
    """A lead whose every change was changed again since is kept as it is, and its fields named."""
    files = Files(tmp_path / "files")
    life.run(database, files, b"Name,Email\nAna,ana@example.com\n")
    done = life.run(database, files, b"Name,Email\nAnna,ana@example.com\n")
    life.run(database, files, b"Name,Email\nAnnika,ana@example.com\n")
    with database.reading() as session:
        before = everything(session, done.account_id)

    counts = undo_all(database, done.account_id, done.id)

    assert counts == {"deleted": 0, "restored": 0, "kept": 1, "gone": 0}
    with database.reading() as session:
        assert everything(session, done.account_id) == before
        [change] = session.exec(select(LeadChange).where(LeadChange.import_id == done.id)).all()
    assert (change.undone, change.kept) == ("kept", ["name"])


def test_preview_of_an_undo_under_way(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half way through, the preview still tells what the whole undo comes to."""
    monkeypatch.setattr(undo, "BATCH_LEADS", 1)
    files = Files(tmp_path / "files")
    life.run(database, files, FIRST)
    second = life.run(database, files, SECOND)
    with database.reading() as session:
        foreseen = undo.preview(session, second.account_id, second.id)
    database.transact(lambda s: undo.start(s, second.account_id, second.id))
    step(database, second.account_id, second.id)

    with database.reading() as session:
        assert undo.preview(session, second.account_id, second.id) == foreseen
        so_far = imports.get(session, second.account_id, second.id).undo_counts
    assert foreseen == {"deleted": 1, "restored": 1, "kept": 0, "gone": 0}
    assert sum(so_far.values()) == 1
    with pytest.raises(WrongState, match="is being undone already"):
        database.transact(lambda s: undo.start(s, second.account_id, second.id))
