"""Bytes to decoded physical lines, in blocks, so that memory does not grow with the file.

Line ends are LF, CRLF and CR, in any mixture. The byte offset of a line is worked out only when
somebody asks, from the raw bytes of its block.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain
from typing import BinaryIO

from core.errors import CellTooLong
from core.table import Position
from core.wrapping import UNWRAPPED, Wrapping, without_formulas

BLOCK_BYTES = 1 << 18
PEEK_BYTES = 1 << 20
NO_LIMIT = 1 << 62

_UNIT_BYTES = {"utf-16-le": 2, "utf-16-be": 2, "utf-32-le": 4, "utf-32-be": 4}

#: What ``surrogateescape`` makes of a byte that is not UTF-8, to what Windows-1252 makes of it.
_STRAY_BYTES = {
    0xDC00 + byte: bytes([byte]).decode("cp1252", "replace") for byte in range(0x80, 0x100)
}


def unit_bytes(encoding: str) -> int:
    """How many bytes a line feed takes: 1 in every encoding that extends ASCII."""
    return _UNIT_BYTES.get(encoding, 1)


def split(text: str) -> list[str]:
    """The lines of a text with their line ends. ``str.splitlines`` would split at eight more."""
    if text.isascii() and not any(sign in text for sign in "\v\f\x1c\x1d\x1e"):
        return text.splitlines(keepends=True)  # twice as fast, and these are all it could mistake
    return list(io.StringIO(text, newline=""))


@dataclass(frozen=True)
class Block:
    """Some whole lines of the file: ``lines[0]`` is line ``first`` and starts at ``offset``."""

    first: int
    offset: int
    raw: bytes
    lines: list[str]
    encoding: str

    @property
    def after(self) -> int:
        """The number of the line that follows the block."""
        return self.first + len(self.lines)

    @cached_property
    def offsets(self) -> list[int]:
        """Where each line starts in the file; the last entry is where the block ends."""
        if unit_bytes(self.encoding) == 1:
            sizes = [len(line) for line in self.raw.splitlines(keepends=True)]
        else:
            text = self.raw.decode(self.encoding, "replace")
            sizes = [len(line.encode(self.encoding)) for line in split(text)]
        return list(accumulate(sizes, initial=self.offset))


@dataclass
class Endings:
    """How many lines of each ending were read."""

    crlf: int = 0
    lf: int = 0
    cr: int = 0

    def count(self, text: str) -> None:
        """Add the line ends of ``text``, which must not stop between CR and LF."""
        cr = text.count("\r")
        crlf = text.count("\r\n") if cr else 0
        self.crlf += crlf
        self.cr += cr - crlf
        self.lf += text.count("\n") - crlf

    @property
    def main(self) -> str:
        """The most frequent ending, LF when there is none."""
        ranked = [(self.lf, "\n"), (self.crlf, "\r\n"), (self.cr, "\r")]
        return max(ranked, key=lambda pair: pair[0])[1]

    @property
    def odd(self) -> int:
        """How many lines end otherwise than most do."""
        return self.crlf + self.lf + self.cr - max(self.crlf, self.lf, self.cr)


class Lines:
    """The lines of an open file from a position on.

    Lines from ``row_line`` on stay held, so that a row which turns out not to fit can be read
    again. They stop at byte ``end``, if given. ``suspects`` maps the number of a line to what makes
    it one: ``nul``, ``undecodable``, ``foreign``, ``quote``, ``apostrophe`` or ``long``. Before
    each block is read ``may_go_on`` is asked, which raises where it may not.
    """

    def __init__(
        self,
        file: BinaryIO,
        encoding: str,
        start: Position,
        *,
        block_bytes: int = BLOCK_BYTES,
        cell_chars: int = NO_LIMIT,
        line_bytes: int = NO_LIMIT,
        row_bytes: int = NO_LIMIT,
        end: int = 0,
        may_go_on: Callable[[], object] = bool,
    ) -> None:
        file.seek(start.offset)
        self.row_line = start.line
        self.suspects: dict[int, set[str]] = {}
        self.endings = Endings()
        self.ended = False
        self._file = file
        self._may_go_on = may_go_on
        self._encoding = encoding
        self._unit = unit_bytes(encoding)
        self._block_bytes = block_bytes
        self._cell_chars = cell_chars
        self._line_bytes = line_bytes
        self._row_bytes = row_bytes
        self._held: list[Block] = []
        self._left = end - start.offset if end else NO_LIMIT
        self._wrapping = UNWRAPPED
        self._stand_in: tuple[str, str] | None = None
        self._quote = ""
        self._carry = b""
        self._next = (start.line, start.offset)

    def from_line(self, line: int) -> Iterator[str]:
        """The lines from ``line`` on, which must still be held or be the next one to load."""
        self.row_line = line
        return chain.from_iterable(self._from(line))

    def take(self, line: int, count: int) -> list[str]:
        """Up to ``count`` lines from ``line`` on, without moving on."""
        while self._next[0] < line + count and self._load() is not None:
            pass
        held = (
            block.lines[max(0, line - block.first) : max(0, line + count - block.first)]
            for block in self._held
        )
        return list(chain.from_iterable(held))

    def peek(self, count: int, enough_bytes: int = PEEK_BYTES) -> list[str]:
        """The first lines: up to ``count``, or what the first ``enough_bytes`` or so hold."""
        while sum(len(block.raw) for block in self._held) < enough_bytes:
            if self._next[0] > count or self._load() is None:
                break
        return list(chain.from_iterable(block.lines for block in self._held))[:count]

    def unwrap(self, wrapping: Wrapping) -> None:
        """Take off what is around all lines from here on, and around those held."""
        if wrapping == self._wrapping:
            return
        self._wrapping = wrapping
        for block in self._held:
            block.lines[:] = split(wrapping.unwrap("".join(block.lines)))

    def stand_in(self, text: str, sign: str) -> None:
        """Put ``sign`` in the place of ``text`` in all lines from here on, and in those held.

        ``text`` is a delimiter of several characters, ``sign`` one that the csv module can read.
        """
        self._stand_in = (text, sign)
        for block in self._held:
            block.lines[:] = [line.replace(text, sign) for line in block.lines]

    def watch_quotes(self, quote: str) -> None:
        """Make suspects of lines with an odd number of this sign, and of those that start and end
        with an apostrophe, the lines held included."""
        self._quote = quote
        for block in self._held:
            self._suspect_quotes(block.lines, block.first)

    def ahead(self, line: int) -> int:
        """How many lines from this one on are in memory, once it is; 0 where there are no more."""
        block = self._block_with(line)
        return block.after - line if block else 0

    def at_end(self, line: int) -> bool:
        """Whether no line has this number."""
        return self._block_with(line) is None

    @property
    def read_lines(self) -> int:
        """How many lines of the file have been read."""
        return self._next[0] - 1

    @property
    def read_bytes(self) -> int:
        """How many bytes of the file have been read."""
        return self._next[1]

    def offset_of(self, line: int) -> int:
        """The byte at which a line that is still held starts."""
        for block in self._held:
            if block.first <= line < block.after:
                return block.offsets[line - block.first]
        return self._next[1]

    def _from(self, line: int) -> Iterator[list[str]]:
        """Block by block, whether ``take`` has loaded the next one in the meantime or not."""
        while block := self._block_with(line):
            yield block.lines[line - block.first :]
            line = block.after

    def _block_with(self, line: int) -> Block | None:
        held = (block for block in self._held if block.first <= line < block.after)
        return next(held, None) or self._load()

    def _load(self) -> Block | None:
        """Read the next block; forget those that end before the row now being read."""
        self._held = [block for block in self._held if block.after > self.row_line]
        if sum(len(block.raw) for block in self._held) > self._row_bytes:
            raise CellTooLong(
                f"The row on line {self.row_line:,} is longer than the limit of "
                f"{self._row_bytes:,} bytes."
            )
        if self.suspects:
            kept = {at: why for at, why in self.suspects.items() if at >= self.row_line}
            self.suspects = kept
        raw = self._read_whole_lines()
        if not raw:
            return None
        first, offset = self._next
        block = Block(first, offset, raw, self._decode(raw, first), self._encoding)
        self._next = (block.after, offset + len(raw))
        self._held.append(block)
        return block

    def _read_whole_lines(self) -> bytes:
        raw = self._carry
        while True:
            self._may_go_on()
            more = self._file.read(min(self._block_bytes, max(self._left, 0)))
            self._left -= len(more)
            raw += more
            cut = self._last_line_end(raw) if more else len(raw)
            if not cut and len(raw) > self._line_bytes:
                self._refuse_long_line()
            if cut or not more:
                self._carry, self.ended = raw[cut:], not more
                return raw[:cut]

    def _refuse_long_line(self) -> None:
        raise CellTooLong(
            f"Line {self._next[0]:,} is longer than the limit of {self._line_bytes:,} bytes: "
            "one of its cells is too long."
        )

    def _last_line_end(self, raw: bytes) -> int:
        """Where the last line that is certainly whole ends; a last CR may be half of a CRLF."""
        unit, encoding = self._unit, self._encoding
        line_feed = _rfind(raw, "\n".encode(encoding), len(raw), unit)
        whole = len(raw) - len(raw) % unit
        carriage_return = _rfind(raw, "\r".encode(encoding), whole - unit, unit)
        last = max(line_feed, carriage_return)
        return last + unit if last >= 0 else 0

    def _decode(self, raw: bytes, first: int) -> list[str]:
        try:
            text = raw.decode(self._encoding)
        except UnicodeDecodeError:
            text = self._decode_by_line(raw, first)
        self.endings.count(text)
        text = without_formulas(self._wrapping.unwrap(text) if self._wrapping else text)
        if self._stand_in:
            text = text.replace(*self._stand_in)
        lines = split(text)
        if "\0" in text:
            self._suspect(lines, first, "\0", "nul")
            lines = [line.replace("\0", "") for line in lines]
        if self._quote and (self._quote in text or "'" in text):
            self._suspect_quotes(lines, first)
        if self._cell_chars < NO_LIMIT and max(map(len, lines), default=0) > self._cell_chars:
            for index, line in enumerate(lines, first):
                if len(line) > self._cell_chars:
                    self.suspects.setdefault(index, set()).add("long")
        return lines

    def _decode_by_line(self, raw: bytes, first: int) -> str:
        """Text in which some lines are not in the file's encoding; they become suspects.

        A byte that is not UTF-8, in a file that is, was pasted from one of Windows-1252.
        """
        if self._encoding != "utf-8":
            text = raw.decode(self._encoding, "replace")
            self._suspect(split(text), first, "\N{REPLACEMENT CHARACTER}", "undecodable")
            return text
        text = raw.decode("utf-8", "surrogateescape")
        for index, line in enumerate(split(text), first):
            if not line.isascii() and line != (mended := line.translate(_STRAY_BYTES)):
                lost = "\N{REPLACEMENT CHARACTER}" in mended
                self.suspects.setdefault(index, set()).add("undecodable" if lost else "foreign")
        return text.translate(_STRAY_BYTES)

    def _suspect_quotes(self, lines: list[str], first: int) -> None:
        quote = self._quote
        odd = [index for index, line in enumerate(lines, first) if line.count(quote) & 1]
        for index in odd:
            self.suspects.setdefault(index, set()).add("quote")
        for index in [index for index, line in enumerate(lines, first) if line[:1] == "'"]:
            if lines[index - first].rstrip()[-1:] == "'":
                self.suspects.setdefault(index, set()).add("apostrophe")

    def _suspect(self, lines: list[str], first: int, sign: str, why: str) -> None:
        for index, line in enumerate(lines, first):
            if sign in line:
                self.suspects.setdefault(index, set()).add(why)


def _rfind(raw: bytes, sign: bytes, end: int, unit: int) -> int:
    """The last place of ``sign`` before ``end`` that starts on a whole character, or -1."""
    at = raw.rfind(sign, 0, max(end, 0))
    while at > 0 and at % unit:
        at = raw.rfind(sign, 0, at + unit - 1)
    return at
