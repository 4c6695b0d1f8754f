"""Every rule of an import is data, and each does what the documents it comes from say."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select

from core import mapping
from core.db import Database
from core.errors import InvalidMapping
from core.identifiers import Kind
from core.models import Identifier, Import, LeadChange, RowProblem
from core.names import split_name
from core.optouts import opted_out
from core.rules import ImportRules, OnMatch
from core.sheet import Row
from core.uploads import Files
from tests.core import dump, life
from tests.core.test_engine import all_rules
from tests.parts.examples import examples

TARGETS = ["name", "email", "phone", "title", "unsubscribed"]
NAMES = ("created", "updated", "unchanged", "skipped", "failed")


class Desk:
    """Imports files of the columns above, one after the other, into one database."""

    def __init__(self, database: Database, files: Files) -> None:
        self.database, self.files = database, files

    def send(self, *rows: str, **rules: Any) -> Import:
        """Import lines of name, email, phone, title, opt-out; missing cells are empty."""
        lines = [row + "," * (4 - row.count(",")) for row in rows]
        content = "\n".join(["Name,Email,Phone,Title,Opt-out", *lines]).encode()
        given = {"region": "US", **rules}
        return life.run(self.database, self.files, content, targets=TARGETS, **given)

    def leads(self) -> list[dict[str, Any]]:
        """What every lead's fields are, by its name."""
        with self.database.reading() as session:
            found = dump.leads(session, 1)
        return [lead["fields"] for lead in found]

    def lead(self) -> dict[str, Any]:
        """The fields of the only lead."""
        [fields_] = self.leads()
        return dict(fields_)

    def problems(self, done: Import) -> list[tuple[int, str, str]]:
        """Row, code and severity of an import's problems."""
        with self.database.reading() as session:
            mine = select(RowProblem).where(col(RowProblem.import_id) == done.id)
            found = session.exec(mine.order_by(col(RowProblem.row), col(RowProblem.seq))).all()
        return [(p.row, p.code, p.severity) for p in found]


@pytest.fixture
def desk(sqlite_database: Database, tmp_path: Path) -> Desk:
    return Desk(sqlite_database, Files(tmp_path / "files"))


def counts(done: Import) -> dict[str, int]:
    return {name: getattr(done, name) for name in NAMES if getattr(done, name)}


# ---- as data -----------------------------------------------------------------------------------


@examples(25)
@given(all_rules)
def test_rules_survive_json(rules: ImportRules) -> None:
    """Rules are the same after JSON, by either library."""
    assert ImportRules.from_json(orjson.loads(orjson.dumps(rules.to_json()))) == rules
    assert ImportRules.from_json(json.loads(json.dumps(rules.to_json()))) == rules
    assert set(rules.to_json()) == {f.name for f in fields(rules)}


def test_other_versions_rules_are_read() -> None:
    """Keys of another version are ignored, and those it lacks have their defaults."""
    assert ImportRules.from_json({"primary": "phone", "colour": "red"}) == ImportRules(Kind.PHONE)


def test_rules_do_not_change() -> None:
    """Rules are frozen, and equal rules are the same key."""
    with pytest.raises(FrozenInstanceError):
        ImportRules().cleanup = False  # type: ignore[misc]
    assert hash(ImportRules(tags=("a",))) == hash(ImportRules(tags=("a",)))


@pytest.mark.parametrize(
    "rules",
    [
        ImportRules(defaults=(("email", "a@example.com"),)),
        ImportRules(defaults=(("tags", "vip"),)),
        ImportRules(defaults=(("nonsense", "x"),)),
        ImportRules(defaults=(("title", " "),)),
        ImportRules(defaults=(("unsubscribed", "yes"),)),
        ImportRules(protected=("skip",)),
        ImportRules(protected=("unsubscribed",)),
    ],
)
def test_rules_about_no_field_are_refused(rules: ImportRules) -> None:
    """Defaults and protection are for plain fields; the words name what is wrong."""
    (name,) = [*dict(rules.defaults), *rules.protected]

    with pytest.raises(InvalidMapping, match=name):
        mapping.check(["email"], ["Email"], rules)
    fine = ImportRules(defaults=(("custom:Booth", "7"),), protected=("title", "email"))
    mapping.check(["email"], ["Email"], fine)


# ---- duplicates, matching ----------------------------------------------------------------------


