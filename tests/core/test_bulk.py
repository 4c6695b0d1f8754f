"""Rows decided all at once are the rows decided one by one."""

from __future__ import annotations

from itertools import count
from typing import Any

import hypothesis.strategies as st
from hypothesis import example, given

from core import bulk, columnwise, engine
from core.batch import Batch
from core.db import Database
from core.deciding import Plan
from core.identifiers import Kind
from core.rules import ImportRules, OnMatch
from core.sheet import Row
from tests.core import dump
from tests.core.test_engine import job_of
from tests.parts.examples import examples

TARGETS = ("email", "phone", "alias_phone", "name")
_phones = st.sampled_from(["", "+442079460018", "+442079460018", "+442079460019"])
_rows = st.lists(
    st.tuples(
        st.sampled_from(["", "ana@x.com", "ana@x.com", "ben@x.com"]),
        _phones,
        st.sampled_from(["", "", "", "+442079460018", "+442079460019"]),
        st.sampled_from(["", "Ana", "Ben"]),
    ),
    max_size=6,
)
_rules = st.builds(
    ImportRules,
    match_on=st.sampled_from([(), (Kind.PHONE,)]),
    fallback=st.sampled_from([(Kind.PHONE,), ()]),
    on_match=st.sampled_from([*[OnMatch.UPDATE] * 3, OnMatch.SKIP, OnMatch.CREATE_ONLY]),
)
_numbers = count(1)


@example(  # the second row says what the lead held before the first
    before=[("ana@x.com", "+442079460018", "", "Ana")],
    rows=[("ana@x.com", "", "", "Ben"), ("", "+442079460018", "", "Ana")],
    rules=ImportRules(fallback=(Kind.PHONE,)),
    at=0,
)
@given(before=_rows, rows=_rows, rules=_rules, at=st.integers(0, 6))
@examples(40)
def test_at_once_is_one_by_one(
    sqlite_database: Database,
    before: list[tuple[str, ...]],
    rows: list[tuple[str, ...]],
    rules: ImportRules,
    at: int,
) -> None:
    """Few people and few values, so that rows meet: in a batch, over two, and in leads before."""

    def imported(apart: bool) -> tuple[Any, ...]:
        account_id = next(_numbers)
        _apply(sqlite_database, account_id, 1, before, ImportRules(fallback=(Kind.PHONE,)), True)
        told = [
            _apply(sqlite_database, account_id, 2, some, rules, apart, first)
            for first, some in ((1, rows[:at]), (at + 1, rows[at:]))
        ]
        with sqlite_database.reading() as session:
            return (told, dump.leads(session, account_id))

    assert imported(apart=False) == imported(apart=True)


def _apply(
    database: Database,
    account_id: int,
    import_id: int,
    rows: list[tuple[str, ...]],
    rules: ImportRules,
    apart: bool,
    first: int = 1,
) -> tuple[Any, ...]:
    job = job_of(account_id, import_id, rules, TARGETS)
    batch = columnwise.batch(
        job.reader, [Row(n, n + 1, list(cells), ()) for n, cells in enumerate(rows, first)]
    )
    if apart:
        batch = Batch(odd=list(batch))
    plan: Plan = database.transact(lambda session: engine.apply(session, job, batch))
    return plan.rows, bytes(plan.outcomes), plan.taken_back, plan.problems


def test_most_rows_are_decided_at_once(sqlite_database: Database) -> None:
    """Of a file of different people no row is decided by itself, when they are new or known."""
    job = job_of(1, 1, ImportRules(), TARGETS)
    cells = [[f"p{n}@x.com", f"+44207946{n:04d}", "", "Ana"] for n in range(20)]
    batch = columnwise.batch(job.reader, [Row(n, n, row, ()) for n, row in enumerate(cells, 1)])

    free = bulk.sort_out(batch, {}, ImportRules(), ())
    assert len(free.free) == 20 and not free.alone

    known = {
        "email": {value: n for n, value in enumerate(batch.plain.columns[0].values, 1)},
        "phone": {value: n for n, value in enumerate(batch.plain.columns[1].values, 1)},
    }
    found = bulk.sort_out(batch, known, ImportRules(), ())
    stored = dict(enumerate(batch.plain.made, 1))
    assert bulk.unchanged(batch.plain, found.alone, stored) == set(range(20))
    stored[7] = '{"name":"Ana"}'
    assert bulk.unchanged(batch.plain, found.alone, stored) == {*range(20)} - {6}
