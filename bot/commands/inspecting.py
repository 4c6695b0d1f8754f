"""`leadport inspect`: exactly what the engine reads, and what it takes the columns for."""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

import typer
from rich.console import Console
from rich.table import Table

from bot import terminal
from core import columns
from core.errors import ImportFailure
from core.identifiers import region_of
from core.problems import Problem
from core.sheet import Limits, Sheet, inspect, prepare, read

#: Problems listed per file; a file that is wrong on every row need not be listed whole.
PROBLEMS = 1_000


@dataclass(frozen=True)
class Look:
    """A file that was read: where its text lies, how it is written, what its columns may be."""

    name: str
    text: Path
    sheet: Sheet
    guesses: tuple[columns.Guess, ...]


def run(files: list[Path], form: str, to: Path | None, country: str | None) -> int:
    """Look at each file; the exit code. A file that is no table does not stop the others.

    Raises BadParameter where one is not there at all.
    """
    for path in files:
        if not path.exists() or path.is_dir():
            what = "is a folder" if path.is_dir() else "does not exist"
            raise typer.BadParameter(f"{path} {what}.")
    if to is not None:
        to.mkdir(parents=True, exist_ok=True)
    show = {"json": _show_json, "csv": _show_csv}.get(form, _show_table)
    good = [_one(path, show, form, to, country) for path in files]
    return terminal.DONE if all(good) else terminal.REFUSED


def _one(
    path: Path,
    show: Callable[[Look, IO[str]], None],
    form: str,
    to: Path | None,
    country: str | None,
) -> bool:
    try:
        with _looking(path, country) as look, _output(path, form, to) as output:
            show(look, output)
    except ImportFailure as failure:
        terminal.complain(f"{path}: {failure.message}")
        if form == "json":
            with _output(path, form, to) as output:
                error = {"code": failure.code, "message": failure.message}
                _dump({"file": path.name, "error": error}, output)
        return False
    return True


@contextmanager
def _looking(path: Path, country: str | None) -> Iterator[Look]:
    limits = Limits()
    region = region_of(country) if country else None
    with tempfile.TemporaryDirectory(prefix="leadport-inspect-") as folder:
        text = prepare(path, Path(folder), name=path.name, limits=limits)
        sheet = inspect(text, limits=limits, name=path.name)
        sample = [row.cells for row in sheet.sample]
        has_header = sheet.format.header_line > 0
        guesses = columns.guess(sheet.format.header, sample, region, has_header)
        yield Look(path.name, text, sheet, guesses)


@contextmanager
def _output(path: Path, form: str, to: Path | None) -> Iterator[IO[str]]:
    """Where the result goes: a file of its own, or stdout, in UTF-8 either way."""
    if to is not None:
        with (to / f"{path.name}.{form}").open("w", encoding="utf-8", newline="") as file:
            yield file
        return
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    yield sys.stdout
    sys.stdout.flush()


# ---- forms -------------------------------------------------------------------------------------


def _show_json(look: Look, output: IO[str]) -> None:
    _dump(as_json(look), output)


def _dump(value: dict[str, Any], output: IO[str]) -> None:
    output.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def as_json(look: Look) -> dict[str, Any]:
    """The documented keys. ``header_row`` is a line of the file, null where there is none."""
    format_ = look.sheet.format
    found = list(islice(problems(look), PROBLEMS))
    return {
        "file": look.name,
        "encoding": format_.encoding,
        "delimiter": format_.delimiter,
        "header_row": format_.header_line or None,
        "columns": [
            {"name": g.header, "target": g.target, "confidence": g.confidence, "reason": g.reason}
            for g in look.guesses
        ],
        "row_count": look.sheet.row_count,
        "problems": [asdict(problem) for problem in found],
    }


def problems(look: Look) -> Iterator[Problem]:
    """The file's problems, then those of its rows."""
    yield from look.sheet.problems
    for row in read(look.text, look.sheet.format):
        yield from row.problems


def _show_csv(look: Look, output: IO[str]) -> None:
    writer = csv.writer(output, lineterminator="\r\n")
    writer.writerow(look.sheet.format.header)
    writer.writerows(row.cells for row in read(look.text, look.sheet.format))


def _show_table(look: Look, output: IO[str]) -> None:
    console = terminal.out()
    sheet, names = look.sheet, look.sheet.format.header_line
    size = f"{sheet.row_count:,} rows x {len(sheet.format.header)} columns"
    at = f"names on line {names}" if names else "no header row"
    facts = f"{size}, {sheet.encoding_name}, {sheet.delimiter_name}, {at}"
    console.print(f"{terminal.printable(look.name)}: {facts}")
    console.print(_columns(look))
    _list_problems(look, console)


def _columns(look: Look) -> Table:
    table = Table("column", "taken for", "sure", "because", "for example", box=None, pad_edge=False)
    for index, guess in enumerate(look.guesses):
        cells = (row.cells[index] for row in look.sheet.sample)
        example = next((cell for cell in cells if cell.strip()), "")
        style = "dim" if guess.target == "skip" else "yellow" if guess.confidence < 0.7 else None
        name, shown = terminal.printable(guess.header), terminal.printable(example)[:40]
        sure = f"{guess.confidence:.0%}"
        table.add_row(name, guess.target, sure, guess.reason, shown, style=style)
    return table


def _list_problems(look: Look, console: Console) -> None:
    found = list(islice(problems(look), 11))
    for problem in found[:10]:
        where = f"line {problem.line}: " if problem.line else ""
        console.print(terminal.printable(where + problem.message), style="yellow")
    if len(found) > 10:
        console.print("... and more; --json lists them", style="dim")
