"""What became of an import, as files: its failed rows, all its rows, and what undoing it did.

All stream, whatever the size; of the rows of a whole import only nine bytes each are in memory.
Each function refuses at once, before the first chunk: a door can still answer with a status.
"""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core import ids, imports
from core.asking import is_error
from core.columns import OPT_OUT_TARGETS
from core.deciding import CREATED, FAILED, SKIPPED, UNCHANGED, UPDATED
from core.errors import WrongState
from core.models import Import, ImportPart, LeadChange, RowProblem
from core.sheet import Format, Row, read
from core.uploads import Files

#: The delimiters that a spreadsheet opens a file by.
DELIMITERS = (",", ";", "\t", "|")
#: What is added to the right of the sender's own columns.
OUR_COLUMNS = ("leadport_row", "leadport_column", "leadport_reason")
#: What stands to the left of them, where a row that is too long cannot shift it.
RESULT_COLUMNS = (
    "leadport_row", "leadport_line", "leadport_outcome", "leadport_lead", "leadport_reason",
)  # fmt: skip
UNDO_COLUMNS = (
    "leadport_lead", "leadport_row", "leadport_import", "leadport_undo", "leadport_kept",
    "leadport_reason",
)  # fmt: skip

_OUTCOMES = {
    CREATED: "created",
    UPDATED: "updated",
    UNCHANGED: "unchanged",
    SKIPPED: "skipped",
    FAILED: "failed",
    0: "unprocessed",
}
_CHUNK = 1 << 16  # characters
_AT_ONCE = 5_000  # rows of a table


def problems_csv(
    session: Session, files: Files, account_id: int, import_id: int
) -> Iterator[bytes]:
    """The failed rows as they came plus row, column and reason, in chunks of bytes.

    UTF-8 with a byte order mark and the file's own delimiter, so that the spreadsheet that wrote
    the file opens it as well. Raises NotFound and FileGone.
    """
    format_, path = _file(session, files, account_id, import_id)
    failures = _reasons(session, account_id, import_id, errors_only=True)
    return _encoded(_failed(read(path, format_), failures, format_), format_.delimiter)


def _failed(
    rows: Iterator[Row], failures: Iterator[tuple[int, str, str]], format_: Format
) -> Iterator[Sequence[Any]]:
    yield (*format_.header, *OUR_COLUMNS)
    for number, columns, reason in failures:
        row = next(row for row in rows if row.number == number)  # reads on to that row
        yield (*row.cells, number, columns, reason)


def results_csv(session: Session, files: Files, account_id: int, import_id: int) -> Iterator[bytes]:
    """Every row of the file after what became of it, in chunks of bytes like ``problems_csv``.

    The outcomes (created, updated, unchanged, skipped, failed, unprocessed) add up to the counts of
    the import. ``leadport_lead`` is the lead that the row created or was the first to change.
    Raises NotFound and FileGone, and WrongState while the import has not ended.
    """
    ended = _ended(session, account_id, import_id)
    format_, path = _file(session, files, account_id, import_id)
    lines = _with_outcomes(
        read(path, format_),
        _outcomes(session, ended),
        _leads(session, ended),
        _reasons(session, account_id, import_id),
    )
    header = (*RESULT_COLUMNS, *format_.header)
    return _encoded(_below(header, lines), format_.delimiter)


def _with_outcomes(
    rows: Iterator[Row],
    outcomes: bytearray,
    leads: array[int],
    reasons: Iterator[tuple[int, str, str]],
) -> Iterator[Sequence[Any]]:
    next_, _, reason = next(reasons, (0, "", ""))
    for row in rows:
        number, why = row.number, ""
        if number == next_:
            why = reason
            next_, _, reason = next(reasons, (0, "", ""))
        lead = ids.show("lead", leads[number]) if leads[number] else ""
        yield (number, row.line, _OUTCOMES[outcomes[number]], lead, why, *row.cells)


def _outcomes(session: Session, ended: Import) -> bytearray:
    """A byte for each row, at its number; 0 where no part decided it."""
    found = bytearray(ended.total + 1)
    statement = (
        select(col(ImportPart.start), col(ImportPart.outcomes))
        .where(
            col(ImportPart.account_id) == ended.account_id,
            col(ImportPart.import_id) == ended.id,
            col(ImportPart.kind) == "write",
            col(ImportPart.state) == "done",
        )
        .execution_options(yield_per=50)
    )
    for start, outcomes in session.execute(statement):
        found[start["row"] : start["row"] + len(outcomes)] = outcomes
    return found


