"""The use cases: one winner in every race, honest counts, nothing lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlmodel import Session, select

from core import imports, intake, results
from core.db import Database
from core.deciding import CREATED
from core.errors import (
    ImportFailure,
    InvalidMapping,
    NoIdentifier,
    NotFound,
    UploadExpired,
    WrongState,
)
from core.models import ImportPart, Lead, Outbox, Upload
from core.parts import PartKey
from core.rules import ImportRules
from core.uploads import Files
from tests.core import dump, life

TRADESHOW = Path(__file__).parents[2] / "examples" / "tradeshow.csv"
#: Its first 300 lines: some rows of every kind.
SOME = b"".join(TRADESHOW.read_bytes().splitlines(keepends=True)[:300])
TWO = b"Name,Email\nAna,ana@example.com\nBen,ben@example.com\n"


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files")


def many(rows: int) -> bytes:
    body = "".join(f"P{n},p{n}@example.com\n" for n in range(rows))
    return b"Name,Email\n" + body.encode()


def outbox_kinds(database: Database) -> list[tuple[str, int]]:
    with database.reading() as session:
        rows = session.exec(select(Outbox).order_by(Outbox.kind)).all()
        return [(row.kind, row.wanted) for row in rows]


def test_whole_life(database: Database, files: Files) -> None:
    """A file goes from draft to completed; its counts add up and are the database's."""
    done = life.run(database, files, TRADESHOW.read_bytes(), "tradeshow.csv")

    assert done.status == "completed"
    assert done.total == 1_000
    counts = (done.created, done.updated, done.unchanged, done.skipped, done.failed)
    assert sum(counts) + done.unprocessed == done.total
    assert min(done.created, done.updated + done.unchanged, done.failed) > 0
    with database.reading() as session:
        assert len(session.exec(select(Lead)).all()) == done.created
        parts = session.exec(select(ImportPart).where(ImportPart.kind == "write")).all()
        assert sum(part.outcomes.count(CREATED) for part in parts) == done.created


def test_second_run_is_unchanged(database: Database, files: Files) -> None:
    """The same file again changes nothing: every row that was imported is unchanged."""
    first = life.run(database, files, SOME)
    second = life.run(database, files, SOME)

    assert second.unchanged == first.created + first.updated + first.unchanged
    assert (second.created, second.updated, second.failed) == (0, 0, first.failed)


def test_same_leads_on_both_databases(
    sqlite_database: Database, postgres_database: Database, files: Files
) -> None:
    """SQLite and PostgreSQL end up with the same leads."""
    dumps = []
    for database in (sqlite_database, postgres_database):
        done = life.run(database, files, SOME)
        with database.reading() as session:
            dumps.append(dump.leads(session, done.account_id))

    assert dumps[0] == dumps[1]


