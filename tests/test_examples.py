"""The example files: what the generator writes, safe to publish, and as messy as they claim."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

import phonenumbers
import pytest

ROOT = Path(__file__).parent.parent
GENERATOR = ROOT / "scripts" / "make_examples.py"

FICTIONAL = re.compile(
    r"\+1\d{3}55501\d\d"
    r"|\+44(?:20794|161496|113496|131496|7700900)\d+"
    r"|\+49(?:3023125|6990009|4066969|2214710|8999998)\d{3}"
    r"|\+33(?:19900|63998)\d{4}"
    r"|\+46(?:846500\d{3}|701740(?:60[5-9]|6[1-9]\d))"
)
COUNTRY_CODES = {
    "United States": "US", "USA": "US", "US": "US", "Canada": "CA", "United Kingdom": "GB",
    "UK": "GB", "GB": "GB", "Germany": "DE", "Deutschland": "DE", "France": "FR", "Sweden": "SE",
}  # fmt: skip


def cells(name: str, encoding: str, delimiter: str) -> list[list[str]]:
    with (ROOT / "examples" / name).open(encoding=encoding, newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


@pytest.fixture(scope="module")
def tradeshow() -> list[dict[str, str]]:
    header, *rows = cells("tradeshow.csv", "utf-8", ",")
    return [dict.fromkeys(header, "") | dict(zip(header, row, strict=False)) for row in rows]


def test_committed_files_are_what_the_generator_writes() -> None:
    """Running scripts/make_examples.py would change nothing."""
    checked = subprocess.run(
        [sys.executable, GENERATOR, "--check"], capture_output=True, text=True, timeout=60
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_twin_holds_the_same_cells() -> None:
    """The Windows-1252 file with semicolons and CRLF is the same table as the UTF-8 one."""
    twin = (ROOT / "examples" / "tradeshow-windows-1252.csv").read_bytes()

    assert cells("tradeshow.csv", "utf-8", ",") == cells(
        "tradeshow-windows-1252.csv", "cp1252", ";"
    )
    assert twin.count(b"\r\n") == 1001
    with pytest.raises(UnicodeDecodeError):
        twin.decode("utf-8")


def test_every_domain_is_reserved(tradeshow: list[dict[str, str]]) -> None:
    """No address in the example can be anybody's: RFC 2606 and RFC 6761 reserve the domains."""
    domains = {
        match.lower()
        for row in tradeshow
        for match in re.findall(r"@\s*[.@]*([\w.-]+?)[.,]?(?=\s|@|$)", row["Email"])
    }

    assert len(domains) > 50
    assert [d for d in domains if not re.search(r"(^|\.)example(\.(com|net|org))?$", d)] == []


def test_every_number_is_fictional(tradeshow: list[dict[str, str]]) -> None:
    """Each complete telephone number lies in a range that regulators keep free for fiction."""
    numbers = [
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        for row in tradeshow
        for text in (row["Phone"], row["Mobile"])
        if (number := complete(text, row["Country"]))
    ]

    assert len(numbers) > 1000
    assert [number for number in numbers if not FICTIONAL.fullmatch(number)] == []


def complete(text: str, country: str) -> phonenumbers.PhoneNumber | None:
    """The number, if it says or its row tells which country it is in and it could be called."""
    try:
        number = phonenumbers.parse(text, COUNTRY_CODES.get(country))
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) or is_drama_mobile(number) else None


def is_drama_mobile(number: phonenumbers.PhoneNumber) -> bool:
    """phonenumbers calls these two ranges possible but not valid: nobody is given them."""
    return str(number.national_number).startswith(("7700900", "63998"))


def test_the_mess_it_promises(tradeshow: list[dict[str, str]]) -> None:
    """1,000 rows: 4 % repeated people, empty cells, two short rows, addresses gone wrong."""
    emails = [row["Email"].strip().lower() for row in tradeshow]
    plain = [e for e in emails if re.fullmatch(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", e) and ".." not in e]
    written = cells("tradeshow.csv", "utf-8", ",")

    assert len(tradeshow) == 1000
    assert len(plain) - len(set(plain)) == 40
    assert 12 <= len([e for e in emails if e and e not in plain]) <= 20
    assert sum(not row["Email"] for row in tradeshow) > 20
    assert sum(len(row) < len(written[0]) for row in written) == 2