def _leads(session: Session, ended: Import) -> array[int]:
    """The id of the lead that each row created or was the first to change, at its number; or 0."""
    found = array("q", bytes(8 * (ended.total + 1)))
    statement = select(col(LeadChange.row), col(LeadChange.lead_id)).where(*_of(ended))
    for row, lead_id in session.execute(statement.execution_options(yield_per=_AT_ONCE)):
        found[row] = lead_id
    return found


def undo_csv(session: Session, account_id: int, import_id: int) -> Iterator[bytes]:
    """What undoing did to each lead that the import had touched, in chunks of bytes.

    ``leadport_undo`` is deleted, restored, kept (touched since), gone (deleted since), or empty
    where undoing has not come to the lead; ``leadport_kept`` names the fields that were left alone.
    Raises NotFound, and WrongState where nobody has undone the import.
    """
    undone = imports.get(session, account_id, import_id)
    if not undone.undo_state:
        raise WrongState("The import has not been undone, so there is nothing to tell.")
    changes = select(
        col(LeadChange.lead_id), col(LeadChange.row), col(LeadChange.created),
        col(LeadChange.undone), col(LeadChange.kept),
    )  # fmt: skip
    statement = changes.where(*_of(undone)).order_by(col(LeadChange.lead_id))
    found = session.execute(statement.execution_options(yield_per=_AT_ONCE))
    return _encoded(_below(UNDO_COLUMNS, (_undone(*row) for row in found)), ",")


def _undone(
    lead: int, row: int, created: bool, undone: str | None, kept: list[str] | None
) -> Sequence[Any]:
    did = "created" if created else "updated"
    why = _why(undone, kept or [])
    return (ids.show("lead", lead), row, did, undone or "", "; ".join(kept or []), why)


def _why(undone: str | None, kept: list[str]) -> str:
    """Why a lead, or fields of it, are not as they were before the import."""
    if undone == "gone":
        return "Somebody has deleted the lead since."
    opt_outs = [name for name in kept if name in OPT_OUT_TARGETS]
    others = [name for name in kept if name not in OPT_OUT_TARGETS]
    if undone == "kept" and not opt_outs:
        return "The lead was changed since."
    reasons = []
    if opt_outs:
        reasons.append(f"An opt-out is never undone ({', '.join(opt_outs)}).")
    if others:
        reasons.append(f"Changed since: {', '.join(others)}.")
    return " ".join(reasons)


# ---- gather ------------------------------------------------------------------------------------


def _ended(session: Session, account_id: int, import_id: int) -> Import:
    found = imports.get(session, account_id, import_id)
    if found.status not in imports.ENDED:
        raise WrongState(f"The import is {found.status}; its results come when it has ended.")
    if found.started_at is None and not found.cancel_requested:
        raise WrongState("The file was never imported, so there are no results.")
    return found


def _file(session: Session, files: Files, account_id: int, import_id: int) -> tuple[Format, Path]:
    """How the file is written and where its text lies. Raises NotFound, FileGone, WrongState."""
    upload = imports.upload_of(session, account_id, import_id)
    if not upload.sheet:
        raise WrongState("The file was not read, so it has no rows.")
    path = files.path(upload.prepared or upload.location)
    return Format.from_json(upload.sheet["format"]), path


def _reasons(
    session: Session, account_id: int, import_id: int, *, errors_only: bool = False
) -> Iterator[tuple[int, str, str]]:
    """Row, columns and reasons of every row that has a problem, in file order."""
    statement = (
        select(col(RowProblem.row), col(RowProblem.column), col(RowProblem.message))
        .where(
            col(RowProblem.account_id) == account_id,
            col(RowProblem.import_id) == import_id,
            *([is_error()] if errors_only else []),
        )
        .order_by(col(RowProblem.row), col(RowProblem.seq))
        .execution_options(yield_per=_AT_ONCE)
    )
    for number, problems in groupby(session.execute(statement), key=attrgetter("row")):
        same = list(problems)
        columns = "; ".join(dict.fromkeys(p.column for p in same if p.column))
        yield number, columns, " ".join(p.message for p in same)


def _of(about: Import) -> tuple[Any, ...]:
    return (col(LeadChange.account_id) == about.account_id, col(LeadChange.import_id) == about.id)


# ---- write -------------------------------------------------------------------------------------


def _below(header: Sequence[str], lines: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    yield header
    yield from lines


def _encoded(lines: Iterable[Sequence[Any]], delimiter: str) -> Iterator[bytes]:
    """The lines as CSV that a spreadsheet opens, in chunks."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter if delimiter in DELIMITERS else ",")
    yield b"\xef\xbb\xbf"
    for line in lines:
        writer.writerow(line)
        if text.tell() > _CHUNK:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()
