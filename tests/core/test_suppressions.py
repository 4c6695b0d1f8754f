"""The suppression list: sticky, per account, and seen by imports, forecasts and nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import select

from core import imports, results, suppressions, undo
from core.db import Database
from core.identifiers import Kind
from core.models import Lead, RowProblem
from core.uploads import Files
from tests.core import life
from tests.core.test_undo import undo_all

FILE = (
    b"Name,Email,Phone\nAna,ana@example.com,\nBen,BEN@example.com,\n"
    b"Cy,cy@example.com,+1 202 555 0143\nDo,nothing,\n"
)
ANA, BEN = (Kind.EMAIL, "ana@example.com"), (Kind.EMAIL, " Ben@Example.com ")
PHONE = (Kind.PHONE, "(202) 555-0143")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files")


def account(database: Database, name: str = "default") -> int:
    with database.writing() as session:
        found = imports.account(session, name).id
    assert found is not None
    return found


def test_suppressed_rows_are_skipped(database: Database, files: Files) -> None:
    """A row that brings a suppressed identifier, its own or not its key, is skipped (X-30)."""
    mine = account(database)
    changed = database.transact(
        lambda s: suppressions.suppress(s, mine, [BEN, PHONE], reason="asked to", region="US")
    )
    assert (changed.changed, changed.unchanged, changed.refused) == (2, 0, ())

    done = life.run(database, files, FILE)

    assert (done.created, done.skipped, done.failed, done.total) == (1, 2, 1, 4)
    assert {name: done.forecast[name] for name in ("created", "skipped", "failed")} == {
        "created": 1, "skipped": 2, "failed": 1,
    }  # fmt: skip
    with database.reading() as session:
        found = session.exec(select(RowProblem).where(RowProblem.code == "suppressed")).all()
        told = [(p.row, p.line, p.column, p.value, p.severity) for p in found]
        text = b"".join(results.problems_csv(session, files, mine, done.id)).decode()
    assert told == [
        (2, 3, "Email", "BEN@example.com", "warning"),
        (3, 4, "Phone", "+1 202 555 0143", "warning"),
    ]
    assert "nothing" in text
    assert "BEN" not in text  # there is nothing in that row to mend


def test_existing_leads_stay_as_they_are(database: Database, files: Files) -> None:
    """Suppressing somebody changes no lead; imports and undo leave the list alone."""
    life.run(database, files, FILE)
    mine = account(database)
    database.transact(lambda s: suppressions.suppress(s, mine, [ANA]))

    again = life.run(database, files, b"Name,Email\nAnna,ana@example.com\nEve,eve@example.com\n")
    assert (again.skipped, again.created) == (1, 1)
    undo_all(database, mine, again.id)

    with database.reading() as session:
        names = {lead.fields["name"] for lead in session.exec(select(Lead)).all()}
        assert names == {"Ana", "Ben", "Cy"}
        assert [one.value for one in suppressions.listed(session, mine)] == ["ana@example.com"]


def test_the_list_is_kept_by_its_use_cases(database: Database) -> None:
    """Entries are normalised, listed in pages, kept once, and taken off again."""
    mine, other = account(database), account(database, "other")

    def suppress(reason: str, *entries: tuple[Kind, str]) -> suppressions.Changed:
        return database.transact(
            lambda s: suppressions.suppress(s, mine, entries, reason=reason, region="US")
        )

    def unsuppress(*entries: tuple[Kind, str]) -> suppressions.Changed:
        return database.transact(lambda s: suppressions.unsuppress(s, mine, entries, region="US"))

    first = suppress("bounced", ANA, PHONE, (Kind.EMAIL, "nonsense"))
    assert (first.changed, [r.text for r in first.refused]) == (2, ["nonsense"])
    assert "nonsense" in first.refused[0].message
    again = suppress("again", ANA, BEN, BEN)
    assert (again.changed, again.unchanged) == (1, 1)

    with database.reading() as session:
        page = suppressions.listed(session, mine, limit=2)
        rest = suppressions.listed(session, mine, after=(page[-1].kind, page[-1].value))
        assert suppressions.listed(session, other) == []
    assert [(one.value, one.reason) for one in page + rest] == [
        ("ana@example.com", "bounced"),
        ("ben@example.com", "again"),
        ("+12025550143", "bounced"),
    ]
    assert all(one.created_at > 0 for one in page)

    gone = unsuppress(ANA, (Kind.EMAIL, "x@example.com"))
    assert (gone.changed, gone.unchanged) == (1, 1)
    with database.reading() as session:
        assert len(suppressions.listed(session, mine)) == 2


def test_other_accounts_lists_do_not_count(database: Database, files: Files) -> None:
    """An account's imports go by its own list alone."""
    other = account(database, "other")
    database.transact(lambda s: suppressions.suppress(s, other, [ANA]))

    assert life.run(database, files, FILE).created == 3


def test_an_opt_out_outlives_undo(database: Database, files: Files) -> None:
    """A lead that an import created and opted out is kept when the import is undone, and named."""
    done = life.run(
        database, files, b"Name,Email,Phone\nAna,ana@example.com,\nBen,b@example.com,yes\n",
        targets=["name", "email", "unsubscribed"],
    )  # fmt: skip
    assert done.created == 2
    with database.reading() as session:
        foreseen = undo.preview(session, done.account_id, done.id)
    assert foreseen == {"deleted": 1, "restored": 0, "kept": 1, "gone": 0}

    undo_all(database, done.account_id, done.id)

    with database.reading() as session:
        [lead] = session.exec(select(Lead)).all()
    assert lead.fields["unsubscribed"] == "yes"
