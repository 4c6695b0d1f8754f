"""Leads by themselves: found page by page, changed by hand under the imports' rules, deleted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from threading import current_thread, main_thread
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, delete, select

from core import edits, imports, leads, looking, matching, suppressions, survey
from core.candidate import Key
from core.db import Database
from core.edits import Asked, IdentifierOwned, InvalidEdit, LastIdentifier, OptOutKept
from core.errors import NotFound
from core.identifiers import Kind
from core.leads import Found, UnusableValue, VersionConflict
from core.looking import Wanted
from core.models import Account, Identifier, Import, Lead, LeadChange
from core.uploads import Files
from tests.core import life
from tests.core.test_undo import undo_all
from tests.parts.databases import copied_sqlite
from tests.parts.examples import examples

_accounts = count(700_000)
FILE = (
    b"Name,Email,Phone,Company,Tags\n"
    b"Ana Silva,ana@example.com,+12025550143,Acme,vip;new\n"
    b"Ben,ben@example.com,,Acme,vip\n"
    b"Cy,cy@example.com,,,\n"
)


@pytest.fixture
def done(database: Database, tmp_path: Path) -> Import:
    """Three leads, imported."""
    return life.run(database, Files(tmp_path / "files"), FILE)


@dataclass(frozen=True)
class Book:
    """An account with the same three leads, in a database that the module shares."""

    database: Database
    account_id: int

    def lead(self, name: str) -> Found:
        """The lead with this first name."""
        return by_email(self.database, self.account_id, f"{name}@example.com")

    def change(self, found: Found, asked: Asked) -> Found:
        """Change a lead."""
        return change(self.database, found, self.account_id, asked)


@pytest.fixture(scope="module")
def shelf(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The database of the module's books."""
    with copied_sqlite(migrated_sqlite, tmp_path_factory.mktemp("shelf")) as database:
        yield database


@pytest.fixture
def book(shelf: Database) -> Book:
    """A book of the test's own."""
    people = [
        ({"name": "Ana Silva", "phone": "+12025550143", "company": "Acme"}, ["vip", "new"]),
        ({"name": "Ben", "company": "Acme"}, ["vip"]),
        ({"name": "Cy"}, []),
    ]
    with shelf.writing() as session:
        account_id = imports.account(session, f"book {next(_accounts)}").id
        assert account_id is not None
        for number, (fields, tags) in enumerate(people, 1):
            email = fields["name"].split()[0].lower() + "@example.com"
            kept = {**fields, "email": email}
            session.add(Lead(account_id=account_id, id=number, fields=kept, tags=tags))
            for kind in ("email", "phone"):
                if kind in kept:
                    key = {"kind": kind, "value": kept[kind], "lead_id": number}
                    session.add(Identifier(account_id=account_id, **key))
    return Book(shelf, account_id)


def by_email(database: Database, account_id: int, email: str) -> Found:
    with database.reading() as session:
        return leads.by_key(session, account_id, ("email", email))


def change(database: Database, found: Found, account_id: int, asked: Asked) -> Found:
    return database.transact(lambda s: edits.change(s, account_id, found.id, asked))


# ---- pages -------------------------------------------------------------------------------------

TAGS, NAMES = ("vip", "new"), ("Ana", "ANABEL", "Ben", "")
BATCH = 7


def some_lead(session: Session, account_id: int, lead_id: int, seed: int) -> None:
    """A lead whose tags, name, time and batches follow from the seed."""
    name, tag = NAMES[seed % 4], [TAGS[seed % 3]] if seed % 3 < 2 else []
    session.add(
        Lead(
            account_id=account_id, id=lead_id, fields={"name": name} if name else {}, tags=tag,
            updated_at=seed % 5,
        )
    )  # fmt: skip
    session.add(
        Identifier(account_id=account_id, kind="email", value=f"{lead_id}@x.com", lead_id=lead_id)
    )
    if seed % 2:
        undone = (None, None, "kept", "restored")[seed % 4]
        session.add(
            LeadChange(account_id=account_id, import_id=BATCH, lead_id=lead_id, undone=undone)
        )


