"""Split a full name into first and last name, where somebody asked for it (X-35)."""

from __future__ import annotations

_SUFFIXES = {"jr", "sr", "junior", "senior", "ii", "iii", "iv", "phd", "md", "mba", "esq", "cpa"}
_TITLES = {"dr", "prof", "mr", "mrs", "ms", "miss", "mx", "herr", "frau", "sir", "dame", "rev"}


def split_name(name: str) -> tuple[str, str] | None:
    """First and last name, every word of ``name`` in one of them; None for a single word.

    The first word is the first name, with the titles before it; "Silva, Ana" is read the way it
    is written. Middle names stay with the last name: nobody can tell them from double ones.
    """
    last, comma, first = (part.strip() for part in name.partition(","))
    if comma and last and first and not _all_in(first, _SUFFIXES):
        return first, last
    words = name.split()
    titles = 0
    while titles < len(words) and _all_in(words[titles], _TITLES):
        titles += 1
    first_words, rest = words[: titles + 1], words[titles + 1 :]
    return (" ".join(first_words), " ".join(rest)) if rest else None


def _all_in(text: str, known: set[str]) -> bool:
    return all(word.replace(".", "").casefold() in known for word in text.replace(",", " ").split())
