"""Ids: 63-bit integers inside, a prefix and base 32 outside (``job_3f2k9...``)."""

from __future__ import annotations

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no i, l, o, u to misread
_DIGITS = {char: number for number, char in enumerate(_ALPHABET)}
_LENGTH = 13  # 13 x 5 bits hold 63


def new_id() -> int:
    """A random positive 63-bit id, for what people see and must not be able to guess."""
    return secrets.randbits(62) | (1 << 62)


def new_ids(count: int) -> range:
    """``count`` ascending ids for leads, starting at the current millisecond.

    Time-ordered ids keep the indexes appending. Two writers that draw an overlapping range in the
    same millisecond collide on the primary key, and the loser's batch is tried again.
    """
    start = (time.time_ns() // 1_000_000 << 22) | secrets.randbits(22)
    return range(start, start + count)


def show(prefix: str, number: int) -> str:
    """``show("job", n)`` is the public form of id ``n``."""
    chars = []
    for _ in range(_LENGTH):
        chars.append(_ALPHABET[number & 31])
        number >>= 5
    return f"{prefix}_{''.join(reversed(chars))}"


def read(prefix: str, text: str) -> int | None:
    """The id behind a public form, or None where ``text`` is not one."""
    head, _, tail = text.strip().lower().partition("_")
    if head != prefix or len(tail) != _LENGTH or not all(char in _DIGITS for char in tail):
        return None
    number = 0
    for char in tail:
        number = number << 5 | _DIGITS[char]
    return number if number < 1 << 63 else None
