"""`leadport import --workers N`: several processes, and the outcome of one."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from bot.commands.report import COUNTS
from core import imports, survey
from core.db import Database
from tests.bot.commandline import Leadport, data_dir, leadport
from tests.core import dump
from tests.parts.processes import ROOT

__all__ = ["data_dir", "leadport"]  # fixtures

TRADESHOW = ROOT / "examples" / "tradeshow.csv"


@pytest.mark.parametrize("name", ["sqlite", "postgres"])
def test_any_number_of_workers_gives_the_same(
    leadport: Leadport,
    name: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Rows with many duplicates in several parts: leads, counts and problems are the same with one
    process and with three."""
    database: Database = request.getfixturevalue(f"{name}_database")
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setattr(survey, "ROWS_PER_MARK", 100)
    monkeypatch.setattr(imports, "SPREAD_ROWS", 100)

    file = some_of_it(tmp_path / "some.csv")

    found = [outcome(leadport, database, file, n) for n in (1, 3)]

    assert found[0] == found[1]
    assert found[0]["total"] == 400 and found[0]["created"] > 300 and found[0]["leads"]
    assert found[0]["failed"] and found[0]["unchanged"] + found[0]["updated"] > 5


def some_of_it(file: Path) -> Path:
    """Its first rows, and its last, where many come again."""
    with TRADESHOW.open(newline="") as source, file.open("w", newline="") as some:
        rows = list(csv.reader(source))
        csv.writer(some).writerows(rows[:151] + rows[-250:])
    return file


def outcome(leadport: Leadport, database: Database, file: Path, workers: int) -> dict[str, Any]:
    """What an import into an account of its own came to."""
    account = f"with-{workers}"
    ran = leadport("import", file, "--account", account, "--workers", workers, "--json")
    assert ran.code == 0, ran.err
    told = {key: ran.json[key] for key in (*COUNTS, "total", "problems", "status")}
    with database.reading() as session:
        account_id = imports.account(session, account).id
        assert account_id
        return {**told, "leads": dump.leads(session, account_id)}


def test_no_workers_is_a_wrong_call(leadport: Leadport) -> None:
    """There has to be one at least."""
    assert leadport("import", TRADESHOW, "--workers", 0).code == 2
