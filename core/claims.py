"""What a column claims to be, and how the claims of a whole header row are settled.

A claim weighs the column's name against its values. Settling leaves one column per field: the best
claim wins, other emails and phones become further ones, anything else a custom field.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.evidence import ENOUGH_ROWS, Evidence
from core.vocabulary import NOTHING, Reading, read

CUSTOM_FIELD = "custom"
_ANY_NAME = "any_name"

_NOUNS = {
    "email": "email addresses", "phone": "phone numbers", "linkedin_url": "LinkedIn profiles",
    "website": "web addresses", "url": "web addresses", "country": "countries",
    "date": "dates", "number": "numbers", "flag": "yes or no", "salutation": "salutations",
}  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """What one column would be by itself. ``target`` is a field, "any_name" or "custom"."""

    column: int
    header: str
    evidence: Evidence
    reading: Reading
    target: str
    quality: float  #: 0..1, compared between the columns that want the same field
    reason: str
    confidence: float

    @property
    def rank(self) -> float:
        """The better claim is the higher; a column with values outranks one with just a name."""
        return self.quality + 0.25 * self.evidence.fill - 0.5 * self.shared

    @property
    def shared(self) -> bool:
        """Whether many rows share a value: it is then a host's or a firm's, not the lead's own."""
        return len(self.evidence.values) >= ENOUGH_ROWS and self.evidence.distinct <= 0.5

    @property
    def nameless(self) -> bool:
        """Whether there is no name that says anything, because there is none at all."""
        return self.reading == NOTHING

    def to(self, target: str, reason: str, confidence: float | None = None) -> Claim:
        """The same column with another target."""
        sure = self.confidence if confidence is None else confidence
        return replace(self, target=target, reason=reason, confidence=sure)


# ---- one column ----------------------------------------------------------------------------------

_ENOUGH = 0.6  # of the values, to believe a name that leaves doubts, or values without a name
_MOST = 0.8  # of the values, to disbelieve a name

#: Values that a field cannot have, whatever the column is called.
_TEXT = ("email", "date", "number", "url")
_CONTRADICTIONS: dict[str, tuple[str, ...]] = {
    "email": ("flag", "date", "number"),
    "phone": ("flag", "date", "email"),
    "title": ("salutation", "flag", *_TEXT),
    "country": ("email", "date", "number"),
    "state": ("email", "date"),
    "city": ("flag", *_TEXT),
    "company": ("flag", "email", "date"),
    "industry": ("flag", *_TEXT),
    "source": ("flag", "email", "date"),
    "address": ("flag", "email", "date"),
    "postal_code": ("flag", "email"),
    "website": ("flag", "email", "date", "number"),
    "linkedin_url": ("flag", "date", "number"),
    "external_id": ("date",),
    "social": ("flag", "date"),
    "cookie": ("flag", "date"),
    "tags": ("flag", "date", "number"),
} | dict.fromkeys(("name", "first_name", "last_name", _ANY_NAME), _TEXT)


def claim(column: int, header: str, evidence: Evidence, has_header: bool) -> Claim:
    """The claim of one column; without a header row its name says nothing."""
    reading = read(header) if has_header else NOTHING
    if reading.theirs or (reading.payer and reading.target == "external_id"):
        verdict = CUSTOM_FIELD, "it belongs to somebody else", 0.9
    elif reading.about:
        verdict = _about(header, reading, evidence)
    else:
        verdict = _by_name(header, reading, evidence) or _by_values(evidence, has_header)
    target, reason, confidence = verdict
    quality = reading.quality if reading.target and not reading.about else 0.4
    return Claim(column, header, evidence, reading, target, quality, reason, confidence)


def _about(header: str, reading: Reading, evidence: Evidence) -> tuple[str, str, float]:
    """ "Email Status" is none, but a "Verified email" full of addresses is."""
    target = reading.target
    if target in ("email", "phone") and evidence.share(target) >= _MOST:
        return target, _shares(evidence, target), 0.6
    return CUSTOM_FIELD, "its name says something about the lead that is no field of its own", 0.8


def _by_name(header: str, reading: Reading, evidence: Evidence) -> tuple[str, str, float] | None:
    target = reading.target
    if not target:
        return None
    if target == "website" and evidence.share("linkedin_url") >= _ENOUGH:
        target = "linkedin_url"
    against = _contradiction(target, evidence)
    if against:
        return None if against == "email" else _disbelieved(header, evidence, against)
    named = f"named “{' '.join(header.split())}”"
    if reading.unsure and target in ("email", "phone"):
        look = "any_phone" if target == "phone" else target
        if evidence.share(look) < _ENOUGH:
            return None
        return target, f"{named}, and {_shares(evidence, look)}", 0.85
    return target, named, 0.6 if reading.unsure else max(0.6, min(0.98, reading.quality))


def _contradiction(target: str, evidence: Evidence) -> str | None:
    looks = _CONTRADICTIONS.get(target, ())
    return next((look for look in looks if evidence.share(look) >= _MOST), None)


def _disbelieved(header: str, evidence: Evidence, look: str) -> tuple[str, str, float]:
    return CUSTOM_FIELD, f"in spite of its name, {_shares(evidence, look)}", 0.7


