"""Who calls: the account and the rights behind an API key."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.datastructures import Headers

from bot.api.failures import Forbidden, NoKey, Unauthenticated
from core import keys
from core.db import Database, now
from core.models import ApiKey

#: No key of anybody's is longer, in characters.
_LONGEST = 500


@dataclass(frozen=True)
class Caller:
    """An account, by one of its keys."""

    account_id: int
    key_id: int
    scopes: frozenset[str]

    def require(self, scope: str) -> None:
        """Raises Forbidden without the scope."""
        if scope not in self.scopes and keys.ADMIN not in self.scopes:
            raise Forbidden(scope=scope)


#: Whoever calls an endpoint that is open to all.
NOBODY = Caller(0, 0, frozenset())


def presented(headers: Headers) -> str:
    """The key a request brings (X-27: either header; both only with the same key).

    Raises Unauthenticated with the same words whatever is wrong, and NoKey where there is none.
    """
    kind, _, bearer = headers.get("authorization", "").partition(" ")
    sent = {bearer.strip()} if kind.lower() == "bearer" else {""} if kind else set()
    if "x-api-key" in headers:
        sent.add(headers["x-api-key"].strip())
    if not sent:
        raise NoKey
    if len(sent) != 1 or not 0 < len(key := sent.pop()) <= _LONGEST:
        raise Unauthenticated
    return key


def authenticate(database: Database, key: str) -> Caller:
    """The caller behind a key. Raises Unauthenticated."""
    with database.reading() as session:
        found = keys.find(session, key)
        due = found is not None and keys.is_due(found, now(session))
    if found is None:
        raise Unauthenticated
    if due:
        _note_use(database, found)
    return Caller(found.account_id, found.id, frozenset(found.scopes))


def _note_use(database: Database, found: ApiKey) -> None:
    database.transact(lambda session: keys.use(session, found))
