"""What lets others in, one kind like the other: keys of the HTTP API, and incoming hooks.

Each is made once with a secret that is shown then and never again, is listed by how that begins,
and is ended by its id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from sqlmodel import Session

from bot import terminal
from core import accounts, ids
from core.db import Database
from core.errors import ImportFailure, NotFound
from worker.settings import Settings

Row = TypeVar("Row")
Json = dict[str, Any]


@dataclass(frozen=True)
class Permits:
    """One kind of them. Rows are shown as JSON with ``id``, ``name``, ``prefix``, ``last_used_at``
    and ``revoked_at``."""

    name: str  #: as in ids; the command is its plural
    words: str  #: what several of them are called
    listed: Callable[[Session, int], Sequence[Any]]
    revoke: Callable[[Session, int, int], object]
    shown: Callable[[Any], Json]
    about: Callable[[Json], str] = lambda row: ""  #: what a listed line says beside


def made(
    settings: Settings, account: str, as_json: bool, make: Callable[[Session, int], Row]
) -> Row:
    """What ``make`` makes for an account, which is made too if it is new."""

    def work(session: Session) -> Row:
        return make(session, cast(int, accounts.account(session, account).id))

    with terminal.opened(settings) as (database, _):
        return _done(database, work, as_json)


def show_once(secret: str, words: str, kind: Permits, permit_id: str, account: str) -> None:
    """Print a secret, and beside it how to end what it is for."""
    terminal.out().print(secret)
    terminal.aside().print(
        f"Keep it now: it is never shown again{words} "
        f"To end it: leadport {kind.name}s revoke {permit_id} --account {account}"
    )


def list_(settings: Settings, kind: Permits, account: str, as_json: bool) -> int:
    """Print those of an account; the exit code."""
    with terminal.opened(settings) as (database, _), database.reading() as session:
        found = accounts.find(session, account)
        rows = [kind.shown(row) for row in kind.listed(session, found)] if found else []
    if as_json:
        terminal.print_json({f"{kind.name}s": rows})
        return terminal.DONE
    if not rows:
        terminal.out().print(f"The account {account} has no {kind.words}.")
    for row in rows:
        terminal.out().print(_line(row, kind.about(row)))
    return terminal.DONE


def revoke(settings: Settings, kind: Permits, account: str, permit_id: str) -> int:
    """End one; the exit code."""

    def end(session: Session) -> None:
        found, number = accounts.find(session, account), ids.read(kind.name, permit_id)
        if found is None or number is None:
            raise NotFound(f"There is no such {kind.name}.")
        kind.revoke(session, found, number)

    with terminal.opened(settings) as (database, _):
        _done(database, end)
    terminal.out().print(f"{permit_id} is revoked.")
    return terminal.DONE


def _done(database: Database, work: Callable[[Session], Row], as_json: bool = False) -> Row:
    try:
        return database.transact(work)
    except ImportFailure as failure:
        raise terminal.refused(failure, as_json) from None


def _line(row: Json, about: str) -> str:
    state = f"revoked {row['revoked_at']}" if row["revoked_at"] else "valid"
    used = f"last used {row['last_used_at']}" if row["last_used_at"] else "never used"
    parts = (row["id"], f"{row['prefix']}...", about, f"{state}, {used}", row["name"])
    return "  ".join(part for part in parts if part)
