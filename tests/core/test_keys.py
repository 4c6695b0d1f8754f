"""API keys."""

from __future__ import annotations

import pytest

from core import imports, keys
from core.db import Database
from core.errors import NotFound


def made(database: Database, *scopes: str) -> tuple[int, int, str]:
    """An account's id, a key's id and the key."""
    with database.writing() as session:
        account_id = imports.account(session, "acme").id
        assert account_id is not None
        row, key = keys.create(session, account_id, "form", scopes or keys.DEFAULT_SCOPES)
        return account_id, row.id, key


def test_a_key_is_found_and_never_stored(database: Database) -> None:
    """A key leads to its row; the row holds its beginning and its digest alone."""
    account_id, key_id, key = made(database)

    with database.reading() as session:
        found = keys.find(session, key)
        assert found is not None and (found.account_id, found.id) == (account_id, key_id)
        assert key.startswith(found.prefix) and len(found.prefix) < len(key) / 2
        assert key not in str(found.model_dump())
        assert keys.find(session, key[:-1]) is None
        assert keys.find(session, "") is None


def test_a_revoked_key_is_a_key_no_more(database: Database) -> None:
    """Revoking ends a key, and doing it twice changes nothing; another account cannot do it."""
    account_id, key_id, key = made(database)
    with database.writing() as session, pytest.raises(NotFound):
        keys.revoke(session, account_id + 1, key_id)
    with database.writing() as session:
        at = keys.revoke(session, account_id, key_id).revoked_at
    with database.writing() as session:
        assert keys.revoke(session, account_id, key_id).revoked_at == at

    with database.reading() as session:
        assert keys.find(session, key) is None
        assert [row.id for row in keys.listed(session, account_id)] == [key_id]


def test_scopes(database: Database) -> None:
    """A key may do what its scopes say; admin may do everything; others do not exist."""
    account_id, _, key = made(database, keys.READ)
    with database.reading() as session:
        found = keys.find(session, key)
    assert found is not None
    assert keys.allows(found, keys.READ) and not keys.allows(found, keys.IMPORT)
    with database.writing() as session:
        admin, _ = keys.create(session, account_id, "", [keys.ADMIN])
        assert all(keys.allows(admin, scope) for scope in keys.SCOPES)
        with pytest.raises(keys.UnknownScope, match="leads:steal"):
            keys.create(session, account_id, "", ["leads:steal"])


def test_the_last_use_is_written_down_now_and_then(database: Database) -> None:
    """The first use is noted, and the next one when a minute has passed."""
    _, _, key = made(database)
    with database.writing() as session:
        found = keys.find(session, key)
        assert found is not None and keys.is_due(found, found.created_at)
        keys.use(session, found)
    with database.reading() as session:
        found = keys.find(session, key)
        assert found is not None and found.last_used_at is not None
        assert not keys.is_due(found, found.last_used_at + 59_000)
        assert keys.is_due(found, found.last_used_at + 61_000)
