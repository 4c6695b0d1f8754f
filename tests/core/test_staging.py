"""What it costs SQLite to find and change many rows among many others."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from sqlmodel import Session

from core import matching, staging, writing
from core.db import Database

LEADS = 2_000


@pytest.fixture
def full(sqlite_database: Database) -> Database:
    """One account with many leads, each with an address and a line in the journal."""
    with sqlite_database.writing() as session:
        leads = [(1, n, "{}", "[]", 1, 0, 0) for n in range(LEADS)]
        staging.insert(session, "lead", writing.LEAD, leads)
        identifiers = [
            (1, "email", f"lead{n:05}@fjord-labs.example", n, None) for n in range(LEADS)
        ]
        staging.insert(session, "identifier", writing.IDENTIFIER, identifiers)
        names = ("account_id", "import_id", "lead_id", "row", "created", "fields", "identifiers")
        change = [(1, 1, n, n, True, "{}", "[]", "[]", 0, 1, "", "[]") for n in range(LEADS)]
        columns = (*names, "tags", "was", "version", "undone", "kept")
        staging.insert(session, "lead_change", columns, change)
    return sqlite_database


DOING: dict[str, Callable[[Session, range], object]] = {
    "find_owners": lambda session, some: matching.find_owners(
        session, 1, {("email", f"lead{n:05}@fjord-labs.example") for n in some}
    ),
    "find_leads": lambda session, some: matching.find_leads(session, 1, 1, set(some), lock=True),
    "update_leads": lambda session, some: staging.update_leads(
        session, 1, [(n, "{}", "[]", 2, 1) for n in some]
    ),
    "delete_changes": lambda session, some: staging.delete_changes(session, 1, 1, list(some)),
    "delete_leads": lambda session, some: staging.delete_leads(session, 1, list(some)),
    "delete_identifiers": lambda session, some: staging.delete_identifiers(
        session, 1, [("email", f"lead{n:05}@fjord-labs.example", n) for n in some]
    ),
    "mark_undone": lambda session, some: staging.mark_undone(
        session, 1, 1, [(n, "deleted", "[]") for n in some]
    ),
}


def steps(database: Database, doing: Callable[[Session, range], object], some: range) -> int:
    """How many instructions of its virtual machine SQLite needs, in tens."""
    counter = count()
    with database.writing() as session:
        driver = session.connection().connection.driver_connection
        assert driver is not None
        driver.set_progress_handler(lambda: next(counter) < 0, 10)
        doing(session, some)
        driver.set_progress_handler(None, 0)
        session.rollback()
    return next(counter)


@pytest.mark.parametrize("name", DOING)
def test_the_work_grows_with_the_rows_given_alone(full: Database, name: str) -> None:
    """Ten times the rows take about ten times the steps, and few rows do not walk all others."""
    few, many = (steps(full, DOING[name], range(n)) for n in (LEADS // 10, LEADS))

    assert many < 15 * few
    assert few < LEADS
