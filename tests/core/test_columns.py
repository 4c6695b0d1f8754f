"""What columns are guessed to mean. Each file in ``headers/`` is a header row and its targets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.columns import (
    ALIAS_TARGETS,
    IDENTIFIER_TARGETS,
    PROFILE_TARGETS,
    Guess,
    fingerprint,
    guess,
    is_target,
    label,
    may_opt_out,
    primary,
)
from core.vocabulary import synonyms, words_of
from tests.parts.examples import examples

HEADERS = sorted((Path(__file__).parent / "headers").glob("*.json"))


def _guesses(header: list[str], *rows: list[str], **options: Any) -> list[str]:
    return [one.target for one in guess(header, rows, **options)]


def _guesses_of(path: Path) -> list[tuple[Guess, list[str]]]:
    """The guess and the accepted targets of each column; short columns are filled with blanks."""
    case = json.loads(path.read_text(encoding="utf-8"))
    columns = case["columns"]
    rows = max(len(column["values"]) for column in columns)
    sample = [[(c["values"] + [""] * rows)[row] for c in columns] for row in range(rows)]
    found = guess(
        [column["header"] for column in columns],
        sample,
        case.get("region"),
        case.get("has_header", True),
    )
    return list(zip(found, [column["expect"] for column in columns], strict=True))


@pytest.mark.parametrize("path", HEADERS, ids=lambda path: path.stem)
def test_columns_are_guessed_as_a_person_would(path: Path) -> None:
    """Each column of a known kind of file gets a target that a person would give it."""
    wrong = []
    for found, accepted in _guesses_of(path):
        target = "custom" if found.target.startswith("custom:") else found.target
        if target not in accepted:
            wrong.append(f"{found.header!r}: {found.target} ({found.reason}), not {accepted}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", HEADERS, ids=lambda path: path.stem)
def test_guesses_are_a_mapping_that_can_be_used(path: Path) -> None:
    """Every guess is a target, with a reason, and no target is given twice but the further ones."""
    found = [one for one, _ in _guesses_of(path)]
    assert [one.column for one in found] == list(range(len(found)))
    for one in found:
        assert is_target(one.target), one
        assert one.reason
        assert 0 <= one.confidence <= 1
    single = [one.target for one in found if one.target not in (*ALIAS_TARGETS, "skip")]
    assert len({target.casefold() for target in single}) == len(single)


def test_there_are_headers_of_every_kind() -> None:
    """The table of header rows holds at least eighty formats, so an empty folder proves nothing."""
    assert len(HEADERS) >= 80


# ---- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["caller_id", "phone_number", "telephone", "phone_1", "Caller ID"])
def test_the_dialects_names_of_a_phone_are_phones(name: str) -> None:
    """X-33: the phone columns of every door are recognised everywhere, without any value."""
    assert _guesses([name, "x"], ["", ""])[0] == "phone"


def test_field_names_of_every_door_are_known() -> None:
    """X-14: each profile field is recognised by its own name and in camelCase."""
    for target in (*PROFILE_TARGETS, *IDENTIFIER_TARGETS):
        camel = "".join(word.capitalize() for word in target.split("_"))
        assert _guesses([target], [""]) == _guesses([camel], [""])
        assert _guesses([target, "email"], ["", "a@b.example"])[0] == target or target == "email"


@pytest.mark.parametrize(
    ("header", "targets"),
    [
        (["Vorname", "Name"], ["first_name", "last_name"]),
        (["Prénom", "Nom", "Nom complet"], ["first_name", "last_name", "name"]),
        (["Name", "Surname"], ["first_name", "last_name"]),
        (["Nome", "Cognome"], ["first_name", "last_name"]),
        (["Name"], ["name"]),
        (["First name", "Last name", "Name"], ["first_name", "last_name", "name"]),
    ],
)
def test_a_bare_name_is_what_the_others_leave(header: list[str], targets: list[str]) -> None:
    """X-35: "Name" is the full name alone, the last beside a first, the first beside a last."""
    assert _guesses(header, ["x"] * len(header)) == targets


def test_a_bare_name_of_two_words_is_a_full_name() -> None:
    """Beside a first name alone, a "Name" that holds both is still the full name."""
    rows = [["Ana", "Ana Lima"], ["Bo", "Bo Ek"], ["Cy", "Cy Dow"]]
    assert _guesses(["First name", "Name"], *rows) == ["first_name", "name"]


def test_each_synonym_has_one_meaning() -> None:
    """No spelling is listed under two fields or under two kinds of words."""
    for section in ("names", "words"):
        seen: dict[str, str] = {}
        for meaning, languages in synonyms()[section].items():
            for name in (name for names in languages.values() for name in names):
                key = "".join(words_of(name))
                assert key, name
                assert seen.setdefault(key, meaning) == meaning, (name, seen[key], meaning)


@examples(200)
@given(st.text(st.sampled_from("aAbB \t_-1#'\x1c"), max_size=20))
def test_simple_names_are_cut_as_all_others(name: str) -> None:
    """The words of a name are the same whether or not an accent forces the long way to them."""
    assert words_of(f"{name} é") == [*words_of(name), "e"]


@pytest.mark.parametrize("target", sorted(synonyms()["names"]))
def test_a_listed_name_is_read_as_listed(target: str) -> None:
    """Every name in the data file is recognised alone, in capitals and with a star."""
    for names in synonyms()["names"][target].values():
        for name in names:
            for written in (name, name.upper(), f"{name} *"):
                found = _guesses([written], [""])[0]
                expected = {"any_name": "name", "linkedin_url": "social"}.get(target, target)
                assert found == expected, (written, found)


# ---- values --------------------------------------------------------------------------------------


def test_values_decide_where_names_say_nothing() -> None:
    """Columns with unknown names are found by their values, and the reason gives the share."""
    rows = [[f"p{n}@x.example", f"+44 20 7946 00{n:02d}"] for n in range(9)] + [["?", "?"]]
    email, phone = guess(["Kde vás zastihneme", "Zvonit"], rows)
    assert (email.target, phone.target) == ("email", "phone")
    assert email.reason == "90 % of the sampled values are email addresses"
    assert phone.reason == "90 % of the sampled values are phone numbers"


DECOYS = {
    "company registration": [f"213500168000{n:02d}" for n in range(25, 45)],
    "compact date": [f"202601{n:02d}" for n in range(1, 21)],
    "date": [f"2026-01-{n:02d}" for n in range(1, 21)],
    "timestamp": [f"2026-01-{n:02d} 10:11:12" for n in range(1, 21)],
    "latitude": [f"47.{n}85014" for n in range(10, 30)],
    "coordinates": [f"47.{n}85014, -1.{n}894903" for n in range(10, 30)],
    "count": [str(n) for n in range(100, 120)],
    "amount": [f"{n},250.00" for n in range(100, 120)],
    "address of a computer": [f"203.0.113.{n}" for n in range(20)],
    "order": [f"10000{n:05d}" for n in range(20)],
    "postal code": [f"0{n}100" for n in range(100, 120)],
    "book": [f"978-3-16-1484{n}-0" for n in range(10, 30)],
    "thousands": [f"{n} 345 678" for n in range(12, 32)],
    "social security": [f"123-45-67{n}" for n in range(10, 30)],
    "bar code": [f"40123450{n:05d}" for n in range(20)],
    "card": [f"4242 4242 4242 42{n}" for n in range(10, 30)],
}


@pytest.mark.parametrize("region", [None, "US", "GB", "DE", "FR"])
@pytest.mark.parametrize("decoy", DECOYS)
def test_numbers_that_are_no_phones_are_not_taken_for_phones(
    decoy: str, region: str | None
) -> None:
    """Registration numbers, dates, coordinates, counts and codes are never a phone by value."""
    rows = [[value, f"p{n}@x.example"] for n, value in enumerate(DECOYS[decoy])]
    for has_header in (True, False):
        assert "phone" not in _guesses([decoy, "who"], *rows, region=region, has_header=has_header)


def test_a_file_without_header_is_read_by_its_values_alone() -> None:
    """Made-up names count for nothing; codes, phones and emails are found, dates are not phones."""
    rows = [
        [f"A{81001 + n}", f"PRACTICE {n}", "19740401", f"01642 67{n:04d}", f"p{n}@x.example", ""]
        for n in range(20)
    ]
    found = guess([f"email {n}" for n in range(6)], rows, has_header=False)
    targets = [one.target for one in found]
    assert [targets[0], *targets[3:]] == ["external_id", "phone", "email", "skip"]
    assert all(target.startswith("custom:") for target in targets[1:3])


def test_values_can_disprove_a_name() -> None:
    """ "Email" full of yes and no, or "Title" full of Mr and Ms, is not that field."""
    rows = [["yes", "Mr.", "2026-01-02"], ["no", "Ms.", "2026-01-03"]]
    found = guess(["Email", "Title", "Phone"], rows)
    assert [one.target for one in found] == ["custom:Email", "custom:Title", "custom:Phone"]
    assert found[0].reason == "in spite of its name, 100 % of the sampled values are yes or no"


def test_bad_values_do_not_disprove_a_name() -> None:
    """An "Email" column of typing errors stays the email column: its rows must be reported."""
    assert _guesses(["email", "phone"], ["not-an-email", "abc"]) == ["email", "phone"]


# ---- the whole row -------------------------------------------------------------------------------


def test_one_column_is_the_phone_and_the_others_are_further_ones() -> None:
    """Of several phones the one with a better name and more values is primary."""
    header = ["Other phone", "Phone", "Mobile"]
    rows = [["", "", "+44 7700 900123"], ["", "+44 20 7946 0018", "+44 7700 900124"]]
    assert _guesses(header, *rows) == ["alias_phone", "alias_phone", "phone"]
    assert _guesses(header, ["", "", ""]) == ["alias_phone", "phone", "alias_phone"]


def test_what_belongs_to_somebody_else_never_identifies_the_lead() -> None:
    """An owner's email and an assistant's phone are custom fields, even as the only ones."""
    found = guess(["Owner email", "Assistant's phone"], [["rep@us.example", "+44 20 7946 0018"]])
    assert [one.target for one in found] == ["custom:Owner email", "custom:Assistant's phone"]
    assert {one.reason for one in found} == {"it belongs to somebody else"}


def test_the_phone_of_a_firm_is_no_persons_key() -> None:
    """Beside people with a key of their own a company's phone is a custom field, else the phone."""
    row = ["Ana", "ana@x.example", "+44 20 7946 0018"]
    assert _guesses(["Name", "Email", "Company phone"], row)[2] == "custom:Company phone"
    assert _guesses(["School", "School email", "School phone"], row)[1:] == ["email", "phone"]
    assert _guesses(["Name", "Company email"], row[:2]) == ["name", "email"]


