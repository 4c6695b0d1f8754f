"""Which delimiters are worth trying on a file: the usual ones, and signs that each line has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

DELIMITERS = (",", ";", "\t", "|")
#: Tried as well, but what else they may mean in a text counts against them.
ODD_DELIMITERS = {"^": 0.97, "~": 0.97, ":": 0.7, " ": 0.7}
SPACES = (" ", "  ", "   ", "    ")
LONGEST_LOGICAL = 2_000
#: A delimiter of several signs, or of one with spaces or tabs around it.
_LONG = re.compile(
    r"[|;:~^#$%&*!]{2,4}|@@|\t[|;,]\t|\|[,;]\|| [|;,~^] |[,;] |(?<!\t)\t\t|(?<! ) {2,4}(?! )"
)
_FRAMED = ("~|~", "|~|", "^|^", "|^|")
_WITH_SPACE = (", ", "; ")
#: Signs that stand in values too often to separate them unless they are among the usual ones.
_IN_VALUES = frozenset("\"'.,()@-_+=/\\")
#: Lines that are looked at for signs that stand in each of them.
_STEADY_LINES = 200
_SEPARATOR_LINE = re.compile(r'"?sep=(.|\\t)"?[ \t]*[\r\n]*\Z', re.I)


def declared_delimiter(line: str) -> str:
    """The delimiter that a first line ``sep=;`` (written by and for Excel) names, or ''."""
    found = _SEPARATOR_LINE.match(line)
    return found.group(1).replace("\\t", "\t") if found else ""


def candidates(sample: list[str]) -> list[str]:
    """The delimiters worth trying: those of one character, and longer ones seen in most lines."""
    long = _long_delimiters(sample)
    parts = {part for delimiter in long if delimiter not in _WITH_SPACE for part in delimiter}
    short = [*DELIMITERS, *ODD_DELIMITERS]
    return [*(d for d in short if d not in parts or d == "," or d == " "), *long]


def _long_delimiters(sample: list[str]) -> list[str]:
    """Runs of signs that stand equally often in nearly every line, their parts nowhere else."""
    found: dict[str, None] = {}
    for quote in "\"'":
        lines = [line for line in _logical(sample, quote) if line.strip()]
        runs = Counter(run for line in lines[:50] for run in set(_runs(line)))
        often = [run for run, count in runs.items() if count >= 0.6 * min(len(lines), 50)]
        found |= dict.fromkeys(run for run in often if len(lines) > 1 and _separates(run, lines))
    return list(found)


def _runs(line: str) -> Iterator[str]:
    """The runs of signs in a line; an empty cell makes one twice as long, which is two."""
    for run in _LONG.findall(line):
        yield run
        if run == run[:2] * 2:
            yield run[:2]
    yield from (run for run in _FRAMED if run in line)


def _logical(lines: list[str], quote: str) -> Iterator[str]:
    """Lines put together where a quoted cell runs over them."""
    held = ""
    for line in lines:
        held += line
        if held.count(quote) % 2 == 0 or len(held) > LONGEST_LOGICAL:
            yield held
            held = ""
    yield held


def _separates(run: str, lines: list[str]) -> bool:
    """Whether a run stands for one delimiter: its parts seldom stand alone, or it always stands."""
    if not run.strip():
        return _blanks_separate(run, lines)
    counts = Counter(line.count(run) for line in lines)
    usual, share = counts.most_common(1)[0]
    if not usual or share < 0.6 * len(lines):
        return False
    sign = run.strip() or run
    lone = re.compile(rf"(?<! ){re.escape(sign[0])}(?! )")
    alone = sum(len(lone.findall(line.replace(run, ""))) for line in lines)
    if run in _WITH_SPACE and not alone:
        return False  # the space is padding, which is left out anyway
    first = next(line for line in lines if run in line)
    steady = usual > 1 and share >= 0.9 * len(lines) and first.count(run) == usual
    return steady or run == "@@" or alone <= 0.05 * usual * share


def _blanks_separate(run: str, lines: list[str]) -> bool:
    """Whether several blanks are one delimiter: as many in nearly every line, never other runs."""
    bare = [line.rstrip("\r\n") for line in lines]
    usual = bare[0].count(run)
    if not usual or run + run[0] in bare[0]:
        return False
    if run[0] == "\t":  # an empty cell between two delimiters makes a run of four
        bare = [line for line in bare if "\t" not in line.replace(run, "")]
    return sum(line.count(run) == usual for line in bare) >= 0.95 * len(lines)


def steady_signs(sample: Sequence[str]) -> list[str]:
    """Unusual signs, alone or two together, that stand equally often in nearly every line."""
    lines = [line.strip("\r\n") for line in sample if line.strip()][:_STEADY_LINES]
    if len(lines) < 3:
        return []
    first = lines[0]
    signs = dict.fromkeys(first[at : at + size] for size in (2, 1) for at in range(len(first)))
    return [sign for sign in signs if _is_odd(sign, first) and _is_steady(sign, lines)]


def _is_odd(sign: str, first: str) -> bool:
    """Whether a sign of the first line may separate names: ASCII ones only if there are three."""
    if sign in (*DELIMITERS, *ODD_DELIMITERS) or any(c.isalnum() or c in " \t" for c in sign):
        return False
    if all(char in _IN_VALUES for char in sign):
        return False
    return not (sign.isascii() and sign.isprintable()) or first.count(sign) > 1


def _is_steady(sign: str, lines: list[str]) -> bool:
    usual = lines[0].count(sign)
    return sum(line.count(sign) == usual for line in lines) >= 0.9 * len(lines)
