"""What the values of a column look like: the share of them that are emails, phones, dates...

Meant for a sample. The tests of a value are stricter than those of an import: here they must tell
a phone from an order number or a date, there the column is already known to hold phones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from phonenumbers import ndd_prefix_for_region

from core.countries import region_of
from core.identifiers import Kind, normalise, split

MOST_ROWS = 200  #: of a sample are looked at
_LONGEST = 250  # characters of a cell: what is longer is none of the things that are looked for
ENOUGH_ROWS = 10  #: fewer rows prove nothing by being alike, different or empty

_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T\s].*)?|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{2}|\d{4})(?:\s.*)?"
    r"|(?:19|20)\d\d(?:0\d|1[0-2])(?:[0-2]\d|3[01])|\d{1,2}\.?\s[^\W\d_]{3,9}\.?,?\s\d{4}.*"
    r"|[^\W\d_]{3,9}\.?\s\d{1,2},?\s\d{4}.*"
)
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)*%?|[-+]?[\d.]+,\s?[-+]?[\d.]+")
_URL = re.compile(r"(?:https?://|www\.)\S+|(?:[a-z0-9-]+\.)+[a-z]{2,12}(?:/\S*)?", re.IGNORECASE)
_LINKEDIN = re.compile(r"(?:https?://)?(?:\w+\.)?linkedin\.com/(?:in|pub)/\S+", re.IGNORECASE)
_PROFILE = re.compile(
    r"(?:https?://)?(?:\w+\.)?(?:twitter|x|facebook|fb|instagram)\.com/\S+|@\w[\w.]{1,30}", re.I
)
_FLAGS = {
    "true", "false", "yes", "no", "y", "n", "on", "off", "ja", "nein",
    "oui", "non", "si", "sí", "sì", "não", "sim", "nee", "tak", "nie", "nej", "はい", "いいえ",
    "smtp", "subscribed", "unsubscribed", "opted in", "opted out", "opt-in", "opt-out",
}  # fmt: skip
_SALUTATIONS = {
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "madam", "herr", "frau", "m", "mme",
    "mlle", "sr", "sra", "srta", "sig", "sigra", "sigr", "dhr", "mevr", "mw", "pan", "pani",
    "hr", "fr", "fru", "様", "さん", "prof dr", "mr mrs", "monsieur", "madame", "señor", "señora",
}  # fmt: skip
_CODE = re.compile(r"(?=\S*\d)[\w:.\-/]{2,64}")


def is_email(value: str, region: str | None = None) -> bool:
    """Whether the value is one or more email addresses."""
    if "@" not in value and "\uff20" not in value:
        return False  # most columns are asked, and to refuse a value takes long
    pieces = split(Kind.EMAIL, value)
    return bool(pieces) and all(isinstance(normalise(Kind.EMAIL, p), str) for p in pieces)


def is_phone(value: str, region: str | None = None) -> bool:
    """Whether the value can only be a phone, or several: written as phones are, not just digits."""
    pieces = split(Kind.PHONE, value)
    return bool(pieces) and all(_is_phone(piece, region) for piece in pieces)


_LABEL = re.compile(r"(?:p|tel|t|ph|phone|mob|m|cell)[.:]\s*", re.IGNORECASE)
_PHONE = re.compile(r"(?:\(?\+|00(?=[1-9]))?\(?\d[\d\s().\-/\u00a0]*(?:\s*(?:x|ext\.?)\s*\d+)?")
_NOT_PHONE = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|-?\d+\.\d+")  # an IP address, a decimal number
_ABROAD = re.compile(r"\(?\+|00[1-9]")
_GROUPED = re.compile(r"(?:\+?1[\s.-])?\(?\d{3}\)?[\s.-]\d{3}[\s.-]\d{4}(?:\D.*)?|\(\d{2,5}\).*")
_TRUNK = re.compile(r"\(?0[1-9]")  # most countries dial a 0 before the area code


def _is_phone(piece: str, region: str | None) -> bool:
    text = _unlabelled(piece)
    if not _is_shaped(text):
        return False
    if _ABROAD.match(text):
        return isinstance(normalise(Kind.PHONE, text, region), str)
    if _TRUNK.match(text):
        return 9 <= _digits(text) <= 12
    if _GROUPED.fullmatch(text):
        return True
    # Other numbers are grouped too: only those of a range in use, and of a country where no 0 is
    # dialled before them, are surely phones.
    if region is None or text.isdigit() or ndd_prefix_for_region(region, True) == "0":
        return False
    return isinstance(normalise(Kind.PHONE, text, region, "valid"), str)


def _unlabelled(piece: str) -> str:
    return _LABEL.sub("", piece.strip().removeprefix("'"), count=1)


def _digits(text: str) -> int:
    return sum(c.isdigit() for c in text)


def _is_shaped(text: str) -> bool:
    if not _PHONE.fullmatch(text) or _DATE.fullmatch(text) or _NOT_PHONE.fullmatch(text):
        return False
    return 6 <= _digits(text) <= 18  # the 15 of E.164 and an extension


def _is_plain_phone(value: str, region: str | None) -> bool:
    """Digits alone that a network has given out; where no country is known, in North America."""
    plain = value.isdigit() and 8 <= len(value) <= 11 and not _DATE.fullmatch(value)
    return plain and isinstance(normalise(Kind.PHONE, value, region or "US", "valid"), str)


def _may_be_phone(value: str, region: str | None) -> bool:
    """Whether nothing speaks against a phone; enough where the column's name speaks for it."""
    pieces = split(Kind.PHONE, value)
    return bool(pieces) and all(_is_shaped(_unlabelled(piece)) for piece in pieces)