def test_an_email_that_many_rows_share_is_a_hosts() -> None:
    """Beside emails that differ, a further column of few different ones identifies nobody."""
    rows = [[f"host{n % 2}@us.example", f"p{n}@x.example"] for n in range(12)]
    assert _guesses(["User email", "Invitee email"], *rows) == ["custom:User email", "email"]
    assert _guesses(["User email"], *[row[:1] for row in rows]) == ["email"]


def test_linkedin_is_the_key_where_emails_are_rare() -> None:
    """A LinkedIn column is a profile field, unless most rows have nothing else to go by."""
    rows = [["", f"https://www.linkedin.com/in/p{n}"] for n in range(9)]
    assert _guesses(["Email", "URL"], *rows, ["a@x.example", ""]) == ["email", "social"]
    rows = [[f"p{n}@x.example", f"https://www.linkedin.com/in/p{n}"] for n in range(9)]
    assert _guesses(["Email", "URL"], *rows) == ["email", "linkedin_url"]


def test_an_id_that_repeats_is_not_the_leads() -> None:
    """A column named like an id identifies nobody if most rows share its values."""
    rows = [[str(n % 2), f"p{n}@x.example"] for n in range(20)]
    assert _guesses(["ID", "Email"], *rows) == ["custom:ID", "email"]


