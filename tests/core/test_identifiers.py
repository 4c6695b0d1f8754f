"""The five kinds of identifier: their normal forms, the words of a refusal, fast against slow."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.emails import normalise as fast_email
from core.identifiers import (
    Kind,
    PhoneLevel,
    Refusal,
    _slow_email,
    _slow_phone,
    dialling_code,
    normalise,
    region_of,
    regions,
    split,
)
from core.phones import normalise as fast_phone
from core.problems import ProblemCode as Code
from tests.parts.examples import examples, often

# ---- normal forms --------------------------------------------------------------------------------

EMAILS = {
    "ana@lima.example": "ana@lima.example",
    " Ana.Lima+Fair@LIMA.Example ": "ana.lima+fair@lima.example",
    "mailto:ana@lima.example?subject=hi": "ana@lima.example",
    "Ana Lima <ana@lima.example>": "ana@lima.example",
    "'ana@lima.example": "ana@lima.example",
    "\u200bana@lima.example": "ana@lima.example",
    "ana@xn--bcher-kva.example": "ana@bücher.example",
    "JÖRG@Bücher.example": "jörg@bücher.example",
    "o'brien@lima.example": "o'brien@lima.example",
    '"Lima, Ana" <ana@lima.example>': "ana@lima.example",
    "<ana@lima.example>;": "ana@lima.example",
    "ana@lima.example.": "ana@lima.example",
    "E-mail: ana@lima.example": "ana@lima.example",
    "ana@lima.example (work)": "ana@lima.example",
    "ana\uff20lima.example": "ana@lima.example",
    "\u202aana@lima\u00ad.example\u202c": "ana@lima.example",
}


@pytest.mark.parametrize(("written", "normal"), EMAILS.items())
def test_an_email_has_one_form_however_it_is_written(written: str, normal: str) -> None:
    """Case, surrounding marks, a display name and Punycode do not make another address."""
    assert normalise(Kind.EMAIL, written) == normal


PHONES = [
    ("+44 20 7946 0018", None, "+442079460018"),
    ("020 7946 0018", "GB", "+442079460018"),
    ("2079460018", "GB", "+442079460018"),  # the zero a spreadsheet dropped
    ("+44 (0)20 7946 0018", None, "+442079460018"),
    ("0044 20 7946 0018", None, "+442079460018"),
    ("0044 20 7946 0018", "US", "+442079460018"),  # where 011 is dialled, 00 still means +
    ("011 44 20 7946 0018", "US", "+442079460018"),
    ("tel:+44-20-7946-0018", None, "+442079460018"),
    ("p:+15551234567", None, "+15551234567"),
    ("'+1 217-555-0141", None, "+12175550141"),
    ("+1 217-555-0141 ext. 12", None, "+12175550141"),
    ("(217) 555-0141 x12", "US", "+12175550141"),
    ("０３－１２３４－５６７８", "JP", "+81312345678"),
    ("\u202a+44 20 7946 0018\u202c", None, "+442079460018"),  # as copied from a chat program
    ("447911123456.0", "GB", "+447911123456"),
    ("1-800-FLOWERS", "US", "+18003569377"),
    ("07700 900123 (mobile)", "GB", "+447700900123"),
    ("tel:+44-20-7946-0018;ext=12", None, "+442079460018"),
    ("+39 06 1234567", None, "+39061234567"),  # Italy keeps its zero
    ("0221/4710-99", "DE", "+49221471099"),
    ("555-0100", "US", "+15550100"),
    ("+1-555-0100", None, "+15550100"),
    ("8888 8888", "SG", "+6588888888"),  # one digit again and again, and in use
]


@pytest.mark.parametrize(("written", "region", "normal"), PHONES)
def test_a_phone_has_one_form_however_it_is_written(
    written: str, region: str | None, normal: str
) -> None:
    """Separators, prefixes, labels, full-width digits and extensions do not make another number."""
    assert normalise(Kind.PHONE, written, region) == normal


def test_the_two_spellings_of_the_seed_are_one_phone() -> None:
    """X-21: "+1-555-0100" and "555-0100" are equal where the country is the United States."""
    assert normalise(Kind.PHONE, "555-0100", "US") == normalise(Kind.PHONE, "+1-555-0100")


def test_the_level_decides_how_much_a_number_must_prove() -> None:
    """X-21: a number that is only long enough passes as possible and is refused as valid."""
    assert normalise(Kind.PHONE, "+1 555 555 0100") == "+15555550100"
    refused = normalise(Kind.PHONE, "+1 555 555 0100", level="valid")
    assert isinstance(refused, Refusal)
    assert refused.code is Code.INVALID_PHONE


SOCIALS = {
    "https://www.linkedin.com/in/Marta-L/": "linkedin.com/in/marta-l",
    "uk.linkedin.com/in/marta-l/de?trk=x": "linkedin.com/in/marta-l",
    "in/marta-l": "linkedin.com/in/marta-l",
    "http://linkedin.com/pub/marta/1/22/333": "linkedin.com/pub/marta/1/22/333",
    "https://twitter.com/Marta": "x.com/marta",
    "x.com/@marta": "x.com/marta",
    "Twitter: @Marta": "x.com/marta",
    "https://m.facebook.com/profile.php?id=12": "facebook.com/12",
    "facebook.com/people/Marta-L/12": "facebook.com/12",
    "https://fb.com/pg/marta": "facebook.com/marta",
    "instagram.com/Marta.L/": "instagram.com/marta.l",
    "https://www.linkedin.com/sales/lead/ACwAAB12,NAME": "linkedin.com/sales/lead/acwaab12",
    "https://www.linkedin.com/profile/view?id=77&trk=x": "linkedin.com/profile/77",
    "https://www.linkedin.com/comm/in/marta": "linkedin.com/in/marta",
    "https://www.facebook.com/p/Marta-L-12": "facebook.com/12",
    "https://www.instagram.com/stories/marta/99": "instagram.com/marta",
    "https://www.linkedin.com/in/marta\u200b": "linkedin.com/in/marta",  # as copied from a page
    "https://www.linkedin.com/in/j%75%CC%88rgen": "linkedin.com/in/jürgen",
    "@Marta": "@marta",
    "https://github.com/Marta": "github.com/Marta",
}


@pytest.mark.parametrize(("written", "normal"), SOCIALS.items())
def test_a_social_profile_has_one_form(written: str, normal: str) -> None:
    """Scheme, subdomain, query, case and the network's old name do not make another profile."""
    assert normalise(Kind.SOCIAL, written) == normal


