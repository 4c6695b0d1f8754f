"""API keys: made, found, revoked. Of a key only its SHA-256 is stored; it is shown once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from sqlalchemy import or_, select, update
from sqlmodel import Session, col

from core.db import now
from core.errors import ImportFailure, NotFound
from core.ids import new_id
from core.models import ApiKey

IMPORT, READ, WRITE, ADMIN = "leads:import", "leads:read", "leads:write", "admin"
#: What a key may be allowed; ``admin`` allows everything.
SCOPES = (IMPORT, READ, WRITE, ADMIN)
#: What a key may do unless said otherwise: all but manage the account.
DEFAULT_SCOPES = (IMPORT, READ, WRITE)

_PREFIX = "lp_live_"
_SHOWN = len(_PREFIX) + 4  # characters of a key that a list shows
#: The time of the last use is written down at most this often, in milliseconds.
_USE_MS = 60_000


class UnknownScope(ImportFailure):
    """There is no such scope."""

    code = "unknown_scope"


def create(
    session: Session, account_id: int, name: str, scopes: Sequence[str] = DEFAULT_SCOPES
) -> tuple[ApiKey, str]:
    """A new key's row, and the key itself, which nobody can tell again. Raises UnknownScope."""
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise UnknownScope(f"There is no scope {', '.join(unknown)!r}; use {', '.join(SCOPES)}.")
    key = _PREFIX + secrets.token_urlsafe(32)
    row = ApiKey(
        account_id=account_id, id=new_id(), name=name, prefix=key[:_SHOWN], sha256=_digest(key),
        scopes=list(dict.fromkeys(scopes)), created_at=now(session),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row, key


def find(session: Session, key: str) -> ApiKey | None:
    """The row of a key that may be used."""
    digest = _digest(key)
    row = session.scalars(select(ApiKey).where(col(ApiKey.sha256) == digest)).one_or_none()
    # The database compared digests, which tell nothing of the key; this compares in constant time.
    if row is None or row.revoked_at or not hmac.compare_digest(row.sha256, digest):
        return None
    return row


def is_due(key: ApiKey, at: int) -> bool:
    """Whether a use at this time, in Unix milliseconds, is to be written down."""
    return key.last_used_at is None or key.last_used_at < at - _USE_MS


def use(session: Session, key: ApiKey) -> None:
    """Write down that the key was used just now."""
    used_at = now(session)
    session.execute(
        update(ApiKey)
        .where(col(ApiKey.account_id) == key.account_id, col(ApiKey.id) == key.id)
        .where(or_(col(ApiKey.last_used_at).is_(None), col(ApiKey.last_used_at) < used_at))
        .values(last_used_at=used_at)
        .execution_options(synchronize_session=False)
    )


def listed(session: Session, account_id: int) -> list[ApiKey]:
    """The account's keys, the newest first, revoked ones among them."""
    newest = (col(ApiKey.created_at).desc(), col(ApiKey.id))
    statement = select(ApiKey).where(col(ApiKey.account_id) == account_id).order_by(*newest)
    return list(session.scalars(statement))


def revoke(session: Session, account_id: int, key_id: int) -> ApiKey:
    """End a key now and for ever; twice is as good as once. Raises NotFound."""
    row = session.get(ApiKey, (account_id, key_id))
    if row is None:
        raise NotFound("There is no such key.")
    row.revoked_at = row.revoked_at or now(session)
    session.add(row)
    return row


def allows(key: ApiKey, scope: str) -> bool:
    """Whether the key has the scope."""
    return scope in key.scopes or ADMIN in key.scopes


def _digest(key: str) -> str:
    # The key holds 256 random bits: a slow hash would guard nothing more.
    return hashlib.sha256(key.encode()).hexdigest()