def reference(session: Session, account_id: int, wanted: Wanted) -> list[int]:
    """The same in a few plain lines."""
    members = {
        change.lead_id
        for change in session.exec(select(LeadChange).where(LeadChange.account_id == account_id))
        if change.undone in (None, "kept")
    }
    return [
        lead.id
        for lead in session.exec(select(Lead).order_by(col(Lead.id).desc()))
        if lead.account_id == account_id
        and (wanted.batch is None or lead.id in members)
        and (not wanted.tag or wanted.tag in lead.tags)
        and wanted.text.lower() in lead.fields.get("name", "").lower()
        and lead.updated_at >= (wanted.updated_since or 0)
    ]


wanteds = st.builds(
    Wanted,
    batch=st.sampled_from([None, None, BATCH]),
    tag=st.sampled_from(["", *TAGS]),
    text=st.sampled_from(["", "ana", "BE"]),
    updated_since=st.sampled_from([None, 2, 4]),
)


@pytest.mark.parametrize("name", ["sqlite", "postgres"])
def test_pages_are_stable_under_writes(name: str, request: pytest.FixtureRequest) -> None:
    """Leads that fit all the time are listed once and in order, whatever is written meanwhile."""
    database: Database = request.getfixturevalue(f"{name}_database")

    @examples(12 if name == "sqlite" else 4)
    @given(
        seeds=st.lists(st.integers(0, 59), max_size=25),
        wanted=wanteds,
        limit=st.integers(1, 7),
        scan=st.integers(1, 9),
        writes=st.lists(st.tuples(st.integers(1, 60), st.integers(0, 59)), max_size=8),
    )
    def check(
        seeds: list[int], wanted: Wanted, limit: int, scan: int, writes: list[tuple[int, int]]
    ) -> None:
        account_id, other = next(_accounts), next(_accounts)
        with database.writing() as session:
            for each in (account_id, other):
                session.add(Import(account_id=each, id=BATCH, upload_id=1))
                for number, seed in enumerate(seeds):
                    some_lead(session, each, 2 * number + 2, seed)
        with database.reading() as session:
            always = set(reference(session, account_id, wanted))
        found, before, pages, steps = [], None, 0, iter(writes)
        while pages == 0 or before is not None:
            with database.reading() as session:
                page = looking.page(
                    session, account_id, wanted, before=before, limit=limit, scan=scan
                )
            found += [lead.id for lead in page.leads]
            assert len(page.leads) <= limit and pages < 80
            before, pages = page.before, pages + 1
            if step := next(steps, None):
                rewrite(database, account_id, *step)
                always -= {step[0]}

        assert found == sorted(set(found), reverse=True)
        assert always <= set(found)
        if not writes:
            assert set(found) == always

    check()


def rewrite(database: Database, account_id: int, lead_id: int, seed: int) -> None:
    """Delete a lead and everything about it; for most seeds, write another in its place."""
    with database.writing() as session:
        for table in (Lead, Identifier, LeadChange):
            id_ = table.id if table is Lead else table.lead_id
            statement = delete(table).where(
                col(table.account_id) == account_id, col(id_) == lead_id
            )
            session.execute(statement)
        if seed % 5:
            some_lead(session, account_id, lead_id, seed)


