"""`leadport import`: a file to leads, in this process."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

import typer

from bot import terminal
from bot.commands import bar, noting, report, status
from bot.commands.choosing import Choice, choice
from bot.commands.helping import helpers
from bot.commands.working import Work, take_in
from core import disposal, imports
from core.ahead import Ahead
from core.db import Database
from core.errors import ImportFailure, InvalidMapping, WrongState
from core.models import Import, Upload
from core.sheet import Limits
from core.uploads import Files
from worker.settings import Settings


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line: a file to import, or a job to finish."""

    account: str
    path: Path | None
    job: str
    choice: Choice
    workers: int = 1

    @classmethod
    def asked(
        cls,
        account: str,
        path: Path | None,
        mapping: list[str],
        primary: str | None,
        country: str | None,
        job: str | None,
        workers: int = 1,
    ) -> Wish:
        """The options, checked as far as they can be without the file. Raises BadParameter."""
        if path is not None and not path.is_file():
            what = "is a folder" if path.is_dir() else "does not exist"
            raise typer.BadParameter(f"{path} {what}.")
        return cls(account, path, job or "", choice(mapping, primary, country), workers)


def run(settings: Settings, wish: Wish, as_json: bool) -> int:
    """Import, and report; the exit code."""
    began = time.monotonic()
    with terminal.opened(settings) as (database, files):
        try:
            with Ahead() as ahead:
                ended = _import(database, files, settings, wish, ahead, as_json)
        except ImportFailure as failure:
            raise terminal.refused(failure, as_json) from None
        finally:
            disposal.drop_unwanted(database, files)
        with database.reading() as session:
            seconds = time.monotonic() - began
            if as_json:
                terminal.print_json(report.as_json(session, ended, seconds))
            else:
                report.show(terminal.out(), session, ended, seconds)
    return {"completed": terminal.DONE, "cancelled": terminal.INTERRUPTED}.get(
        ended.status, terminal.REFUSED
    )


def _import(
    database: Database, files: Files, settings: Settings, wish: Wish, ahead: Ahead, quiet: bool
) -> Import:
    if wish.path is None:
        work = _begun(database, files, wish)
    else:
        limits = replace(Limits(), bytes=settings.max_file_bytes)
        with database.reading() as session:
            notes = noting.new_account(session, wish.account)
        work = take_in(database, files, wish.path, wish.account, limits)
        _prepare(work, wish.choice, limits, notes)
    work = replace(work, lease_ms=round(settings.lease_seconds * 1000))
    helping = helpers(work, wish.workers - 1)
    with _interrupts() as asked, helping, bar.shown("Importing", quiet) as seen:
        return work.write(
            ahead, lambda: asked.to_stop, lambda now: seen(report.decided(now), now.total)
        )


def _begun(database: Database, files: Files, wish: Wish) -> Work:
    """The import to resume. Raises NotFound and WrongState."""
    with database.reading() as session:
        found = status.find(session, wish.account, wish.job)
    if found.status not in imports.UNDER_WAY:
        raise WrongState(f"The import is {found.status}; there is nothing left to do.")
    work = Work(database, files, found.account_id, found.id)
    if found.status == "paused":
        work.transact(imports.resume)
    return work


def _prepare(work: Work, chosen: Choice, limits: Limits, notes: list[str]) -> None:
    """Read, map, start. What does not get that far is dropped: nothing of it was imported."""
    try:
        drafted, upload = work.read(limits)
        if drafted.status == "failed":
            raise _rejection(drafted)
        if chosen.given:
            targets, rules = chosen.apply(drafted, upload)
            notes = [*chosen.notes(drafted, upload), *notes]
            work.transact(imports.set_mapping, targets, rules)
        if notes:
            work.transact(noting.remark, notes)
        work.transact(imports.start)
        work.forgo_forecast()
    except InvalidMapping as failure:
        work.transact(imports.dismiss)
        raise explained(failure, *work.current()) from None
    except BaseException as reason:
        work.transact(imports.dismiss)
        if isinstance(reason, KeyboardInterrupt):
            terminal.complain("Stopped; nothing was imported.")
        raise


def _rejection(drafted: Import) -> ImportFailure:
    failure = ImportFailure(drafted.failure_message)
    failure.code = drafted.failure_code
    return failure


def explained(failure: InvalidMapping, drafted: Import, upload: Upload) -> ImportFailure:
    """The failure, with the mapping as it was and what to do about it."""
    pairs = zip(upload.sheet["format"]["header"], drafted.mapping, strict=False)
    listed = "\n".join(f"  {terminal.printable(name)} = {target}" for name, target in pairs)
    hint = "Change it with --map COLUMN=TARGET; the columns are now taken for:"
    explained = ImportFailure(f"{failure.message}\n{hint}\n{listed}")
    explained.code = failure.code
    return explained


@dataclass
class _Interrupts:
    """Whether the person wants to stop."""

    to_stop: bool = False

    def heed(self, number: int, frame: FrameType | None) -> None:
        """The first Ctrl-C cancels after the part at hand, the second one at once."""
        if self.to_stop:
            raise KeyboardInterrupt
        self.to_stop = True
        terminal.aside().print("Stopping after the rows at hand; Ctrl-C again to stop at once.")


@contextmanager
def _interrupts() -> Iterator[_Interrupts]:
    asked = _Interrupts()
    before = signal.signal(signal.SIGINT, asked.heed)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
