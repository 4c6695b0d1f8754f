"""The files that say what became of an import: of its rows, and of its leads when it is undone."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlmodel import col, select

from core import engine, ids, imports, parts, results, undo
from core.db import Database
from core.errors import FileGone, NotFound, WrongState
from core.models import Import, Lead, LeadChange
from core.rules import OnMatch
from core.tally import COUNTS
from core.uploads import Files
from tests.core import life
from tests.core.test_engine import row_cells
from tests.core.test_rehearsal import TARGETS, as_csv
from tests.core.test_undo import undo_all
from tests.parts.examples import examples


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files")


def table(chunks: Iterator[bytes], delimiter: str = ",") -> list[dict[str, str]]:
    """The rows of a CSV file, by column."""
    text = b"".join(chunks).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def results_of(
    database: Database, files: Files, done: Import, delimiter: str = ","
) -> list[dict[str, str]]:
    with database.reading() as session:
        return table(results.results_csv(session, files, done.account_id, done.id), delimiter)


@pytest.mark.parametrize("name", ["sqlite", "postgres"])
def test_outcomes_add_up_to_the_counts(
    name: str, request: pytest.FixtureRequest, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row has one outcome, they add up to the counts, and the leads are those touched."""
    database: Database = request.getfixturevalue(f"{name}_database")
    monkeypatch.setattr(imports, "PART_ROWS", (1, 3))

    @examples(6 if name == "sqlite" else 3)
    @given(rows=st.lists(row_cells, max_size=14), on_match=st.sampled_from(OnMatch))
    def check(rows: list[tuple[str, ...]], on_match: OnMatch) -> None:
        content = as_csv(rows)
        done = life.run(database, files, content, targets=TARGETS, on_match=on_match)

        told = results_of(database, files, done)

        outcomes = Counter(row["leadport_outcome"] for row in told)
        assert dict(outcomes) == {n: k for n in COUNTS if (k := getattr(done, n))}
        plain = list(csv.reader(io.StringIO(content.decode(), newline="")))
        kept = [cells for cells in plain[1:] if any(cell.strip() for cell in cells)]
        assert [[row[name] for name in plain[0]] for row in told] == kept
        assert [int(row["leadport_row"]) for row in told] == list(range(1, done.total + 1))
        with database.reading() as session:
            touched = session.execute(
                select(LeadChange.row, LeadChange.lead_id).where(
                    col(LeadChange.import_id) == done.id
                )
            ).all()
        named = {
            (int(row["leadport_row"]), ids.read("lead", row["leadport_lead"]))
            for row in told
            if row["leadport_lead"]
        }
        assert named == {tuple(pair) for pair in touched}
        assert {row for row, _ in named} == {
            int(row["leadport_row"])
            for row in told
            if row["leadport_outcome"] in ("created", "updated")
        }

    check()


def test_reasons_stand_beside_their_rows(database: Database, files: Files) -> None:
    """Failed and imported rows carry their problems; a row that is too long shifts no column."""
    content = (
        "Name;Email;Phone\n\nAna;ana@example.com;+12025550143\n"
        "Ben;not-an-email;\nCy;cy@example.com;12\nDo;do@example.com;;extra\nAna;ana@example.com;\n"
    )
    done = life.run(database, files, content.encode())

    told = results_of(database, files, done, ";")

    assert [row["leadport_outcome"] for row in told] == [
        "created", "failed", "created", "failed", "unchanged",
    ]  # fmt: skip
    assert [row["leadport_line"] for row in told] == ["3", "4", "5", "6", "7"]
    assert [bool(row["leadport_reason"]) for row in told] == [False, True, True, True, True]
    assert "needs a country" in told[2]["leadport_reason"]
    assert "row 1" in told[4]["leadport_reason"]
    assert (told[3]["Name"], told[3]["Email"]) == ("Do", "do@example.com")