def _is_country(value: str, region: str | None) -> bool:
    return region_of(value) is not None


def _matches(pattern: re.Pattern[str]) -> Callable[[str, str | None], bool]:
    return lambda value, region: pattern.fullmatch(value) is not None


def _among(words: set[str]) -> Callable[[str, str | None], bool]:
    return lambda value, region: value.strip(". ").replace(".", "").casefold() in words


_LOOKS: dict[str, Callable[[str, str | None], bool]] = {
    "email": is_email,
    "phone": is_phone,
    "plain_phone": _is_plain_phone,
    "any_phone": _may_be_phone,
    "date": _matches(_DATE),
    "number": _matches(_NUMBER),
    "website": _matches(_URL),
    "url": _matches(re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)),
    "linkedin_url": _matches(_LINKEDIN),
    "social": _matches(_PROFILE),
    "country": _is_country,
    "flag": _among(_FLAGS),
    "salutation": _among(_SALUTATIONS),
    "code": _matches(_CODE),
}


@dataclass(frozen=True)
class Evidence:
    """The sampled values of one column that are not empty, and how many rows were sampled."""

    values: tuple[str, ...]
    rows: int
    region: str | None = None
    _known: dict[str, float] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, sample: Sequence[Sequence[str]], column: int, region: str | None) -> Evidence:
        """The evidence of one column of ``sample``; rows may be short."""
        rows = sample[:MOST_ROWS]
        cells = (row[column][:_LONGEST].strip() for row in rows if column < len(row))
        return cls(tuple(cell for cell in cells if cell), len(rows), region)

    @property
    def fill(self) -> float:
        """The share of the sampled rows that have a value."""
        return len(self.values) / self.rows if self.rows else 0.0

    def share(self, look: str) -> float:
        """The share of the values that look like ``look``, a key of the table above; 0 if none."""
        if not self.values:
            return 0.0
        if look not in self._known:
            test = _LOOKS[look]
            fitting = sum(test(value, self.region) for value in self.values)
            self._known[look] = fitting / len(self.values)
        return self._known[look]

    @cached_property
    def distinct(self) -> float:
        """The share of the values that are different from each other."""
        return len(set(self.values)) / len(self.values) if self.values else 0.0

    @cached_property
    def wordy(self) -> float:
        """The share of the values that have several words."""
        return sum(" " in v for v in self.values) / len(self.values) if self.values else 0.0