def _by_values(evidence: Evidence, has_header: bool) -> tuple[str, str, float]:
    needed = {"email": _ENOUGH, "phone": _MOST, "linkedin_url": _MOST}
    if not has_header:
        needed |= {"website": _MOST, "country": 0.95, "plain_phone": 0.95}
    for look, least in needed.items():
        share = evidence.share(look)
        if share >= least and not (look in _NEED_MANY and len(evidence.values) < ENOUGH_ROWS):
            target = "phone" if look == "plain_phone" else look
            return target, _shares(evidence, look), 0.4 + 0.5 * share
    return CUSTOM_FIELD, "no field is named like this", 0.5


_NEED_MANY = ("plain_phone", "country")  # a few short values would fit by chance


def _shares(evidence: Evidence, look: str) -> str:
    noun = _NOUNS["phone" if look.endswith("_phone") else look]
    return f"{evidence.share(look):.0%}".replace("%", " %") + f" of the sampled values are {noun}"


# ---- the whole row -------------------------------------------------------------------------------


def settle(claims: Sequence[Claim], has_header: bool) -> list[Claim]:
    """The claims with at most one column per field, by position."""
    settled = _with_names(_without_firms(list(claims)))
    settled = [_repeated_id(one) for one in settled]
    for target in dict.fromkeys(one.target for one in settled):
        if target != CUSTOM_FIELD:
            settled = _with_one(settled, target)
    return _with_some_identifier(settled, has_header)


_PERSON = ("name", "first_name", "last_name", _ANY_NAME)


def _without_firms(claims: list[Claim]) -> list[Claim]:
    """Beside people, the switchboard of their firm is no key: colleagues share it.

    An email that is said to be the company's may be the only one that is asked for.
    """
    own = [one for one in claims if one.target in _KEYS and not one.reading.firm]
    if not own or not any(one.target in _PERSON for one in claims):
        return claims

    def settled(one: Claim) -> Claim:
        shared = one.reading.firm and (
            one.target == "phone"
            or (one.target == "email" and any(other.target == "email" for other in own))
        )
        return one.to(CUSTOM_FIELD, "it is the company's, not the person's", 0.8) if shared else one

    return [settled(one) for one in claims]


def _with_names(claims: list[Claim]) -> list[Claim]:
    """A bare "Name" is what the other name columns leave for it to be."""
    targets = {one.target for one in claims}
    first, last = "first_name" in targets, "last_name" in targets

    def settled(one: Claim) -> Claim:
        if one.target != _ANY_NAME:
            return one
        if first == last or one.evidence.wordy > _ENOUGH:
            return one.to("name", one.reason)
        return one.to(
            "last_name" if first else "first_name", f"{one.reason}, beside the other name"
        )

    return [settled(one) for one in claims]


_REPEATING = "its values repeat, so they are not the lead's own"


def _repeated_id(one: Claim) -> Claim:
    """An id that many rows share is of something else: a list, a campaign, a company."""
    if one.target != "external_id" or not one.shared:
        return one
    return one.to(CUSTOM_FIELD, _REPEATING, 0.7)


def _with_one(claims: list[Claim], target: str) -> list[Claim]:
    wanting = [one for one in claims if one.target == target]
    if len(wanting) == 1:
        return claims
    best = max(wanting, key=lambda one: one.rank)  # of equals, the first
    return [_loser(one, best) if one in wanting and one is not best else one for one in claims]


def _loser(one: Claim, best: Claim) -> Claim:
    winner = f"“{best.header}”"
    if one.target in ("email", "phone") and one.shared and not best.shared:
        return one.to(CUSTOM_FIELD, _REPEATING, 0.7)
    if one.target in ("email", "phone") and not one.reading.payer:
        return one.to(f"alias_{one.target}", f"a further {one.target}, beside {winner}")
    return one.to(CUSTOM_FIELD, f"{winner} is the better column for it", 0.6)


def _with_some_identifier(claims: list[Claim], has_header: bool) -> list[Claim]:
    """LinkedIn profiles or a column of codes serve as the key where there is hardly another."""
    known = max((one.evidence.fill for one in claims if one.target in _KEYS), default=0.0)
    named = any(one.target in _KEYS for one in claims)
    for one in claims:
        if one.target == "linkedin_url" and (not named or known < one.evidence.fill / 2):
            return _replaced(claims, one.to("social", f"{one.reason}; most rows have no other key"))
    if named and has_header:
        return claims
    for one in claims:
        if one.target == CUSTOM_FIELD and _is_key(one):
            return _replaced(claims, one.to("external_id", "a different code in every row", 0.5))
    return claims


_KEYS = ("email", "phone", "external_id", "social", "cookie")


def _is_key(one: Claim) -> bool:
    evidence = one.evidence
    unique = len(evidence.values) == evidence.rows and evidence.distinct == 1.0
    silent = not one.reading.about and not one.reading.theirs
    enough = evidence.rows >= ENOUGH_ROWS
    return enough and unique and silent and evidence.share("code") == 1.0 and _undated(evidence)


def _undated(evidence: Evidence) -> bool:
    return evidence.share("date") < _ENOUGH


def _replaced(claims: list[Claim], new: Claim) -> list[Claim]:
    return [new if one.column == new.column else one for one in claims]
