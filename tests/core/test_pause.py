"""A file most of whose rows fail pauses its import, and somebody decides."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlmodel import select

from core import engine, imports, parts, survey
from core.db import Database
from core.errors import WrongState
from core.models import Import, Outbox
from core.parts import PartKey
from core.uploads import Files
from tests.core import life

COUNTS = ("created", "updated", "unchanged", "skipped", "failed", "unprocessed")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files")


def rows(total: int, bad: range) -> bytes:
    """A file of ``total`` rows, of which those in ``bad`` fail."""
    body = "".join(f"P{n},{'x' if n in bad else f'p{n}@example.com'}\n" for n in range(total))
    return b"Name,Email\n" + body.encode()


HOPELESS = rows(220, range(40, 220))


@pytest.fixture
def tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are cut into parts as if they had ten times as many rows."""
    monkeypatch.setattr(imports, "PART_ROWS", (100, 1_000))
    monkeypatch.setattr(survey, "ROWS_PER_MARK", 100)


def key_of(found: Import) -> PartKey:
    return PartKey(found.account_id, found.id, "write", 1)


def law(found: Import) -> dict[str, int]:
    return {name: getattr(found, name) for name in COUNTS if getattr(found, name)}


def resume(database: Database, key: PartKey) -> Import:
    return database.transact(lambda s: imports.resume(s, *key[:2]))


def test_hopeless_import_pauses(database: Database, files: Files) -> None:
    """At 1,000 rows and 50 % errors the import pauses, and nothing rings for its parts."""
    key = key_of(life.run(database, files, rows(1_100, range(400, 1_100))))

    paused = life.get(database, key)
    assert (paused.status, law(paused)) == ("paused", {"created": 400, "failed": 600})
    with database.reading() as session:
        assert parts.waiting(session) == []
        assert imports.unsettled(session) == []
        told = session.exec(select(Outbox).order_by(Outbox.kind)).all()
        assert [row.kind for row in told] == ["card"]
        assert imports.recent(session, key.account_id)[0][0].id == key.import_id
    assert engine.take(database, key, owner="hasty", lease_ms=60_000) is None
    assert not database.transact(lambda s: imports.settle(s, *key[:2]))


def test_resumed_import_goes_on_to_its_end(database: Database, files: Files, tenth: None) -> None:
    """Once resumed, by one of many, it does not pause again; its rules say so; counts add up."""
    key = key_of(life.run(database, files, HOPELESS, budget_rows=100))

    def try_resume(_: int) -> str:
        try:
            return resume(database, key).status
        except WrongState as failure:
            return failure.message

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(try_resume, range(4)))
    assert answers[-1] == "in_progress"
    assert answers[:-1] == ["The import is in_progress; only a paused one can go on."] * 3
    life.work(database, files)

    done = life.get(database, key)
    assert (done.status, law(done)) == ("completed", {"created": 40, "failed": 180})
    assert done.rules["budget_share"] is None
    assert sum(law(done).values()) == done.total


def test_paused_import_can_be_cancelled(database: Database, files: Files, tenth: None) -> None:
    """Cancelled while paused it ends at once; what waits is unprocessed, and there is a summary."""
    key = key_of(life.run(database, files, HOPELESS, budget_rows=100))

    database.transact(lambda s: imports.cancel(s, *key[:2]))

    ended = life.get(database, key)
    assert ended.status == "cancelled"
    assert law(ended) == {"created": 40, "failed": 60, "unprocessed": 120}
    with database.reading() as session:
        assert sorted(session.exec(select(Outbox.kind)).all()) == ["card", "summary"]
    with pytest.raises(WrongState, match="cancelled"):
        resume(database, key)


@pytest.mark.parametrize(
    ("total", "bad", "rules"),
    [
        (220, range(40, 89), {}),  # fewer than half of what was done
        (90, range(90), {}),  # too few rows to say
        (100, range(100), {}),  # nothing is left to ask about
        (220, range(220), {"budget_share": None}),
        (220, range(220), {"budget_rows": 1_000}),
        (220, range(60), {"budget_share": 0.7}),
    ],
)
def test_others_do_not_pause(
    database: Database,
    files: Files,
    tenth: None,
    total: int,
    bad: range,
    rules: dict[str, object],
) -> None:
    """Below the thresholds, which are rules, or with nothing left to do, an import just ends."""
    done = life.run(database, files, rows(total, bad), **{"budget_rows": 100, **rules})

    assert done.status == "completed"
    assert (done.failed, done.created) == (len(bad), total - len(bad))
