"""What Leadport keeps on disk is for its owner alone, also where it was once left open."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import make_url

from worker.settings import Settings

_SQLITE = b"SQLite format 3\0"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def close(settings: Settings) -> list[str]:
    """Take from everybody else what they could do with our files; what there is to say of it.

    A folder that is closed closes what lies in it. The data folder itself is left alone: it may
    hold more than what is ours.
    """
    return [words for path in _kept(settings) if (words := _closed(path))]


def _kept(settings: Settings) -> Iterator[Path]:
    """Our files and folders, whether they are there or not."""
    folder = settings.data_dir
    yield from (folder / name for name in ("secret-key", "errors.log", "valkey"))
    yield settings.files_root
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite" and url.database and _is_database(Path(url.database)):
        yield from (Path(url.database + end) for end in ("", "-wal", "-shm"))


def _is_database(path: Path) -> bool:
    """Whether the setting points at what we made, and not at a file of somebody's by mistake."""
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False


def _closed(path: Path) -> str:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if not mode & _OTHERS:
            return ""
        path.chmod(mode & ~_OTHERS)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{path} is open to other users of this machine: {error.strerror}."
    return f"{path} was open to other users of this machine; now it is its owner's alone."
