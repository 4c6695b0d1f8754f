"""`leadport results` and `leadport undo`: what became of rows and leads, and taking it back."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from collections import Counter
from pathlib import Path

from bot.commands.report import COUNTS
from tests.bot.commandline import Leadport, data_dir, leadport
from tests.parts.processes import ROOT

__all__ = ["data_dir", "leadport"]  # fixtures

TRADESHOW = ROOT / "examples" / "tradeshow.csv"
FIRST = "Name,Email\nAda,ada@fjord-labs.example\n"
SECOND = "Name,Email\nAda L,ada@fjord-labs.example\nBen,ben@fjord-labs.example\nbad,\n"


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def given(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_results_add_up(leadport: Leadport, tmp_path: Path) -> None:
    """Every row of the file is there once, with an outcome; they add up to the import's counts."""
    done = leadport("import", TRADESHOW, "--json").json
    out = tmp_path / "results.csv"

    printed = leadport("results", done["job_id"])
    written = leadport("results", done["job_id"], "--out", out)

    rows = rows_of(printed.out)
    outcomes = Counter(row["leadport_outcome"] for row in rows)
    assert {name: outcomes[name] for name in COUNTS} == {name: done[name] for name in COUNTS}
    assert (written.code, written.out) == (0, "")
    assert rows_of(out.read_text("utf-8")) == rows
    assert out.stat().st_mode & 0o077 == 0  # it holds people's data
    assert [path.name for path in tmp_path.glob("*.part")] == []


def test_results_of_problems_and_undo(leadport: Leadport, tmp_path: Path) -> None:
    """--problems gives the rows that failed; --undo each lead, once the import was undone."""
    leadport("import", given(tmp_path / "a.csv", FIRST))
    job = leadport("import", given(tmp_path / "b.csv", SECOND), "--json").json["job_id"]

    [bad] = rows_of(leadport("results", job, "--problems").out)
    assert (bad["Name"], bad["leadport_row"]) == ("bad", "3")
    early = leadport("results", job, "--undo")
    assert (early.code, early.out) == (1, "")
    assert "has not been undone" in early.err

    undone = leadport("undo", job)

    assert f"leadport results {job} --undo" in undone.out
    told = rows_of(leadport("results", job, "--undo").out)
    assert [(row["leadport_import"], row["leadport_undo"]) for row in told] == [
        ("updated", "restored"),
        ("created", "deleted"),
    ]


def test_results_refuse_what_is_not_there(leadport: Leadport, tmp_path: Path) -> None:
    """An import of nobody, and two kinds at once, are refused in words."""
    job = "job_0000000000000"
    assert leadport("results", job, "--out", tmp_path / "x.csv").code == 1
    assert not (tmp_path / "x.csv").exists()
    assert leadport("results", job, "--undo", "--problems").code == 2


def test_results_into_a_pipe_that_closes(leadport: Leadport, data_dir: Path) -> None:
    """A reader that stops early, such as `head`, is no error."""
    job = leadport("import", TRADESHOW, "--json").json["job_id"]
    command = f"{sys.executable} -m bot.cli results {job} | head -c 10"
    ran = subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", command],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip

    assert (ran.returncode, ran.stderr) == (0, "")


def test_undo_previews_what_happens_and_refuses_the_rest(
    leadport: Leadport, tmp_path: Path
) -> None:
    """--dry-run tells what undo then does, a touched lead stays, and a second undo is refused."""
    first = leadport("import", given(tmp_path / "a.csv", FIRST), "--json").json["job_id"]
    leadport("import", given(tmp_path / "b.csv", SECOND))

    foreseen = leadport("undo", first, "--dry-run", "--json").json
    undone = leadport("undo", first, "--json").json

    assert foreseen["kept"] == 1
    assert {**foreseen, "undo_state": "undone"} == undone
    for again in (leadport("undo", first), leadport("undo", first, "--dry-run")):
        assert (again.code, again.err) == (1, "The import has been undone already.\n")
