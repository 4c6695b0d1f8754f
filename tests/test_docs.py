"""What the documents say is true: commands run, links lead somewhere, settings and states exist."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import typer.main

from bot import cli
from bot.commands import report
from core import models
from tests.bot.commandline import Leadport, data_dir, first_time, leadport
from tests.parts.processes import ROOT
from worker.settings import Settings

__all__ = ["data_dir", "first_time", "leadport"]  # fixtures

README = (ROOT / "README.md").read_text()
STATES = (ROOT / "docs" / "states.md").read_text()
PAGES = sorted(
    path for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")) if path.name != "CHANGELOG.md"
)

#: Run by tests of their own: they serve until they are stopped, or run this very suite.
ELSEWHERE = {
    "make demo": "tests/test_demo.py",
    "make test": "the suite itself",
    ".venv/bin/leadport up": "tests/bot/test_up.py",
}


def commands(page: str) -> list[str]:
    """The lines of the page's `sh` blocks."""
    blocks = re.findall(r"^( *)```sh\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL)
    lines = [line.strip() for _, block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith(("export ", "#"))]


def table(page: str, first: str) -> list[list[str]]:
    """The cells of the table whose heading begins with ``first``, row by row."""
    rows = page.partition(f"| {first} |")[2].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


# ---- README ------------------------------------------------------------------------------------


def test_the_readme_s_commands_run_in_their_order(
    first_time: None,
    leadport: Leadport,
    data_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each command of the README ends with code 0, or is run by the test that is named here.

    The first is run as it stands, by a shell that knows nothing; the others in this process.
    """
    shown = commands(README)
    assert set(ELSEWHERE) <= set(shown)
    first, *others = [shlex.split(command) for command in shown if command not in ELSEWHERE]
    env = {"LEADPORT_DATA_DIR": str(data_dir), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    run = subprocess.run(first, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, f"{first}\n{run.stderr}"
    monkeypatch.chdir(ROOT)
    for program, *arguments in others:
        assert program == first[0] == ".venv/bin/leadport"
        ran = leadport(*arguments)
        assert ran.code == 0, f"{arguments}\n{ran.err}"


def test_the_makefile_has_what_the_readme_names() -> None:
    """Every `make` target that a page names is in the Makefile, and the demo runs our script."""
    makefile = (ROOT / "Makefile").read_text()
    named = {m for page in PAGES for m in re.findall(r"`?make (\w+)\b[^.\n]*`", page.read_text())}

    assert {"demo", "test"} <= named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    assert "scripts/demo.py" in makefile and "--once" in makefile


def test_the_readme_names_every_command_and_no_other() -> None:
    """The table of commands is the command line's own list."""
    listed = {re.findall(r"leadport (\w+)", row[0])[0] for row in table(README, "command")}

    assert listed == set(typer.main.get_command(cli.app).commands)  # type: ignore[attr-defined]


def test_the_readme_names_the_keys_of_import_json() -> None:
    """Every key that `import --json` prints stands in the README, and the law's keys come first."""
    rows = [re.findall(r"`(\w+)`", row[0]) for row in table(README, "key")]
    source = (ROOT / "bot" / "commands" / "report.py").read_text()
    printed = set(re.findall(r'^        "(\w+)":', source, re.MULTILINE))

    assert rows[0] == [*report.COUNTS, "total"]
    assert {key for row in rows for key in row} == printed | set(rows[0])


def test_the_readme_s_settings_exist() -> None:
    """Every variable of the README is one that the settings read."""
    named = {re.findall(r"`(\w+)`", row[0])[0] for row in table(README, "variable")}
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}

    assert named <= known
    assert {name for name in known if not name.startswith("LEADPORT_")} <= named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link and picture of a page is a file of the repository."""
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)[^)]*\)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


# ---- states ------------------------------------------------------------------------------------


def section(title: str) -> str:
    """A section of docs/states.md, without those below it."""
    found = re.search(rf"^##+ {title}\n(.*?)(?=^##|\Z)", STATES, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def states_of(model: str, column: str) -> set[str]:
    """The states that the model's comment lists, before or after the column."""
    source = (
        Path(models.__file__).read_text().partition(f"class {model}(")[2].partition("\nclass ")[0]
    )
    after = re.search(rf"^    {column}: str = Field\([^)]*\([^)]*\)[^)]*\)  #: (.*)$", source, re.M)
    before = re.search(rf"#: ([^\n]*)\n    {column}: str", source)
    listed = after or before
    assert listed, f"{model}.{column} does not list its states"
    return set(listed[1].split(", "))


@pytest.mark.parametrize(
    ("title", "model", "column"),
    [
        ("Upload", "Upload", "state"),
        ("Import", "Import", "status"),
        ("Undo", "Import", "undo_state"),
        ("ImportPart", "ImportPart", "state"),
        ("Outbox", "Outbox", "state"),
    ],
)
def test_the_states_are_those_of_the_tables(title: str, model: str, column: str) -> None:
    """A diagram shows every state of its table and no other; its edges are lettered in order and
    are those of the list under it, each with a sentence."""
    arrows = re.findall(r"(\S+) --> (\S+): (\w)", section(title))
    rows = table(section(title), "edge")

    assert {state for arrow in arrows for state in arrow[:2]} - {"[*]"} == states_of(model, column)
    assert [(start.replace("[*]", ""), end, letter) for start, end, letter in arrows] == [
        (start, end, letter) for letter, start, end, _ in rows
    ]
    assert [row[0] for row in rows] == list("abcdefghijklmnop"[: len(rows)])
    assert all(row[3].endswith(".") for row in rows)
