"""A worker that ends or stops itself at a named point.

The points lie between the steps that matter: around a commit, around a call to Slack. The worker is
the real one, with the functions at those points wrapped. Nothing happens unless the file named by
FAULT holds ``point:n:signal``; the process then sends itself the signal at the n-th hit, counted
over all processes, and writes down its pid first. With ``point:n+:signal`` every later hit counts.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from slack_sdk import WebClient

from core import engine, forecast, intake, parts, survey
from worker import attachment, jobs, main, posting, slack_files, thread
from worker.settings import Settings

#: point -> (where the function is looked up, its name, whether the point is after its end)
POINTS: dict[str, tuple[Any, str, bool]] = {
    "claimed": (jobs, "renewed", False),
    "downloaded": (slack_files, "fetch", True),
    "before a part's commit": (parts, "finish", True),
    "after the reading": (intake, "read_part", True),
    "after the forecast": (forecast, "run", True),
    "after a part's commit": (engine, "write_part", True),
    "after the settling": (jobs, "work_of", False),
    "before a post": (posting, "post", False),
    "after a post": (posting, "post", True),
    "after an edit": (posting, "edit", True),
    "after the upload": (attachment, "_upload", True),
    "after the share": (WebClient, "files_completeUploadExternal", True),
}


#: In place of 1,000, so that a file of a few hundred rows has several parts.
ROWS_PER_PART = 100


def arm(file: Path, point: str, hit: str, number: signal.Signals) -> None:
    """From now on the ``hit``-th process to come to ``point`` gets the signal."""
    assert point in POINTS
    disarm(file)
    armed = file.with_suffix(".new")
    armed.write_text(f"{point}:{hit}:{int(number)}")
    armed.rename(file)


def disarm(file: Path) -> None:
    """Nothing happens any more."""
    for path in (file, _hits(file), victim(file)):
        path.unlink(missing_ok=True)


def victim(file: Path) -> Path:
    """Where the process that got the signal has written its pid."""
    return file.with_suffix(".pid")


def _hits(file: Path) -> Path:
    return file.with_suffix(".hits")


def _reach(file: Path, point: str) -> None:
    if not file.exists():
        return
    armed, hit, number = file.read_text().split(":")
    if armed != point:
        return
    with _hits(file).open("ab") as hits:
        hits.write(b".")
        hits.flush()
        if not _is_meant(hits.tell(), hit):
            return
    victim(file).write_text(str(os.getpid()))
    os.kill(os.getpid(), int(number))


def _is_meant(count: int, hit: str) -> bool:
    return count >= int(hit[:-1]) if hit.endswith("+") else count == int(hit)


def _wrapped(function: Callable[..., Any], file: Path, point: str, after: bool) -> Any:
    @wraps(function)
    def watched(*args: Any, **kwargs: Any) -> Any:
        if not after:
            _reach(file, point)
        result = function(*args, **kwargs)
        if after:
            _reach(file, point)
        return result

    return watched


def watch(file: Path) -> None:
    """Wrap the functions at all points, in this process and those it forks."""
    for point, (owner, name, after) in POINTS.items():
        setattr(owner, name, _wrapped(getattr(owner, name), file, point, after))
    survey.ROWS_PER_MARK = ROWS_PER_PART
    assert thread.posting is posting  # else a name was imported past the wrapper


def work() -> int:
    """Run the worker that the environment describes; its exit code."""
    watch(Path(os.environ["FAULT"]))
    return work_undisturbed()


def work_undisturbed() -> int:
    """The same with nothing wrapped."""
    return main.run(Settings())
