"""What an import came to: as JSON for scripts, as tables for people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import select
from sqlmodel import Session, col

from bot.terminal import printable
from core import ids, imports, tally
from core.models import Import, RowProblem
from core.problems import Problem

#: The counting law: these add up to ``total``.
COUNTS = (*tally.COUNTS, "unprocessed")
PROBLEMS = 100

_STYLES = {"failed": "red", "unprocessed": "yellow", "cancelled": "yellow", "completed": "green"}
_PROBLEM = ("row", "line", "column", "code", "message", "value", "severity")


def state(found: Import) -> str:
    """The status, and what became of it since."""
    return f"{found.status}, {found.undo_state}" if found.undo_state else found.status


def as_json(session: Session, found: Import, seconds: float | None = None) -> dict[str, Any]:
    """The documented keys. ``seconds`` is from start to end unless the caller timed it himself."""
    upload = imports.upload_of(session, found.account_id, found.id)
    seconds = seconds if seconds is not None else lasted(found)
    header = upload.sheet["format"]["header"] if upload.sheet else []
    return {
        "job_id": ids.show("job", found.id),
        "status": found.status,
        "undo_state": found.undo_state,
        "file": upload.name,
        **counts(found),
        "seconds": round(seconds, 3) if seconds is not None else None,
        "rows_per_second": round(decided(found) / seconds) if seconds else None,
        "created_at": _time(found.created_at),
        "started_at": _time(found.started_at),
        "completed_at": _time(found.completed_at),
        "mapping": dict(zip(header, found.mapping, strict=False)),
        "notes": upload.sheet.get("notes", []),
        "problems": problems(session, found),
    }


def counts(found: Import) -> dict[str, int]:
    """The counts of the law, and ``total``. While an import runs, what is left is ``remaining``."""
    law = {name: int(getattr(found, name)) for name in (*COUNTS, "total")}
    left = found.total - sum(law[name] for name in COUNTS)
    return law | ({} if found.status in imports.ENDED else {"remaining": left})


def decided(found: Import) -> int:
    """Rows that have an outcome."""
    return sum(int(getattr(found, name)) for name in tally.COUNTS)


def lasted(found: Import) -> float | None:
    """Seconds from the first claim of a part to the end; None where there was no such thing."""
    if found.started_at is None or found.completed_at is None:
        return None
    return (found.completed_at - found.started_at) / 1000


def problems(session: Session, found: Import, limit: int = PROBLEMS) -> list[dict[str, Any]]:
    """The first problems in the order of the file."""
    statement = (
        select(RowProblem)
        .where(
            col(RowProblem.account_id) == found.account_id, col(RowProblem.import_id) == found.id
        )
        .order_by(col(RowProblem.row), col(RowProblem.seq))
        .limit(limit)
    )
    return [as_plain(problem) for problem in session.scalars(statement)]


def as_plain(problem: Problem | RowProblem) -> dict[str, Any]:
    """A problem's documented keys."""
    return {key: getattr(problem, key) for key in _PROBLEM}


def show(console: Console, session: Session, found: Import, seconds: float | None = None) -> None:
    """One import in words: what it was, its counts as a sum, its problems by kind."""
    upload = imports.upload_of(session, found.account_id, found.id)
    seconds = seconds if seconds is not None else lasted(found)
    style = _STYLES.get(found.status, "bold")
    name = f"{printable(upload.name)}: "
    console.print(Text.assemble(name, (state(found), style), _speed(found, seconds)))
    for note in filter(None, [found.failure_message, *upload.sheet.get("notes", [])]):
        console.print(printable(note), style="dim")
    console.print(sums(counts(found)))
    groups = tally.problems(session, found.account_id, found.id)
    if groups:
        console.print(by_kind(groups))
    job = ids.show("job", found.id)
    if found.status == "paused":
        console.print(f"Most rows failed. To import the rest: leadport import --resume {job}")
    console.print(f"job {job}", style="dim")


def sums(law: Mapping[str, int]) -> Table:
    """The counts as a column that adds up to ``total``."""
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    for name, number in law.items():
        if name == "total":
            continue
        table.add_row(name, f"{number:,}", style=_STYLES.get(name) if number else "dim")
    table.add_section()
    table.add_row("total", f"{law['total']:,}", style="bold")
    return table


def _speed(found: Import, seconds: float | None) -> str:
    rows = decided(found)
    if not seconds or not rows:
        return ""
    return f" in {seconds:.1f} s, {rows / seconds:,.0f} rows/s"


def by_kind(groups: list[dict[str, Any]]) -> Table:
    """Problems as ``core.tally`` groups them, a line for each group."""
    table = Table("severity", "problem", "column", "rows", "first seen", box=None, pad_edge=False)
    table.columns[3].justify = "right"
    for group in groups:
        first = group["examples"][0]
        style = {"error": "red", "warning": "yellow"}.get(group["severity"], "dim")
        seen = printable(f"line {first['line']}: {first['value'] or first['message']}")[:80]
        number, column = f"{group['count']:,}", printable(group["column"])
        table.add_row(group["severity"], group["code"], column, number, seen, style=style)
    return table


def _time(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
