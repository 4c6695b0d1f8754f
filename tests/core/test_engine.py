"""The engine against a plain row-by-row reference, on both databases and in batches of any size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from core import ahead, columnwise, engine, forecast, imports, suppressions
from core.batch import Batch
from core.db import Database
from core.deciding import UNCHANGED, Plan
from core.identifiers import Kind
from core.mapping import Reader
from core.rules import Blank, ImportRules, OnMatch
from core.sheet import Format, Position, Row
from core.tally import Tally
from tests.core import dump
from tests.core.reference import reference
from tests.parts.examples import examples

TARGETS = [
    "first_name", "email", "phone", "alias_phone", "external_id", "tags", "custom:Booth",
    "name", "unsubscribed",
]  # fmt: skip
#: Without a column that may refuse a value: new leads are then just what their rows make of them.
PLAIN = [*TARGETS[:-1], "custom:Opt-out"]
HEADER = ["First", "Email", "Phone", "Mobile", "Badge", "Tags", "Booth", "Name", "Opt-out"]
#: These tests make rows themselves; no file is read.
FORMAT = Format(
    "utf-8", ",", '"', True, "", False, "\n", tuple(HEADER), tuple(HEADER), 1, Position(1, 2, 0)
)

EMAILS = ["", "ana@x.com", "ANA@x.com", "ben@x.com", "cy@x.com", "not-an-email", "#N/A"]
PHONES = ["", "+12025550143", "(202) 555-0143", "+442079460018", "+442079460019", "12"]
row_cells = st.tuples(
    st.sampled_from(["", "Ana", "Ben", "Cy"]),
    st.sampled_from(EMAILS),
    st.sampled_from(PHONES),
    st.sampled_from(PHONES),
    st.sampled_from(["", "B-1", "B-2", "B-3"]),
    st.sampled_from(["", "vip", "press"]),
    st.sampled_from(["", "7", "8", "#N/A"]),
    st.sampled_from(["", "", "Ana Silva", "Cher"]),
    st.sampled_from(["", "", "", "yes", "no", "perhaps", "#N/A"]),
)
fields = st.sampled_from(["first_name", "custom:Booth", "email", "unsubscribed"])
kinds = st.sampled_from([Kind.EMAIL, Kind.PHONE, Kind.EXTERNAL_ID])
all_rules = st.builds(
    ImportRules,
    primary=kinds,
    match_on=st.lists(kinds, max_size=2).map(tuple),
    fallback=st.lists(kinds, max_size=2).map(tuple),
    on_match=st.sampled_from([*[OnMatch.UPDATE] * 3, OnMatch.SKIP, OnMatch.CREATE_ONLY]),
    region=st.just("US"),
    blank=st.sampled_from([*[Blank.KEEP] * 3, Blank.CLEAR]),
    defaults=st.sampled_from([(), (), (("custom:Booth", "9"), ("source", "fair"))]),
    protected=st.lists(fields, max_size=2).map(tuple),
    split_name=st.booleans(),
    resubscribe=st.booleans(),
)
#: Identifiers on an account's suppression list.
blocked = st.sets(
    st.sampled_from([("email", "cy@x.com"), ("email", "ana@x.com"), ("phone", "+442079460019")]),
    max_size=2,
)

NAMES = {"c": "created", "u": "updated", "=": "unchanged", "s": "skipped", "f": "failed"}

_accounts = count(1)


def suppress(database: Database, account_id: int, listed: set[tuple[str, str]]) -> None:
    """Put identifiers on the account's list."""
    entries = [(Kind(kind), value) for kind, value in listed]
    database.transact(lambda s: suppressions.suppress(s, account_id, entries))


def run(
    database: Database,
    account_id: int,
    import_id: int,
    rows: Sequence[Sequence[str]],
    rules: ImportRules,
    sizes: Sequence[int],
    targets: Sequence[str] = TARGETS,
) -> tuple[str, list[tuple[int, str]]]:
    """Import rows into an account, in batches of the given sizes."""
    job = job_of(account_id, import_id, rules, targets)
    whole, done = understood(job, rows), 0
    outcomes, problems = bytearray(), []
    for size in [*sizes, len(rows)]:
        batch, done = piece(whole, done, size), done + size
        plan: Plan = database.transact(
            lambda session, batch=batch: engine.apply(session, job, batch)
        )
        outcomes += plan.outcomes
        for row in plan.taken_back:
            outcomes[row - 1] = UNCHANGED
        problems += [(p.row, p.code.value) for p in plan.problems]
    return outcomes.decode(), problems


def job_of(
    account_id: int, import_id: int, rules: ImportRules, targets: Sequence[str] = TARGETS
) -> engine.Job:
    reader = Reader(targets, HEADER, rules)
    return engine.Job(account_id, import_id, rules, Path(), FORMAT, reader)


def understood(job: engine.Job, rows: Sequence[Sequence[str]]) -> Batch:
    found = columnwise.batch(
        job.reader,
        [Row(number, number + 1, list(cells), ()) for number, cells in enumerate(rows, 1)],
    )
    return ahead.unpacked(ahead.packed(found))  # as if another process had understood them


def piece(batch: Batch, start: int, size: int) -> Batch:
    """So many rows after the first ``start``."""
    return batch.only(lambda row: start < row <= start + size)


