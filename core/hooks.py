"""Incoming hooks: addresses that take in single leads. Of a token only its SHA-256 is stored."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping

from sqlalchemy import func, or_, select, update
from sqlmodel import Session, col

from core import targets
from core.db import now
from core.errors import ImportFailure, InvalidMapping, NotFound
from core.ids import new_id
from core.models import IncomingHook

#: Hooks of one account that are not revoked.
MOST_HOOKS = 100

_PREFIX = "lph_"
_SHOWN = len(_PREFIX) + 4  # characters of a token that a list shows
#: The time of the last use is written down at most this often, in milliseconds.
_USE_MS = 60_000


class TooManyHooks(ImportFailure):
    """An account can have 100 incoming hooks. Revoke one first."""

    code = "too_many_hooks"


def create(
    session: Session, account_id: int, name: str, mapping: Mapping[str, str], secret: str = ""
) -> tuple[IncomingHook, str]:
    """A new hook's row, and its token, which nobody can tell again.

    ``mapping`` is field of what is sent -> field of a lead, in any spelling; ``secret`` is
    encrypted already. Raises InvalidMapping and TooManyHooks.
    """
    mine = (col(IncomingHook.account_id) == account_id, col(IncomingHook.revoked_at).is_(None))
    if (session.scalar(select(func.count()).where(*mine)) or 0) >= MOST_HOOKS:
        raise TooManyHooks
    token = _PREFIX + secrets.token_urlsafe(32)
    row = IncomingHook(
        account_id=account_id, id=new_id(), name=name, prefix=token[:_SHOWN],
        sha256=_digest(token), mapping=_targets(mapping), secret=secret, created_at=now(session),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row, token


def find(session: Session, token: str) -> IncomingHook:
    """The hook of a token. Raises NotFound, whatever is wrong with it."""
    digest = _digest(token)
    row = session.scalars(select(IncomingHook).where(col(IncomingHook.sha256) == digest)).first()
    if row is None or row.revoked_at or not hmac.compare_digest(row.sha256, digest):
        raise NotFound("There is no such hook.")
    return row


def listed(session: Session, account_id: int) -> list[IncomingHook]:
    """The account's hooks, the newest first, revoked ones among them."""
    newest = (col(IncomingHook.created_at).desc(), col(IncomingHook.id))
    mine = col(IncomingHook.account_id) == account_id
    return list(session.scalars(select(IncomingHook).where(mine).order_by(*newest)))


def revoke(session: Session, account_id: int, hook_id: int) -> IncomingHook:
    """End a hook now and for ever; twice is as good as once. Raises NotFound."""
    row = session.get(IncomingHook, (account_id, hook_id))
    if row is None:
        raise NotFound("There is no such hook.")
    row.revoked_at = row.revoked_at or now(session)
    session.add(row)
    session.flush()
    return row


def use(session: Session, hook: IncomingHook) -> None:
    """Write down that the hook was used just now, unless that was written a moment ago."""
    used_at = now(session)
    due = or_(
        col(IncomingHook.last_used_at).is_(None), col(IncomingHook.last_used_at) < used_at - _USE_MS
    )
    session.execute(
        update(IncomingHook)
        .where(
            col(IncomingHook.account_id) == hook.account_id, col(IncomingHook.id) == hook.id, due
        )
        .values(last_used_at=used_at)
        .execution_options(synchronize_session=False)
    )


def _targets(mapping: Mapping[str, str]) -> dict[str, str]:
    found = {name: targets.target_of(field) for name, field in mapping.items()}
    unknown = tuple(name for name, target in found.items() if target is None)
    if unknown:
        listed_ = ", ".join(f"“{mapping[name]}” for “{name}”" for name in unknown)
        raise InvalidMapping(f"There is no field {listed_}.", unknown)
    return {name: target for name, target in found.items() if target}


def _digest(token: str) -> str:
    # The token holds 256 random bits: a slow hash would guard nothing more.
    return hashlib.sha256(token.encode()).hexdigest()
