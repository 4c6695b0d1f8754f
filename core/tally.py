"""Counts and problems, added up: of a batch, of a forecast, of a whole import."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from core import parts
from core.deciding import Plan
from core.models import Import, RowProblem
from core.problems import Problem, Severity

COUNTS = ("created", "updated", "unchanged", "skipped", "failed")
EXAMPLES = 3


def count(session: Session, account_id: int, import_id: int, plan: Plan) -> None:
    """Add a batch to the import's counts, in the transaction that writes the batch."""
    counts = {name: getattr(Import, name) + n for name, n in plan.counts().items() if n}
    if counts:
        session.execute(
            update(Import)
            .where(col(Import.account_id) == account_id, col(Import.id) == import_id)
            .values(**counts)
            .execution_options(synchronize_session=False)
        )
    if plan.taken_back:
        parts.take_back(session, account_id, import_id, plan.taken_back)


@dataclass
class ProblemGroup:
    """The problems of one kind in one column: how many, and the first few."""

    code: str
    column: str
    severity: str
    count: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)  #: row, line, value, message

    def add(self, problem: Problem | RowProblem) -> None:
        """Count one more."""
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(_example(problem))


def _example(problem: Problem | RowProblem) -> dict[str, Any]:
    return {name: getattr(problem, name) for name in ("row", "line", "value", "message")}


@dataclass
class Tally:
    """A running total of decided batches."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    groups: dict[tuple[str, str, str], ProblemGroup] = field(default_factory=dict)

    def add(self, plan: Plan) -> None:
        """Add a batch."""
        for name, n in plan.counts().items():
            self.counts[name] += n
        for problem in plan.problems:
            key = (problem.code.value, problem.column, problem.severity.value)
            self.groups.setdefault(key, ProblemGroup(*key)).add(problem)

    @property
    def rows(self) -> int:
        """How many rows were counted."""
        return sum(self.counts.values())

    def to_json(self) -> dict[str, Any]:
        """Counts, and the groups of problems with the most frequent first."""
        return {**self.counts, "rows": self.rows, "problems": in_order(self.groups.values())}


def in_order(groups: Iterable[ProblemGroup]) -> list[dict[str, Any]]:
    """Problem groups as JSON: errors before warnings before notes, the most frequent first."""
    order = list(Severity)
    ranked = sorted(
        groups,
        key=lambda g: (order.index(Severity(g.severity)), -g.count, g.code, g.column),
    )
    return [dict(vars(group)) for group in ranked]


def problems(session: Session, account_id: int, import_id: int) -> list[dict[str, Any]]:
    """The problems of an import, grouped as in a forecast."""
    mine = (col(RowProblem.account_id) == account_id, col(RowProblem.import_id) == import_id)
    by = (col(RowProblem.code), col(RowProblem.column), col(RowProblem.severity))
    counted = session.execute(select(*by, func.count()).where(*mine).group_by(*by)).all()
    groups = []
    for code, column, severity, n in counted:
        group = ProblemGroup(code, column, severity)
        same = (by[0] == code, by[1] == column, by[2] == severity)
        first = select(RowProblem).where(*mine, *same).order_by(col(RowProblem.row))
        for problem in session.scalars(first.limit(EXAMPLES)):
            group.add(problem)
        group.count = n
        groups.append(group)
    return in_order(groups)
