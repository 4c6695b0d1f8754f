"""What kind of value a cell looks like."""

from __future__ import annotations

import re

_SHAPES = (
    ("email", re.compile(r"[^@\s,;|\"<>]+@[^@\s,;|\"<>]+\.[^@\s.,;|\"<>]+\Z")),
    ("url", re.compile(r"(https?://|www\.)\S+\Z", re.I)),
    ("year", re.compile(r"(19|20)\d\d\Z")),
    ("date", re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?\Z")),
    ("date", re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])\Z")),
    ("time", re.compile(r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?( ?[ap]\.?m\.?)?\Z", re.I)),
    ("phone", re.compile(r"(?=(\D*\d){7})[+(]?\d[\d\s().\-/]*\d\Z")),
    ("number", re.compile(r"[-+]?[$€£]?[\d.,\s]*\d ?[%€$£]?\Z")),
    ("code", re.compile(r"(?=.*\d.*\d)(?=.*[A-Z])[A-Z0-9][A-Z0-9 _\-/]{2,}\Z")),
)
#: Those whose values may start with a letter: most values do, and this is asked of each.
_OF_LETTERS = tuple(pair for pair in _SHAPES if pair[0] in {"email", "url", "code"})
#: What every shape but plain text has.
_TELLING = re.compile(r"[\d@]|https?:|www\.", re.I)
#: Shapes that only a value has, never a name of a column.
DISTINCT = frozenset({"email", "url", "date", "time", "phone"})


def shape(cell: str) -> str:
    """What kind of value a cell looks like: one of the shapes above, ``text`` or ``empty``."""
    text = cell.strip()
    if not text:
        return "empty"
    if not _TELLING.search(text):
        return "text"
    shapes = _OF_LETTERS if text[0].isalpha() else _SHAPES
    return next((name for name, pattern in shapes if pattern.match(text)), "text")