@pytest.mark.parametrize("name", ["sqlite", "postgres"])
def test_equals_reference(name: str, request: pytest.FixtureRequest) -> None:
    """Leads, outcomes and problems are those of a row-by-row import, however it is cut up."""
    database: Database = request.getfixturevalue(f"{name}_database")

    @examples(40 if name == "sqlite" else 15)
    @given(
        files=st.lists(st.lists(row_cells, max_size=12), min_size=1, max_size=2),
        rules=all_rules,
        sizes=st.lists(st.integers(1, 6), max_size=4),
        listed=blocked,
        targets=st.sampled_from([TARGETS, PLAIN]),
    )
    def check(
        files: list[list[tuple[str, ...]]],
        rules: ImportRules,
        sizes: list[int],
        listed: set[tuple[str, str]],
        targets: list[str],
    ) -> None:
        account_id = next(_accounts)
        suppress(database, account_id, listed)
        leads: list[dict[str, Any]] = []
        for import_id, rows in enumerate(files, 1):
            outcomes, problems = reference(leads, rows, targets, rules, listed)
            found = run(database, account_id, import_id, rows, rules, sizes, targets)

            assert found[0] == outcomes
            assert sorted(found[1]) == sorted(problems)
        with database.reading() as session:
            assert dump.leads(session, account_id) == dump.ordered(leads)

    check()


@pytest.mark.parametrize("name", ["sqlite", "postgres"])
def test_forecast_equals_import(name: str, request: pytest.FixtureRequest) -> None:
    """The forecast's counts and problems are those of the import that follows, whatever is there
    already, whoever is suppressed, and however either is cut up."""
    database: Database = request.getfixturevalue(f"{name}_database")

    @examples(14 if name == "sqlite" else 6)
    @given(
        before=st.lists(row_cells, max_size=6),
        rows=st.lists(row_cells, max_size=12),
        rules=all_rules,
        size=st.integers(1, 6),
        listed=blocked,
    )
    def check(
        before: list[tuple[str, ...]],
        rows: list[tuple[str, ...]],
        rules: ImportRules,
        size: int,
        listed: set[tuple[str, str]],
    ) -> None:
        account_id = next(_accounts)
        run(database, account_id, 1, before, ImportRules(region="US"), [])
        suppress(database, account_id, listed)
        job, foreseen = job_of(account_id, 2, rules), Tally()
        with forecast.scratch_database() as scratch:
            whole = understood(job, rows)
            for start in range(0, len(rows), size):
                batch = piece(whole, start, size)
                foreseen.add(forecast.foresee(database, scratch, job, batch))

        outcomes, problems = run(database, account_id, 2, rows, rules, [])

        counted = {NAMES[letter]: n for letter, n in Counter(outcomes).items()}
        assert {name: n for name, n in foreseen.counts.items() if n} == counted
        told: Counter[str] = Counter()
        for group in foreseen.groups.values():
            told[group.code] += group.count
        assert told == Counter(code for _, code in problems)

    check()


@given(rows=st.lists(row_cells, max_size=14), rules=all_rules, sizes=st.lists(st.integers(1, 5)))
@examples(30)
def test_same_file_twice(
    sqlite_database: Database,
    rows: list[tuple[str, ...]],
    rules: ImportRules,
    sizes: list[int],
) -> None:
    """Importing a file again changes nothing, whatever its rows say of each other."""
    account_id = next(_accounts)
    first, _ = run(sqlite_database, account_id, 1, rows, rules, sizes)
    with sqlite_database.reading() as session:
        before = dump.leads(session, account_id)

    again, _ = run(sqlite_database, account_id, 2, rows, rules, sizes)

    with sqlite_database.reading() as session:
        assert dump.leads(session, account_id) == before
    if rules.on_match is OnMatch.UPDATE:
        assert again == first.replace("c", "=").replace("u", "=")


def test_statements_do_not_grow_with_the_batch(database: Database) -> None:
    """A batch of 500 rows takes as many statements as a batch of 20."""

    def statements(rows: int, offset: int) -> int:
        seen: list[str] = []
        account_id = next(_accounts)
        suppress(database, account_id, {("email", "p1@x.com")})
        cells = [("A", f"p{offset + i}@x.com", *[""] * 7) for i in range(rows)]
        event.listen(database.engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
        run(database, account_id, 1, cells, ImportRules(), [])
        return len(seen)

    assert statements(20, 0) == statements(500, 10_000)


def test_second_run_changes_nothing(database: Database) -> None:
    """Importing the same rows again leaves every lead unchanged and writes no journal."""
    account_id = 900_000_000
    rows = [
        ("Ana", "ana@x.com", "+12025550143", "", "B-1", "vip", "7", "", "yes"),
        ("Ben", "b@x.com", *[""] * 7),
    ]
    reader = Reader(TARGETS, HEADER, ImportRules())
    job = engine.Job(account_id, 1, ImportRules(), Path(), FORMAT, reader)
    batch = columnwise.batch(
        reader, [Row(n, n + 1, list(cells), ()) for n, cells in enumerate(rows, 1)]
    )

    first = database.transact(lambda session: engine.apply(session, job, batch))
    again = engine.Job(account_id, 2, ImportRules(), Path(), job.format, reader)
    second = database.transact(lambda session: engine.apply(session, again, batch))

    assert first.outcomes == b"cc"
    assert second.outcomes == b"=="
    assert (second.new, second.touched, second.identifiers) == ([], [], [])


def test_position_is_json() -> None:
    """A part's start survives the database as JSON."""
    assert Position(**Position(1, 2, 3)._asdict()) == Position(1, 2, 3)
    assert imports.PART_ROWS[0] <= imports.PART_ROWS[1]