def test_x3_on_match(desk: Desk) -> None:
    """X-3: a lead that exists is updated, skipped, or reported, by rule."""
    desk.send("Ana,ana@example.com")
    again, new = "Anna,ana@example.com", "Ben,ben@example.com"

    skipped = desk.send(again, on_match=OnMatch.SKIP)
    assert counts(skipped) == {"skipped": 1}
    refused = desk.send(again, new, on_match=OnMatch.CREATE_ONLY)
    assert counts(refused) == {"created": 1, "failed": 1}
    assert desk.problems(refused) == [(1, "already_exists", "error")]
    assert [lead["name"] for lead in desk.leads()] == ["Ana", "Ben"]
    assert counts(desk.send(again)) == {"updated": 1}


def test_x4_x5_the_primary_identifier_itself(desk: Desk) -> None:
    """X-4, X-5: with nothing to match on besides, a row needs the primary identifier itself."""
    row = "Ana,,+1 202 555 0143"

    strict = desk.send(row, primary=Kind.EMAIL, match_on=(), fallback=())
    assert desk.problems(strict) == [(1, "missing_identifier", "error")]
    assert counts(desk.send(row, fallback=(Kind.PHONE,))) == {"created": 1}
    assert counts(desk.send(row, match_on=(Kind.PHONE,))) == {"unchanged": 1}


def test_x20_a_bad_phone(desk: Desk) -> None:
    """X-20: a bad phone fails its row only where it was the only usable identifier."""
    done = desk.send("Ana,ana@example.com,call me", "Ben,,call me")

    assert counts(done) == {"created": 1, "failed": 1}
    codes = desk.problems(done)
    assert codes == [(1, "invalid_phone", "warning"), (2, "invalid_phone", "error")]


def test_x21_equal_phones(desk: Desk) -> None:
    """X-21: phones are equal by E.164 with the import's country; "valid" is asked for."""
    done = desk.send("A,,+1-202-555-0100", "A,,202 555 0100", primary=Kind.PHONE)
    assert counts(done) == {"created": 1, "unchanged": 1}

    row = "B,,+1 555 555 0100"  # long enough, but no such area code
    assert counts(desk.send(row, primary=Kind.PHONE)) == {"created": 1}
    assert counts(desk.send(row, primary=Kind.PHONE, phone_level="valid")) == {"failed": 1}


def test_x22_x34_aliases_stay_with_their_owner(desk: Desk) -> None:
    """X-22, X-34: identifiers are fields too and add up; what another lead owns stays with it."""
    desk.send("Ana,ana@example.com,202 555 0100", "Ben,ben@example.com")
    done = desk.send("Ben,ben@example.com,202 555 0100", "Ana,ana@example.com,202 555 0101")

    assert desk.problems(done) == [(1, "identifier_owned_by_other", "warning")]
    by_name = {lead["name"]: lead for lead in desk.leads()}
    assert by_name["Ana"]["email"] == "ana@example.com"
    assert by_name["Ana"]["phone"] == "+12025550101"
    with desk.database.reading() as session:
        ana = {i.value: i.lead_id for i in session.exec(select(Identifier)).all()}
    assert ana["+12025550100"] == ana["+12025550101"] == ana["ana@example.com"]


def test_x31_duplicates_in_the_file(desk: Desk) -> None:
    """X-31: in file order a later non-empty cell wins, and the row names the one it repeats."""
    done = desk.send(
        "Ana,ana@example.com,,CTO", "Ben,ben@example.com", "Anna,ANA@example.com,202 555 0100"
    )

    assert counts(done) == {"created": 2, "unchanged": 1}
    assert desk.problems(done) == [(3, "duplicate_in_file", "info")]
    ana = next(lead for lead in desk.leads() if lead["email"] == "ana@example.com")
    assert (ana["name"], ana["title"], ana["phone"]) == ("Anna", "CTO", "+12025550100")
    with desk.database.reading() as session:
        problem = session.exec(select(RowProblem)).one()
    assert problem.message == "The same lead as row 1; the two were merged."


def test_x31_duplicates_when_skipping(desk: Desk) -> None:
    """X-31: with duplicates skipped, a repeated row is left out and says which row it repeats."""
    done = desk.send("Ana,a@example.com", "Anna,a@example.com", on_match=OnMatch.SKIP)

    assert counts(done) == {"created": 1, "skipped": 1}
    assert desk.lead()["name"] == "Ana"
    with desk.database.reading() as session:
        problem = session.exec(select(RowProblem)).one()
    assert problem.message == "The same lead as row 1; this one was left out."


