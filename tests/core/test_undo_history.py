"""Undo in the midst of other imports, edits, deletions and undos, against a plain model of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import count
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, col, delete, select

from core import undo
from core.columns import OPT_OUT_TARGETS
from core.db import Database
from core.models import Identifier, Lead
from tests.core.test_engine import all_rules, row_cells, run
from tests.core.test_undo import end, undo_all
from tests.parts.examples import examples

_accounts = count(700_000)
Key = tuple[str, str]


class Held(NamedTuple):
    """What a lead holds. Two times in which nobody touched it have the same ``touch``."""

    fields: Mapping[str, str]
    tags: list[str]
    ids: frozenset[Key]
    touch: int


State = dict[int, Held]

imported = st.tuples(st.just("import"), st.lists(row_cells, min_size=1, max_size=6), all_rules)
edited = st.tuples(
    st.just("edit"),
    st.integers(0, 5),
    st.sampled_from(
        [
            {"first_name": "Edited"},
            {"first_name": None},
            {"custom:Booth": "8"},
            {"unsubscribed": "yes"},
            {"tag": "vip"},
        ]
    ),
)
others = st.tuples(st.sampled_from(["undo", "undo", "delete", "free"]), st.integers(0, 5))
histories = st.lists(st.one_of(imported, imported, edited, others), min_size=3, max_size=10)


class History:
    """An account, what was done to it, and what it should hold by now."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.account = next(_accounts)
        self.state: State = {}
        self.effects: dict[int, dict[int, tuple[Held | None, Held]]] = {}
        self._touches = count(1)
        self._imports = count(1)

    def take(self, kind: str, *what: Any) -> None:
        getattr(self, f"_{kind}")(*what)
        found = self._look()
        assert found.keys() == self.state.keys()
        for id_, held in self.state.items():
            assert found[id_] == held, (kind, what)

    def _look(self) -> State:
        """What the account holds now; whoever changed has a new touch."""
        with self.database.reading() as session:
            owned: dict[int, set[Key]] = {}
            for one in session.exec(select(Identifier).where(_mine(Identifier, self.account))):
                owned.setdefault(one.lead_id, set()).add((one.kind, one.value))
            leads = session.exec(select(Lead).where(_mine(Lead, self.account))).all()
            found = {
                lead.id: Held(lead.fields, lead.tags, frozenset(owned.pop(lead.id, ())), 0)
                for lead in leads
            }
        assert not owned, "identifiers of leads that are gone"
        return {id_: self._touched(id_, held) for id_, held in found.items()}

    def _touched(self, id_: int, held: Held) -> Held:
        old = self.state.get(id_)
        same = old is not None and old[:3] == held[:3]
        return held._replace(touch=old.touch if old and same else next(self._touches))

    def _import(self, rows: list[tuple[str, ...]], rules: Any) -> None:
        import_id = self.account * 100 + next(self._imports)
        run(self.database, self.account, import_id, rows, rules, [3])
        end(self.database, self.account, import_id)
        before, self.state = self.state, self._look()
        self.effects[import_id] = {
            id_: (before.get(id_), held)
            for id_, held in self.state.items()
            if before.get(id_) != held
        }

    def _edit(self, which: int, change: dict[str, str | None]) -> None:
        with self.database.writing() as session:
            lead = self._lead(session, which)
            if lead is None:
                return
            before = (dict(lead.fields), list(lead.tags))
            fields, tags = dict(lead.fields), list(lead.tags)
            for name, value in change.items():
                if name == "tag" and value and value not in tags:
                    tags.append(value)
                elif name != "tag" and value:
                    fields[name] = value
                else:
                    fields.pop(name, None)
            if (fields, tags) != before:
                lead.fields, lead.tags, lead.version = fields, tags, lead.version + 1
            session.add(lead)
        self.state = self._look()

    def _delete(self, which: int) -> None:
        with self.database.writing() as session:
            lead = self._lead(session, which)
            if lead is None:
                return
            session.exec(delete(Identifier).where(_of(lead)))
            session.delete(lead)
        self.state = self._look()

    def _free(self, which: int) -> None:
        """A person takes the identifiers off a lead."""
        with self.database.writing() as session:
            lead = self._lead(session, which)
            if lead is None or not self.state[lead.id].ids:
                return
            session.exec(delete(Identifier).where(_of(lead)))
            lead.version += 1
            session.add(lead)
        self.state = self._look()

    def _lead(self, session: Session, which: int) -> Lead | None:
        ids = sorted(self.state)
        return session.get(Lead, (self.account, ids[which % len(ids)])) if ids else None

    def _undo(self, which: int) -> None:
        if not self.effects:
            return
        import_id = list(self.effects)[which % len(self.effects)]
        counts: Counter[str] = Counter()
        for id_, (before, after) in self.effects[import_id].items():
            outcome, held = undone(before, after, self.state.get(id_), next(self._touches))
            counts[outcome] += 1
            self.state.pop(id_, None)
            if held:
                self.state[id_] = held
        found = undo_all(self.database, self.account, import_id)
        assert {name: n for name, n in found.items() if n} == counts
        self.effects[import_id] = {}
        del self.effects[import_id]


def undone(
    before: Held | None, after: Held, now: Held | None, touch: int
) -> tuple[str, Held | None]:
    """What undoing does to a lead that an import made ``after`` of ``before`` and is ``now``."""
    if now is None:
        return "gone", None
    untouched = now.touch == after.touch
    if before is None:
        out = any(name in now.fields for name in OPT_OUT_TARGETS)
        return ("deleted", None) if untouched and not out else ("kept", now)
    fields = dict(now.fields)
    stays = False
    for name in {*before.fields, *after.fields}:
        was, became = before.fields.get(name), after.fields.get(name)
        if was == became:
            continue
        if name in OPT_OUT_TARGETS and name in now.fields:
            stays = True
        elif now.fields.get(name) == became:
            fields.pop(name, None)
            fields |= {name: was} if was else {}
    tags = [tag for tag in now.tags if tag in before.tags or tag not in after.tags]
    ids = now.ids - (after.ids - before.ids)
    held = Held(fields, tags, ids, touch)
    if held[:3] == now[:3]:
        return ("kept", now) if after.ids == before.ids else ("restored", now)
    return "restored", held._replace(touch=before.touch if untouched and not stays else touch)


def _mine(table: Any, account_id: int) -> Any:
    return col(table.account_id) == account_id


def _of(lead: Lead) -> Any:
    return _mine(Identifier, lead.account_id) & (col(Identifier.lead_id) == lead.id)


def test_undo_in_any_history(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else happens, undo takes back what its import did, and nothing touched since."""
    monkeypatch.setattr(undo, "BATCH_LEADS", 2)

    @examples(9 if database.is_sqlite else 3)
    @given(steps=histories)
    def check(steps: list[tuple[Any, ...]]) -> None:
        history = History(database)
        for step in steps:
            history.take(*step)

    check()
