"""Telephone numbers that belong to nobody, and the ways people write them.

The ranges are those the regulators keep free for fiction: 555-01xx in North America (NANPA),
Ofcom's drama numbers, the Bundesnetzagentur's "Drama Numbers", ARCEP's 01 99 00 and 06 39 98, and
those PTS set aside in Sweden.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Chance that falls the same on every Python: only ``random()`` itself is promised to."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def below(self, limit: int) -> int:
        return int(self._random.random() * limit)

    def happens(self, chance: float) -> bool:
        return self._random.random() < chance

    def one(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def some(self, choices: Sequence[T], count: int) -> list[T]:
        """``count`` different ones of the choices."""
        rest = list(choices)
        return [rest.pop(self.below(len(rest))) for _ in range(count)]


@dataclass(frozen=True)
class Number:
    """Calling code and the groups people say a number in; ``trunk`` is dialled before at home."""

    code: str
    groups: tuple[str, ...]
    trunk: str = "0"

    @property
    def digits(self) -> str:
        return self.code + "".join(self.groups)


@dataclass(frozen=True)
class Country:
    """A country's name as badges spell it, its share of the visitors and its fictional numbers."""

    spellings: tuple[str, ...]
    share: int
    landline: Callable[[Dice], Number]
    mobile: Callable[[Dice], Number]


# ---- the ranges --------------------------------------------------------------------------------


AMERICAN_AREAS = (
    "202", "206", "212", "213", "303", "305", "312", "404", "415", "503", "512", "602", "617",
    "619", "702", "713", "718",
)  # fmt: skip


def american(dice: Dice) -> Number:
    area = dice.one(AMERICAN_AREAS)
    return Number("1", (area, "555", f"01{dice.below(100):02d}"), trunk="")


def canadian(dice: Dice) -> Number:
    area = dice.one(("416", "514", "604"))
    return Number("1", (area, "555", f"01{dice.below(100):02d}"), trunk="")


def british_landline(dice: Dice) -> Number:
    area, exchange = dice.one((("20", "7946"), ("161", "496"), ("113", "496"), ("131", "496")))
    return Number("44", (area, exchange, f"0{dice.below(1000):03d}"))


def british_mobile(dice: Dice) -> Number:
    return Number("44", ("7700", f"900{dice.below(1000):03d}"))


def german(dice: Dice) -> Number:
    cities = (("30", "23125"), ("69", "90009"), ("40", "66969"), ("221", "4710"), ("89", "99998"))
    area, start = dice.one(cities)
    return Number("49", (area, f"{start}{dice.below(1000):03d}"))


def french_landline(dice: Dice) -> Number:
    return Number("33", ("1", "99", "00", *_pairs(dice)))


def french_mobile(dice: Dice) -> Number:
    return Number("33", ("6", "39", "98", *_pairs(dice)))


def _pairs(dice: Dice) -> tuple[str, str]:
    return f"{dice.below(100):02d}", f"{dice.below(100):02d}"


def swedish_landline(dice: Dice) -> Number:
    return Number("46", ("8", "465", "004", f"{dice.below(100):02d}"))


def swedish_mobile(dice: Dice) -> Number:
    return Number("46", ("70", "174", "06", f"{5 + dice.below(95):02d}"))


COUNTRIES = (
    Country(("United States", "United States", "USA", "US"), 44, american, american),
    Country(("Canada",), 6, canadian, canadian),
    Country(("United Kingdom", "United Kingdom", "UK", "GB"), 20, british_landline, british_mobile),
    Country(("Germany", "Germany", "Deutschland"), 14, german, german),
    Country(("France",), 12, french_landline, french_mobile),
    Country(("Sweden",), 4, swedish_landline, swedish_mobile),
)


# ---- how people write them ---------------------------------------------------------------------


def international(number: Number, dice: Dice) -> str:
    """``+1 (202) 555-0143``, ``+44 20 7946 0018``, ``+44 (0)20 7946 0018``."""
    first, *rest = number.groups
    if not number.trunk:
        return dice.one((f"+1 ({first}) {'-'.join(rest)}", f"+1 {first}-{'-'.join(rest)}"))
    spaced = " ".join(number.groups)
    return dice.one((f"+{number.code} {spaced}",) * 3 + (f"+{number.code} (0){spaced}",))


def national(number: Number, dice: Dice) -> str:
    """``202.555.0143``, ``(202) 555-0143``, ``020 7946 0018``, ``030/23125 017``."""
    first, *rest = number.groups
    if not number.trunk:
        dashed = "-".join(rest)
        return dice.one((".".join(number.groups), f"{first}-{dashed}", f"({first}) {dashed}"))
    area = number.trunk + first
    return dice.one((" ".join((area, *rest)), "-".join((area, *rest)), f"{area}/{' '.join(rest)}"))


def compact(number: Number, dice: Dice) -> str:
    """``+442079460018``."""
    return f"+{number.digits}"


def double_zero(number: Number, dice: Dice) -> str:
    """``00 44 20 7946 0018``. North Americans dial 011 abroad, so there nobody writes 00."""
    if not number.trunk:
        return compact(number, dice)
    return f"00 {number.code} {' '.join(number.groups)}"


def with_extension(number: Number, dice: Dice) -> str:
    """``+1 (202) 555-0143 ext. 204``: a desk behind a switchboard."""
    return (
        f"{international(number, dice)} {dice.one(('ext. ', 'ext ', 'x'))}{100 + dice.below(900)}"
    )


_SPELLINGS = (international,) * 3 + (national,) * 3 + (compact, double_zero)


def spell(number: Number, dice: Dice) -> str:
    return dice.one(_SPELLINGS)(number, dice)
