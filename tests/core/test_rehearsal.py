"""A rehearsed import says what the import then does, and stores nothing."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import SQLModel

from core import rehearsal
from core.db import Database
from core.deciding import FAILED
from core.errors import FileTooLarge, NoIdentifier
from core.rehearsal import Rehearsal
from core.rules import ImportRules, OnMatch
from core.sheet import Limits
from core.tally import COUNTS
from core.uploads import Files
from tests.core import life
from tests.core.test_engine import row_cells
from tests.parts.examples import examples

HEADER = ("First name", "Email", "Phone", "Mobile", "Badge", "Tags", "Booth", "Name", "Opt-out")
TARGETS = [
    "first_name", "email", "phone", "alias_phone", "external_id", "tags", "custom:Booth", "name",
    "unsubscribed",
]  # fmt: skip


def as_csv(rows: list[tuple[str, ...]]) -> bytes:
    """A file with these rows, and one more by which its columns can be told."""
    out = io.StringIO()
    sure = ("Eve", "eve@example.com", "+442079460000", "", "B-9", "", "", "", "")
    csv.writer(out).writerows([HEADER, *rows, sure])
    return out.getvalue().encode()


def contents(database: Database) -> dict[str, list[Any]]:
    """Every row of every table."""
    with database.reading() as session:
        return {
            name: sorted(map(repr, session.execute(text(f'SELECT * FROM "{name}"'))))
            for name in SQLModel.metadata.tables
        }


def prepared(database: Database, account_id: int, folder: Path, content: bytes) -> Rehearsal:
    path = folder / "rehearsed.csv"
    path.write_bytes(content)
    return rehearsal.prepare(database, account_id, path, folder, Limits())


@pytest.mark.parametrize("name", ["sqlite", "postgres"])
def test_rehearsal_equals_import(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Its counts and problems are those of the import that follows, and no table changes by it."""
    database: Database = request.getfixturevalue(f"{name}_database")
    files = Files(tmp_path / "files")
    first = life.run(database, files, as_csv([]))

    @examples(6 if name == "sqlite" else 3)
    @given(rows=st.lists(row_cells, max_size=12), on_match=st.sampled_from(OnMatch))
    def check(rows: list[tuple[str, ...]], on_match: OnMatch) -> None:
        content, before = as_csv(rows), contents(database)
        about = prepared(database, first.account_id, tmp_path, content)
        rules = replace(ImportRules.from_json(about.drafted.rules), on_match=on_match)
        about.drafted.mapping, about.drafted.rules = TARGETS, rules.to_json()
        foreseen = rehearsal.run(database, about, lambda rows: None)
        assert contents(database) == before

        done = life.run(database, files, content, targets=TARGETS, on_match=on_match)

        assert foreseen.tally.counts == {name: getattr(done, name) for name in COUNTS}
        with database.reading() as session:
            problems = session.execute(
                text(
                    "SELECT row, line, code, message FROM row_problem WHERE import_id = :id "
                    "ORDER BY row, seq"
                ),
                {"id": done.id},
            ).all()
        assert [(p.row, p.line, p.code.value, p.message) for p in foreseen.problems] == problems

    check()


def test_rehearsal_of_a_new_account(database: Database, tmp_path: Path) -> None:
    """For an account that is not there yet, everything is new."""
    life.run(database, Files(tmp_path / "files"), as_csv([]))

    about = prepared(database, 0, tmp_path, as_csv([]))

    assert rehearsal.run(database, about, lambda rows: None).tally.counts["created"] == 1


def test_rehearsal_refuses_what_an_import_refuses(
    sqlite_database: Database, tmp_path: Path
) -> None:
    """A file that is too large or identifies nobody is refused as by an import."""
    nobody = prepared(sqlite_database, 0, tmp_path, b"Colour,Size\nred,1\nblue,2\n")
    with pytest.raises(NoIdentifier):
        rehearsal.run(sqlite_database, nobody, lambda rows: None)

    with pytest.raises(FileTooLarge, match="is larger than 0 MB"):
        rehearsal.prepare(
            sqlite_database, 0, tmp_path / "rehearsed.csv", tmp_path, Limits(bytes=10)
        )


@pytest.mark.parametrize(
    ("outcomes", "after"),
    [
        ("f" * 1_000 + "c" * 1_000, 1_000),
        ("c" * 1_000 + "f" * 1_000, 2_000),
        ("c" * 2_000 + "f" * 2_000, 0),  # with the last part it has ended
        ("c" * 4_000, 0),
    ],
)
def test_pause_is_foreseen(outcomes: str, after: int) -> None:
    """The import pauses after the first part with which at least half of the rows have failed."""
    assert ord("f") == FAILED
    parts = [1_000] * (len(outcomes) // 1_000) + ([1_000] if after == 2_000 else [])

    assert rehearsal.pause(ImportRules(), outcomes.encode(), parts) == after
    assert rehearsal.pause(ImportRules(budget_share=None), outcomes.encode(), parts) == 0
