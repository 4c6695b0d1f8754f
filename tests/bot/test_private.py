"""Files that an earlier umask left open to other users."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bot import private
from tests.bot.commandline import Leadport, data_dir, leadport
from worker.settings import Settings

__all__ = ["data_dir", "leadport"]  # fixtures


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_was_left_open_is_closed(leadport: Leadport, data_dir: Path) -> None:
    """Database, key and folders become their owner's alone, with a word to the person, once."""
    leadport("status")
    (data_dir / "secret-key").write_text("secret")
    opened = [data_dir / name for name in ("leadport.db", "secret-key", "files")]
    for path in opened:
        path.chmod(0o755)
    data_dir.chmod(0o755)
    first, again = leadport("status", "--json"), leadport("status", "--json")

    assert [mode(path) for path in opened] == [0o700] * 3
    assert mode(data_dir) == 0o755
    assert all(f"{path} was open to other users" in first.err for path in opened)
    assert first.json == again.json
    assert again.err == ""


def test_what_cannot_be_closed_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files of another owner stay as they are, and the person hears of it."""
    (tmp_path / "secret-key").touch(0o644)

    def refuse(path: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    [words] = private.close(Settings(data_dir=tmp_path))

    assert words.endswith("is open to other users of this machine: Operation not permitted.")
