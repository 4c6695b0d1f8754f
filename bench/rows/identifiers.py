"""The fast paths for emails and phones: how much faster, and never another answer."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import phonenumbers

from bench import lists
from bench.figures import Figure, Target
from bench.ground import Ground
from bench.scale import Scale
from core import emails, phones
from core.phones import PhoneLevel
from core.refusal import Refusal

TENFOLD = Target(10.0, "10 times the library")
LEVELS: tuple[PhoneLevel, ...] = ("possible", "valid")
SAMPLE = 5_000  #: texts that the library is timed on
_REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
_EMAIL_PARTS = "abcxyz019._%+-!#'\"()<>@@@..  ,;:\\[]äßñ中xn--ªA\u200b\t"
_PHONE_PARTS = "0123456789" * 4 + "+++() -./xe,;*#ABtel:ｅ１２"

Answer = str | Refusal
Check = tuple[Callable[[], Answer], Callable[[], Answer]]


def measure(ground: Ground, scale: Scale) -> Iterator[Figure]:
    """Speed on a realistic list, then equality on random texts and on every region's examples."""
    rows = list(lists.people(SAMPLE))
    yield _speed("emails", [row[2] for row in rows], emails.normalise, emails.by_library)
    written = [_phone(number) for number in range(SAMPLE)]
    for level in LEVELS:
        yield _speed(f"phones, {level}", written, *_phone_ways("US", level))
    yield _sameness("emails", _random_emails(scale.texts))
    yield _sameness("phones", _example_phones())
    yield _sameness("phones", _random_phones(scale.texts))


def _phone(number: int) -> str:
    """A number kept for fiction: unlike those of ``lists`` it is of a range in use."""
    area, line = (202, 206, 212, 213, 303)[number % 5], f"01{number // 5 % 100:02d}"
    ways = (f"+1 {area}-555-{line}", f"({area}) 555-{line}", f"+1{area}555{line}")
    return (*ways, f"{area}.555.{line}")[number % 4]


def _phone_ways(
    region: str | None, level: PhoneLevel
) -> tuple[Callable[[str], Answer], Callable[[str], Answer]]:
    return (
        lambda text: phones.normalise(text, region, level),
        lambda text: phones.by_library(text, region, level),
    )


def _speed(
    what: str, texts: Sequence[str], fast: Callable[[str], Answer], slow: Callable[[str], Answer]
) -> Figure:
    for text in texts[:100]:
        fast(text)  # patterns are compiled, metadata is loaded
        slow(text)
    ours, library = _each(fast, texts), _each(slow, texts)
    work = f"{what} of a realistic list"
    return Figure(
        "identifiers", work, ours, "us each", library, "us the library", library / ours, "", TENFOLD
    )


def _each(way: Callable[[str], Answer], texts: Sequence[str]) -> float:
    """Microseconds a text."""
    began = time.perf_counter()
    for text in texts:
        way(text)
    return (time.perf_counter() - began) * 1e6 / len(texts)


def _sameness(what: str, checks: Iterator[tuple[str, Check]]) -> Figure:
    """Raises AssertionError, naming the text, where the two answers differ."""
    count = 0
    for name, (fast, slow) in checks:
        if fast() != slow():
            raise AssertionError(f"{name}: {fast()!r} is not {slow()!r}")
        count += 1
    work = f"{what}: the fast path's answer beside the library's"
    return Figure("identifiers", work, count, "texts", 0, "differ", note="identical on all")


def _random_emails(count: int) -> Iterator[tuple[str, Check]]:
    dice = random.Random(7)  # the same texts in every run
    for number in range(count):
        text = _mutated(dice, _email(dice, number), _EMAIL_PARTS)
        yield repr(text), (partial(emails.normalise, text), partial(emails.by_library, text))


def _email(dice: random.Random, number: int) -> str:
    if dice.random() < 0.5:
        return f"a{number}@{dice.choice(('example.com', 'mail.co.uk', 'x.local', 'a--b.de'))}"
    return "".join(dice.choices(_EMAIL_PARTS, k=dice.randrange(1, 24))) + "@example.com"


def _random_phones(count: int) -> Iterator[tuple[str, Check]]:
    dice = random.Random(11)
    for _ in range(count):
        region, level = _place(dice)
        text = "".join(dice.choices(_PHONE_PARTS, k=dice.randrange(1, 18)))
        yield f"{text!r} {region} {level}", _phone_check(text, region, level)


def _example_phones() -> Iterator[tuple[str, Check]]:
    """Every region's example of every type, as it is written at home, abroad and wrongly."""
    dice = random.Random(13)
    for home in _REGIONS:
        for kind in range(11):
            example = phonenumbers.example_number_for_type(home, kind)
            for text in _spellings(example) if example else ():
                changed = _mutated(dice, text, _PHONE_PARTS)
                for written in (text, changed):
                    for region in (home, dice.choice(_REGIONS), None):
                        level = dice.choice(LEVELS)
                        name = f"{written!r} {region} {level}"
                        yield name, _phone_check(written, region, level)


def _spellings(example: phonenumbers.PhoneNumber) -> Iterator[str]:
    for style in range(4):
        yield phonenumbers.format_number(example, style)
    yield phonenumbers.national_significant_number(example)
    yield f"00{example.country_code}{phonenumbers.national_significant_number(example)}"


def _place(dice: random.Random) -> tuple[str | None, PhoneLevel]:
    region = dice.choice((None, "US", "GB", dice.choice(_REGIONS), dice.choice(_REGIONS)))
    return region, dice.choice(LEVELS)


def _phone_check(text: str, region: str | None, level: PhoneLevel) -> Check:
    return (
        partial(phones.normalise, text, region, level),
        partial(phones.by_library, text, region, level),
    )


def _mutated(dice: random.Random, text: str, parts: str) -> str:
    if dice.random() < 0.5 or not text:
        return text
    at = dice.randrange(len(text))
    return text[:at] + dice.choice(parts) + text[at + dice.randrange(2) :]
