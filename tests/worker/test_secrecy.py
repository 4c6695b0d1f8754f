"""What a failure may tell: ids and names of things, never the leads themselves."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.db import Database


def test_a_failed_statement_names_no_value(database: Database) -> None:
    """The error of a statement, which RQ keeps for days, does not hold what was to be written."""
    with pytest.raises(DBAPIError) as failure, database.writing() as session:
        session.execute(text("INSERT INTO nowhere VALUES (:email)"), {"email": "ada@fjord.com"})

    assert "nowhere" in str(failure.value)
    assert "ada@" not in str(failure.value)
