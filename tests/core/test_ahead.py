"""Reading ahead in a child process: the same rows, whatever becomes of the child."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest
from orjson import loads

from core import ahead, columns, sheet
from core.ahead import Ahead, Piece
from core.batch import Batch
from core.errors import FileGone
from core.identifiers import Kind
from core.rules import ImportRules

ROWS = b"Name,Email,Phone,Tags\n" + b"".join(
    (
        b"Ana,ana%d@example.com,+1202555%04d,vip\n" % (n, n),
        b"Ben,not-an-email,+44 20 7946 0018,press;vip\n",
        b"Cy,c%d@example.com,12,#N/A,too,many\n" % n,
    )[n % 3]
    for n in range(300)
)


@pytest.fixture
def pieces(tmp_path: Path) -> list[Piece]:
    """Two parts of one file with all kinds of rows in it."""
    path = tmp_path / "leads.csv"
    path.write_bytes(ROWS)
    found = sheet.inspect(path)
    cells = [row.cells for row in found.sample]
    targets = tuple(g.target for g in columns.guess(found.format.header, cells, "US", True))
    rules = ImportRules(primary=Kind.EMAIL, fallback=(Kind.PHONE,), region="US")
    last = list(sheet.read(path, found.format))[200]
    offset = ROWS.index(b"Cy,c200@")
    starts = [(tuple(found.format.first), 200), ((last.number, last.line, offset), 100)]
    return [
        Piece(
            str(path), orjson.dumps(found.format.to_json()), targets,
            orjson.dumps(rules.to_json()), start, rows,
        )
        for start, rows in starts
    ]  # fmt: skip


def plain(found: Batch) -> list[tuple[Any, ...]]:
    """All that a row says: from the child, the fields may be in ``made`` alone."""
    return [
        (
            c.row, c.line, c.keys, c.held, {**c.wanted(), **loads(c.made or "{}")}, c.tags,
            c.problems, c.refused, c.made,
        )
        for c in found
    ]  # fmt: skip


def test_the_child_understands_what_we_would(pieces: list[Piece]) -> None:
    """Candidates from the child equal those read here: identifiers, tags, problems, refusals."""
    with Ahead() as reading:
        for piece in pieces:
            reading.ask(piece)

            assert plain(reading.take(piece)) == plain(list(piece.batch()))


def test_rows_nobody_asked_for_are_read_here(pieces: list[Piece]) -> None:
    """Another part than the one asked for, or none asked for at all, is read in this process."""
    with Ahead() as reading:
        first = reading.take(pieces[0])
        reading.ask(pieces[0])

        assert plain(first) == plain(list(pieces[0].batch()))
        assert plain(reading.take(pieces[1])) == plain(list(pieces[1].batch()))
        reading.ask(pieces[0])
        assert plain(reading.take(pieces[0])) == plain(first)


def test_a_child_that_dies_costs_nothing(pieces: list[Piece]) -> None:
    """Killed before or after it was asked, the rows are read here, and the next child serves."""
    with Ahead() as reading:
        for asked_after in (False, True):
            reading.ask(pieces[0])
            reading.take(pieces[0])
            if asked_after:
                reading.ask(pieces[1])
            os.kill(reading.pid, signal.SIGKILL)
            if not asked_after:
                reading.ask(pieces[1])

            assert plain(reading.take(pieces[1])) == plain(list(pieces[1].batch()))


def test_a_child_that_hangs_is_waited_for_no_longer_than_patience(
    pieces: list[Piece], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child that is stopped is given up, and the rows are read here."""
    monkeypatch.setattr(ahead, "PATIENCE", 0.2)
    with Ahead() as reading:
        reading.ask(pieces[0])
        os.kill(reading.pid, signal.SIGSTOP)

        assert plain(reading.take(pieces[0])) == plain(list(pieces[0].batch()))


def test_a_file_that_is_gone_is_our_own_failure(pieces: list[Piece]) -> None:
    """What the child fails at is tried here, where it raises what it always raised."""
    Path(pieces[0].path).unlink()
    with Ahead() as reading:
        reading.ask(pieces[0])

        with pytest.raises(FileGone):
            reading.take(pieces[0])


def test_no_child_is_left_behind(pieces: list[Piece]) -> None:
    """Leaving the block ends the child, even one that nobody took an answer from."""
    with Ahead() as reading:
        reading.ask(pieces[0])
        pid = reading.pid

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_child_gives_way(pieces: list[Piece]) -> None:
    """It asks for less of a busy core than whoever answers people."""
    with Ahead() as reading:
        reading.ask(pieces[0])
        reading.take(pieces[0])  # by now it has set itself up

        assert psutil.Process(reading.pid).nice() > psutil.Process().nice()
