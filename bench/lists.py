"""Lists of leads that nobody is: the same rows in every run, every row another person."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

HEADER = (
    "First Name", "Last Name", "Email", "Phone", "Company",
    "Job Title", "City", "Country", "Lead Source", "Booth",
)  # fmt: skip

_FIRST = (
    "Ana", "Ben", "Chloé", "Dmitri", "Elif", "Farid", "Grace", "Hiro", "Inés", "Jonas",
    "Katarzyna", "Liam", "Maya", "Noor", "Oskar", "Priya", "Quentin", "Rosa", "Sven", "Tariq",
)  # fmt: skip
_LAST = (
    "Almeida", "Bauer", "Castillo", "Dubois", "Eriksson", "Fischer", "García", "Haddad",
    "Ito", "Jensen", "Kowalski", "Laurent", "Moreau", "Novak", "Okafor", "Petrov", "Rossi",
)  # fmt: skip
_COMPANIES = ("Northwind", "Fjord Labs", "Atlas Tools", "Blue Harbor", "Cobalt & Sons", "Delta")
_TITLES = ("Head of Sales", "Engineer", "Buyer", "Managing Director", "Consultant", "Analyst")
_CITIES = ("Lyon", "Austin", "Gdańsk", "Leeds", "Valencia", "Osaka", "Denver", "Porto", "Graz")
_SOURCES = ("Trade show", "Webinar", "Website", "Referral")
_DOMAINS = ("example.com", "example.org", "example.net")

#: Area codes whose second digit is 9 are kept free for longer numbers: they belong to nobody.
_AREAS = 80
_NUMBERS = _AREAS * 800 * 10_000
_STRIDE = 240_710_081  # shares no factor with _NUMBERS, so the numbers come in no order and once


def people(count: int, first: int = 0) -> Iterator[tuple[str, ...]]:
    """``count`` rows in the order of ``HEADER``, from person number ``first`` on."""
    for person in range(first, first + count):
        dice = person * 2_654_435_761 & 0xFFFFFFFF  # Knuth's: scattered, and the same everywhere
        name, family = _FIRST[dice % 20], _LAST[dice // 20 % 17]
        yield (
            name,
            family,
            _email(person, dice),
            _phone(person),
            f"{_COMPANIES[dice // 7 % 6]} {dice % 9_000}",
            _TITLES[dice // 11 % 6],
            _CITIES[dice // 13 % 9],
            "United States",
            _SOURCES[dice // 17 % 4],
            f"{'ABCDEF'[dice // 19 % 6]}{dice % 90}",
        )


def write(path: Path, count: int, first: int = 0) -> Path:
    """A CSV of so many people."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(people(count, first))
    return path


def _email(person: int, dice: int) -> str:
    local = f"{'abcdefghijklmnopqrst'[dice % 20]}{dice % 1_000}.{person:x}"
    written = f"{local}@{_DOMAINS[dice // 5 % 3]}"
    return written.capitalize() if dice % 8 == 0 else written


def _phone(person: int) -> str:
    number = person * _STRIDE % _NUMBERS
    line, rest = number % 10_000, number // 10_000
    exchange, area = 200 + rest % 800, rest // 800
    code = f"{2 + area // 10}9{area % 10}"
    ways = (
        f"+1 {code}-{exchange}-{line:04d}",
        f"({code}) {exchange}-{line:04d}",
        f"+1{code}{exchange}{line:04d}",
        f"{code}.{exchange}.{line:04d}",
    )
    return ways[person % 4]
