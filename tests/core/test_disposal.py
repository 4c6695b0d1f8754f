"""Files that nobody needs are deleted; those of imports that were started stay."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from sqlmodel import Session

from core import disposal, imports
from core.db import Database
from core.models import Upload
from core.parts import PartKey
from core.uploads import Files
from tests.core import life

CONTENT = b"Email\nada@fjord-labs.com\n"
LATIN = "Name,Email\nZo\xeb,zoe@fjord-labs.com\n".encode("utf-16")  # is turned into UTF-8
DAY = 24 * 3_600


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files")


def stored(files: Files) -> list[Path]:
    return [path for path in files.root.rglob("*") if path.is_file()]


def dismiss(database: Database, key: PartKey) -> None:
    database.transact(lambda session: imports.dismiss(session, *key[:2]))


def state(database: Database, key: PartKey) -> str:
    with database.reading() as session:
        return session.get_one(Upload, (key[0], life.get(database, key).upload_id)).state


@pytest.mark.parametrize("content", [CONTENT, LATIN])
def test_a_dismissed_file_is_deleted(database: Database, files: Files, content: bytes) -> None:
    """Of a file that was dismissed neither its bytes stay nor the text it was turned into."""
    key = life.offer(database, files, content)
    life.work(database, files)
    dismiss(database, key)

    disposal.drop_unwanted(database, files)

    assert stored(files) == []
    assert state(database, key) == "expired"
    assert disposal.drop_unwanted(database, files) == 0


@pytest.mark.parametrize("content", [b"Email\n", b"%PDF-1.4 no table"])
def test_a_rejected_file_is_deleted(database: Database, files: Files, content: bytes) -> None:
    """A file that cannot be imported is not kept; why it cannot is."""
    key = life.offer(database, files, content)
    life.work(database, files)

    disposal.drop_unwanted(database, files)

    assert stored(files) == []
    assert state(database, key) == "rejected"
    assert life.get(database, key).failure_message


def test_a_file_dismissed_while_it_waits_is_deleted(database: Database, files: Files) -> None:
    """A file need not have been read to be dismissed."""
    key = life.offer(database, files, CONTENT)
    dismiss(database, key)

    disposal.drop_unwanted(database, files)

    assert stored(files) == []
    assert state(database, key) == "expired"


def test_files_that_are_needed_stay(database: Database, files: Files) -> None:
    """Drafts, imports under way, ended and cancelled ones keep their files, whatever their age."""
    draft, running, cancelled = (life.offer(database, files, CONTENT) for _ in range(3))
    life.work(database, files)
    life.start(database, running)
    life.start(database, cancelled)
    database.transact(lambda session: imports.cancel(session, *cancelled[:2]))
    aged(files, DAY + 60)
    before = stored(files)

    disposal.drop_unwanted(database, files)
    disposal.drop_orphans(database, files)

    assert stored(files) == before
    assert life.get(database, draft).status == "draft"
    assert life.get(database, cancelled).status == "cancelled"


def test_an_expired_file_is_deleted(database: Database, files: Files) -> None:
    """A file that was kept for a while goes some time after that, unless an import was made of it:
    its failed rows may still be asked for."""
    unused, used, fresh = (life.offer(database, files, CONTENT) for _ in range(3))
    life.work(database, files)
    database.transact(lambda s: imports.start(s, used[0], imports.again(s, *used[:2]).id))

    def expire(session: Session) -> None:
        long_ago = imports.now(session) - DAY * 1_000
        for key, at in ((unused, long_ago), (used, long_ago), (fresh, imports.now(session))):
            imports.upload_of(session, *key[:2]).expires_at = at

    database.transact(expire)

    assert disposal.drop_unwanted(database, files) == 1
    assert [state(database, key) for key in (unused, used, fresh)] == ["expired", "ready", "ready"]
    life.work(database, files)
    assert len(stored(files)) == 2


def aged(files: Files, seconds: int) -> None:
    for path in stored(files):
        os.utime(path, (time.time() - seconds,) * 2)


def test_what_no_upload_names_is_deleted_after_a_day(database: Database, files: Files) -> None:
    """Files and parts of files that a crash left behind go once they are a day old."""
    files.put([CONTENT], 1_000)
    (stored(files)[0].parent / "0123.csv.part").write_bytes(b"half")
    disposal.drop_orphans(database, files)
    assert len(stored(files)) == 2

    aged(files, DAY + 60)
    kept = life.offer(database, files, CONTENT)
    assert disposal.drop_orphans(database, files) == 2

    assert len(stored(files)) == 1
    life.work(database, files)
    assert life.get(database, kept).total == 1