def test_x32_rows_and_lines(desk: Desk) -> None:
    """X-32: a problem has its row, counted without blank ones, and the line where it starts."""
    done = desk.send('"A\nB",a@example.com', "", "Ben,nothing")

    assert done.total == 2
    with desk.database.reading() as session:
        problem = session.exec(select(RowProblem)).one()
    assert (problem.row, problem.line, problem.column) == (2, 5, "Email")


# ---- values ------------------------------------------------------------------------------------


def test_x18_empty_cells(desk: Desk) -> None:
    """X-18: an empty cell keeps what is there, or clears it by rule; the mark always clears."""
    desk.send("Ana,ana@example.com,202 555 0100,CTO")
    row = ",ana@example.com,,"

    assert counts(desk.send(row)) == {"unchanged": 1}
    assert counts(desk.send("-,ana@example.com", clear_mark="-")) == {"updated": 1}
    assert desk.lead().get("name") is None
    assert desk.lead()["title"] == "CTO"
    assert counts(desk.send(row, blank="clear")) == {"updated": 1}
    assert desk.lead() == {"email": "ana@example.com", "phone": "+12025550100"}


def test_x18_the_mark_takes_no_identifier_away(desk: Desk) -> None:
    """X-18: identifiers and tags only ever add up; a mark in their cells is said to do nothing."""
    desk.send("Ana,ana@example.com,202 555 0100")

    done = desk.send("Ana,ana@example.com,#N/A", "Ben,#N/A")
    assert counts(done) == {"unchanged": 1, "failed": 1}
    assert desk.problems(done) == [
        (1, "identifier_not_cleared", "warning"),
        (2, "identifier_not_cleared", "warning"),
        (2, "missing_identifier", "error"),
    ]
    assert desk.lead()["phone"] == "+12025550100"


def test_x19_cleanup(desk: Desk) -> None:
    """X-19: values are tidied by rule, identifiers always, and what was written is kept beside."""
    desk.send(" Ana  Maria ,ANA@Example.com", cleanup=False)
    assert desk.lead() == {"name": "Ana  Maria", "email": "ana@example.com"}
    with desk.database.reading() as session:
        assert session.exec(select(Identifier)).one().written == "ANA@Example.com"

    desk.send(" Ana  Maria ,ana@example.com")
    assert desk.lead()["name"] == "Ana Maria"


def test_x29_tags(desk: Desk) -> None:
    """X-29: the import's tags go to every lead it touches, new or not, once."""
    desk.send("Ana,ana@example.com")
    done = desk.send("Ana,ana@example.com", "Ben,b@example.com", tags=("fair", "q3"))

    assert counts(done) == {"created": 1, "updated": 1}
    with desk.database.reading() as session:
        assert [lead["tags"] for lead in dump.leads(session, 1)] == [["fair", "q3"]] * 2
    assert counts(desk.send("Ana,ana@example.com", tags=("q3",))) == {"unchanged": 1}


def test_defaults_are_for_new_leads(desk: Desk) -> None:
    """A default is given to a new lead without a value of its own, and never overwrites (T-20)."""
    rules = {"defaults": (("title", "Guest"), ("source", "fair"))}
    desk.send("Ana,ana@example.com,,CTO", **rules)
    assert (desk.lead()["title"], desk.lead()["source"]) == ("CTO", "fair")
    desk.send("Ben,b@example.com", "Cy,c@example.com,,#N/A", "Cy,c@example.com", **rules)
    assert [lead.get("title") for lead in desk.leads()] == ["CTO", "Guest", None]

    again = desk.send(
        "Ana,ana@example.com", "Ben,b@example.com", defaults=(("title", "None"),), blank="clear"
    )
    assert counts(again) == {"unchanged": 2}


def test_protected_fields(desk: Desk) -> None:
    """A protected field takes a value when it has none, and keeps it from then on, in words."""
    rules = {"protected": ("title", "phone")}
    desk.send("Ana,ana@example.com", **rules)
    assert counts(desk.send("Ana,ana@example.com,202 555 0100,CTO", **rules)) == {"updated": 1}

    done = desk.send("Anna,ana@example.com,202 555 0199,CEO", "A,ana@example.com,,#N/A", **rules)
    assert (desk.lead()["title"], desk.lead()["phone"]) == ("CTO", "+12025550100")
    kept = [p for p in desk.problems(done) if p[1] == "protected_field"]
    assert kept == [(1, "protected_field", "warning")] * 2 + [(2, "protected_field", "warning")]
    with desk.database.reading() as session:
        values = session.exec(select(Identifier.value)).all()
    assert "+12025550199" in values  # she is found by it all the same


# ---- opt-outs ----------------------------------------------------------------------------------