def test_ids_keep_their_case_and_lose_what_spreadsheets_add() -> None:
    """A cookie or external id is trimmed, loses a leading apostrophe, and stays as written."""
    assert normalise(Kind.EXTERNAL_ID, " '007Ab ") == "007Ab"
    assert normalise(Kind.COOKIE, "GA1.2.33\t") == "GA1.2.33"
    assert normalise(Kind.EXTERNAL_ID, "\ufeffA-1\u200b") == "A-1"


@settings(deadline=None)  # other work on the machine must not fail it
@given(st.sampled_from(Kind), st.text(max_size=40))
def test_a_normal_form_is_its_own_normal_form(kind: Kind, text: str) -> None:
    """Normalising twice is normalising once, so a stored value can be sent in again."""
    once = normalise(kind, text, "GB")
    if isinstance(once, str):
        assert normalise(kind, once, "GB") == once


# ---- refusals ------------------------------------------------------------------------------------

REFUSED = [
    (Kind.EMAIL, "not-an-email", None, Code.INVALID_EMAIL, "it has no @"),
    (Kind.EMAIL, "", None, Code.INVALID_EMAIL, "empty"),
    (Kind.EMAIL, "ana@lima", None, Code.INVALID_EMAIL, "should have a period"),
    (Kind.EMAIL, "ana@x.example; bob@y.example", None, Code.INVALID_EMAIL, "more than one"),
    (Kind.EMAIL, "ana@lima.invalid", None, Code.INVALID_EMAIL, "reserved"),
    (Kind.PHONE, "0171 555 12", None, Code.PHONE_NEEDS_COUNTRY, "say which country"),
    (Kind.PHONE, "0171 555 12", "ZZ", Code.PHONE_NEEDS_COUNTRY, "say which country"),
    (Kind.PHONE, "(000) 000-0000", "US", Code.INVALID_PHONE, "stands for no number"),
    (Kind.PHONE, "+1 5555555555", None, Code.INVALID_PHONE, "stands for no number"),
    (Kind.SOCIAL, "https://l.facebook.com/l.php?u=x", None, Code.INVALID_SOCIAL, "no profile"),
    (Kind.SOCIAL, "https://x.com/ana%20lima", None, Code.INVALID_SOCIAL, "no profile"),
    (Kind.PHONE, "4.41E+11", "GB", Code.PHONE_IN_SCIENTIFIC_NOTATION, "rounded by a spreadsheet"),
    (Kind.PHONE, "4,41E+11", None, Code.PHONE_IN_SCIENTIFIC_NOTATION, "digits are lost"),
    (Kind.PHONE, "441.207E9", "GB", Code.PHONE_IN_SCIENTIFIC_NOTATION, "digits are lost"),
    (Kind.EMAIL, '"ana l"@lima.example', None, Code.INVALID_EMAIL, "quoting the part before"),
    (Kind.SOCIAL, "https://www.linkedin.com/feed/update", None, Code.INVALID_SOCIAL, "no profile"),
    (Kind.SOCIAL, "https://www.instagram.com/p/Cx1", None, Code.INVALID_SOCIAL, "no profile"),
    (Kind.PHONE, "call me", "GB", Code.INVALID_PHONE, "it has no digits"),
    (Kind.PHONE, "+999 1234567", None, Code.INVALID_PHONE, "no country has that code"),
    (Kind.PHONE, "+44 20 7946 0018 0019", None, Code.INVALID_PHONE, "too long"),
    (Kind.PHONE, "12", "US", Code.INVALID_PHONE, "too short"),
    (Kind.PHONE, "", None, Code.INVALID_PHONE, "empty"),
    (Kind.COOKIE, "x" * 256, None, Code.INVALID_COOKIE, "longer than 255"),
    (Kind.EXTERNAL_ID, "N/A", None, Code.INVALID_EXTERNAL_ID, "stands for nothing"),
    (Kind.EXTERNAL_ID, "--", None, Code.INVALID_EXTERNAL_ID, "stands for nothing"),
    (Kind.EXTERNAL_ID, "7.21E+12", None, Code.INVALID_EXTERNAL_ID, "rounded by a spreadsheet"),
    (Kind.EXTERNAL_ID, "a\0b", None, Code.INVALID_EXTERNAL_ID, "control characters"),
    (Kind.SOCIAL, "https://linkedin.com/", None, Code.INVALID_SOCIAL, "names no profile"),
    (Kind.SOCIAL, "none", None, Code.INVALID_SOCIAL, "stands for nothing"),
]