def test_custom_fields_get_usable_names() -> None:
    """A custom field is named as its header, on one line, cut, numbered if taken or nameless."""
    header = [" Booth\n no ", "booth no", "", "x" * 200]
    found = _guesses(header, ["1a", "2b", "3c", "4d"])
    assert found[:3] == ["custom:Booth no", "custom:booth no 2", "custom:Column 3"]
    assert is_target(found[3])


def test_columns_of_nothing_are_skipped() -> None:
    """Without a name one empty row is enough; with an unknown name it takes many."""
    assert _guesses(["", "Booth"], ["", ""]) == ["skip", "custom:Booth"]
    assert _guesses(["", "Booth"], *[["", ""]] * 20) == ["skip", "skip"]


def test_rows_may_be_ragged_or_missing() -> None:
    """Short rows, long rows and no rows at all are guessed from what is there."""
    assert _guesses(["Email", "Phone"], ["a@b.example"], [], ["a", "b", "c"]) == ["email", "phone"]
    assert _guesses(["Email", "Phone"]) == ["email", "phone"]
    assert _guesses([]) == []


# ---- targets -------------------------------------------------------------------------------------


def test_labels_are_words() -> None:
    """Every target has a label for people."""
    assert label("email") == "Email"
    assert label("alias_phone") == "Another phone"
    assert label("alias_external_id") == "Another External ID"
    assert label("first_name") == "First name"
    assert label("custom:Booth") == "Custom: Booth"
    assert label("skip") == "Skip"


