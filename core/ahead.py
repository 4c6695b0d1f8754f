"""Understand the next part while the database writes this one, in a child process.

Reading and normalising cost about as much as writing, and the database writes on another core or
at least needs little of this one. The child only ever hands over what this process would have read
by itself: if it is late, dies or was never started, the rows are read here, and nothing else
changes. It holds no connection and no claim.
"""

from __future__ import annotations

import gc
import marshal
import os
import select
import signal
import time
import warnings
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path
from typing import IO, Any, NamedTuple, NoReturn, Self

import orjson

from core import columnwise
from core.batch import Batch, Bearing, Keying, Plain
from core.candidate import Candidate, Held, Key
from core.descriptors import close_others
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
#: It gives way to whoever answers people: nobody waits for rows that are read ahead.
_NICE = 5


def pays(rows: int) -> bool:
    """Whether a part of so many rows is worth a process to read it, and there is a core for it."""
    return rows >= ENOUGH_ROWS and (os.cpu_count() or 1) > 1


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


class _Child(NamedTuple):
    """A child process and our ends of its pipes."""

    pid: int
    questions: IO[bytes]
    answers: IO[bytes]

    def end(self) -> None:
        """Kill it, and leave nothing of it."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with suppress(BrokenPipeError):  # half a question
            self.questions.close()
        self.answers.close()
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


class Ahead:
    """A child process that reads ahead, started with the first question; ``with`` ends it."""

    def __init__(self) -> None:
        self._child: _Child | None = None
        self._asked: Piece | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self._drop()

    @property
    def pid(self) -> int:
        """The child's process id; 0 while there is none."""
        return self._child.pid if self._child else 0

    def expects(self, piece: Piece) -> bool:
        """Whether the child was asked for just this piece."""
        return self._asked == piece

    def ask(self, piece: Piece) -> None:
        """Begin to understand ``piece``; ``take`` will want it next."""
        if self._asked is not None:
            self._drop()  # an answer that nobody took is in the way
        try:
            child = self._child = self._child or _start()
            _send(child.questions, (*piece[:-2], tuple(piece.start), piece.rows))
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
            answer: tuple[Any, ...] = _receive(self._child.answers.fileno())  # type: ignore[union-attr]  # it was asked
        except (OSError, EOFError, ValueError, TypeError):
            self._drop()
            return None
        return answer

    def _drop(self) -> None:
        child, self._child, self._asked = self._child, None, None
        if child is not None:
            child.end()


def _start() -> _Child:
    """Fork: all that the child needs is loaded here, and to load it anew takes a second or two."""
    questions, ask = os.pipe()
    answer, answers = os.pipe()
    with warnings.catch_warnings():
        # Of other threads, which may hold locks that nobody opens in the child: it takes none that
        # they could hold, and one that hangs all the same is given up.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if not pid:
        _live(questions, answers)
    os.close(questions)
    os.close(answers)
    return _Child(pid, os.fdopen(ask, "wb"), os.fdopen(answer, "rb"))


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


def _live(questions: int, answers: int) -> NoReturn:
    """Answer until nobody asks any more. Any failure ends the process: the parent then reads.

    It leaves without a word: whatever would be said or tidied up at the end is the parent's.
    """
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for our parent, whom we follow
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.nice(_NICE)
        gc.disable()  # see core.engine.no_collecting; what little garbage there is ends with us
        close_others(questions, answers)
        with os.fdopen(0, "rb") as asked, os.fdopen(1, "wb") as answered:
            _answer_all(asked, answered)
        code = 0
    finally:
        os._exit(code)


def _answer_all(questions: IO[bytes], answers: IO[bytes]) -> None:
    while head := questions.read(_HEAD):
        asked = marshal.loads(questions.read(int.from_bytes(head, "big")))  # noqa: S302  (ours)
        _send(answers, packed(Piece(*asked).batch()))