@pytest.mark.parametrize(("kind", "text", "region", "code", "words"), REFUSED)
def test_a_refusal_says_what_is_wrong(
    kind: Kind, text: str, region: str | None, code: Code, words: str
) -> None:
    """What identifies nobody gets a stable code, and words that quote it and name the fault."""
    refused = normalise(kind, text, region)
    assert isinstance(refused, Refusal)
    assert refused.code is code
    assert words in refused.message
    assert not text or text[:50] in refused.message or "\0" in text


def test_a_huge_cell_is_refused_at_once() -> None:
    """A cell of ten million characters costs no kind of identifier a second."""
    started = time.monotonic()
    for kind in Kind:
        for cell in ("a" * 10_000_000, "1 " * 5_000_000, " " * 1_000_000 + "@"):
            normalise(kind, "x" + cell, "GB")
            split(kind, "x" + cell)
    assert time.monotonic() - started < 5


# ---- several values in a cell --------------------------------------------------------------------

CELLS = [
    (Kind.EMAIL, "a@x.example; b@y.example", ["a@x.example", "b@y.example"]),
    (Kind.EMAIL, "a@x.example b@y.example", ["a@x.example", "b@y.example"]),
    (Kind.EMAIL, "Ana <a@x.example>, b@y.example", ["Ana <a@x.example>", "b@y.example"]),
    (Kind.EMAIL, "a@x.example ::: b@y.example", ["a@x.example", "b@y.example"]),
    (Kind.EMAIL, "a@x.example or b@y.example", ["a@x.example", "b@y.example"]),
    (Kind.EMAIL, "a@x.example;", ["a@x.example"]),
    (Kind.EMAIL, "a/b@x.example", ["a/b@x.example"]),
    (Kind.EMAIL, "not an email", ["not an email"]),
    (Kind.PHONE, "+33 639980123 ::: +33 199001234", ["+33 639980123", "+33 199001234"]),
    (Kind.PHONE, "0171 1234567 / 0221 998877", ["0171 1234567", "0221 998877"]),
    (Kind.PHONE, "020 7946 0018, 020 7946 0019", ["020 7946 0018", "020 7946 0019"]),
    (Kind.PHONE, "+44 20 7946 0018 +44 20 7946 0019", ["+44 20 7946 0018", "+44 20 7946 0019"]),
    (Kind.PHONE, "0221/4710-99", ["0221/4710-99"]),
    (Kind.PHONE, "020 7946 0018 x12", ["020 7946 0018 x12"]),
    (Kind.SOCIAL, "@ana | @bob", ["@ana", "@bob"]),
    (Kind.EXTERNAL_ID, "a;b", ["a;b"]),
    (Kind.EMAIL, "  ", []),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "cell", "values"), CELLS)
