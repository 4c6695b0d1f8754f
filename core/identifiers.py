"""What identifies a lead: five kinds of value, each with one normal form.

``normalise`` turns a cell into that form or into a Refusal in words; two cells with the same form
are the same person. The rules of emails, phones, social profiles and countries are in the modules
of those names; cookies and external ids are simple enough to be here.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from core import emails, phones, socials
from core.countries import dialling_code, region_of, regions
from core.phones import PhoneLevel
from core.problems import ProblemCode
from core.refusal import Refusal, quoted

__all__ = [
    "Kind",
    "PhoneLevel",
    "Refusal",
    "dialling_code",
    "normalise",
    "region_of",
    "regions",
    "split",
]

MAX_LENGTH = 255  #: of a cookie or an external id, in characters: they are keys of an index

_slow_email = emails.by_library
_slow_phone = phones.by_library


class Kind(StrEnum):
    """The kinds of identifier, as the seeds name them (L-15)."""

    EMAIL = "email"
    PHONE = "phone"
    COOKIE = "cookie"
    EXTERNAL_ID = "external_id"
    SOCIAL = "social"


def normalise(
    kind: Kind, text: str, region: str | None = None, level: PhoneLevel = "possible"
) -> str | Refusal:
    """The normal form of ``text``, or why it identifies nobody.

    ``region`` (ISO 3166, two capital letters) is the country of phones written without a +.
    Cookies and external ids are trimmed and kept as written, case included.
    """
    if kind is Kind.EMAIL:
        return emails.normalise(text)
    if kind is Kind.PHONE:
        return phones.normalise(text, region, level)
    if kind is Kind.SOCIAL:
        found = socials.normalise(text)
        return found if isinstance(found, Refusal) else _unless_placeholder(kind, text, found)
    return _token(kind, text)


# ---- cookies and external ids --------------------------------------------------------------------

#: What tables write for "nothing": taken as an id, it would make one lead of all the rows with it.
_PLACEHOLDERS = {
    "n/a", "#n/a", "na", "n.a.", "null", "none", "nil", "nan", "undefined", "unknown",
    "(null)", "(none)", "(blank)", "(empty)", "\\n", "#ref!", "#value!", "#name?", "tbd", "tbc",
}  # fmt: skip
#: Characters that show nothing and come with copying, and blanks: none of an id's edges.
_UNSEEN = "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff \t\u00a0"
_CONTROLS = ("Cc", "Cs")  # control characters and halves of surrogate pairs
_ROUNDED = re.compile(r"\d[.,]\d+[eE]\+\d{2}")

_CODES = {
    Kind.COOKIE: ProblemCode.INVALID_COOKIE,
    Kind.EXTERNAL_ID: ProblemCode.INVALID_EXTERNAL_ID,
    Kind.SOCIAL: ProblemCode.INVALID_SOCIAL,
}
_NAMES = {Kind.COOKIE: "cookie", Kind.EXTERNAL_ID: "external ID", Kind.SOCIAL: "social profile"}


def _token(kind: Kind, text: str) -> str | Refusal:
    token = text.strip().removeprefix("'").strip()
    if not token.isprintable():
        token = token.strip(_UNSEEN)
    if not token:
        return Refusal(_CODES[kind], f"The {_NAMES[kind]} is empty.")
    token = unicodedata.normalize("NFC", token) if len(token) <= 2 * MAX_LENGTH else token
    if len(token) > MAX_LENGTH:
        why = f"it is longer than {MAX_LENGTH} characters"
    elif not token.isprintable() and any(unicodedata.category(c) in _CONTROLS for c in token):
        why = "it holds control characters"
    elif _ROUNDED.fullmatch(token):
        return Refusal(
            _CODES[kind], f"{quoted(token)} was rounded by a spreadsheet; its digits are lost."
        )
    else:
        return _unless_placeholder(kind, token, token)
    return Refusal(_CODES[kind], f"{quoted(token)} is not a usable {_NAMES[kind]}: {why}.")


def _unless_placeholder(kind: Kind, written: str, found: str) -> str | Refusal:
    if written.strip().lower() in _PLACEHOLDERS or not any(c.isalnum() for c in written):
        return Refusal(_CODES[kind], f"{quoted(written)} stands for nothing: it identifies nobody.")
    return found


# ---- several values in one cell ------------------------------------------------------------------

#: Between two values, by kind, surest first; " ::: " is how contact exports join theirs. Each may
#: be part of one value too ("0221/4710", "5550100,,12"), so every piece must look like a value.
_SEPARATORS: dict[Kind, tuple[re.Pattern[str], ...]] = {
    Kind.EMAIL: (
        re.compile(r"\s*(?::::|[;,|\n]|\s/\s)\s*"),
        re.compile(r"[\s,;/]+(?:(?:and|or|und|oder|et|ou|y|e|o)\s+)?"),
    ),
    Kind.PHONE: (
        re.compile(r"\s*(?::::|[;|\n]|(?<!,),(?!,)|\s/\s|/(?=[+0(]))\s*"),
        re.compile(r"\s+(?:and|or|und|oder|et|ou|y|e|o|\u2013)\s+|\s+(?=\+)"),
    ),
    Kind.SOCIAL: (re.compile(r"\s*(?::::|[;,|\n])\s*|\s+"),),
}
_LONGEST_CELL = 2000  # characters: what is longer is a text, not a list of values
_FEWEST_DIGITS = 6  # shorter pieces are extensions and parts of one number


def split(kind: Kind, text: str) -> list[str]:
    """The values in a cell, in order, trimmed; more than one only if each could be one by itself.

    A cell that is one value stays one, whatever characters are in it. The pieces are not
    normalised: one of them may still be refused. Cookies and external ids are never cut: any
    character may be theirs.
    """
    whole = text.strip()
    if len(whole) > _LONGEST_CELL:
        return [whole]
    for separator in _SEPARATORS.get(kind, ()):
        pieces = [piece for piece in separator.split(whole) if piece]
        if len(pieces) == 1:
            whole = pieces[0]
        elif pieces and not _is_one(kind, whole) and all(_is_like(kind, p) for p in pieces):
            return pieces
    return [whole] if whole else []


def _is_one(kind: Kind, whole: str) -> bool:
    if kind is Kind.EMAIL and whole.count("@") == 1:
        return True
    return kind is not Kind.PHONE and isinstance(normalise(kind, whole), str)


def _is_like(kind: Kind, piece: str) -> bool:
    if kind is Kind.EMAIL:
        return "@" in piece
    if kind is Kind.PHONE:
        return sum(c.isdigit() for c in piece) >= _FEWEST_DIGITS and piece.count("+") < 2
    return True