def test_found_by_what_they_hold(database: Database, done: Import) -> None:
    """A batch, a tag, a text, a part of a phone and an identifier each find their leads."""

    def names(**wanted: Any) -> list[str]:
        with database.reading() as session:
            page = looking.page(session, done.account_id, Wanted(**wanted))
        assert page.before is None
        return sorted(lead.fields["name"] for lead in page.leads)

    everybody = ["Ana Silva", "Ben", "Cy"]
    assert names() == names(batch=done.id) == everybody
    assert names(tag="vip") == ["Ana Silva", "Ben"]
    assert names(tag="vi") == []
    assert names(text="a  sil") == names(text="SILVA") == ["Ana Silva"]
    assert names(text="acme") == names(text="ACME", batch=done.id) == ["Ana Silva", "Ben"]
    assert names(text="555-0143") == names(text="(202) 555") == ["Ana Silva"]
    assert names(text="143") == ["Ana Silva"]  # part of the phone as it is stored
    assert names(text="%") == names(text="_") == []
    assert names(key=("email", "cy@example.com")) == ["Cy"]
    assert names(key=("email", "cy@example.com"), tag="vip") == []
    assert names(key=("email", "cy@example.com"), batch=done.id) == ["Cy"]
    assert names(key=("email", "nobody@example.com")) == []
    assert names(updated_since=done.created_at) == everybody
    assert names(updated_since=done.created_at + 10**9) == []


def test_a_whole_address_finds_its_owner(book: Book) -> None:
    """A text that is one email address or phone finds the lead that owns it, by a further one
    too; where nobody owns it, it is a text like any other."""
    ana = book.lead("ana")
    book.change(ana, Asked(add=[(Kind.EMAIL, "Ana@Old.example")]))
    book.change(ana, Asked(fields={"company": "x@y.example"}))

    def found(text: str, **wanted: Any) -> list[int]:
        with book.database.reading() as session:
            page = looking.page(session, book.account_id, Wanted(text=text, **wanted))
        return [lead.id for lead in page.leads]

    assert (
        found("ana@old.example") == found("+1 (202) 555-0143") == found("X@Y.example") == [ana.id]
    )
    assert found("ana@old.example", tag="gold") == found("+12025550199") == []


def test_names_are_one_text() -> None:
    """A first and a last name are looked for together, in any script."""
    lead = Found(1, {"first_name": "Zoë", "last_name": "Öztürk"}, [], 1, 0, 0)

    assert looking.says("zoË öZT")(lead)
    assert not looking.says("zoe")(lead)


def test_an_unknown_batch(database: Database, done: Import) -> None:
    """A batch of another account looks like one that does not exist."""
    with database.reading() as session:
        for account_id, batch in ((done.account_id, 1), (done.account_id + 1, done.id)):
            with pytest.raises(NotFound):
                looking.page(session, account_id, Wanted(batch=batch))


def test_an_undone_batch_is_empty(database: Database, done: Import, tmp_path: Path) -> None:
    """X-23: what undoing deleted or restored is out of the batch; what it kept is still in it."""
    ben = by_email(database, done.account_id, "ben@example.com")
    change(database, ben, done.account_id, Asked(fields={"title": "Boss"}))
    second = life.run(database, Files(tmp_path / "files"), b"Name,Email\nCyrus,cy@example.com\n")
    undo_all(database, done.account_id, second.id)
    undo_all(database, done.account_id, done.id)

    with database.reading() as session:
        batches = [
            [lead.id for lead in looking.page(session, done.account_id, Wanted(batch=batch)).leads]
            for batch in (done.id, second.id)
        ]
        key = ("email", "ben@example.com")
        again = looking.page(session, done.account_id, Wanted(batch=done.id, key=key)).leads
        none = looking.page(session, done.account_id, Wanted(batch=second.id, key=key)).leads
    assert batches == [[ben.id], []]
    assert [lead.id for lead in again] == [ben.id] and none == ()


def test_identifiers_are_read_as_imports_do(book: Book) -> None:
    """A phone without a country is from the account's; what is no identifier is refused."""
    with book.database.writing() as session:
        session.get_one(Account, book.account_id).settings = {"default_region": "US"}
    with book.database.reading() as session:
        key = leads.key_of(session, book.account_id, Kind.PHONE, "(202) 555-0143")
        assert key == ("phone", "+12025550143")
        with pytest.raises(UnusableValue):
            leads.key_of(session, book.account_id, Kind.EMAIL, "nonsense")


# ---- changes -----------------------------------------------------------------------------------


