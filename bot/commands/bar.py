"""A bar that shows how far a command is, to a person who looks at a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot import terminal

#: Told how much is done, and how much there is in all.
Seen = Callable[[int, int], None]


@contextmanager
def shown(doing: str, quiet: bool) -> Iterator[Seen]:
    """A bar on stderr, named by what is being done; none into a file, a pipe, or if ``quiet``."""
    console = terminal.aside()
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    hidden = quiet or not console.is_terminal
    with Progress(*columns, console=console, disable=hidden) as progress:
        task = progress.add_task(doing, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
