"""What stands around the rows of a table without being part of it: quotes around whole lines,
signs at their ends, a drawn frame, and formulas that only keep a spreadsheet from guessing.

It is taken off the text before cells are told apart, and lines keep their numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

#: The share of lines that must be wrapped alike.
MOST = 0.9

_START, _END = r"(?:\A|(?<=[\r\n]))", r"(?=[\r\n]|\Z)"
_QUOTED = re.compile(rf'{_START}"((?:[^"\r\n]|"")*)"{_END}')
_INDENT = re.compile(rf"{_START}[ \t]+(?=\S)")
_FRAME = re.compile(rf"{_START}[ \t]*\|?[ \t]*|[ \t]*\|?[ \t]*{_END}")
_PIPE = re.compile(r"[ \t]*\|[ \t]*")
#: A line drawn below names, as programs that draw tables do.
_DRAWN = re.compile(r"[ \t|+]*-{2,}[-+| \t:]*[-+|][-+| \t:]*\s*\Z")
#: ="0123" keeps a spreadsheet from taking a text for a number.
_FORMULA = re.compile(rf'({_START}|(?<=[,;\t|]))="([^"\r\n]*)"(?=[,;\t|\r\n]|\Z)')
_FORMULA_QUOTED = re.compile(rf'({_START}|(?<=[,;\t|]))"=""([^"\r\n]*)"""(?=[,;\t|\r\n]|\Z)')
_DELIMITER = re.compile(r"[,;\t|]")


@dataclass(frozen=True, slots=True)
class Wrapping:
    """How the lines of a file are wrapped; by default not at all."""

    quoted: bool = False  #: each line is one quoted cell that holds a row
    tail: str = ""  #: a sign of which lines have some at their end, and nowhere else
    indented: bool = False  #: blanks stand before each line
    drawn: bool = False  #: pipes with blanks around them, as in Markdown

    def __bool__(self) -> bool:
        return bool(self.quoted or self.tail or self.indented or self.drawn)

    def unwrap(self, text: str) -> str:
        """The same lines, without what is around them. ``text`` starts where a line starts."""
        if self.indented:
            text = _INDENT.sub("", text)
        if self.tail:
            text = re.sub(rf"{re.escape(self.tail)}+{_END}", "", text)
        if self.quoted:
            text = _QUOTED.sub(lambda line: line[1].replace('""', '"'), text)
        if self.drawn:
            text = _PIPE.sub("|", _FRAME.sub("", text))
        return text


UNWRAPPED = Wrapping()


def without_formulas(text: str) -> str:
    """The text with cells like ``="0123"`` written as ``"0123"``."""
    if '="' in text:
        text = _FORMULA.sub(r'\1"\2"', text)
    return _FORMULA_QUOTED.sub(r'\1"\2"', text) if '"=""' in text else text


def wrapping_of(lines: Sequence[str]) -> Wrapping:
    """How these lines, the first of a file, are wrapped."""
    bare = [line.rstrip("\r\n") for line in lines if line.strip()]
    if len(bare) < 2:
        return UNWRAPPED
    indented = bare[0][:1] in " \t" and _most(bare, lambda line: line[:1] in " \t")
    indented = indented and not any("\t" in line.lstrip() for line in bare)
    if indented:
        bare = [line.lstrip() for line in bare]
    tail = next((sign for sign in "; \t," if _ends(bare, sign)), "")
    if tail:
        bare = [line.rstrip(tail) for line in bare]
    return Wrapping(_whole_lines(bare), tail, indented, _is_drawn(bare))


def _ends(lines: list[str], sign: str) -> bool:
    """Whether lines end with a sign that stands nowhere else in them, the first one included."""
    if not lines[0].endswith(sign) or not _most(lines, lambda line: line.endswith(sign)):
        return False
    return sign == " " or not _most(lines, lambda line: sign in line.rstrip(sign), 0.1)


def _whole_lines(lines: list[str]) -> bool:
    """Whether lines are one quoted cell each with delimiters in it; the first need not be."""
    rows = lines[1:] if len(lines) > 2 else lines
    return _most(rows, lambda line: bool(_QUOTED.fullmatch(line) and _DELIMITER.search(line)))


def _is_drawn(lines: list[str]) -> bool:
    """Whether pipes frame the lines, or a line drawn with signs stands below names."""
    texts = [line.strip() for line in lines if not _DRAWN.match(line)]
    rows = [text for text in texts if "|" in text]
    if len(rows) < 2 or len(rows) * 2 < len(texts):
        return False
    framed = _most(rows, lambda line: len(line) > 2 and line[0] == line[-1] == "|")
    return framed or ("|" in lines[0] and bool(_DRAWN.match(lines[1])))


def _most(lines: Sequence[str], test: Callable[[str], bool], share: float = MOST) -> bool:
    return bool(lines) and sum(map(test, lines)) >= share * len(lines)