def test_a_cell_is_cut_only_between_values(kind: Kind, cell: str, values: list[str]) -> None:
    """Several values come apart in order; one value with a separator inside it stays whole."""
    assert split(kind, cell) == values


# ---- countries -----------------------------------------------------------------------------------

COUNTRIES = {
    "GB": ["GB", "gb", "UK", "U.K.", "GBR", "United Kingdom", "Vereinigtes Königreich", "England"],
    "US": ["us", "USA", "U.S.A.", "United States of America", "États-Unis", "EE. UU.", "アメリカ"],
    "DE": ["Deutschland", "GERMANY", "Allemagne", "Niemcy", "ドイツ", "🇩🇪"],
    "CI": ["Côte d’Ivoire", "cote d'ivoire", "Ivory Coast"],
    "KR": ["Korea, Republic of", "South Korea", "韓国"],
    "ES": ["España", "espana", " Spanien "],
    None: ["Atlantis", "", "??", "12", "XX"],
}


@pytest.mark.parametrize("region", COUNTRIES)
def test_a_country_is_known_by_its_names_and_codes(region: str | None) -> None:
    """A country is found by ISO code, flag, and name in several languages; nonsense is not."""
    found = {name: region_of(name) for name in COUNTRIES[region]}
    assert set(found.values()) == {region}, found


def test_every_region_with_phones_is_in_the_pickers() -> None:
    """The pickers' list has each region of phonenumbers once, with its name and dialling code."""
    assert {code for code, _ in regions()} == set(phonenumbers.SUPPORTED_REGIONS)
    assert len(regions()) == len(phonenumbers.SUPPORTED_REGIONS)
    for code, name in regions():
        assert region_of(name) == code == region_of(code)
        assert not re.search(" (Of|And|The) ", name)
        assert dialling_code(code) == f"+{phonenumbers.country_code_for_region(code)}"
    assert dialling_code("ZZ") == ""


# ---- fast is slow --------------------------------------------------------------------------------

LEVELS: tuple[PhoneLevel, ...] = ("possible", "valid")


def _spellings(number: phonenumbers.PhoneNumber) -> Iterator[str]:
    national = phonenumbers.national_significant_number(number)
    for form in (0, 1, 2, 3):  # E.164, international, national, RFC 3966
        text = phonenumbers.format_number(number, form)
        yield from (text, text.replace(" ", "-"), text.lstrip("+"), text.replace("+", "00", 1))
    yield from (national, "0" + national, national[1:], national + "1")
    yield f"{number.country_code}{national}"