def test_forecast_is_what_happens(database: Database, files: Files) -> None:
    """The forecast's counts and problems are those of the import that follows it."""
    life.run(database, files, SOME[: len(SOME) // 3])  # some of the leads are there before
    key = life.offer(database, files, SOME)
    life.work(database, files)
    foreseen = life.get(database, key).forecast
    life.start(database, key)
    life.work(database, files)

    done = life.get(database, key)
    assert foreseen["done"]
    names = ("created", "updated", "unchanged", "skipped", "failed")
    assert {name: foreseen[name] for name in names} == {name: getattr(done, name) for name in names}
    assert foreseen["updated"] + foreseen["unchanged"] > 50
    with database.reading() as session:
        from core import tally

        assert tally.problems(session, key.account_id, key.import_id) == foreseen["problems"]


def test_forecast_writes_no_lead(database: Database, files: Files) -> None:
    """Before anyone confirms there is no lead."""
    life.offer(database, files, TWO)
    life.work(database, files)

    with database.reading() as session:
        assert session.exec(select(Lead)).all() == []


def test_one_start_wins(database: Database, files: Files) -> None:
    """Of eight confirmations at once one starts the import; the others are told so."""
    key = life.offer(database, files, TWO)
    life.work(database, files)

    def start(_: int) -> str:
        try:
            life.start(database, key)
        except WrongState as failure:
            return failure.message
        return "started"

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(start, range(8)))

    assert answers == ["The import has been started already."] * 7 + ["started"]
    life.work(database, files)
    assert life.get(database, key).created == 2
    assert outbox_kinds(database)[-1] == ("summary", 1)


def receive(database: Database, files: Files, content: bytes, **options: int) -> PartKey:
    """A draft of the kind that the doors over HTTP make, once its file was read."""
    stored = files.put([content], limit=300_000_000)
    with database.writing() as session:
        account_id = imports.account(session, "default").id
        assert account_id is not None
        draft = imports.draft(
            session, account_id, "leads.csv", location=stored.location, forecast=False, **options
        )
    life.work(database, files)
    return PartKey(account_id, draft.id, "read", 0)


def test_a_kept_file_is_imported_twice(database: Database, files: Files) -> None:
    """Another draft of the same file is another import, and the first draft stays one."""
    key = receive(database, files, TWO)

    def start_another(session: Session) -> int:
        another = imports.again(session, key.account_id, key.import_id)
        return imports.start(session, key.account_id, another.id).id

    ids = [database.transact(start_another) for _ in range(2)]
    life.work(database, files)

    done = [life.get(database, key._replace(import_id=one)) for one in ids]
    assert {(one.created, one.unchanged) for one in done} == {(2, 0), (0, 2)}
    assert life.get(database, key).status == "draft"


def test_a_file_that_expired_starts_nothing(database: Database, files: Files) -> None:
    """After its time a file can be neither mapped nor started nor taken once more."""
    key = receive(database, files, TWO, expires_at=1)

    for step in (imports.start, imports.again):
        with pytest.raises(UploadExpired):
            database.transact(lambda s, step=step: step(s, key.account_id, key.import_id))


def test_a_door_may_take_fewer_rows(database: Database, files: Files) -> None:
    """The file with one row too many is rejected, and the one without it is not."""
    drafts = [receive(database, files, many(rows), most_rows=10) for rows in (10, 11)]

    found = [life.get(database, key) for key in drafts]
    assert [(one.status, one.failure_code) for one in found] == [
        ("draft", ""),
        ("failed", "too_many_rows"),
    ]


def test_parts_of_wide_files_are_short() -> None:
    """A part holds no more cells than fit the memory, whatever the number of columns."""
    sheet = {
        "marks": [[row, row + 1, row * 100] for row in range(1, 100_001, 1_000)],
        "row_count": 100_000,
        "format": {"header": [f"Column {n}" for n in range(400)]},
    }

    wide = [rows for _, rows in imports.cut(sheet, sqlite=False)]
    sheet["format"] = {"header": ["Email", "Name"]}
    narrow = [rows for _, rows in imports.cut(sheet, sqlite=False)]

    assert max(wide) == 2_000 and max(narrow) == 20_000
    assert sum(wide) == sum(narrow) == 100_000


def test_parts_follow_the_file(database: Database, files: Files) -> None:
    """A larger file is cut into parts at marks, and no row is lost between them."""
    done = life.run(database, files, many(3_500))

    with database.reading() as session:
        parts = session.exec(
            select(ImportPart).where(ImportPart.kind == "write").order_by(ImportPart.ordinal)
        ).all()
        assert [part.rows for part in parts] == [1_000, 1_000, 1_000, 500]
    assert done.created == 3_500


def test_cancel_keeps_what_was_done(database: Database, files: Files) -> None:
    """A cancelled import stops at the next part; the rest counts as unprocessed."""
    key = life.offer(database, files, many(3_500))
    life.work(database, files)
    life.start(database, key)
    life.do(database, files, key._replace(kind="write", ordinal=0))

    database.transact(lambda s: imports.cancel(s, key.account_id, key.import_id))
    life.work(database, files)

    stopped = life.get(database, key)
    assert stopped.status == "cancelled"
    assert (stopped.created, stopped.unprocessed, stopped.total) == (1_000, 2_500, 3_500)
    assert outbox_kinds(database)[1:] == [("summary", 1)]
    with pytest.raises(WrongState, match="cancelled"):
        database.transact(lambda s: imports.cancel(s, key.account_id, key.import_id))


def test_dismissed_draft_is_gone(database: Database, files: Files) -> None:
    """A dismissed draft cannot be started, and is not listed as an import."""
    key = life.offer(database, files, TWO)
    with database.writing() as session:
        assert imports.dismiss(session, key.account_id, key.import_id)
        assert not imports.dismiss(session, key.account_id, key.import_id)
    life.work(database, files)

    with pytest.raises(WrongState):
        life.start(database, key)
    with database.reading() as session:
        assert imports.recent(session, key.account_id) == ([], 0)


def test_mapping_can_be_changed_and_remembered(database: Database, files: Files) -> None:
    """A mapping given once is used for the next file with this header, in any order and case."""
    key = life.offer(database, files, TWO)
    life.work(database, files)
    targets = ["custom:Nickname", "email"]
    rules = intake.rules_for(targets)
    database.transact(
        lambda s: imports.set_mapping(
            s, key.account_id, key.import_id, targets, rules, remember=True
        )
    )
    life.work(database, files)
    changed = life.get(database, key)
    assert changed.forecast_revision == changed.revision == 1
    assert changed.forecast["created"] == 2

    later = life.offer(database, files, b"EMAIL,name\ncy@example.com,Cy\n")
    life.work(database, files)

    assert life.get(database, later).mapping == ["email", "custom:Nickname"]


def test_bad_mapping_names_the_columns(database: Database, files: Files) -> None:
    """A mapping that does not fit is refused in words, and the draft stays as it was."""
    key = life.offer(database, files, TWO)
    life.work(database, files)

    def change(*targets: str) -> None:
        rules = ImportRules()
        database.transact(
            lambda s: imports.set_mapping(s, key.account_id, key.import_id, list(targets), rules)
        )

    with pytest.raises(InvalidMapping, match="“Name” and “Email” are both mapped to Email"):
        change("email", "email")
    with pytest.raises(NoIdentifier):
        change("name", "skip")
    with pytest.raises(InvalidMapping, match="Unknown field for “Name”"):
        change("nonsense", "email")
    with pytest.raises(InvalidMapping, match="2 columns, the mapping 1"):
        change("email")
    assert life.get(database, key).revision == 0


def test_shared_phones_do_not_merge_different_things(database: Database, files: Files) -> None:
    """Where rows with their own external IDs share a phone, they are told apart by the ID."""
    rows = "".join(f"B-{n},Desk {n},+4420794600{n % 5:02}\n" for n in range(30))

    done = life.run(database, files, b"Badge ID,Name,Phone\n" + rows.encode())

    assert done.rules["primary"] == "external_id"
    assert (done.created, done.unchanged) == (30, 0)
    alone = life.run(database, files, b"Badge ID,Name,Phone\nX-1,A,+442079460101\nX-2,B,\n")
    assert alone.rules["primary"] == "phone"


def test_a_column_that_begins_late_is_not_skipped(database: Database, files: Files) -> None:
    """A column whose first value is far down is imported; one without any value is skipped."""
    rows = "".join(f"p{n}@example.com,{'late' if n == 900 else ''},\n" for n in range(1_000))
    key = life.offer(database, files, b"Email,Colour,Void\n" + rows.encode())
    life.do(database, files, key)

    assert life.get(database, key).mapping == ["email", "custom:Colour", "skip"]


def test_start_without_identifier(database: Database, files: Files) -> None:
    """A file without an identifier is offered but cannot be started."""
    key = life.offer(database, files, b"City,Colour\nOslo,red\nRome,blue\n")
    life.work(database, files)

    with pytest.raises(NoIdentifier):
        life.start(database, key)
    assert life.get(database, key).status == "draft"


def test_unreadable_file_is_rejected(database: Database, files: Files) -> None:
    """A file that is no table ends the draft with a code and words, and tells the thread."""
    key = life.offer(database, files, b"")
    life.work(database, files)

    ended = life.get(database, key)
    assert (ended.status, ended.failure_code) == ("failed", "empty_file")
    with database.reading() as session:
        assert session.exec(select(Upload)).one().state == "rejected"
    assert outbox_kinds(database) == [("card", 1)]
    with pytest.raises(ImportFailure):
        life.start(database, key)


def test_other_account_sees_nothing(database: Database, files: Files) -> None:
    """An id of another account looks like an id that does not exist."""
    key = life.offer(database, files, TWO)
    life.work(database, files)
    with database.writing() as session:
        other = imports.account(session, "other").id
    assert other is not None

    for act in (imports.get, imports.start, imports.cancel, imports.settle, imports.upload_of):
        with pytest.raises(NotFound), database.writing() as session:
            act(session, other, key.import_id)


def test_take_once(database: Database) -> None:
    """Of many deliveries of one event one is taken."""
    with database.writing() as session:
        account_id = imports.account(session, "default").id
    assert account_id is not None

    def take(_: int) -> bool:
        return database.transact(lambda s: imports.take_once(s, account_id, "event:Ev1"))

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(take, range(8))) == [False] * 7 + [True]


