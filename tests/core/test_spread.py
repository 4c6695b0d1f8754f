"""Several workers share one import, and it comes out as if one had written it row by row."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from core import engine, entangled, imports, parts, spread, turns
from core.db import Database
from core.entangled import Seen, Sightings
from core.identifiers import Kind
from core.models import Import, ImportPart, RowProblem, Upload
from core.parts import Claim, PartKey
from core.rules import ImportRules
from core.tally import COUNTS
from core.uploads import Files
from tests.core import dump, test_engine
from tests.core.reference import reference
from tests.core.test_engine import FORMAT, HEADER, NAMES, PLAIN, TARGETS, all_rules, row_cells
from tests.parts.examples import examples

Rows = Sequence[Sequence[str]]
_accounts = count(1)


@dataclass
class Spread:
    """An import of some rows that is ready to be written, in parts of so many rows."""

    database: Database
    files: Files
    account_id: int
    import_id: int = 2
    prepared: bool = False  #: whether the rows that may be written in any order are known

    def begin(self, rows: Rows, targets: Sequence[str], rules: ImportRules, size: int) -> None:
        """Store the file, the import and its parts, as a door and ``intake`` do."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(HEADER)
        starts = [self._position(text, number) for number in _writing(writer, rows)]
        stored = self.files.put([text.getvalue().encode()], limit=1_000_000, suffix=".csv")
        sheet = {"format": replace(FORMAT, first=starts[0]).to_json()} if starts else {}
        with self.database.writing() as session:
            session.add(
                Upload(account_id=self.account_id, id=1, name="x", location=stored.location,
                       sheet=sheet)
            )  # fmt: skip
            session.add(
                Import(account_id=self.account_id, id=self.import_id, upload_id=1, status="queued",
                       total=len(rows), mapping=list(targets), rules=rules.to_json())
            )  # fmt: skip
            for ordinal, first in enumerate(range(0, len(rows), size)):
                there = min(size, len(rows) - first)
                parts.add(session, self.key("write", ordinal), starts[first]._asdict(), there)
            parts.add(session, self.key("spread", 0))

    def _position(self, text: io.StringIO, number: int) -> Any:
        return engine.Position(number, number + 1, len(text.getvalue().encode()))

    def key(self, kind: str, ordinal: int) -> PartKey:
        return PartKey(self.account_id, self.import_id, kind, ordinal)

    def claimable(self) -> list[PartKey]:
        """Whatever a worker could claim now."""
        statement = select(ImportPart).where(
            turns.may_be_claimed(), col(ImportPart.account_id) == self.account_id
        )
        with self.database.reading() as session:
            return [parts.key_of(part) for part in session.exec(statement)]

    def claim(self, key: PartKey) -> Claim | None:
        return engine.take(self.database, key, owner="test", lease_ms=60_000)

    def do(self, claim: Claim) -> None:
        """What a worker does with a claim."""
        if claim.key.kind == "spread":
            spread.spread_part(self.database, self.files, claim)
            self.prepared = True
        else:
            engine.write_part(self.database, self.files, claim)

    def end(self) -> None:
        settled = self.database.transact(
            lambda session: imports.settle(session, self.account_id, self.import_id)
        )
        assert settled

    def found(self) -> tuple[str, list[tuple[int, str]], dict[str, int]]:
        """Outcomes in file order, problems, and counts."""
        with self.database.reading() as session:
            mine = self._parts(session)
            job = imports.get(session, self.account_id, self.import_id)
            problems = select(RowProblem).where(
                col(RowProblem.account_id) == self.account_id,
                col(RowProblem.import_id) == self.import_id,
            )
            told = sorted((p.row, p.code) for p in session.exec(problems))
        assert job.status in ("completed", "failed")
        counts = {name: getattr(job, name) for name in (*COUNTS, "unprocessed")}
        return b"".join(part.outcomes for part in mine).decode(), told, counts

    def _parts(self, session: Session) -> Sequence[ImportPart]:
        statement = (
            select(ImportPart)
            .where(col(ImportPart.account_id) == self.account_id, col(ImportPart.kind) == "write")
            .order_by(col(ImportPart.ordinal))
        )
        return session.exec(statement).all()


def _writing(writer: Any, rows: Rows) -> Any:
    """The number of each row, before it is written."""
    for number, cells in enumerate(rows, 1):
        yield number
        writer.writerow(cells)


def work(job: Spread, workers: int, dice: Random) -> None:
    """As many workers as said, one step at a time in an order that the dice decide: each claims
    whatever it may, and the claims come to their ends in any order."""
    claims: list[Claim] = []
    while True:
        claimable = job.claimable() if len(claims) < workers else []
        if claimable and (not claims or dice.random() < 0.6):
            claim = job.claim(dice.choice(claimable))
            assert claim
            claims.append(claim)
        elif claims:
            job.do(claims.pop(dice.randrange(len(claims))))
        else:
            return