def test_fast_and_slow_agree_on_every_regions_numbers() -> None:
    """Every region's example numbers, in many spellings, dialled from there and from elsewhere."""
    chance = random.Random(20)
    everywhere: list[str | None] = [None, *sorted(phonenumbers.SUPPORTED_REGIONS)]
    for region in phonenumbers.SUPPORTED_REGIONS:
        kinds = chance.sample(range(11), often(1))
        examples = [phonenumbers.example_number_for_type(region, kind) for kind in (0, 1, *kinds)]
        for example in filter(None, examples):
            spellings = sorted(set(_spellings(example)))
            for text in chance.sample(spellings, min(often(5), len(spellings))):
                level = chance.choice(LEVELS)
                for place in (region, chance.choice(everywhere)):
                    same = fast_phone(text, place, level) == _slow_phone(text, place, level)
                    assert same, (text, place, level)


CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def _random_phone(chance: random.Random) -> str:
    style = chance.random()
    digits = "".join(chance.choices("0123456789", k=chance.randint(1, 15)))
    if style < 0.35:
        return digits
    if style < 0.7:
        return f"+{chance.choice(CODES)}{digits}"
    alphabet = "0123456789" * 6 + " -().+/x,;#~\u00a0\u2011０９aE"
    return "".join(chance.choices(alphabet, k=chance.randint(1, 18)))


def test_fast_and_slow_agree_on_random_phones() -> None:
    """Three thousand random texts get the same number or the same refusal both ways."""
    chance = random.Random(7)
    places: list[str | None] = [*sorted(phonenumbers.SUPPORTED_REGIONS), *[None] * 20]
    for _ in range(often(3_000)):
        text, place, level = _random_phone(chance), chance.choice(places), chance.choice(LEVELS)
        same = fast_phone(text, place, level) == _slow_phone(text, place, level)
        assert same, (text, place, level)


ENDINGS = (
    ".example",
    ".c",
    ".test",
    ".LOCAL",
    ".co.uk",
    ".arpa",
    "",
    ".c0m",
    ".xn--p1ai",
    ".invalid",
)


def _random_email(chance: random.Random) -> str:
    if chance.random() < 0.4:
        return "".join(chance.choices("abAB09.-_+@@'\"İK é!<>", k=chance.randint(1, 20)))
    local = "".join(chance.choices("abcXYZ09._-+'K/", k=chance.randint(1, 8)))
    longest = 70 if chance.random() < 0.1 else 9
    domain = "".join(chance.choices("abcXYZ09.-é", k=chance.randint(1, longest)))
    return f"{local}@{domain}{chance.choice(ENDINGS)}"


def test_fast_and_slow_agree_on_random_emails() -> None:
    """Three thousand random texts get the same address or the same refusal both ways."""
    chance = random.Random(8)
    for _ in range(often(3_000)):
        text = _random_email(chance)
        assert fast_email(text) == _slow_email(text), text


@examples(100)
@given(st.text(max_size=30), st.sampled_from([None, "US", "DE", "IT", "BR"]))
def test_fast_and_slow_agree_on_any_text(text: str, region: str | None) -> None:
    """No text whatsoever is read differently by the fast path."""
    assert fast_email(text) == _slow_email(text)
    assert fast_phone(text, region, "possible") == _slow_phone(text, region, "possible")


def _seconds(work: Callable[[], object]) -> float:
    return min(_timed(work) for _ in range(3))


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def test_the_common_case_does_not_reach_the_libraries() -> None:
    """On a list as people send it the fast paths take at most a fifth of the libraries' time."""
    emails = [f"Person.{n}@company-{n % 50}.example" for n in range(500)]
    phones = [f"({200 + n % 700}) 555-{n % 10_000:04d}" for n in range(500)]
    fast = _seconds(lambda: [fast_email(e) for e in emails])
    assert fast * 5 < _seconds(lambda: [_slow_email(e) for e in emails])
    fast = _seconds(lambda: [fast_phone(p, "US", "possible") for p in phones])
    assert fast * 5 < _seconds(lambda: [_slow_phone(p, "US", "possible") for p in phones])
