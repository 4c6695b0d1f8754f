"""The processes that help `leadport import --workers N`: each does parts of the same import."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from bot import terminal
from bot.commands.working import Work

#: How long helpers may take to notice that there is nothing left to do, in seconds.
_PATIENCE = 30.0


@contextmanager
def helpers(work: Work, count: int) -> Iterator[None]:
    """So many processes beside this one; they are ended with the block.

    SQLite has one writer at a time: there, helpers would only wait for each other.
    """
    wanted = 0 if work.database.is_sqlite else count
    argv = (sys.executable, "-m", "bot.commands.helping", str(work.account_id), str(work.import_id))
    # A session of their own: Ctrl-C is for the process that was typed, which then cancels.
    started = [
        subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603  (ours)
        for _ in range(wanted)
    ]
    try:
        yield
        for process in started:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE)
    finally:
        for process in started:
            process.terminate()
            process.wait()


def main(account_id: int, import_id: int) -> None:
    """Help until the import is over, or the process that asked for it is gone."""
    settings, parent = terminal.settings(), os.getppid()
    os.umask(terminal.PRIVATE)
    with terminal.opened(settings) as (database, files):
        work = Work(database, files, account_id, import_id)
        work = replace(work, lease_ms=round(settings.lease_seconds * 1000))
        work.help(stop=lambda: os.getppid() != parent)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