def test_a_change_is_merged(book: Book) -> None:
    """Fields, tags and identifiers change as asked for, the rest stays, and the version counts."""
    ana = book.lead("ana")
    asked = Asked(
        fields={"Job Title": " CEO ", "company": None, "custom:Booth": "7"},
        add_tags=["gold", "vip"],
        remove_tags=["new", "absent"],
        add=[
            (Kind.EMAIL, "Ana@Work.example"),
            (Kind.SOCIAL, "@ana"),
            (Kind.EMAIL, "ana@example.com"),
        ],
        remove=[(Kind.PHONE, "+1 202-555-0143")],
    )  # fmt: skip

    found = book.change(ana, asked)

    assert found.fields == {
        "name": "Ana Silva", "email": "ana@example.com", "title": "CEO", "custom:Booth": "7",
    }  # fmt: skip
    assert found.tags == ["vip", "gold"]
    assert [tuple(each) for each in found.identifiers] == [
        ("email", "ana@example.com", None),
        ("email", "ana@work.example", "Ana@Work.example"),
        ("social", "@ana", None),
    ]
    assert found.version == ana.version + 1 and found.updated_at >= ana.updated_at
    assert book.change(ana, asked) == found  # nothing left to do


def test_a_main_identifier(book: Book) -> None:
    """X-34: email, phone and such are fields and identifiers; they come and go together."""
    ana = book.lead("ana")

    moved = book.change(ana, Asked(fields={"email": "Ana@New.example"}))
    assert moved.fields["email"] == "ana@new.example"
    assert {each.value for each in moved.identifiers if each.kind == "email"} == {
        "ana@example.com", "ana@new.example",
    }  # fmt: skip
    cleared = book.change(ana, Asked(fields={"email": None}))
    assert "email" not in cleared.fields
    assert [each.value for each in cleared.identifiers] == ["ana@example.com", "+12025550143"]


def test_a_phone_is_from_the_leads_country(book: Book) -> None:
    """A phone without a + is from the lead's own country, as in the row of a file."""
    ana = book.lead("ana")

    found = book.change(ana, Asked(fields={"phone": "020 7946 0958", "country": "UK"}))
    assert found.fields["phone"] == "+442079460958"
    with pytest.raises(InvalidEdit, match=r"fields\.phone"):
        ben = book.lead("ben")
        book.change(ben, Asked(fields={"phone": "020 7946 0958"}))


def test_an_owned_identifier_stays_with_its_owner(book: Book) -> None:
    """An identifier of another lead is refused, names that lead, and changes nothing (X-22)."""
    ana = book.lead("ana")
    ben = book.lead("ben")

    for asked in (
        Asked(fields={"title": "x"}, add=[(Kind.PHONE, "+1 202 555 0143")]),
        Asked(fields={"phone": "+12025550143"}),
    ):
        with pytest.raises(IdentifierOwned) as refused:
            book.change(ben, asked)
        assert (refused.value.lead_id, refused.value.key) == (ana.id, ("phone", "+12025550143"))
    assert book.lead("ben") == ben


def test_the_last_identifier_stays(book: Book) -> None:
    """A lead that nobody could find again is refused; one may change its only identifier."""
    cy = book.lead("cy")
    only = (Kind.EMAIL, "cy@example.com")

    for asked in (Asked(remove=[only]), Asked(fields={"email": None})):
        with pytest.raises(LastIdentifier):
            book.change(cy, asked)
    found = book.change(cy, Asked(remove=[only], add=[(Kind.EXTERNAL_ID, "C7")]))
    assert "email" not in found.fields
    assert [tuple(each) for each in found.identifiers] == [("external_id", "C7", None)]
    assert book.change(cy, Asked(fields={"name": None})).fields == {}


