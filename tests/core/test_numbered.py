"""Leads by their place in a list, all of them or those of one import."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import engine, numbered, parts, undo
from core.db import Database
from core.errors import NotFound
from core.uploads import Files
from tests.core import life


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files")


def people(*names: str) -> bytes:
    return ("Name,Email\n" + "".join(f"{n},{n.lower()}@example.com\n" for n in names)).encode()


def names(database: Database, account_id: int, **which: int) -> tuple[list[str], int]:
    with database.reading() as session:
        found, total = numbered.numbered(session, account_id, **which)
        return [lead.fields["name"] for lead in found], total


def test_pages(database: Database, files: Files) -> None:
    """The newest come first; each place holds one lead, and the total is that of all."""
    account = life.run(database, files, people("Ana", "Ben", "Cy")).account_id

    assert names(database, account) == (["Cy", "Ben", "Ana"], 3)
    assert names(database, account, skip=1, limit=1) == (["Ben"], 3)
    assert names(database, account, skip=3) == ([], 3)
    assert names(database, account + 1) == ([], 0)


def test_one_import(database: Database, files: Files) -> None:
    """An import's leads are those it created or changed; what it left alone or undid is not."""
    first = life.run(database, files, people("Ana", "Ben"))
    changed = b"Name,Email\nAna Lee,ana@example.com\nBen,ben@example.com\nCy,cy@example.com\n"
    second = life.run(database, files, changed)
    account = second.account_id

    assert names(database, account, batch=first.id) == (["Ben", "Ana Lee"], 2)
    assert names(database, account, batch=second.id) == (["Cy", "Ana Lee"], 2)
    with database.reading() as session, pytest.raises(NotFound):
        numbered.numbered(session, account + 1, batch=second.id)

    database.transact(lambda s: undo.start(s, account, second.id))
    with database.reading() as session:
        [key] = parts.waiting(session)

    claim = engine.take(database, key, owner="test", lease_ms=60_000)
    assert claim is not None
    undo.undo_part(database, claim)
    assert names(database, account, batch=second.id) == ([], 0)
