"""`leadport forecast`: what `leadport import` would do, without a trace of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import SQLModel

from bot.commands.report import COUNTS
from core.db import Database
from tests.bot.commandline import Leadport, data_dir, first_time, leadport
from tests.parts.processes import ROOT

__all__ = ["data_dir", "first_time", "leadport"]  # fixtures

TRADESHOW = ROOT / "examples" / "tradeshow.csv"
WISHES = [
    (),
    ("--country", "US"),
    ("--map", "Rating=tags", "--map", "Mobile=skip", "--primary", "Badge ID:external_id"),
]
ALIKE = (*COUNTS, "total", "mapping", "notes", "problems", "file")


@pytest.mark.parametrize("wish", WISHES)
def test_import_keeps_what_forecast_said(
    leadport: Leadport, wish: tuple[str, ...], tmp_path: Path
) -> None:
    """With the same options, counts, problems, mapping and notes are those of the import."""
    lines = TRADESHOW.read_bytes().splitlines(keepends=True)
    half, whole = tmp_path / "half.csv", tmp_path / "whole.csv"
    half.write_bytes(b"".join(lines[:150]))
    whole.write_bytes(b"".join(lines[:301]))
    leadport("import", half)

    foreseen = leadport("forecast", whole, *wish, "--json").json
    done = leadport("import", whole, *wish, "--json").json

    assert {key: foreseen[key] for key in ALIKE} == {key: done[key] for key in ALIKE}
    assert foreseen["total"] == sum(foreseen[name] for name in COUNTS) == 296  # on 300 lines
    assert foreseen["created"] > 90 and foreseen["unchanged"] + foreseen["updated"] > 90


def test_forecast_leaves_nothing_behind(
    first_time: None, leadport: Leadport, data_dir: Path
) -> None:
    """No table gains a row, no file is kept, and the account is not made."""
    leadport("forecast", TRADESHOW, "--account", "nobody")

    assert [path.name for path in data_dir.rglob("*") if path.is_file()] == ["leadport.db"]
    database = Database(f"sqlite:///{data_dir / 'leadport.db'}")
    with database.reading() as session:
        for name in SQLModel.metadata.tables:
            assert session.execute(text(f'SELECT * FROM "{name}"')).all() == [], name
    database.close()


def test_forecast_in_words(leadport: Leadport) -> None:
    """People get the counts as a sum, the problems by kind, and that nothing was stored."""
    told = leadport("forecast", TRADESHOW)

    lines = [line.split() for line in told.out.splitlines()]
    assert ["created", "954"] in lines and ["total", "1,000"] in lines
    assert "missing_identifier" in told.out and "Nothing was stored" in told.out
    assert "Traceback" not in told.err


def test_forecast_knows_that_the_import_will_pause(leadport: Leadport, tmp_path: Path) -> None:
    """The note names the row at which an import most of whose rows fail stops to ask."""
    path = tmp_path / "hopeless.csv"
    body = "".join(f"P{n},{'x' if n > 400 else f'p{n}@example.com'}\n" for n in range(2_000))
    path.write_text(f"Name,Email\n{body}", "utf-8")

    foreseen = leadport("forecast", path, "--json").json
    paused = leadport("import", path, "--json")

    assert paused.code == 1
    done = sum(paused.json[name] for name in COUNTS)
    assert any(f"the first {done:,} rows fail" in note for note in foreseen["notes"])
    leadport("import", "--resume", paused.json["job_id"])
    gone_on = leadport("status", paused.json["job_id"], "--json").json
    assert {name: foreseen[name] for name in COUNTS} == {name: gone_on[name] for name in COUNTS}


def test_forecast_refuses_as_an_import_would(leadport: Leadport, tmp_path: Path) -> None:
    """A file without an identifier is refused with its columns; a missing one is a wrong call."""
    path = tmp_path / "nobody.csv"
    path.write_text("Colour,Size\nred,1\nblue,2\n")

    refused = leadport("forecast", path, "--json")
    assert (refused.code, refused.json["error"]["code"]) == (1, "no_identifier")
    assert refused.err == leadport("import", path).err
    assert leadport("forecast", tmp_path / "missing.csv").code == 2
    assert leadport("forecast", path, "--map", "Nothing=email", "--json").json == {
        "error": {
            "code": "unknown_columns",
            "message": "The file has no column “Nothing”. It has “Colour”, “Size”.",
        }
    }
