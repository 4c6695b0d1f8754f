"""Leads that are there before a benchmark begins, made inside the database."""

from __future__ import annotations

from sqlalchemy import text

from core import imports
from core.db import Database

#: Hashes scatter the values over the whole index, as real ones do; ids ascend, as ours do.
_STATEMENTS = {
    "sqlite": (
        """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
        INSERT INTO lead SELECT :account, i, json_object('first_name', 'Ana', 'last_name',
            'Almeida', 'company', 'Northwind ' || i, 'title', 'Buyer', 'city', 'Lyon', 'country',
            'United States', 'email', i || '@example.com'), '[]', 1, 0, 0 FROM n
        """,
        """
        INSERT INTO identifier (account_id, kind, value, lead_id)
        SELECT account_id, 'email', printf('%08x', id * 2654435761 & 4294967295) || id
            || '@example.com', id FROM lead ORDER BY 3
        """,
        """
        INSERT INTO identifier (account_id, kind, value, lead_id)
        SELECT account_id, 'phone', printf('+44%010d', id * 2654435761 & 4294967295), id
            FROM lead ORDER BY 3
        """,
        "ANALYZE",
    ),
    "postgresql": (
        """
        INSERT INTO lead SELECT :account, i, jsonb_build_object('first_name', 'Ana', 'last_name',
            'Almeida', 'company', 'Northwind ' || i, 'title', 'Buyer', 'city', 'Lyon', 'country',
            'United States', 'email', i || '@example.com'), '[]', 1, 0, 0
        FROM generate_series(1, :count) AS i
        """,
        """
        INSERT INTO identifier (account_id, kind, value, lead_id)
        SELECT account_id, 'email', to_hex(id * 2654435761 & 4294967295) || '.' || id
            || '@example.com', id FROM lead ORDER BY 3
        """,
        """
        INSERT INTO identifier (account_id, kind, value, lead_id)
        SELECT account_id, 'phone',
            '+44' || lpad(CAST(id * 2654435761 & 4294967295 AS text), 10, '0'),
            id FROM lead ORDER BY 3
        """,
        "ANALYZE",
    ),
}


def fill(database: Database, count: int) -> None:
    """Put ``count`` leads with two identifiers each into the default account."""
    with database.writing() as session:
        account = imports.account(session, "default").id
        given = {"account": account, "count": count}
        for statement in _STATEMENTS["sqlite" if database.is_sqlite else "postgresql"]:
            session.connection().execute(text(statement), given)
