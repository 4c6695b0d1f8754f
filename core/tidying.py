"""Put values in order that people typed or scraped: names, LinkedIn addresses, odd characters.

It is done where an import's rules ask for it (S-11), never to an identifier, and never so that
nothing is left. A value that is in order stays as it is, so a second import changes nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from core import socials
from core.identifiers import Refusal

_NAMES = frozenset({"name", "first_name", "last_name"})
_LINKEDIN = "linkedin.com/"

#: Characters that show nothing: they come with copying, and make two texts of one.
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200e\u200f\u2060\ufeff"))
#: Joiners belong between two letters of some scripts, and elsewhere to a symbol that is gone.
_LOOSE_JOINER = re.compile(r"(?<!\w)[\u200c\u200d]+|[\u200c\u200d]+(?!\w)")
_SYMBOLS = {"So", "Sk", "Co", "Cn"}  # pictures and dingbats, skin tones, private and unassigned
_VARIANTS = range(0xFE00, 0xFE10)  # how the symbol before them is drawn
_WORD = re.compile(r"[^\W\d_]+")
_NUMERALS = {"II", "III", "IV", "VI", "VII", "VIII", "IX"}
_FEWEST = 3  # letters of a name that is no pair of initials


def tidied(fields: Mapping[str, str | None]) -> dict[str, str | None]:
    """The same fields with their values in order; None stays None."""
    return {name: tidy(name, value) if value else value for name, value in fields.items()}


def tidy(field: str, text: str) -> str:
    """The value in order: a name in its usual case and without symbols, a LinkedIn profile by its
    canonical address, anything else without characters that nobody sees."""
    seen = _LOOSE_JOINER.sub("", text.translate(_UNSEEN))
    if field in _NAMES:
        seen = _name(seen)
    elif field == "linkedin_url":
        seen = _linkedin(seen)
    return seen.strip() or text


def _name(text: str) -> str:
    bare = "".join(char for char in text if not _is_symbol(char))
    bare = " ".join(_LOOSE_JOINER.sub("", bare).split())
    letters = sum(map(len, _WORD.findall(bare)))
    if letters >= _FEWEST and (bare.islower() or bare.isupper()):
        return _WORD.sub(lambda word: _capitalised(word[0]), bare)
    return bare


def _is_symbol(char: str) -> bool:
    return ord(char) in _VARIANTS or unicodedata.category(char) in _SYMBOLS


def _capitalised(word: str) -> str:
    return word if word in _NUMERALS else word.capitalize()


def _linkedin(text: str) -> str:
    found = socials.normalise(text)
    if isinstance(found, Refusal) or not found.startswith(_LINKEDIN):
        return text
    return f"https://www.{found}"