def test_problems_file_round_trips(database: Database, files: Files) -> None:
    """The problems file holds the failed rows as they came plus row, column and reason."""
    content = (
        "Name;Email\n\nAna;ana@example.com\n"
        'Ben;not-an-email\n"Cy;""C""";\nDo;do@example.com;extra\n'
    )
    done = life.run(database, files, content.encode())
    assert (done.created, done.failed) == (1, 3)

    with database.reading() as session:
        text = b"".join(results.problems_csv(session, files, done.account_id, done.id))

    lines = text.decode("utf-8-sig").splitlines()
    assert lines[0] == "Name;Email;leadport_row;leadport_column;leadport_reason"
    assert lines[1].startswith("Ben;not-an-email;2;Email;")
    assert lines[2].startswith('"Cy;""C""";;3;')
    assert lines[3].startswith("Do;do@example.com;")
    assert "extra" in lines[3]


def test_seen_file_names_the_earlier_import(database: Database, files: Files) -> None:
    """A file with the same bytes as one imported before is recognised."""
    first = life.run(database, files, TWO)
    key = life.offer(database, files, TWO, "renamed.csv")

    with database.reading() as session:
        found = imports.earlier_import(session, key.account_id, key.import_id)
        assert found is not None
        assert found.id == first.id
        assert imports.earlier_import(session, key.account_id, first.id) is None
