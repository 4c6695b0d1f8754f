"""`leadport status`: the newest imports of an account, or one of them."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from sqlalchemy import select
from sqlmodel import Session, col

from bot import terminal
from bot.commands import report
from core import ids, imports
from core.errors import NotFound
from core.models import Account, Import
from worker.settings import Settings

NEWEST = 20
_DETAILS = ("problems", "mapping", "notes")  # told of one import only


def run(settings: Settings, account: str, job: str | None, as_json: bool) -> None:
    """Print the list, or one import. Raises NotFound."""
    with terminal.opened(settings) as (database, _), database.reading() as session:
        if job:
            _one(session, find(session, account, job), as_json)
        else:
            _list(session, account, as_json)


def find(session: Session, account: str, job: str) -> Import:
    """The account's import with this public id. Raises NotFound."""
    import_id = ids.read("job", job)
    if import_id is None:
        raise NotFound(f"{job} is not the id of an import; those look like {ids.show('job', 0)}.")
    try:
        return imports.get(session, account_id(session, account), import_id)
    except NotFound:
        raise NotFound(f"The account {account} has no import {job}.") from None


def account_id(session: Session, account: str) -> int:
    """The account's id; 0 for one that is not there, of which nothing is found.

    Looking makes no account.
    """
    return session.scalar(select(col(Account.id)).where(col(Account.name) == account)) or 0


def _one(session: Session, found: Import, as_json: bool) -> None:
    if as_json:
        terminal.print_json(report.as_json(session, found))
    else:
        report.show(terminal.out(), session, found)


def _list(session: Session, account: str, as_json: bool) -> None:
    newest, total = imports.recent(session, account_id(session, account), limit=NEWEST)
    if as_json:
        terminal.print_json({"imports": [_brief(session, i) for i in newest], "total": total})
        return
    console = terminal.out()
    if not newest:
        console.print(f"The account {account} has no imports yet.")
        return
    console.print(_table(session, newest))
    if total > len(newest):
        console.print(f"... and {total - len(newest):,} older", style="dim")


def _brief(session: Session, found: Import) -> dict[str, Any]:
    whole = report.as_json(session, found)
    return {key: value for key, value in whole.items() if key not in _DETAILS}


def _table(session: Session, newest: list[Import]) -> Table:
    table = Table("job", "file", "status", box=None, pad_edge=False)
    for name in (*report.COUNTS, "total"):
        table.add_column(name, justify="right")
    for found in newest:
        name = terminal.printable(imports.upload_of(session, found.account_id, found.id).name)
        law = report.counts(found)
        numbers = [f"{law[key]:,}" for key in (*report.COUNTS, "total")]
        table.add_row(ids.show("job", found.id), name, report.state(found), *numbers)
    return table
