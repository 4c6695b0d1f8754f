"""Talking to a person at a terminal: results on stdout, all else on stderr, never a stack trace."""

from __future__ import annotations

import json
import secrets
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import typer

from core.errors import ImportFailure

if TYPE_CHECKING:  # each of these costs a large part of a second, and `--help` needs none of them
    from pydantic_core import ErrorDetails
    from rich.console import Console

    from core.db import Database
    from core.uploads import Files
    from worker.settings import Settings

#: Exit codes. An import that completed is a success even if rows of it failed: the counts say so.
DONE, REFUSED, USAGE, INTERRUPTED = 0, 1, 2, 130
#: The umask of processes that keep people's data: their files are for their owner alone.
PRIVATE = 0o077


def out() -> Console:
    """The console for results. What it prints is the sender's, so nothing in it is markup."""
    return _console(stderr=False)


def aside() -> Console:
    """The console for progress and notes."""
    return _console(stderr=True)


def _console(stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    # Into a pipe or a file, lines are as long as they have to be.
    width = None if stream.isatty() else 200
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, width=width)


def printable(text: str) -> str:
    """The text without what a terminal would take for a command."""
    return "".join(char if char.isprintable() else " " for char in text)


def print_json(value: Any) -> None:
    """One JSON value on stdout."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def complain(message: str) -> None:
    """Say on stderr what went wrong."""
    typer.secho(message, fg=typer.colors.RED, err=True)


def refused(failure: ImportFailure, as_json: bool = False) -> typer.Exit:
    """Say why something could not be done; the exit to raise."""
    complain(failure.message)
    if as_json:
        print_json({"error": {"code": failure.code, "message": failure.message}})
    return typer.Exit(REFUSED)


def settings(**given: Any) -> Settings:
    """The settings of the environment, changed by options that were ``given``.

    Exits with words where a variable holds nonsense.
    """
    from pydantic import ValidationError

    from worker.settings import Settings

    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        for fault in error.errors():
            complain(_fault(fault))
        raise typer.Exit(USAGE) from None


def _fault(fault: ErrorDetails) -> str:
    """One sentence that names the variable at fault and never shows its value."""
    name, ours = ".".join(map(str, fault["loc"])), fault.get("ctx", {}).get("error")
    if isinstance(ours, ValueError):  # our own words, which go on after the name
        return f"{name} {ours}".strip()
    return f"{name}: {fault['msg']}."


@contextmanager
def opened(chosen: Settings) -> Iterator[tuple[Database, Files]]:
    """The database, at the newest schema, and the file store; closed on leaving."""
    from core.db import Database, upgrade
    from core.uploads import Files

    database = Database(chosen.database)
    try:
        upgrade(database)
        yield database, Files(chosen.files_root)
    finally:
        database.close()


def unexpected(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """An exception hook: words and a log id for the person, the trace for a file of ours."""
    words = _outside_cause(error)
    if words:
        complain(words)
        return
    log_id = secrets.token_hex(4)
    path = _log("".join(traceback.format_exception(kind, error, trace)), log_id)
    complain(f"Internal error. The log id is {log_id}" + (f"; see {path}." if path else "."))


def _outside_cause(error: BaseException) -> str:
    """What to say of an exception whose cause lies outside Leadport; empty for a fault of ours."""
    from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

    # A bare DatabaseError is SQLite's for a file that is no database; its other kinds are ours.
    if isinstance(error, OperationalError) or type(error) is DatabaseError:
        return f"The database could not be used: {str(error.orig).strip().splitlines()[0]}"
    if isinstance(error, ArgumentError):
        return f"DATABASE_URL: {error}"
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return ""


def _log(trace: str, log_id: str) -> Path | None:
    path = settings().data_dir / "errors.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # a trace may quote a lead's data
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {log_id}\n{trace}\n")
    except OSError:
        return None
    return path
