"""What a value gets instead of a normalised form: a code, and words for whoever sent the file."""

from __future__ import annotations

from dataclasses import dataclass

from core.problems import ProblemCode

_SHOWN = 60  # a longer value is cut: the words around it must stay readable


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a value identifies nobody. ``message`` is for the person who sent the file."""

    code: ProblemCode
    message: str


def quoted(value: str) -> str:
    """The value in typographic quotes, on one line, cut to 60 characters."""
    line = " ".join(value[: 2 * _SHOWN].split())
    return f"“{line}”" if len(line) <= _SHOWN else f"“{line[:_SHOWN]}…”"
