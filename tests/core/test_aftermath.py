"""What came of an import, as values."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import event, text

from core import aftermath, asking, imports
from core.db import Database
from core.models import Lead
from core.uploads import Files
from tests.core import life

CONTENT = (
    b"Name,Email\nAna,ana@example.com\nBen,nope\nCy,cy@example.com\nDi,\nEd,ana@example.com\n"
    b"Flo,flo@example.com,too,many\n"
)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files")


def test_created_leads_in_the_order_of_their_rows(database: Database, files: Files) -> None:
    """Each lead that was created is there once, in file order."""
    life.run(database, files, b"Name,Email\nBen,ben@example.com\n")
    done = life.run(database, files, CONTENT + b"Ben Lee,ben@example.com\n")

    with database.reading() as session:
        ids = aftermath.created_leads(session, done.account_id, done.id)
        emails = [session.get_one(Lead, (done.account_id, one)).fields["email"] for one in ids]
    assert emails == ["ana@example.com", "cy@example.com"]
    assert len(ids) == done.created


def test_failures_with_their_cells(database: Database, files: Files) -> None:
    """Each failed row is there once, with its place, a reason and the cells it came with."""
    done = life.run(database, files, CONTENT)

    with database.reading() as session:
        found = list(aftermath.failures(session, files, done.account_id, done.id))
    assert [(one.row, one.line, one.cells["Name"]) for one in found] == [
        (2, 3, "Ben"),
        (4, 5, "Di"),
        (6, 7, "Flo"),
    ]
    assert found[0].code == "invalid_email" and found[0].cells["Email"] == "nope"
    assert len(found) == done.failed


def test_failures_of_a_file_that_is_gone(database: Database, files: Files) -> None:
    """Without the file there are no cells, but the reasons are still told."""
    done = life.run(database, files, CONTENT)
    with database.reading() as session:
        upload = imports.upload_of(session, done.account_id, done.id)
    files.delete(upload.location)

    with database.reading() as session:
        found = list(aftermath.failures(session, files, done.account_id, done.id))
    assert [(one.row, one.cells) for one in found] == [(2, {}), (4, {}), (6, {})]
    assert found[0].value == "nope"


def test_errors_are_found_by_an_index_of_their_own(database: Database, files: Files) -> None:
    """Whatever number of notes an import has, its errors are read without looking at them."""
    done = life.run(database, files, CONTENT)
    statements: list[str] = []
    listening = (database.engine, "before_cursor_execute")

    def note(_: object, __: object, statement: str, *___: object) -> None:
        statements.append(statement)

    with database.reading() as session:
        event.listen(*listening, note)
        list(asking.failed_rows(session, done.account_id, done.id))
        event.remove(*listening, note)
        [asked] = [each for each in statements if "row_problem" in each]
        asked = re.sub(r"\?|%\(\w+\)s(::\w+)?", "1", asked)
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN (COSTS OFF)"
        # A table this small is read whole unless that is made dear.
        if not database.is_sqlite:
            session.connection().execute(text("SET LOCAL enable_seqscan = off"))
        plan = str(session.connection().execute(text(f"{explain} {asked}")).all())
    assert "ix_row_problem_error" in plan
