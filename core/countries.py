"""Countries as people write them, and their dialling codes.

The names are in ``countries.toml``; which countries there are, and their codes, is phonenumbers'.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files

import phonenumbers

_NOISE = re.compile(r"[\W_]+")
_FLAG_A = 0x1F1E6  # 🇬🇧 is two "regional indicator" letters


def region_of(country: str) -> str | None:
    """ISO 3166 alpha-2 of a country's name or code in any of ten languages; None if unknown.

    >>> region_of("Deutschland"), region_of("uk"), region_of("USA"), region_of("Atlantis")
    ('DE', 'GB', 'US', None)
    """
    return _spellings().get(_key(country)) or _of_flag(country.strip())


def dialling_code(region: str) -> str:
    """The calling code of a region as it is written, such as ``+44``; empty if it has none."""
    code = phonenumbers.country_code_for_region(region)
    return f"+{code}" if code else ""


@cache
def regions() -> tuple[tuple[str, str], ...]:
    """(code, English name) of every region that has phone numbers, sorted by name, for pickers."""
    named = ((code, names[1]) for code, names in _table().items())
    return tuple(sorted(named, key=lambda pair: _key(pair[1])))


@cache
def _table() -> dict[str, list[str]]:
    return tomllib.loads(files("core").joinpath("countries.toml").read_text(encoding="utf-8"))


@cache
def _spellings() -> dict[str, str]:
    """Every spelling's key -> region."""
    table = _table()
    spellings = {_key(name): code for code, names in table.items() for name in names}
    return spellings | {_key(code): code for code in table}  # a code outweighs an abbreviation


def _key(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _NOISE.sub("", bare.replace("&", "and"))


def _of_flag(written: str) -> str | None:
    letters = "".join(
        chr(ord(c) - _FLAG_A + ord("A")) for c in written if 0 <= ord(c) - _FLAG_A < 26
    )
    return letters if letters in _table() else None
