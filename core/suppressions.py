"""The suppression list: identifiers whose rows no import takes in (X-30).

It is sticky: imports and undo never change it, only the use cases below do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlmodel import Session, col

from core.db import now
from core.identifiers import Kind, normalise
from core.mapping import Key
from core.matching import by_kind, find_suppressed
from core.models import Suppression


@dataclass(frozen=True)
class Refused:
    """An entry that is no identifier, with the reason in words."""

    kind: Kind
    text: str
    message: str


@dataclass(frozen=True)
class Changed:
    """What became of the entries: how many changed the list, how many had nothing to change."""

    changed: int
    unchanged: int
    refused: tuple[Refused, ...]


def suppress(
    session: Session,
    account_id: int,
    entries: Iterable[tuple[Kind, str]],
    *,
    reason: str = "",
    region: str | None = None,
) -> Changed:
    """Put identifiers on the list. Those that are on it keep their reason and time.

    ``region`` is where phones without a country are from.
    """
    keys, refused = _keys(entries, region)
    new = add(session, account_id, keys, reason)
    return Changed(new, len(keys) - new, refused)


def add(session: Session, account_id: int, keys: set[Key], reason: str) -> int:
    """Put identifiers in their normal form on the list; how many were not on it."""
    new = keys - find_suppressed(session, account_id, by_kind(keys))
    if new:
        time = now(session)
        insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
        rows = [
            {"account_id": account_id, "kind": kind, "value": value, "reason": reason,
             "created_at": time}
            for kind, value in sorted(new)
        ]  # fmt: skip
        session.connection().execute(insert(Suppression).on_conflict_do_nothing(), rows)
    return len(new)


def unsuppress(
    session: Session,
    account_id: int,
    entries: Iterable[tuple[Kind, str]],
    *,
    region: str | None = None,
) -> Changed:
    """Take identifiers off the list."""
    keys, refused = _keys(entries, region)
    gone = find_suppressed(session, account_id, by_kind(keys))
    if gone:
        statement = delete(Suppression).where(
            col(Suppression.account_id) == account_id,
            col(Suppression.kind) == bindparam("which"),
            col(Suppression.value) == bindparam("what"),
        )
        rows = [{"which": kind, "what": value} for kind, value in sorted(gone)]
        session.connection().execute(statement, rows)
    return Changed(len(gone), len(keys) - len(gone), refused)


def listed(
    session: Session, account_id: int, *, after: Key | None = None, limit: int = 100
) -> list[Suppression]:
    """A page of the list in the order of kind and value, from behind ``after`` on."""
    statement = select(Suppression).where(col(Suppression.account_id) == account_id)
    if after:
        statement = statement.where(
            tuple_(col(Suppression.kind), col(Suppression.value)) > tuple_(*after)
        )
    order = (col(Suppression.kind), col(Suppression.value))
    return list(session.scalars(statement.order_by(*order).limit(limit)))


def _keys(
    entries: Iterable[tuple[Kind, str]], region: str | None
) -> tuple[set[Key], tuple[Refused, ...]]:
    keys: set[Key] = set()
    refused: list[Refused] = []
    for kind, text in entries:
        value = normalise(kind, text, region)
        if isinstance(value, str):
            keys.add((kind.value, value))
        else:
            refused.append(Refused(kind, text, value.message))
    return keys, tuple(refused)