def test_an_opt_out_stays(book: Book) -> None:
    """X-30: an opt-out is set in any words and taken back only in words."""
    ana = book.lead("ana")

    out = book.change(ana, Asked(fields={"unsubscribed": "Unsubscribed"}))
    assert out.fields["unsubscribed"] == "yes"
    for value in (None, "no"):
        back = Asked(fields={"unsubscribed": value, "title": "x"})
        with pytest.raises(OptOutKept):
            book.change(ana, back)
        found = book.change(ana, replace(back, resubscribe=True))
        assert "unsubscribed" not in found.fields
        book.change(ana, Asked(fields={"unsubscribed": "x"}))
    assert book.change(ana, Asked(fields={"blocked": "no"})).fields["title"] == "x"


A = (Kind.EMAIL, "a@x.com")


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        (Asked(fields={"email": "nonsense"}), "fields.email"),
        (Asked(fields={"shoe size": "7"}), "fields.shoe size"),
        (Asked(fields={"tags": "vip"}), "fields.tags"),
        (Asked(fields={"alias_email": "a@x.com"}), "fields.alias_email"),
        (Asked(fields={"skip": "x"}), "fields.skip"),
        (Asked(fields={"title": " "}), "fields.title"),
        (Asked(fields={"title": "x" * 10_001}), "fields.title"),
        (Asked(fields={"title": "x", "jobTitle": "y"}), "fields.jobTitle"),
        (Asked(fields={"blocked": "perhaps"}), "fields.blocked"),
        (Asked(fields={"custom:": "x"}), "fields.custom:"),
        (Asked(add_tags=["a", " "]), "tags.add"),
        (Asked(remove_tags=["x" * 201]), "tags.remove"),
        (Asked(add_tags=["a"], remove_tags=["a "]), "tags.remove"),
        (Asked(add=[(Kind.PHONE, "12")]), "identifiers.add"),
        (Asked(remove=[(Kind.EMAIL, "x")]), "identifiers.remove"),
        (Asked(add=[A], remove=[(Kind.EMAIL, "A@x.com")]), "identifiers.remove"),
        (Asked(fields={"email": "A@x.com"}, remove=[A]), "identifiers.remove"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_named(asked: Asked, place: str) -> None:
    """The part of a change that is at fault is named."""
    with pytest.raises(InvalidEdit) as refused:
        edits.understand(asked, None)

    assert list(refused.value.fields) == [place]
    assert place in refused.value.message


def test_only_the_version_that_was_seen(book: Book) -> None:
    """Who has seen an older version changes and deletes nothing."""
    ana = book.lead("ana")

    def put(session: Session) -> Found:
        return edits.change(
            session, book.account_id, ana.id, Asked(fields={"title": "x"}), versions=[ana.version]
        )

    found = book.database.transact(put)
    with pytest.raises(VersionConflict):
        book.database.transact(put)
    with pytest.raises(VersionConflict):
        book.database.transact(lambda s: edits.delete(s, book.account_id, ana.id, versions=[1, 7]))
    assert book.lead("ana") == found


@given(
    fields=st.dictionaries(
        st.sampled_from(["name", "email", "phone", "title", "custom:A"]),
        st.sampled_from([None, "+12025550100", "a@x.com", "b@x.com"]),
        max_size=4,
    ),
    tags=st.tuples(*[st.lists(st.sampled_from("abcd"), max_size=3)] * 2),
    add=st.lists(st.sampled_from(["a@x.com", "c@x.com", "taken@x.com"]), max_size=2),
    remove=st.lists(st.sampled_from(["a@x.com", "b@x.com", "main@x.com"]), max_size=2),
)
@settings(deadline=None)
def test_the_decision_against_a_plain_one(
    fields: dict[str, str | None],
    tags: tuple[list[str], list[str]],
    add: list[str],
    remove: list[str],
) -> None:
    """Whatever is asked for, the result is that of doing it word by word, or it is refused."""
    before = Found(
        1, {"email": "main@x.com", "title": "Old"}, ["a", "b"], 3, 0, 0,
        (leads.Owned("email", "main@x.com", None), leads.Owned("email", "b@x.com", None)),
    )  # fmt: skip
    asked = Asked(
        fields, tags[0], tags[1], [(Kind.EMAIL, e) for e in add], [(Kind.EMAIL, e) for e in remove]
    )
    try:
        edit = edits.understand(asked, None)
        result = edits.decide(before, {("email", "taken@x.com"): 2}, edit)
    except (InvalidEdit, IdentifierOwned, LastIdentifier):
        return

    held = {("email", "main@x.com"), ("email", "b@x.com")}
    became = dict(before.fields)
    for name, value in fields.items():
        if value is None and became.get(name) and name in ("email", "phone"):
            held.discard((name, became[name]))
        if value is None:
            became.pop(name, None)
        else:
            became[name] = value
            held |= {(name, value)} if name in ("email", "phone") else set()
    held |= {("email", email) for email in add}
    held -= {("email", email) for email in remove}
    if became.get("email") in remove:
        del became["email"]
    assert result.fields == became
    now = {(each.kind, each.value) for each in before.identifiers}
    assert (now - result.removed) | result.added.keys() == held
    assert not result.added.keys() & now and result.removed <= now
    assert result.tags == [t for t in "ab" if t not in tags[1]] + [
        t for t in dict.fromkeys(tags[0]) if t not in "ab" or t in tags[1]
    ]


# ---- undo --------------------------------------------------------------------------------------


def test_undo_sees_changes_and_deletions(database: Database, done: Import) -> None:
    """X-23: undoing keeps what was changed since, and counts what was deleted since as gone."""
    account_id = done.account_id
    ana, ben = (by_email(database, account_id, f"{n}@example.com") for n in ("ana", "ben"))
    change(database, ana, account_id, Asked(add=[(Kind.COOKIE, "c-1")]))
    database.transact(lambda s: edits.delete(s, account_id, ben.id))
    with pytest.raises(NotFound):
        by_email(database, account_id, "ben@example.com")

    assert undo_all(database, account_id, done.id) == {
        "deleted": 1, "restored": 0, "kept": 1, "gone": 1,
    }  # fmt: skip
    with database.reading() as session:
        assert [lead.id for lead in looking.page(session, account_id, Wanted()).leads] == [ana.id]


@pytest.mark.parametrize(("suppress", "told"), [(None, 2), (False, 0), (True, 2)])
def test_deleting_who_opted_out(book: Book, suppress: bool | None, told: int) -> None:
    """X-30: the next import does not bring back who opted out, unless somebody said it may."""
    account_id = book.account_id
    ana, ben = (book.lead(n) for n in ("ana", "ben"))
    book.change(ana, Asked(fields={"blocked": "yes"}))

    on_list, others = (
        book.database.transact(
            partial(edits.delete, account_id=account_id, lead_id=lead.id, suppress=suppress)
        )
        for lead in (ana, ben)
    )

    assert (on_list, others) == (told, int(bool(suppress)))
    with book.database.reading() as session:
        listed = suppressions.listed(session, account_id)
    assert len(listed) == on_list + others
    with pytest.raises(NotFound):
        book.database.transact(lambda s: edits.delete(s, account_id, ana.id))


# ---- races -------------------------------------------------------------------------------------


def test_edits_while_an_import_writes(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Edits of leads that an import is just changing lose nothing: not theirs, not its; versions
    only rise, and undoing the import leaves the edits."""
    in_three_parts(monkeypatch)
    files = Files(tmp_path / "files")
    first = life.run(database, files, FILE)
    account_id, names = first.account_id, ("ana", "ben", "cy")
    ids = [by_email(database, account_id, f"{name}@example.com").id for name in names]
    rows = "".join(f"{names[n % 3]}@example.com,C{n}\n" for n in range(750))
    seen: list[Found] = []
    with racing(monkeypatch, lambda n: seen.append(edit(database, account_id, ids[n % 3], n))):
        second = life.run(database, files, b"Email,Company\n" + rows.encode())

    assert second.updated == 3 and len(seen) >= 9
    after = [by_email(database, account_id, f"{name}@example.com") for name in names]
    edited = sorted(n for lead in after for n in numbers(lead))
    assert edited == list(range(len(seen)))
    assert [lead.fields["company"] for lead in after] == ["C747", "C748", "C749"]
    for lead in after:
        versions = sorted(one.version for one in seen if one.id == lead.id)
        assert len(set(versions)) == len(versions) and versions[-1] <= lead.version

    undo_all(database, first.account_id, second.id)

    undone = [
        by_email(database, first.account_id, f"{n}@example.com") for n in ("ana", "ben", "cy")
    ]
    assert sorted(n for lead in undone for n in numbers(lead)) == edited
    assert [lead.fields.get("company") for lead in undone] == ["Acme", "Acme", None]
    assert all(a.version > b.version for a, b in zip(undone, after, strict=True))


def test_deleting_while_an_import_writes(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lead that is deleted while an import changes it is gone or made anew, never half there."""
    in_three_parts(monkeypatch)
    files = Files(tmp_path / "files")
    first = life.run(database, files, FILE)
    rows = "".join(f"ana@example.com,C{n}\n" for n in range(750))

    def drop(number: int) -> None:
        try:
            found = by_email(database, first.account_id, "ana@example.com")
            database.transact(lambda s: edits.delete(s, first.account_id, found.id))
        except NotFound:
            pass  # another one was faster

    with racing(monkeypatch, drop):
        life.run(database, files, b"Email,Company\n" + rows.encode())

    with database.reading() as session:
        owners = session.exec(
            select(Identifier.lead_id).where(Identifier.account_id == first.account_id)
        ).all()
        kept = session.exec(select(Lead.id).where(Lead.account_id == first.account_id)).all()
    assert set(owners) == set(kept)


def test_a_lead_is_deleted_while_a_forecast_looks_at_it(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once its identifier was found, the lead may be gone: the forecast then goes on without it."""
    files = Files(tmp_path / "files")
    account_id = life.run(database, files, FILE).account_id
    find_owners, dropped = matching.find_owners, []

    def dropping(session: Session, account: int, keys: Collection[Key]) -> dict[Key, int]:
        found = find_owners(session, account, keys)
        if found and not dropped:
            dropped.append(by_email(database, account_id, "ana@example.com").id)
            database.transact(lambda s: edits.delete(s, account_id, dropped[0]))
        return found

    monkeypatch.setattr(matching, "find_owners", dropping)
    key = life.offer(database, files, b"Email,Company\nana@example.com,Acme\n")
    life.work(database, files)

    told = life.get(database, key).forecast
    assert dropped and told["done"]
    assert sum(told[name] for name in ("created", "updated", "unchanged")) == 1


def in_three_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an import of 750 rows take them in three parts."""
    monkeypatch.setattr(imports, "PART_ROWS", (250, 250))
    monkeypatch.setattr(survey, "ROWS_PER_MARK", 250)


@contextmanager
def racing(monkeypatch: pytest.MonkeyPatch, step: Callable[[int], Any]) -> Iterator[None]:
    """Start ``step`` in three threads whenever an import has found owners of identifiers, and again
    when it has read their leads and not yet written them."""
    numbers_ = count()
    with ThreadPoolExecutor(4) as threads, monkeypatch.context() as patched:
        started: list[Future[Any]] = []

        def raced(read: Callable[..., Any], *args: Any) -> Any:
            known = read(*args)
            if current_thread() is main_thread():  # the steps look for owners too
                started.extend(threads.submit(step, next(numbers_)) for _ in range(3))
            return known

        patched.setattr(matching, "find_owned", partial(raced, matching.find_owned))
        patched.setattr(matching, "know", partial(raced, matching.know))
        yield
        for each in started:
            each.result(timeout=300)


def edit(database: Database, account_id: int, lead_id: int, number: int) -> Found:
    asked = Asked(fields={f"custom:E{number}": "x"})
    return database.transact(lambda s: edits.change(s, account_id, lead_id, asked))


def numbers(lead: Found) -> list[int]:
    """Which edits a lead shows."""
    return [int(name[8:]) for name in lead.fields if name.startswith("custom:E")]
