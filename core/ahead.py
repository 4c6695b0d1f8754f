"""Understand the next part while the database writes this one, in a child process.

Reading and normalising cost about as much as writing, and the database writes on another core or
at least needs little of this one. The child only ever hands over what this process would have read
by itself: if it is late, dies or was never started, the rows are read here, and nothing else
changes. It holds no connection and no claim.
"""

from __future__ import annotations

import marshal
import os
import select
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

import orjson

from core import columnwise
from core.batch import Batch, Bearing, Keying, Plain
from core.candidate import Candidate, Held, Key
from core.mapping import Reader
from core.problems import Problem, ProblemCode, Severity
from core.rules import ImportRules
from core.sheet import Format, Position, read

#: How long to wait for rows that were asked for, in seconds: far longer than reading them takes.
PATIENCE = 30.0
_HEAD = 8  # bytes before each message: its length
_CHUNK = 1 << 20
#: The parts of a short import are smaller; it is over before a child has read its first rows.
ENOUGH_ROWS = 4_000
_ENOUGH_BYTES = 400_000  # of a file that has about as many


def pays(rows: int) -> bool:
    """Whether a part of so many rows is worth a process to read it, and there is a core for it."""
    return rows >= ENOUGH_ROWS and (os.cpu_count() or 1) > 1


def will_pay(path: Path) -> bool:
    """The same of a file that nobody has looked at."""
    return path.stat().st_size >= _ENOUGH_BYTES and (os.cpu_count() or 1) > 1


class Piece(NamedTuple):
    """Some rows of a file and all that it takes to understand them, in plain values."""

    path: str
    format: bytes  #: ``Format.to_json`` as JSON
    targets: tuple[str, ...]
    rules: bytes  #: ``ImportRules.to_json`` as JSON
    start: tuple[int, int, int]  #: a ``Position``
    rows: int

    def batch(self) -> Batch:
        """The rows, understood in this process. Raises FileGone."""
        format_ = Format.from_json(orjson.loads(self.format))
        rules = ImportRules.from_json(orjson.loads(self.rules))
        reader = Reader(self.targets, format_.header, rules)
        rows = read(Path(self.path), format_, Position(*self.start), self.rows)
        return columnwise.batch(reader, rows)


class Ahead:
    """A child process that reads ahead, started with the first question; ``with`` ends it."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._asked: Piece | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self._drop()

    @property
    def pid(self) -> int:
        """The child's process id; 0 while there is none."""
        return self._child.pid if self._child else 0

    def warm(self) -> None:
        """Start the child, which takes a while, before there is anything to ask."""
        if self._child is None:
            self._child = _start()

    def expects(self, piece: Piece) -> bool:
        """Whether the child was asked for just this piece."""
        return self._asked == piece

    def ask(self, piece: Piece) -> None:
        """Begin to understand ``piece``; ``take`` will want it next."""
        if self._asked is not None:
            self._drop()  # an answer that nobody took is in the way
        self.warm()
        try:
            _send(_of(_of(self._child).stdin), (*piece[:-2], tuple(piece.start), piece.rows))
        except OSError:
            self._drop()
        else:
            self._asked = piece

    def take(self, piece: Piece) -> Batch:
        """The rows of ``piece``, from the child if it was asked for them. Raises FileGone."""
        answer = self._answer() if self.expects(piece) else None
        return piece.batch() if answer is None else unpacked(answer)

    def _answer(self) -> tuple[Any, ...] | None:
        self._asked = None
        try:
            answer: tuple[Any, ...] = _receive(_of(_of(self._child).stdout).fileno())
        except (OSError, EOFError, ValueError, TypeError):
            self._drop()
            return None
        return answer

    def _drop(self) -> None:
        child, self._child, self._asked = self._child, None, None
        if child is not None:
            child.kill()
            child.communicate()


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "core.ahead"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what went wrong shows when the rows are read here instead
    )


def _of(there: Any) -> Any:
    assert there is not None  # noqa: S101  (both are pipes, and were opened by _start)
    return there


# ---- messages ----------------------------------------------------------------------------------
# marshal is the fastest way between two processes of one interpreter, and both ends are ours.


def _send(pipe: IO[bytes], value: Any) -> None:
    body = marshal.dumps(value)
    pipe.write(len(body).to_bytes(_HEAD, "big") + body)
    pipe.flush()


def _receive(descriptor: int) -> Any:
    until = time.monotonic() + PATIENCE
    size = int.from_bytes(_bytes(descriptor, _HEAD, until), "big")
    return marshal.loads(_bytes(descriptor, size, until))  # noqa: S302  (from our own child)


def _bytes(descriptor: int, size: int, until: float) -> bytearray:
    """So many bytes of the pipe. Raises EOFError and TimeoutError."""
    body = bytearray()
    while len(body) < size:
        if not select.select([descriptor], [], [], max(0.0, until - time.monotonic()))[0]:
            raise TimeoutError
        if not (more := os.read(descriptor, min(_CHUNK, size - len(body)))):
            raise EOFError
        body += more
    return body


def packed(batch: Batch) -> tuple[Any, ...]:
    """A batch in plain values."""
    plain = batch.plain
    return (
        plain.rows, plain.lines, plain.made, [(*column,) for column in plain.columns],
        (*plain.keying,), [_packed(found) for found in batch.odd],
    )  # fmt: skip


def unpacked(packed: tuple[Any, ...]) -> Batch:
    """What ``packed`` was given."""
    rows, lines, made, columns, keying, odd = packed
    bearings = [Bearing(*column) for column in columns]
    plain = Plain(rows, lines, made, bearings, Keying(*keying))
    return Batch(plain, [_whole(*row) for row in odd])


def _packed(found: Candidate) -> tuple[Any, ...]:
    return (
        found.row, found.line, found.keys, [tuple(held) for held in found.held], found.fields,
        found.tags, [_plain(problem) for problem in found.problems], found.refused, found.made,
    )  # fmt: skip


def _plain(problem: Problem) -> tuple[Any, ...]:
    code, message, severity, *rest = astuple(problem)
    return (code.value, message, severity.value, *rest)


def _whole(
    row: int, line: int, keys: list[Key], held: list[Any], fields: dict[str, str | None],
    tags: list[str], problems: list[Any], refused: bool, made: str | None,
) -> Candidate:  # fmt: skip
    told = [_problem(*plain) for plain in problems]
    held = [Held(*each) for each in held]
    return Candidate(row, line, keys, held, fields, tags, told, refused, made)


def _problem(code: str, message: str, severity: str, *rest: Any) -> Problem:
    return Problem(ProblemCode(code), message, Severity(severity), *rest)


# ---- the child ---------------------------------------------------------------------------------


def main() -> None:
    """Answer until nobody asks any more. Any failure ends the process: the parent then reads."""
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    while head := questions.read(_HEAD):
        asked = marshal.loads(questions.read(int.from_bytes(head, "big")))  # noqa: S302  (ours)
        _send(answers, packed(Piece(*asked).batch()))


if __name__ == "__main__":
    import gc

    gc.disable()  # see core.engine.no_collecting; what little garbage there is ends with us
    with suppress(BrokenPipeError, KeyboardInterrupt):
        main()