def test_x30_opt_outs_are_sticky(desk: Desk) -> None:
    """X-30: an import may opt somebody out; back in, only by a rule and a cell that says so."""
    row = "Ana,ana@example.com,,,"
    desk.send(row + "yes")
    assert desk.lead()["unsubscribed"] == "yes"

    for cell in ("no", "#N/A", "subscribed"):
        done = desk.send(row + cell)
        assert desk.problems(done) == [(1, "opt_out_kept", "warning")]
    assert counts(desk.send(row, blank="clear", resubscribe=True)) == {"unchanged": 1}
    unclear = desk.send(row + "perhaps", resubscribe=True)
    assert desk.problems(unclear) == [(1, "unclear_opt_out", "warning")]
    assert desk.lead()["unsubscribed"] == "yes"

    done = desk.send(row + "no", resubscribe=True)
    assert counts(done) == {"updated": 1}
    assert "unsubscribed" not in desk.lead()
    with desk.database.reading() as session:
        change = session.exec(select(LeadChange).where(LeadChange.import_id == done.id)).one()
    assert change.fields == {"unsubscribed": ["yes", None]}


def test_x30_an_opt_out_in_the_file_stays(desk: Desk) -> None:
    """X-30: within a file too, a later "no" takes no opt-out back."""
    done = desk.send("A,a@example.com,,,yes", "A,a@example.com,,,no", "B,b@example.com,,,no")

    assert desk.problems(done)[-1] == (2, "opt_out_kept", "warning")
    assert [lead.get("unsubscribed") for lead in desk.leads()] == ["yes", None]


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("Yes", True), ("TRUE", True), ("1", True), ("x", True), ("Opted-out", True),
        ("opt_out", True), ("Ja", True), ("2024-03-01", True), ("3/1/24 10:00", True),
        ("no", False), ("0", False), ("opted in", False), ("Subscribed", False), ("nein", False),
        ("perhaps", None), ("2", None), ("weekly", None),
    ],
)  # fmt: skip
def test_what_an_opt_out_cell_says(cell: str, says: bool | None) -> None:
    """Yes, no, a date on which it happened, or nothing that anybody could be sure of."""
    assert opted_out(cell) is says


# ---- names -------------------------------------------------------------------------------------


def test_x35_full_names(desk: Desk) -> None:
    """X-35: a full name is kept, or stored as first and last name by rule."""
    desk.send("Ana Maria Silva,ana@example.com")
    assert desk.lead()["name"] == "Ana Maria Silva"

    desk.send("Cher,cher@example.com", "Ben Ono,ben@example.com", split_name=True)
    stored = {lead["email"]: lead for lead in desk.leads()}
    assert stored["cher@example.com"]["name"] == "Cher"
    ben = stored["ben@example.com"]
    assert (ben["first_name"], ben["last_name"], ben.get("name")) == ("Ben", "Ono", None)


def test_x35_a_row_s_own_first_name_counts() -> None:
    """A row that has a first or last name of its own keeps its full name as it is."""
    rules = ImportRules(split_name=True)
    reader = mapping.Reader(["email", "name", "first_name"], ["Email", "Name", "First"], rules)
    row = Row(1, 2, ["a@example.com", "Ana Silva", "Anna"], ())

    assert reader.candidate(row).fields == {"name": "Ana Silva", "first_name": "Anna"}


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ada Lovelace", ("Ada", "Lovelace")),
        ("Ludwig van Beethoven", ("Ludwig", "van Beethoven")),
        ("Silva, Ana Maria", ("Ana Maria", "Silva")),
        ("Dr. Grace Hopper", ("Dr. Grace", "Hopper")),
        ("Prof. Dr. Max Born", ("Prof. Dr. Max", "Born")),
        ("Martin King, Jr.", ("Martin", "King, Jr.")),
        ("Madonna", None),
        ("Dr. Who", None),
        ("山田太郎", None),
        ("Silva,", None),
        ("", None),
    ],
)
def test_x35_names_are_split(name: str, parts: tuple[str, str] | None) -> None:
    """The first word, with the titles before it, is the first name; the rest is the last name."""
    assert split_name(name) == parts


@examples(50)
@given(st.text(alphabet="ab ,.DrJ"))
def test_x35_no_word_is_lost(name: str) -> None:
    """Every word of a split name is in one of its parts."""
    parts = split_name(name)

    if parts:
        words = " ".join(parts).replace(",", " ").split()
        assert sorted(words) == sorted(name.replace(",", " ").split())
        assert all(parts)
