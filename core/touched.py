"""What an import touched and how it stands now: its journal beside the leads, as undo needs it.

What becomes of most leads is told in SQL, without looking into them; only those that undo has to
take apart field by field are fetched.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson
from sqlalchemy import JSON, BigInteger, Select, Text, and_, case, cast, func, literal, select
from sqlmodel import Session, col

from core.columns import OPT_OUT_TARGETS
from core.deciding import LeadState
from core.models import Lead, LeadChange

#: What becomes of a lead; OPEN where only its fields can tell.
DELETED, RESTORED, KEPT, GONE, OPEN = "deleted", "restored", "kept", "gone", ""


class Change(NamedTuple):
    """What the journal says of one lead."""

    lead_id: int
    created: bool
    fields: dict[str, list[str | None]]
    identifiers: list[list[str]]
    tags: list[str]
    was: int
    version: int


def _as_left() -> Any:
    """Nobody touched the lead since, and it holds no opt-out, which deleting it would forget."""
    opt_outs = [col(Lead.fields)[name].as_string().is_(None) for name in OPT_OUT_TARGETS]
    return and_(col(Lead.version) == col(LeadChange.version), *opt_outs)


def _fate() -> Any:
    created = col(LeadChange.created)
    return case(
        (col(Lead.id).is_(None), GONE),
        (and_(created, _as_left()), DELETED),
        (created, KEPT),
        (_as_left(), RESTORED),
        else_=OPEN,
    )


def lock(session: Session, account_id: int, import_id: int, after: int, limit: int) -> None:
    """Lock the next leads in the order of their ids; SQLite has its one lock already."""
    batch = _next(select(col(LeadChange.lead_id)), account_id, import_id, after).limit(limit)
    statement = (
        select(col(Lead.id))
        .where(col(Lead.account_id) == account_id, col(Lead.id).in_(batch))
        .order_by(col(Lead.id))
        .with_for_update()
    )
    if session.get_bind().dialect.name != "sqlite":
        session.execute(statement).all()


def fates(
    session: Session, account_id: int, import_id: int, after: int, limit: int
) -> list[tuple[int, str]]:
    """The next leads, by their ids, and what undoing does to each."""
    statement = _beside(select(col(LeadChange.lead_id), _fate()))
    found = session.execute(_next(statement, account_id, import_id, after).limit(limit))
    return [(lead_id, fate) for lead_id, fate in found]


def counted(session: Session, account_id: int, import_id: int) -> dict[str, int]:
    """How many of the leads that undo has not come to yet have which fate."""
    # Counted side by side. Grouped, SQLite would sort all of them in memory.
    created, there = col(LeadChange.created), col(Lead.id).is_not(None)
    counts: list[Any] = [
        func.count(),
        func.count(col(Lead.id)),
        func.count().filter(and_(created, there)),
        func.count().filter(and_(created, _as_left())),
        func.count().filter(and_(~created, _as_left())),
    ]
    statement = _beside(select(*counts)).where(col(LeadChange.undone).is_(None))
    mine = _next(statement, account_id, import_id, 0).order_by(None)
    all_, present, made, deleted, restored = session.execute(mine).one()
    left = present - made - restored
    found = {GONE: all_ - present, DELETED: deleted, KEPT: made - deleted}
    return {**found, RESTORED: restored, OPEN: left}


def waiting(session: Session, account_id: int, import_id: int, after: int, limit: int) -> list[int]:
    """The next leads whose fate is OPEN and that undo has not come to yet."""
    statement = _beside(select(col(LeadChange.lead_id))).where(
        _fate() == OPEN, col(LeadChange.undone).is_(None)
    )
    return list(session.scalars(_next(statement, account_id, import_id, after).limit(limit)))


def details(
    session: Session, account_id: int, import_id: int, ids: Iterable[int]
) -> list[tuple[Change, LeadState]]:
    """What the journal says of these leads, and how they stand now."""
    journal = (LeadChange.fields, LeadChange.identifiers, LeadChange.tags)
    # Labelled, for two columns of the same name that are cast are not told apart otherwise.
    texts = [
        cast(col(text), Text).label(f"text_{n}")
        for n, text in enumerate((*journal, Lead.fields, Lead.tags))
    ]
    columns: list[Any] = [
        col(LeadChange.lead_id), col(LeadChange.created), col(LeadChange.was),
        col(LeadChange.version), col(Lead.version).label("now"), *texts,
    ]  # fmt: skip
    statement = (
        select(*columns)
        .join(Lead, _same_lead())
        .where(
            col(LeadChange.account_id) == account_id,
            col(LeadChange.import_id) == import_id,
            col(LeadChange.lead_id).in_(_listed(session, ids)),
        )
        .order_by(col(LeadChange.lead_id))
    )
    return [_pair(*row) for row in session.execute(statement)]


def _pair(
    lead_id: int, created: bool, was: int, version: int, now: int, *texts: str
) -> tuple[Change, LeadState]:
    changed, identifiers, added, fields, tags = map(orjson.loads, texts)
    change = Change(lead_id, created, changed, identifiers, added, was, version)
    return change, LeadState(lead_id, fields, tags, now)


def _listed(session: Session, ids: Iterable[int]) -> Any:
    """The ids as one JSON text: the planner of PostgreSQL takes a long list badly."""
    given = orjson.dumps(list(ids)).decode()
    if session.get_bind().dialect.name == "sqlite":
        return select(func.json_each(given).table_valued("value").c.value)
    each = func.json_array_elements_text(cast(literal(given, Text()), JSON)).column_valued("value")
    return select(cast(each, BigInteger))


def _beside(statement: Select[Any]) -> Select[Any]:
    return statement.select_from(LeadChange).outerjoin(Lead, _same_lead())


def _same_lead() -> Any:
    return and_(
        col(Lead.account_id) == col(LeadChange.account_id),
        col(Lead.id) == col(LeadChange.lead_id),
    )


def _next(statement: Select[Any], account_id: int, import_id: int, after: int) -> Select[Any]:
    return statement.where(
        col(LeadChange.account_id) == account_id,
        col(LeadChange.import_id) == import_id,
        col(LeadChange.lead_id) > after,
    ).order_by(col(LeadChange.lead_id))
