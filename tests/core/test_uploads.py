"""The file store keeps whole files only, under names of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import FileGone, FileTooLarge
from core.uploads import Files


def test_put_and_delete(tmp_path: Path) -> None:
    """A stored file is there with its size and hash until it is deleted."""
    files = Files(tmp_path)

    stored = files.put([b"a,b\n", b"1,2\n"], limit=100, suffix=".csv")

    assert files.path(stored.location).read_bytes() == b"a,b\n1,2\n"
    assert (stored.size, stored.sha256) == (8, hashlib.sha256(b"a,b\n1,2\n").hexdigest())
    assert files.location(files.path(stored.location)) == stored.location
    files.delete(stored.location)
    with pytest.raises(FileGone):
        files.path(stored.location)


def test_too_large_leaves_nothing(tmp_path: Path) -> None:
    """A stream past the limit is refused with the limit named, and nothing stays on the disk."""
    with pytest.raises(FileTooLarge, match="2 MB"):
        Files(tmp_path).put([b"x" * 1_000_000] * 3, limit=2_000_000)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_broken_stream_leaves_nothing(tmp_path: Path) -> None:
    """A stream that breaks off is no file."""

    def broken() -> Iterator[bytes]:
        yield b"a,b\n"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        Files(tmp_path).put(broken(), limit=100)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_no_location_is_gone(tmp_path: Path) -> None:
    """An upload that was never fetched has no file, and not the folder itself."""
    with pytest.raises(FileGone):
        Files(tmp_path).path("")
