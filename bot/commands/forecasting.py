"""`leadport forecast`: what `leadport import` would do with the same options. It stores nothing."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.text import Text

from bot import terminal
from bot.commands import bar, importing, noting, report, status
from bot.commands.importing import Wish
from core import rehearsal
from core.db import Database
from core.errors import ImportFailure, InvalidMapping
from core.rehearsal import Foreseen, Rehearsal
from core.sheet import Limits
from worker.settings import Settings


def run(settings: Settings, path: Path, wish: Wish, as_json: bool) -> int:
    """Rehearse the import of ``path``, and report; the exit code."""
    began = time.monotonic()
    limits = replace(Limits(), bytes=settings.max_file_bytes)
    with (
        terminal.opened(settings) as (database, _),
        tempfile.TemporaryDirectory(prefix="leadport-forecast-") as folder,
    ):
        try:
            about = _prepared(database, path, wish, Path(folder), limits)
            foreseen = _foreseen(database, about, as_json)
        except ImportFailure as failure:
            raise terminal.refused(failure, as_json) from None
    seconds = time.monotonic() - began
    if as_json:
        terminal.print_json(as_plain(about, foreseen, seconds))
    else:
        _show(about, foreseen, seconds)
    return terminal.DONE


def _prepared(
    database: Database, path: Path, wish: Wish, folder: Path, limits: Limits
) -> Rehearsal:
    """The file read and mapped, with what was chosen put over the guesses."""
    with database.reading() as session:
        account_id = status.account_id(session, wish.account)
        notes = noting.new_account(session, wish.account)
    about = rehearsal.prepare(database, account_id, path, folder, limits)
    if wish.choice.given:
        targets, rules = wish.choice.apply(about.drafted, about.upload)
        notes = [*wish.choice.notes(about.drafted, about.upload), *notes]
        about.drafted.mapping, about.drafted.rules = targets, rules.to_json()
    about.upload.sheet = noting.added(about.upload.sheet, notes)
    return about


def _foreseen(database: Database, about: Rehearsal, quiet: bool) -> Foreseen:
    total = about.drafted.total
    try:
        with bar.shown("Forecasting", quiet) as seen:
            return rehearsal.run(database, about, lambda rows: seen(rows, total))
    except InvalidMapping as failure:
        raise importing.explained(failure, about.drafted, about.upload) from None


def as_plain(about: Rehearsal, foreseen: Foreseen, seconds: float) -> dict[str, Any]:
    """The documented keys; the counts are those that `import --json` prints."""
    header = about.upload.sheet["format"]["header"]
    return {
        "file": about.upload.name,
        **_counts(foreseen),
        "seconds": round(seconds, 3),
        "rows_per_second": round(foreseen.tally.rows / seconds),
        "mapping": dict(zip(header, about.drafted.mapping, strict=True)),
        "notes": _notes(about, foreseen),
        "problems": [report.as_plain(problem) for problem in foreseen.problems],
    }


def _counts(foreseen: Foreseen) -> dict[str, int]:
    return {**foreseen.tally.counts, "unprocessed": 0, "total": foreseen.tally.rows}


def _notes(about: Rehearsal, foreseen: Foreseen) -> list[str]:
    notes = list(about.upload.sheet["notes"])
    if foreseen.pauses_after:
        notes.append(
            f"Most of the first {foreseen.pauses_after:,} rows fail: there the import would pause "
            "and ask whether to go on. The counts are those of going on."
        )
    return notes


def _show(about: Rehearsal, foreseen: Foreseen, seconds: float) -> None:
    console = terminal.out()
    name, rows = terminal.printable(about.upload.name), foreseen.tally.rows
    speed = f" in {seconds:.1f} s, {rows / seconds:,.0f} rows/s"
    console.print(Text.assemble(f"{name}: ", ("forecast", "bold"), speed))
    for note in _notes(about, foreseen):
        console.print(terminal.printable(note), style="dim")
    console.print(report.sums(_counts(foreseen)))
    if groups := foreseen.tally.to_json()["problems"]:
        console.print(report.by_kind(groups))
    console.print("Nothing was stored. `leadport import` does it.", style="dim")