@pytest.mark.parametrize("name", ["sqlite", "postgres"])
def test_equals_reference_with_any_workers(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Leads, owners of identifiers, outcomes, problems and counts are those of a row-by-row import,
    with 1, 2 and 8 workers that finish their parts in any order."""
    database: Database = request.getfixturevalue(f"{name}_database")
    reached = {"late": 0, "free": 0}

    @examples(10 if name == "sqlite" else 6)
    @given(
        before=st.lists(row_cells, max_size=6),
        rows=st.lists((row_cells | unique_cells).filter(any), min_size=1, max_size=16),
        rules=all_rules,
        targets=st.sampled_from([TARGETS, PLAIN]),
        size=st.integers(2, 6),
        workers=st.sampled_from([1, 2, 8]),
        seed=st.integers(0, 1_000),
    )
    def check(
        before: list[tuple[str, ...]],
        rows: list[tuple[str, ...]],
        rules: ImportRules,
        targets: list[str],
        size: int,
        workers: int,
        seed: int,
    ) -> None:
        job = Spread(database, Files(tmp_path), next(_accounts))
        leads: list[dict[str, Any]] = []
        there = ImportRules(region="US")
        reference(leads, before, TARGETS, there)
        test_engine.run(database, job.account_id, 1, before, there, [])
        outcomes, problems = reference(leads, rows, targets, rules)
        job.begin(rows, targets, replace(rules, budget_share=None), size)

        work(job, workers, Random(seed))
        job.end()

        counts = {name: outcomes.count(letter) for letter, name in NAMES.items()}
        assert job.found() == (outcomes, sorted(problems), {**counts, "unprocessed": 0})
        with database.reading() as session:
            assert dump.leads(session, job.account_id) == dump.ordered(leads)
        reached["free" if job.prepared else "late"] += 1

    check()
    assert all(reached.values()), reached


#: A row that shares nothing with another, mostly.
unique_cells = st.builds(
    lambda number, phone, tag: (
        f"N{number}", f"n{number}@x.com", phone, "", f"U-{number}", tag, "", "", ""
    ),
    st.integers(0, 500),
    st.sampled_from(["", "", "+442079460018"]),
    st.sampled_from(["", "vip"]),
)  # fmt: skip


def rows_of(dice: Random, size: int) -> list[tuple[str, ...]]:
    """A file in which one row in five shares something with another."""
    rows = []
    for number in range(size):
        person = number if dice.random() < 0.8 else dice.randrange(size)
        badge = f"B-{dice.randrange(size)}" if dice.random() < 0.1 else f"U-{person}"
        phone = f"+1202555{person % 10_000:04d}" if dice.random() < 0.5 else ""
        rows.append((f"N{number}", f"n{person}@x.com", phone, "", badge, "", str(number), "", ""))
    return rows


@pytest.mark.parametrize("workers", [2, 8])
def test_workers_at_the_same_time(
    postgres_database: Database, tmp_path: Path, workers: int
) -> None:
    """Threads that write their parts at the very same time give what one row after another does."""
    dice = Random(workers)
    rows, before = rows_of(dice, 160), rows_of(dice, 40)
    rules = ImportRules(match_on=(Kind.EXTERNAL_ID,), region="US", budget_share=None)
    job = Spread(postgres_database, Files(tmp_path), next(_accounts))
    leads: list[dict[str, Any]] = []
    reference(leads, before, PLAIN, rules)
    test_engine.run(postgres_database, job.account_id, 1, before, rules, [], PLAIN)
    outcomes, problems = reference(leads, rows, PLAIN, rules)
    job.begin(rows, PLAIN, rules, 12)

    first = job.claim(job.key("write", 0))
    preparing = job.claim(job.key("spread", 0))
    assert first and preparing
    job.do(preparing)
    job.do(first)
    at_once = _together(job, workers)

    job.end()
    found = job.found()
    assert at_once > 1
    assert found[0] == outcomes
    assert found[1] == sorted(problems)
    with postgres_database.reading() as session:
        assert dump.leads(session, job.account_id) == dump.ordered(leads)


def _together(job: Spread, workers: int) -> int:
    """Write what is left with so many threads; how many parts were claimed at once at most."""
    at_work, most, lock = 0, 0, threading.Lock()

    def one_worker(_: int) -> None:
        nonlocal at_work, most
        done = -1
        while True:
            with job.database.reading() as session:
                key = turns.following(session, job.account_id, job.import_id, done)
                left = parts.OPEN if key else _open(session, job)
            if key is None and not left:
                return
            claim = job.claim(key) if key else None
            if claim is None:
                threading.Event().wait(0.05)  # the others are at what is left
                continue
            with lock:
                at_work += 1
                most = max(most, at_work)
            job.do(claim)
            with lock:
                at_work -= 1
            done = claim.key.ordinal

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(one_worker, range(workers)))
    return most


def _open(session: Session, job: Spread) -> tuple[str, ...]:
    states = select(ImportPart.state).where(
        col(ImportPart.account_id) == job.account_id, col(ImportPart.kind) == "write"
    )
    return tuple(state for state in session.exec(states) if state in parts.OPEN)


# ---- turns and marks ---------------------------------------------------------------------------

FILE = [("A", "a@x.com"), ("B", "b@x.com"), ("C", "c@x.com"), ("D", "a@x.com"), ("E", "e@x.com")]


def marked(database: Database, tmp_path: Path) -> Spread:
    """Three parts, of which the first is running; the second has a row that waits for the third."""
    job = Spread(database, Files(tmp_path), next(_accounts))
    rows = [(*each, *[""] * (len(HEADER) - 2)) for each in [("Z", "z@x.com"), *FILE]]
    job.begin(rows, TARGETS, ImportRules(budget_share=None), 2)
    return job


def states(job: Spread) -> list[tuple[str, bytes]]:
    with job.database.reading() as session:
        return [(part.state, part.outcomes) for part in job._parts(session)]


def test_half_done_parts_follow_in_file_order(sqlite_database: Database, tmp_path: Path) -> None:
    """Marked parts are claimed in any order; what they leave waits for all of them, and for the
    parts before."""
    job = marked(sqlite_database, tmp_path)
    assert job.claimable() == [job.key("write", 0)]
    first = job.claim(job.key("write", 0))
    assert first
    job.do(claimed(job, "spread", 0))
    assert job.claimable() == [job.key("write", 1), job.key("write", 2)]

    job.do(claimed(job, "write", 2))
    job.do(claimed(job, "write", 1))
    assert states(job)[1:] == [("done", b"cc"), ("half", b"?c")]
    assert job.claimable() == []  # the first part is still being written
    job.do(first)
    assert job.claimable() == [job.key("write", 2)]
    job.do(claimed(job, "write", 2))

    assert states(job) == [("done", b"cc"), ("done", b"cc"), ("done", b"=c")]
    job.end()


def claimed(job: Spread, kind: str, ordinal: int) -> Claim:
    claim = job.claim(job.key(kind, ordinal))
    assert claim
    return claim


def test_cancelled_between_the_halves(sqlite_database: Database, tmp_path: Path) -> None:
    """What was written stays told; only the rows that were left count as unprocessed."""
    job = marked(sqlite_database, tmp_path)
    first = claimed(job, "write", 0)
    job.do(claimed(job, "spread", 0))
    job.do(claimed(job, "write", 2))
    job.do(first)
    sqlite_database.transact(lambda session: imports.cancel(session, job.account_id, job.import_id))

    with sqlite_database.reading() as session:
        ended = imports.get(session, job.account_id, job.import_id)
    assert (ended.status, ended.created, ended.unprocessed) == ("cancelled", 3, 3)
    assert states(job) == [("done", b"cc"), ("dropped", b".."), ("done", b"\0c")]


def test_a_worker_that_is_alone_does_not_spread(sqlite_database: Database, tmp_path: Path) -> None:
    """Preparing pays only while somebody else writes, and nobody can while an import is paused."""
    job = marked(sqlite_database, tmp_path)

    assert job.claim(job.key("spread", 0)) is None
    claimed(job, "write", 0)
    assert job.claimable() == [job.key("spread", 0)]


def test_late_rows_are_exactly_those_that_share() -> None:
    """Of 20,000 rows those that share an identifier are late, and no other: a place in the filter
    that is taken twice is looked into."""
    dice, sightings, expected = Random(3), Sightings(40_000), set()
    owner: dict[int, int] = {}
    for row in range(1, 20_001):
        person = dice.randrange(row) if dice.random() < 0.1 else 100_000 + row
        if person in owner:
            expected |= {owner[person], row}
        owner.setdefault(person, row)
        sightings.add(row, [("email", f"{person}@x.com"), ("phone", f"+1{row}")])

    assert sightings.late_rows() == expected
    seen = Seen.unpacked(sightings.seen().packed())
    assert all(("phone", f"+1{row}") in seen for row in range(1, 20_001))
    wrongly = sum(("phone", f"+2{row}") in seen for row in range(20_000))
    assert wrongly < 20_000 * 0.1


def test_many_late_rows_are_all_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where too many would have to be counted, whoever looks like sharing is late."""
    monkeypatch.setattr(entangled, "_SUSPECTS", 10)
    sightings = Sightings(10)
    for row in range(1, 101):
        sightings.add(row, [("email", f"{row // 2}@x.com")])

    assert sightings.late_rows() >= set(range(2, 100))


def test_workers_keep_apart(sqlite_database: Database, tmp_path: Path) -> None:
    """Whoever has done a part goes on with the next; a newcomer begins in the middle."""
    job = Spread(sqlite_database, Files(tmp_path), next(_accounts))
    rows = [("A", f"a{n}@x.com", *[""] * (len(HEADER) - 2)) for n in range(10)]
    job.begin(rows, TARGETS, ImportRules(), 1)
    first = claimed(job, "write", 0)
    job.do(claimed(job, "spread", 0))
    job.do(first)

    with sqlite_database.reading() as session:
        wanted = [turns.following(session, job.account_id, 2, done) for done in (0, -1, 4, 9)]
    assert [key and key.ordinal for key in wanted] == [1, 5, 5, 5]
