"""Accounts, and what each of them takes in only once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlmodel import Session, SQLModel, col

from core.db import now
from core.models import Account, SeenEvent


def account(session: Session, name: str) -> Account:
    """The account of that name, made if it is new."""
    _insert_or_ignore(session, Account, name=name, settings={}, created_at=now(session))
    return session.scalars(select(Account).where(col(Account.name) == name)).one()


def find(session: Session, name: str) -> int | None:
    """The id of the account of that name, None where there is none."""
    return session.scalars(select(col(Account.id)).where(col(Account.name) == name)).one_or_none()


def take_once(session: Session, account_id: int, key: str) -> bool:
    """True for the first caller with this key, false for every later one."""
    values = {"account_id": account_id, "key": key[:200], "created_at": now(session)}
    return _insert_or_ignore(session, SeenEvent, **values)


def _insert_or_ignore(session: Session, model: type[SQLModel], **values: Any) -> bool:
    insert = insert_sqlite if session.get_bind().dialect.name == "sqlite" else insert_postgresql
    statement = insert(model).values(**values).on_conflict_do_nothing().returning(literal(1))
    return session.execute(statement).one_or_none() is not None
