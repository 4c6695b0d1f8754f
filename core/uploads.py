"""Where files lie: a folder that the web process and every worker share."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.errors import FileGone, FileTooLarge


@dataclass(frozen=True)
class Stored:
    """A file in the store: its key, its size in bytes, its SHA-256."""

    location: str
    size: int
    sha256: str


class Files:
    """A file store in a folder. Keys are ours; the sender's names never touch the disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def put(self, chunks: Iterable[bytes], limit: int, suffix: str = "") -> Stored:
        """Write a stream, whole or not at all. Raises FileTooLarge past ``limit`` bytes."""
        digest, size = hashlib.sha256(), 0
        with self.writing(suffix) as (location, file):
            for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise FileTooLarge(
                        f"The file is larger than {limit // 1_000_000} MB, which is the limit."
                    )
                digest.update(chunk)
                file.write(chunk)
        return Stored(location, size, digest.hexdigest())

    @contextmanager
    def writing(self, suffix: str = "") -> Iterator[tuple[str, BinaryIO]]:
        """A new file to write: its key and the open file. Gone again if the block raises."""
        name = secrets.token_hex(16) + suffix
        location = f"{name[:2]}/{name}"
        final = self.root / location
        final.parent.mkdir(exist_ok=True)
        part = final.with_name(final.name + ".part")
        try:
            with part.open("wb") as file:
                yield location, file
                file.flush()
                os.fsync(file.fileno())
            part.rename(final)
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    def path(self, location: str) -> Path:
        """Where the file lies. Raises FileGone."""
        path = self.root / location
        if not location or not path.is_file():
            raise FileGone
        return path

    def location(self, path: Path) -> str:
        """The key of a file that lies in the store."""
        return str(path.relative_to(self.root))

    def older_than(self, time: float) -> Iterator[str]:
        """Keys of what was last written before a Unix time, half-written files among them."""
        for path in self.root.glob("??/*"):
            with suppress(FileNotFoundError):  # deleted meanwhile
                if path.stat().st_mtime < time and path.is_file():
                    yield self.location(path)

    def delete(self, location: str) -> None:
        """Remove the file if it is there."""
        if location:
            (self.root / location).unlink(missing_ok=True)