def test_only_known_targets_are_targets() -> None:
    """Identifiers, further ones, profile fields, named custom fields and skip; nothing else."""
    for target in (*IDENTIFIER_TARGETS, *ALIAS_TARGETS, *PROFILE_TARGETS, "skip", "custom:Booth"):
        assert is_target(target)
    for text in ("", "custom", "custom:", "custom: ", "Email", "alias_name", "custom:" + "x" * 81):
        assert not is_target(text)


def test_a_header_is_recognised_again() -> None:
    """The fingerprint ignores case, accents, spaces and order, and nothing else."""
    known = fingerprint(["First Name", "Téléphone", "E-mail"])
    assert known == fingerprint(["telephone", " first  name", "e-mail"])
    assert known != fingerprint(["First Name", "Téléphone"])
    assert known != fingerprint(["First Name", "Téléphone", "E-mail", "E-mail"])


def test_leads_are_known_by_the_surest_identifier() -> None:
    """Email comes before phone, phone before ids; without any there is none."""
    assert primary(guess(["Phone", "Email", "ID"], [])) == "email"
    assert primary(guess(["ID", "Phone"], [])) == "phone"
    assert primary(guess(["Contact ID", "Name"], [])) == "external_id"
    assert primary(guess(["Name"], [])) is None


@pytest.mark.parametrize(
    "name",
    ["Unsubscribed", "unsubscribe", "OptOut", "Opted out", "email_opt_out", "Do Not Contact",
     "DoNotCall", "DNC", "do not e-mail", "Blocked", "Désabonné", "Abgemeldet"],
)  # fmt: skip
def test_names_that_may_opt_out(name: str) -> None:
    """What such a column says of people is worth a question."""
    assert may_opt_out(name)


@pytest.mark.parametrize(
    "name",
    ["Opt in", "Newsletter", "Option", "Outlet", "Unsubscribed at", "Opt-out date", "Blocked by",
     "Unsubscribe URL", "Contact", "Optometrist out", "dncx", ""],
)  # fmt: skip
def test_names_that_opt_nobody_out(name: str) -> None:
    """Consent, dates, reasons and addresses say neither yes nor no."""
    assert not may_opt_out(name)
