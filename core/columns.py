"""Guess what each column of a file means: by its name first, then by its values.

``vocabulary`` reads the names, ``evidence`` the values; ``claims`` weighs both column by column and
then settles the claims of the whole row, so that each field has one column.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.claims import CUSTOM_FIELD, Claim, claim, settle
from core.evidence import ENOUGH_ROWS, Evidence
from core.vocabulary import words_of

IDENTIFIER_TARGETS = ("email", "phone", "external_id", "social", "cookie")
ALIAS_TARGETS = tuple(f"alias_{kind}" for kind in IDENTIFIER_TARGETS)
PROFILE_TARGETS = (
    "name", "first_name", "last_name", "company", "title", "industry", "city", "state", "country",
    "postal_code", "address", "timezone", "website", "linkedin_url", "source", "notes", "tags",
)  # fmt: skip
#: Opt-outs. An import may set them, and takes them back only where its rules say so in words.
OPT_OUT_TARGETS = ("unsubscribed", "blocked")
_OPT_OUT = re.compile(
    r"\b(unsubscribed?|opt(ed)? ?out|do ?not ?(contact|call|e? ?mail|text)|dnc|blocked|blacklisted"
    r"|desabonnee?|desinscrite?|abgemeldet)\b"
)
#: What stands beside it where the cells hold no yes or no.
_NO_OPT_OUT = re.compile(r"\b(at|by|on|date|time|reason|url|link|count)\b")
CUSTOM = "custom:"
SKIP = "skip"
MOST_NAME = 80  # characters of a custom field's name

_NAMED = {*IDENTIFIER_TARGETS, *ALIAS_TARGETS, *PROFILE_TARGETS, *OPT_OUT_TARGETS}
_LABELS = {
    "external_id": "External ID", "social": "Social profile", "linkedin_url": "LinkedIn URL",
    "name": "Full name", "title": "Job title", "timezone": "Time zone", "skip": "Skip",
}  # fmt: skip


@dataclass(frozen=True)
class Guess:
    """What a column seems to mean. ``confidence`` is 0..1, ``reason`` is shown to people."""

    column: int
    header: str
    target: str
    confidence: float
    reason: str


# ---- targets -------------------------------------------------------------------------------------


def is_target(text: str) -> bool:
    """Whether ``text`` is something a column may be mapped to."""
    if text.startswith(CUSTOM):
        return 0 < len(text[len(CUSTOM) :].strip()) <= MOST_NAME
    return text == SKIP or text in _NAMED


def label(target: str) -> str:
    """The words for a target: "Email", "Another phone", "Custom: Booth"."""
    if target.startswith(CUSTOM):
        return "Custom: " + target[len(CUSTOM) :]
    if target.startswith("alias_"):
        kind = label(target.removeprefix("alias_"))
        return "Another " + (
            kind if kind.startswith("External ID") else kind[:1].lower() + kind[1:]
        )
    return _LABELS.get(target) or target.replace("_", " ").capitalize()


def normalised(name: str) -> str:
    """A header's name without case, spaces, punctuation and accents."""
    return " ".join(words_of(name))


def may_opt_out(name: str) -> bool:
    """Whether a column's name speaks of people who want no messages.

    It is never guessed to be one: an opt-out that a wrong guess set would stay. People are asked.
    """
    words = normalised(name)
    return bool(_OPT_OUT.search(words)) and not _NO_OPT_OUT.search(words)


def fingerprint(header: Sequence[str]) -> str:
    """A hex digest of a header row, the same whatever its case, order, spaces and accents."""
    names = sorted(map(normalised, header))
    return hashlib.sha256("\x1f".join(names).encode()).hexdigest()


def primary(guesses: Sequence[Guess]) -> str | None:
    """The identifier to know leads by: the first of the mapped ones in the order of the kinds."""
    targets = {guess.target for guess in guesses}
    return next((kind for kind in IDENTIFIER_TARGETS if kind in targets), None)


# ---- the guess -----------------------------------------------------------------------------------


def guess(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    region: str | None = None,
    has_header: bool = True,
) -> tuple[Guess, ...]:
    """One guess per column, in order. ``region`` is where phones without a + would be from.

    Without a header row ``header`` holds made-up names, and only the values count.
    """
    claims = [
        claim(column, name, Evidence.of(sample, column, region), has_header)
        for column, name in enumerate(header)
    ]
    return tuple(_guesses(settle(claims, has_header)))


def _guesses(claims: Sequence[Claim]) -> Iterator[Guess]:
    taken: set[str] = set()
    for one in claims:
        target = one.target
        if target == CUSTOM_FIELD:
            target = SKIP if _is_void(one) else CUSTOM + _field_name(one, taken)
        reason = "all its sampled cells are empty" if target == SKIP else one.reason
        yield Guess(one.column, one.header, target, round(one.confidence, 2), reason)


def _is_void(one: Claim) -> bool:
    """No values, and no name that lets a person expect some; or none in many rows."""
    evidence = one.evidence
    return not evidence.values and (one.nameless or evidence.rows >= ENOUGH_ROWS)


def _field_name(one: Claim, taken: set[str]) -> str:
    """The header as the name of a custom field: one line, cut, and not used by another column."""
    base = " ".join(one.header.split())[: MOST_NAME - 5].strip() or f"Column {one.column + 1}"
    name, number = base, 1
    while name.casefold() in taken:
        number += 1
        name = f"{base} {number}"
    taken.add(name.casefold())
    return name
