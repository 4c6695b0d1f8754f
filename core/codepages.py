"""Which of the encodings that are not Unicode some bytes are in, by what they decode to.

Each candidate is scored from -1 to 1 by how much its decoding looks like one language; the best
that also fits the entire file is taken. Ties go to the encoding met more often.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

from core.alphabets import COMMON, FINAL, LATIN, OTHER, SIGNS

#: Below this, no language was recognised.
RECOGNISED = 0.3
#: Scores that differ by less than this are about the same.
CLOSE = 0.05

_C1 = re.compile(r"[\x80-\x9f]")
_BEYOND = re.compile(r"[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class Codepage:
    """A codec, the languages written in it, and how much less likely it is than its
    rivals."""

    codec: str
    languages: tuple[str, ...]
    handicap: float = 0.0
    doubt: float = 0.0  #: fades as more different settings of characters are seen


_WEST = (
    *("German", "French", "Spanish", "Catalan", "Portuguese", "Italian", "Dutch"),
    *("Swedish", "Danish", "Finnish", "Icelandic", "Western"),
)
_CENTRAL = ("Polish", "Czech", "Slovak", "Hungarian", "Romanian", "Croatian", "German")
_BALTIC = ("Lithuanian", "Latvian", "Estonian", "Polish")
_SLAVIC = ("Russian", "Ukrainian", "Serbian")
#: What real files are in. The order settles ties.
CODEPAGES = (
    Codepage("windows-1252", _WEST),
    Codepage("cp1250", _CENTRAL, 0.0, 0.1),
    Codepage("cp1251", _SLAVIC),
    Codepage("cp932", ("Japanese",)),
    Codepage("gb18030", ("Simplified Chinese",)),
    Codepage("cp1254", ("Turkish",), 0.0, 0.1),
    Codepage("iso8859_2", _CENTRAL, 0.01, 0.1),
    Codepage("mac_roman", _WEST, 0.02),
    Codepage("iso8859_15", _WEST, 0.02),
    Codepage("cp1253", ("Greek",), 0.05),
    Codepage("cp1257", _BALTIC, 0.01, 0.4),
    Codepage("big5", ("Traditional Chinese",)),
    Codepage("euc_jp", ("Japanese",)),
    Codepage("euc_kr", ("Korean",)),
    Codepage("koi8_r", ("Russian",), 0.02),
    Codepage("koi8_u", ("Ukrainian",), 0.03),
    Codepage("iso8859_5", _SLAVIC, 0.02),
    Codepage("cp1255", ("Hebrew",)),
    Codepage("iso8859_8", ("Hebrew",), 0.01),
    Codepage("cp1256", ("Arabic",)),
    Codepage("cp874", ("Thai",)),
    Codepage("iso8859_7", ("Greek",), 0.06),
    Codepage("iso8859_6", ("Arabic",), 0.01),
    Codepage("cp850", _WEST, 0.05),
    Codepage("cp852", _CENTRAL, 0.05, 0.1),
    Codepage("cp866", ("Russian",), 0.05),
    Codepage("mac_cyrillic", ("Russian",), 0.05),
    Codepage("mac_latin2", _CENTRAL, 0.05, 0.1),
    Codepage("iso8859_4", _BALTIC, 0.04, 0.4),
    Codepage("iso8859_16", ("Romanian",), 0.03),
    Codepage("iso8859_14", ("Welsh",), 0.06),
)
#: Languages whose letters are few enough for another's text to be mistaken for theirs.
_RARE = {"Icelandic": 0.04, "Estonian": 0.04, "Slovak": 0.02, "Finnish": 0.02, "Western": 0.09}
_MULTIBYTE = {"cp932": "shift_jis", "gb18030": "gb2312"}


def ranked(sample: bytes) -> list[tuple[float, str]]:
    """Scores and codecs, best first, of those that can decode the sample at all."""
    scored = [(score(sample, page), page.codec) for page in CODEPAGES]
    return sorted((pair for pair in scored if pair[0] > -1), key=lambda pair: -pair[0])


def score(sample: bytes, page: Codepage) -> float:
    """How much the sample looks like a language in this codec; -1 if it cannot be decoded."""
    text = sample.decode(page.codec, "replace")
    beyond = _BEYOND.findall(text)
    if not beyond or text.count("\N{REPLACEMENT CHARACTER}") > len(beyond) * 0.1:
        return -1.0
    rate = max(_share(text, language, page.codec) for language in page.languages)
    controls = len(_C1.findall(text)) / len(beyond)
    return rate - page.handicap - page.doubt / len(_settings(text)) - controls


def _share(text: str, language: str, codec: str) -> float:
    """The mean worth of the characters beyond ASCII, were the text in this language."""
    worth = _judge(language, codec)
    settings = _settings(text)
    total = sum(worth(*setting) * count for setting, count in settings.items())
    return total / settings.total() - _RARE.get(language, 0.0)


@lru_cache(maxsize=1)
def _settings(text: str) -> Counter[tuple[str, str, str]]:
    """Each character beyond ASCII with the ones before and after it, and how often they occur."""
    padded = f" {text} "
    places = (found.start() for found in _BEYOND.finditer(padded))
    return Counter((padded[at - 1], padded[at], padded[at + 1]) for at in places)


def _judge(language: str, codec: str) -> Callable[[str, str, str], float]:
    if language in LATIN:
        usual, _, seldom = LATIN[language].partition(" ")
        return partial(_latin, _with_capitals(usual), _with_capitals(seldom))
    if language in OTHER:
        frequent, rest = OTHER[language]
        return partial(_other, _with_capitals(frequent), _with_capitals(rest))
    return partial(_ideographic, frozenset(COMMON[language]), language, codec)


def _with_capitals(letters: str) -> frozenset[str]:
    return frozenset(letters + letters.upper())


def _latin(
    usual: frozenset[str], seldom: frozenset[str], before: str, sign: str, after: str
) -> float:
    """Letters of the language, cased as words are, and never several in a row but by chance."""
    if sign in usual or sign in seldom:
        if _badly_cased(before, sign, after):
            return -1.0
        if not before.isascii() and not after.isascii():
            return 0.3
        if not before.isalpha() and not after.isalpha():
            return 0.5
        return 1.0 if sign in usual else 0.9
    return _sign(before, sign, after)


def _other(
    frequent: frozenset[str], rest: frozenset[str], before: str, sign: str, after: str
) -> float:
    """Letters of the script, which touches no Latin letter."""
    if sign in frequent or sign in rest:
        if sign in FINAL and after.isalpha():
            return -1.0
        if _badly_cased(before, sign, after) or _is_ascii_letter(before) or _is_ascii_letter(after):
            return -1.0
        if not before.isalpha() and not after.isalpha():
            return 0.5
        return 1.0 if sign in frequent else 0.75
    return _sign(before, sign, after)


def _sign(before: str, sign: str, after: str) -> float:
    """A sign beside words is likely; within one it is what the wrong table gives."""
    within = before.isalpha() and after.isalpha()
    if sign == "’" and within:
        return 0.9
    return 0.8 if sign in SIGNS and not within else -1.0


def _badly_cased(before: str, sign: str, after: str) -> bool:
    """A capital after a small letter, or a small letter among capitals."""
    if sign.isupper():
        return before.islower()
    return sign.islower() and before.isupper() and after.isupper()


def _is_ascii_letter(sign: str) -> bool:
    return sign.isascii() and sign.isalpha()


def _ideographic(
    common: frozenset[str], language: str, codec: str, before: str, sign: str, after: str
) -> float:
    """Frequent characters, kana and hangul; the rest by how basic a set they belong to."""
    if sign in common:
        return 1.0
    if "\u3040" <= sign <= "\u30ff":
        return 1.0 if language == "Japanese" else 0.0
    if "\uac00" <= sign <= "\ud7a3":
        return 0.8 if language == "Korean" else -1.0
    if "\uff61" <= sign <= "\uff9f":
        return 0.5
    if sign in SIGNS or "\uff00" <= sign <= "\uff60":
        return 0.6
    return _basic(sign, codec)


def _basic(sign: str, codec: str) -> float:
    """By the byte it starts with: the first level of each character set holds what is used."""
    raw = sign.encode(_MULTIBYTE.get(codec, codec), "replace")
    if len(raw) != 2:
        return -1.0
    first, last = {
        "cp932": (0x88, 0x98),
        "gb18030": (0xB0, 0xD7),
        "big5": (0xA4, 0xC6),
        "euc_jp": (0xB0, 0xCF),
    }.get(codec, (0xFF, 0xFF))
    return 0.7 if first <= raw[0] <= last else 0.1
