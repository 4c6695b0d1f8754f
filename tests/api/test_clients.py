"""The clients in examples/clients work as they say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import playwright
import pytest

from tests.api.conftest import Api

ROOT = Path(__file__).parent.parent.parent
CLIENTS = ROOT / "examples" / "clients"
FILE = ROOT / "examples" / "tradeshow.csv"


def node() -> str:
    """A Node to run the script with; the browser tests bring one along."""
    return shutil.which("node") or str(Path(playwright.__file__).parent / "driver" / "node")


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, str(CLIENTS / "import_leads.py")],
        [node(), str(CLIENTS / "import_leads.mjs")],
        ["bash", str(CLIENTS / "import_leads.sh")],
    ],
    ids=["python", "node", "curl"],
)
def test_it_imports_and_undoes(api: Api, command: list[str]) -> None:
    """Each imports the example file, says what became of its rows, and takes it back."""
    customer = api.customer()
    env = os.environ | {"LEADPORT_URL": api.url, "LEADPORT_KEY": customer.key}
    with api.working(), customer.http as http:
        run = subprocess.run(
            [*command, str(FILE), "--undo"], env=env, capture_output=True, text=True, timeout=120
        )
        assert run.returncode == 0, run.stderr + run.stdout
        (job,) = http.get("/leads/import/jobs").json()["jobs"]

    assert job["status"] == "completed" and job["undo"]["state"] == "undone"
    assert job["undo"]["deleted"] == job["created_count"] > 500
    assert str(job["created_count"]) in run.stdout
    for total, parts in re.findall(r"(\d+) rows = (.+)", run.stdout):
        assert sum(map(int, re.findall(r"\d+", parts))) == int(total)


def test_counts_of_a_file_that_is_known(api: Api, tmp_path: Path) -> None:
    """What the clients print of rows that bring nothing new adds up as well."""
    file, customer = tmp_path / "leads.csv", api.customer()
    file.write_text("Email\nana@example.com\nben@example.com\n", encoding="utf-8")
    env = os.environ | {"LEADPORT_URL": api.url, "LEADPORT_KEY": customer.key}
    for command in ([sys.executable, "import_leads.py"], [node(), "import_leads.mjs"]):
        program = [command[0], str(CLIENTS / command[1]), str(file)]
        with api.working():
            run = subprocess.run(program, env=env, capture_output=True, text=True, timeout=120)
        [(total, parts)] = re.findall(r"(\d+) rows = (.+)", run.stdout)
        assert sum(map(int, re.findall(r"\d+", parts))) == int(total) == 2
    customer.http.close()

    assert "2 of the updated ones brought nothing new" in run.stdout


def test_a_wrong_key_is_told(api: Api) -> None:
    """What Leadport says of a refusal reaches the person at the terminal."""
    env = os.environ | {"LEADPORT_URL": api.url, "LEADPORT_KEY": "nonsense"}
    run = subprocess.run(
        [sys.executable, str(CLIENTS / "import_leads.py"), str(FILE)],
        env=env, capture_output=True, text=True, timeout=120,
    )  # fmt: skip

    assert run.returncode == 1 and run.stderr.startswith("401: ")
