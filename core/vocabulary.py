"""What a column's name says: words by words, with the synonyms of ``synonyms.toml``.

A name is cut into pieces that the vocabulary knows ("Person - Phone - Work": person, phone, work).
Pieces that name a field decide; the others raise or lower its standing or turn it into something
else ("Assistant's Phone", "Email Status"). Values are not looked at here.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple


class Piece(NamedTuple):
    """A stretch of a name. ``role`` is "name", a role of [words], "number" or "unknown"."""

    role: str
    target: str = ""  #: the field, where role is "name"
    weak: bool = False  #: too common to count beside unknown words
    number: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """What a name says. ``target`` is a field, "any_name" for a bare name, or empty for nothing.

    ``quality`` (0..1) is how good a claim the column has on the field. ``about``: the column says
    something about the thing; ``theirs``: it is somebody else's; ``target`` then tells which thing.
    ``firm``: an email or phone that the name says is a company's.
    ``unsure``: words are left over that could mean anything, so the values must agree.
    """

    target: str = ""
    quality: float = 0.0
    unsure: bool = False
    about: bool = False
    theirs: bool = False
    payer: bool = False
    firm: bool = False


NOTHING = Reading()

_LOSS = {"main": 0.01, "home": 0.1, "payer": 0.35, "further": 0.35, "unknown": 0.3}
_STRONG = {"first_name", "last_name", "postal_code", "linkedin_url", "external_id"}
_BEARING = {"company", "city", "address", "title", "industry"}
_PLACES = {"address", "city", "state", "country", "postal_code"}
_NAMED = _PLACES | {"company", "source", "title", "industry", "first_name", "last_name", "name"}
_DOUBTFUL = 0.3  # a loss by a pair of fields from which on the values must agree
_MOST_UNKNOWN = 2  # more of them make another subject


def read(header: str) -> Reading:
    """What ``header`` says by itself."""
    words = words_of(header)
    if not words:
        return NOTHING
    key = "".join(words)
    whole = _alone().get(key) or _lexicon().get(key)
    if whole and whole.role == "name":
        return Reading(whole.target, 0.97 if whole.weak else 1.0)
    pieces = list(_pieces(words))
    roles = {piece.role for piece in pieces}
    asking = bool(pieces) and pieces[0].role == "question"
    target, loss = _combined(pieces)
    return Reading(
        target=target,
        quality=max(0.05, 1.0 - loss - sum(_loss(piece) for piece in set(pieces))),
        unsure="unknown" in roles or loss >= _DOUBTFUL,
        about="about" in roles or asking,
        theirs="other" in roles,
        payer="payer" in roles,
        firm=target in ("email", "phone") and any(p.target == "company" for p in pieces),
    )


def _loss(piece: Piece) -> float:
    if piece.role == "number":
        return min(0.3, 0.06 * max(0, piece.number - 1))
    return _LOSS.get(piece.role, 0.0)


# ---- several fields in one name ------------------------------------------------------------------


def _combined(pieces: list[Piece]) -> tuple[str, float]:
    """The field that the pieces name together, or "", and what its claim loses by it."""
    names = [piece for piece in pieces if piece.role == "name"]
    targets = {piece.target for piece in names}
    if ("address", "company") in pairwise(piece.target for piece in pieces):
        targets.discard("address")  # "Default Address Company", but not "Adresse de la société"
    target, loss = _of_pair(targets) if len(targets) > 1 else (next(iter(targets), ""), 0.0)
    return (target, loss) if _bears_unknown(target, pieces) else ("", 0.0)


def _bears_unknown(target: str, pieces: list[Piece]) -> bool:
    """Whether ``target`` is still meant beside the words that are not known."""
    unknown = sum(piece.role == "unknown" for piece in pieces)
    if not unknown or target in ("email", "phone"):
        return True  # the values will tell
    if all(piece.weak for piece in pieces if piece.role == "name"):
        return False
    if target in _STRONG:
        return unknown <= _MOST_UNKNOWN
    return target in _BEARING and unknown == 1 and _only_qualifies(pieces)


def _only_qualifies(pieces: list[Piece]) -> bool:
    """ "Exhibiting company" and "company of origin" are companies, "company founded" is not."""
    roles = [piece.role for piece in pieces]
    return "name" not in roles[: roles.index("unknown")] or (
        roles[roles.index("unknown") - 1] == "filler"
    )


def _of_pair(targets: set[str]) -> tuple[str, float]:
    rest = targets - {"any_name"}
    if rest != targets and not rest <= _NAMED:
        return "", 0.0  # the name of something that is no name: "E-mail Display Name"
    if len(rest) == 1:
        return next(iter(rest)), 0.0
    for head, loss_by_target in _BESIDE.items():
        others = rest - {head}
        if head in rest and len(others) == 1 and (found := others & loss_by_target.keys()):
            (target,) = found
            return target, loss_by_target[target]
    return _TOGETHER.get(frozenset(rest), ""), 0.0


#: Beside the first, a name stands for the second, and loses so much of its claim.
_BESIDE: dict[str, dict[str, float]] = {
    "company": {"title": 0.0, "website": 0.05, "industry": 0.0, "phone": 0.3, "email": 0.3}
    | dict.fromkeys(_PLACES, 0.3),
    "address": {"email": 0.0, "phone": 0.3, "company": 0.1, "first_name": 0.3, "last_name": 0.3}
    | dict.fromkeys(_PLACES, 0.02),
    "website": {"linkedin_url": 0.0, "social": 0.0},
}
_TOGETHER = {
    frozenset({"country", "state"}): "country",
    frozenset({"city", "state"}): "city",
    frozenset({"first_name", "last_name"}): "name",
    frozenset({"name", "first_name", "last_name"}): "name",
    frozenset({"address", "website"}): "website",
}


# ---- cutting a name into pieces ------------------------------------------------------------------

_LONGEST_PHRASE = 7
_LONGEST_NAME = 300  # characters of a header that are read: more is no name
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_DIGITS = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_ORDINAL = re.compile(r"\b(\d)(?:st|nd|rd|th)\b", re.IGNORECASE)
_NO_WORDS = re.compile(r"\{\{.*?\}\}|<[^>]*>|(?<=\w)['’]s\b")
_LETTERS = {"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i"}
_LETTERS |= {"æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE"}
_SIGNS = {"#": " numbersign ", "№": " numbersign ", "〒": " postmark "}
_PLAIN = str.maketrans({**_LETTERS, **_SIGNS})


def words_of(header: str) -> list[str]:
    """The words of a name, lower-case, without accents: "FirstName" and "first_name" are equal."""
    words = header.split() if header.isascii() and len(header) <= _LONGEST_NAME else []
    if words and all(map(_is_simple, words)):
        return header.lower().split()  # what all that follows would find, in a tenth of the time
    plain = _NO_WORDS.sub(" ", header[:_LONGEST_NAME]).translate(_PLAIN)
    text = unicodedata.normalize("NFKD", plain)
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = _DIGITS.sub(" ", _CAMEL.sub(" ", _ORDINAL.sub(r"\1", text)))
    return re.findall(r"[^\W_]+", text.casefold())


def _is_simple(word: str) -> bool:
    """Whether nothing has to be cut out of a word of ASCII, and it is not cut itself."""
    return word.isalpha() and (word.islower() or word.istitle() or word.isupper())


def _pieces(words: list[str]) -> Iterator[Piece]:
    at = 0
    while at < len(words):
        for end in range(min(len(words), at + _LONGEST_PHRASE), at, -1):
            piece = _lexicon().get("".join(words[at:end]))
            if piece:
                yield piece
                break
        else:
            end = at + 1
            yield from _inside(words[at])
        at = end


def _inside(word: str) -> Iterator[Piece]:
    """The pieces of one word that is not known as a whole: a number, a compound, or unknown."""
    if word.isdigit():
        yield Piece("number", number=min(int(word[:3]), 99))
        return
    known = _inflected(word) or _compound(word)
    if known:
        yield from known
        return
    yield Piece("unknown")
    for cut in range(2, len(word) - 4):
        piece = _lexicon().get(word[cut:])
        if piece and piece.target in ("email", "phone"):
            yield piece
            return


_ENDINGS = ("s", "e", "n", "r", "m", "a", "u", "i", "y", "en", "er", "es", "em", "as", "os")
_SHORTEST_STEM = 5


def _inflected(word: str) -> list[Piece]:
    """The piece that ``word`` is another form of: "geschäftliche", "telefonu"; or nothing."""
    stems = (word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending))
    known = (_lexicon().get(stem) for stem in stems if len(stem) >= _SHORTEST_STEM)
    return [piece for piece in known if piece][:1]


_TAILS = {"id", "nr", "no", "nummer", "number"}  # fillers and short words that end compounds


_LONGEST_COMPOUND = 60  # letters: a whole question where words are not spaced, and no hoax


def _compound(word: str) -> list[Piece]:
    """``word`` as known words written together, in as few as possible; empty if it is not."""
    if len(word) > _LONGEST_COMPOUND:
        return []
    best: list[list[Piece] | None] = [[]] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(end):
            before, piece = best[start], _part(word[start:end])
            if before is None or piece is None:
                continue
            known = best[end]
            if known is None or len(before) + 1 < len(known):
                best[end] = [*before, piece]
    return best[-1] or []


def _part(text: str) -> Piece | None:
    piece = _lexicon().get(text)
    if piece is None or not text.isascii():
        return piece
    if text in _TAILS:
        return piece
    return None if len(text) < 3 or piece.role == "filler" else piece


# ---- the data file -------------------------------------------------------------------------------


@cache
def synonyms() -> dict[str, dict[str, dict[str, list[str]]]]:
    """The data file: [section][target or role][language] -> names as people write them."""
    return tomllib.loads(files("core").joinpath("synonyms.toml").read_text(encoding="utf-8"))


@cache
def _lexicon() -> dict[str, Piece]:
    """Every known stretch of words, written together, and what it is."""
    lexicon = dict(_alone())
    for role, languages in synonyms()["words"].items():
        lexicon |= {_key(name): Piece(role) for names in languages.values() for name in names}
    for target, languages in synonyms()["names"].items():
        for names in languages.values():
            lexicon |= {_key(name): Piece("name", target) for name in names}
    return lexicon


@cache
def _alone() -> dict[str, Piece]:
    return {
        _key(name): Piece("name", target, weak=True)
        for target, languages in synonyms()["alone"].items()
        for names in languages.values()
        for name in names
    }


def _key(name: str) -> str:
    return "".join(words_of(name))
