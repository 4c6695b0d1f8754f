"""`leadport`, run in this process as a person or a script runs it: fixtures for its tests."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from bot import cli

#: The commands as they are made from functions, each time the same: twice the time of `status`.
_made = cache(typer.main.get_command)


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Leadport = Callable[..., Ran]


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, migrated_sqlite: Path) -> Path:
    """The data folder that the commands of this test use. It holds a database with nothing in it:
    to make its tables takes as long as to import a small file."""
    folder = tmp_path / "data"
    monkeypatch.setenv("LEADPORT_DATA_DIR", str(folder))
    folder.mkdir(mode=0o700)
    shutil.copy(migrated_sqlite, folder / "leadport.db")
    (folder / "leadport.db").chmod(0o600)
    return folder


@pytest.fixture
def first_time(data_dir: Path) -> None:
    """The data folder is still to be made."""
    shutil.rmtree(data_dir)


@pytest.fixture
def leadport(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Leadport]:
    """Runs `leadport` with these arguments, in this process, as one whose files all may read."""

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["leadport", *map(str, arguments)])
        monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # main replaces it
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return Ran(int(ended.value.code or 0), said.out, said.err)

    monkeypatch.setattr(typer.main, "get_command", _made)
    before = os.umask(0o022)
    yield run
    os.umask(before)