def test_rows_that_were_not_processed(
    database: Database, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows of a cancelled import that no part decided are unprocessed."""
    monkeypatch.setattr(imports, "PART_ROWS", (1_000, 1_000))
    body = "".join(f"P{n},p{n}@example.com\n" for n in range(2_500))
    key = life.offer(database, files, b"Name,Email\n" + body.encode())
    life.work(database, files)
    life.start(database, key)
    life.do(database, files, key._replace(kind="write"))
    with pytest.raises(WrongState, match="in_progress"):
        results_of(database, files, life.get(database, key))
    database.transact(lambda s: imports.cancel(s, *key[:2]))

    told = results_of(database, files, life.get(database, key))

    assert Counter(row["leadport_outcome"] for row in told) == {
        "created": 1_000, "unprocessed": 1_500,
    }  # fmt: skip
    assert {row["leadport_outcome"] for row in told[:1_000]} == {"created"}


def test_what_has_no_results(database: Database, files: Files, tmp_path: Path) -> None:
    """Drafts, files that were dismissed, strangers and lost files are refused before any chunk."""
    key = life.offer(database, files, as_csv([]))
    life.work(database, files)
    with database.reading() as session:
        with pytest.raises(WrongState, match="is draft"):
            results.results_csv(session, files, *key[:2])
        with pytest.raises(NotFound):
            results.results_csv(session, files, key.account_id + 1, key.import_id)
        with pytest.raises(WrongState, match="has not been undone"):
            results.undo_csv(session, *key[:2])
    database.transact(lambda s: imports.dismiss(s, *key[:2]))
    with database.reading() as session, pytest.raises(WrongState, match="never imported"):
        results.results_csv(session, files, *key[:2])
    done = life.run(database, files, as_csv([]))
    with database.reading() as session:
        for csv_of in (results.results_csv, results.problems_csv):
            with pytest.raises(FileGone):
                csv_of(session, Files(tmp_path / "elsewhere"), done.account_id, done.id)


def test_undo_tells_of_every_lead(database: Database, files: Files) -> None:
    """The file says what was deleted, restored, kept and gone, and names what was kept and why."""
    life.run(database, files, b"Name,Email,City\nAna,ana@example.com,Rome\nBen,ben@example.com,\n")
    done = life.run(
        database,
        files,
        b"Name,Email,City,Unsubscribed\nAnna,ana@example.com,Oslo,\nBenn,ben@example.com,,yes\n"
        b"Cy,cy@example.com,,\nDo,do@example.com,,\nEd,ed@example.com,,yes\nFi,fi@example.com,,\n",
        targets=["name", "email", "city", "unsubscribed"],
    )
    later = life.run(database, files, b"Name,Email\nAnnika,ana@example.com\nDora,do@example.com\n")
    gone = _lead(database, done, 6)
    with database.writing() as session:
        session.execute(delete(Lead).where(col(Lead.id) == gone))
    undo_all(database, done.account_id, done.id)

    with database.reading() as session:
        told = table(results.undo_csv(session, done.account_id, done.id))

    by_row = {int(row["leadport_row"]): row for row in told}
    brief = {
        n: (row["leadport_import"], row["leadport_undo"], row["leadport_kept"])
        for n, row in by_row.items()
    }
    assert brief == {
        1: ("updated", "restored", "name"),
        2: ("updated", "restored", "unsubscribed"),
        3: ("created", "deleted", ""),
        4: ("created", "kept", ""),
        5: ("created", "kept", "unsubscribed"),
        6: ("created", "gone", ""),
    }
    whys = {n: row["leadport_reason"] for n, row in by_row.items()}
    assert whys[1] == "Changed since: name."
    assert whys[2] == whys[5] == "An opt-out is never undone (unsubscribed)."
    assert (whys[3], whys[4]) == ("", "The lead was changed since.")
    assert "deleted the lead" in whys[6]
    assert later.status == "completed"


def _lead(database: Database, done: Import, row: int) -> int:
    with database.reading() as session:
        found = session.scalar(
            select(LeadChange.lead_id).where(
                col(LeadChange.import_id) == done.id, col(LeadChange.row) == row
            )
        )
    assert found
    return int(found)


def test_an_undo_under_way_says_how_far_it_is(
    database: Database, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leads that undoing has not come to have nothing in that column."""
    monkeypatch.setattr(undo, "BATCH_LEADS", 1)
    done = life.run(database, files, b"Email\na@example.com\nb@example.com\n")
    database.transact(lambda s: undo.start(s, done.account_id, done.id))
    key = parts.PartKey(done.account_id, done.id, "undo", 0)
    claim = engine.take(database, key, owner="test", lease_ms=60_000)
    assert claim
    undo.undo_part(database, claim)

    with database.reading() as session:
        told = table(results.undo_csv(session, done.account_id, done.id))

    assert [row["leadport_undo"] for row in told] == ["deleted", ""]
