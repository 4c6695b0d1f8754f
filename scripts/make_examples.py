#!/usr/bin/env python3
"""Write the example files: a badge scanner's export after three days at a trade show.

    scripts/make_examples.py            writes examples/tradeshow.csv and its Windows-1252 twin
    scripts/make_examples.py --check    exits 1 if the committed files are not what this writes

The people are invented; their addresses are on domains that RFC 2606 and RFC 6761 reserve and
their telephone numbers are fictional, so nobody can be written to or called by mistake. The mess
is the one real exports have: the ways people write a number, typing errors in addresses, the same
visitor scanned at two booths, cells left empty, lines cut short.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fictional_numbers import COUNTRIES, Country, Dice, Number, spell, with_extension
from tradeshow_words import (
    BAD_EMAILS,
    BAD_PHONES,
    COMPANIES,
    FIRST_NAMES,
    JOB_TITLES,
    LAST_NAMES,
    NOTES,
    PRIVATE_DOMAINS,
    RATINGS,
)

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
SEED = 20260512
VISITORS = 960
SCANNED_TWICE = 40
SHARED_SWITCHBOARDS = 3
NO_IDENTIFIER = 4
CUT_SHORT = 2

HEADER = (
    "First Name", "Last Name", "Email", "Phone", "Mobile", "Company", "Job Title", "Country",
    "Badge ID", "Scan Time", "Rating", "Booth Notes",
)  # fmt: skip
OFTEN_EMPTY = {
    "Email": 0.04,
    "Job Title": 0.12,
    "Country": 0.05,
    "Rating": 0.3,
    "Booth Notes": 0.55,
}

Row = dict[str, str]


@dataclass(frozen=True)
class Visitor:
    """Who somebody is, before a scanner and a keyboard get hold of it."""

    first: str
    last: str
    company: str
    email: str
    country: Country
    phone: Number
    mobile: Number
    badge: str


# ---- who comes ---------------------------------------------------------------------------------


def visitors(dice: Dice) -> Iterator[Visitor]:
    """People of whom no two share an address, a telephone number or a badge."""
    invited = [country for country in COUNTRIES for _ in range(country.share)]
    taken: set[str] = set()
    while len(taken) < VISITORS * 3:
        visitor = visitor_from(dice.one(invited), 10_000 + len(taken) * 3 + dice.below(9), dice)
        keys = {visitor.email, visitor.phone.digits, visitor.mobile.digits}
        if len(keys) == 3 and not keys & taken:
            taken |= keys
            yield visitor


def visitor_from(country: Country, badge: int, dice: Dice) -> Visitor:
    first, last, company = dice.one(FIRST_NAMES), dice.one(LAST_NAMES), dice.one(COMPANIES)
    return Visitor(
        first,
        last,
        company,
        address(first, last, company, dice),
        country,
        country.landline(dice),
        country.mobile(dice),
        f"TS26-{badge}",
    )


def address(first: str, last: str, company: str, dice: Dice) -> str:
    if dice.happens(0.12):
        return f"{folded(first)}.{folded(last)}{60 + dice.below(40)}@{dice.one(PRIVATE_DOMAINS)}"
    shapes = ("{f}.{l}", "{f}.{l}", "{f}.{l}", "{f[0]}{l}", "{f}_{l}", "{f}.{l}+expo")
    local = dice.one(shapes).format(f=folded(first), l=folded(last))
    return f"{local}@{folded(company)}.example"


def folded(text: str) -> str:
    """A name as an address holds it: ``Søren O’Brien`` becomes ``soren-obrien``."""
    spelled = text.lower().translate({ord("ø"): "o", ord("ß"): "ss", ord("&"): "and"})
    plain = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    return "-".join("".join(c for c in plain if c.isalnum() or c in " -").split())


# ---- what the scanner and the keyboard make of them --------------------------------------------


def rows(dice: Dice) -> list[Row]:
    """All rows in the order they were scanned."""
    guests = list(visitors(dice))
    written = [written_down(guest, dice) for guest in guests]
    spoil(written, guests, dice)
    again = [scanned_again(written[i], guests[i], dice) for i in regulars(written, dice)]
    return stamped(written, again, dice)


def written_down(guest: Visitor, dice: Dice) -> Row:
    has_phone, has_mobile = dice.happens(0.78), dice.happens(0.45)
    filled = {
        "First Name": guest.first,
        "Last Name": guest.last.upper() if dice.happens(0.04) else guest.last,
        "Email": sloppy_case(guest.email, dice),
        "Phone": spell_or_desk(guest.phone, dice) if has_phone else "",
        "Mobile": spell(guest.mobile, dice) if has_mobile else "",
        "Company": guest.company,
        "Job Title": dice.one(JOB_TITLES),
        "Country": dice.one(guest.country.spellings),
        "Badge ID": guest.badge if dice.happens(0.86) else "",
        "Rating": dice.one(RATINGS),
        "Booth Notes": dice.one(NOTES),
    }
    return {name: "" if dice.happens(OFTEN_EMPTY.get(name, 0)) else filled[name] for name in filled}


def spell_or_desk(number: Number, dice: Dice) -> str:
    return with_extension(number, dice) if dice.happens(0.06) else spell(number, dice)


def sloppy_case(email: str, dice: Dice) -> str:
    if dice.happens(0.94):
        return email
    return dice.one((email.upper(), email.title(), f" {email}", f"{email} "))


def spoil(written: list[Row], guests: list[Visitor], dice: Dice) -> None:
    """Give each kind of harm to rows of its own, in place."""
    count = len(BAD_EMAILS) + len(BAD_PHONES) + SHARED_SWITCHBOARDS + NO_IDENTIFIER
    chosen = iter(dice.some(range(len(written)), count))
    for wrong in BAD_EMAILS:
        index = next(chosen)
        local, _, domain = guests[index].email.partition("@")
        written[index]["Email"] = wrong.format(l=local, d=domain)
    for wrong in BAD_PHONES:
        written[next(chosen)]["Phone"] = wrong
    for _ in range(SHARED_SWITCHBOARDS):
        share_a_switchboard(written, guests, next(chosen), dice)
    for _ in range(NO_IDENTIFIER):
        written[next(chosen)].update({"Email": "", "Phone": "", "Mobile": "", "Badge ID": ""})


def share_a_switchboard(written: list[Row], guests: list[Visitor], index: int, dice: Dice) -> None:
    """Two colleagues with one number and two extensions."""
    colleague = next(
        i for i, guest in enumerate(guests) if i != index and guest.company == guests[index].company
    )
    for each in (colleague, index):
        written[each]["Phone"] = with_extension(guests[colleague].phone, dice)


def regulars(written: list[Row], dice: Dice) -> list[int]:
    """Who is scanned twice: people whose address came out right the first time."""
    readable = [i for i, row in enumerate(written) if row["Email"].strip().count("@") == 1]
    return dice.some(readable, SCANNED_TWICE)


def scanned_again(row: Row, guest: Visitor, dice: Dice) -> Row:
    """The same person at another booth: other spelling, and a cell the first scan had not."""
    again = dict(row)
    again["Email"] = dice.one((guest.email, guest.email.upper(), guest.email.title()))
    again["Phone"] = spell(guest.phone, dice) if row["Phone"] and dice.happens(0.4) else ""
    empty = [name for name in ("Mobile", "Badge ID", "Job Title", "Booth Notes") if not row[name]]
    if not empty or dice.happens(0.3):
        return again | {"Booth Notes": f"Came back on day {2 + dice.below(2)}"}
    full = {
        "Mobile": spell(guest.mobile, dice),
        "Badge ID": guest.badge,
        "Job Title": dice.one(JOB_TITLES),
        "Booth Notes": dice.one(NOTES),
    }
    return again | {name: full[name] for name in empty[:1]}


def stamped(written: list[Row], again: list[Row], dice: Dice) -> list[Row]:
    """Every row with its scan time; second scans are spread over the last day."""
    times = sorted(scan_time(dice) for _ in range(len(written) + len(again)))
    last_day = len(written) - len(written) // 3
    late = set(dice.some(range(last_day, len(times)), len(again)))
    first, second = iter(written), iter(again)
    ordered = [next(second if position in late else first) for position in range(len(times))]
    return [row | {"Scan Time": time} for row, time in zip(ordered, times, strict=True)]


def scan_time(dice: Dice) -> str:
    opening = datetime(2026, 5, 12, 9, 0, tzinfo=UTC)
    scanned = opening + timedelta(days=dice.below(3), minutes=dice.below(8 * 60 + 30))
    return scanned.strftime("%Y-%m-%d %H:%M")


# ---- the files ---------------------------------------------------------------------------------


def table(dice: Dice) -> list[list[str]]:
    """Header and rows; a few rows end before their last, empty cells."""
    lines = [[row[name] for name in HEADER] for row in rows(dice)]
    bare = [line for line in lines if not line[-1] and not line[-2]]
    for line in dice.some(bare, CUT_SHORT):
        del line[-2:]
    return [list(HEADER), *lines]


def csv_bytes(cells: list[list[str]], delimiter: str, newline: str, encoding: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=newline).writerows(cells)
    return text.getvalue().encode(encoding)


def files() -> dict[Path, bytes]:
    cells = table(Dice(SEED))
    return {
        EXAMPLES / "tradeshow.csv": csv_bytes(cells, ",", "\n", "utf-8"),
        EXAMPLES / "tradeshow-windows-1252.csv": csv_bytes(cells, ";", "\r\n", "cp1252"),
    }


def check() -> int:
    wrong = [path for path, data in files().items() if not holds(path, data)]
    for path in wrong:
        print(f"{path.name} is not what scripts/make_examples.py writes; run it and commit.")
    return 1 if wrong else 0


def holds(path: Path, data: bytes) -> bool:
    return path.exists() and path.read_bytes() == data


def write() -> int:
    EXAMPLES.mkdir(exist_ok=True)
    for path, data in files().items():
        path.write_bytes(data)
        print(f"{path.name}: {len(data):,} bytes")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    return check() if parser.parse_args().check else write()


if __name__ == "__main__":
    sys.exit(main())
