"""`leadport results`: what became of an import, row by row or lead by lead, as a CSV file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from sqlmodel import Session

from bot import terminal
from bot.commands import status
from core import results
from core.errors import ImportFailure
from core.models import Import
from core.uploads import Files
from worker.settings import Settings


class What(StrEnum):
    """Which file is wanted."""

    ROWS = "rows"
    PROBLEMS = "problems"
    UNDO = "undo"


def run(settings: Settings, account: str, job: str, what: What, to: Path | None) -> int:
    """Write the file to ``to``, or to stdout; the exit code."""
    with terminal.opened(settings) as (database, files), database.reading() as session:
        try:
            found = status.find(session, account, job)
            chunks = _chunks(session, files, found, what)
        except ImportFailure as failure:
            raise terminal.refused(failure) from None
        if to is None:
            _print(chunks)
        else:
            _write(chunks, to)
    return terminal.DONE


def _chunks(session: Session, files: Files, found: Import, what: What) -> Iterator[bytes]:
    about = (found.account_id, found.id)
    if what is What.UNDO:
        return results.undo_csv(session, *about)
    if what is What.PROBLEMS:
        return results.problems_csv(session, files, *about)
    return results.results_csv(session, files, *about)


def _print(chunks: Iterator[bytes]) -> None:
    output = sys.stdout.buffer
    try:
        output.writelines(chunks)
        output.flush()
    except BrokenPipeError:  # whoever reads, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write(chunks: Iterator[bytes], to: Path) -> None:
    """The whole file or none of it."""
    part = to.with_name(f"{to.name}.part")
    try:
        with part.open("wb") as file:
            file.writelines(chunks)
        part.rename(to)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    terminal.aside().print(f"Written to {to}")
