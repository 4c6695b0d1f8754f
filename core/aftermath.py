"""What came of an import, as values: the leads it created, and the rows that failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlmodel import Session, col

from core import imports
from core.asking import failed_rows
from core.errors import FileGone
from core.models import LeadChange
from core.sheet import Format, Row, read
from core.uploads import Files


@dataclass(frozen=True)
class Failure:
    """A row that was not imported, and the first reason why.

    ``cells`` are the row's by the name of their column, as they came; none where the file is gone.
    """

    row: int  #: data row, from 1
    line: int
    column: str
    code: str
    message: str
    value: str
    cells: dict[str, str] = field(default_factory=dict)


def created_leads(session: Session, account_id: int, import_id: int) -> list[int]:
    """The ids of the leads that the import created, in the order of their rows."""
    statement = (
        select(col(LeadChange.lead_id))
        .where(
            col(LeadChange.account_id) == account_id,
            col(LeadChange.import_id) == import_id,
            col(LeadChange.created),
        )
        .order_by(col(LeadChange.row))
    )
    return list(session.scalars(statement))


def failures(session: Session, files: Files, account_id: int, import_id: int) -> Iterator[Failure]:
    """Every row that failed, once, in file order. Raises NotFound."""
    upload = imports.upload_of(session, account_id, import_id)
    format_ = Format.from_json(upload.sheet["format"])
    rows: Iterator[Row] = iter(())
    with suppress(FileGone):
        rows = read(files.path(upload.prepared or upload.location), format_)
    for problem in failed_rows(session, account_id, import_id):
        row = next((row for row in rows if row.number == problem.row), None)  # reads on to it
        cells = dict(zip(format_.header, row.cells, strict=False)) if row else {}
        yield Failure(*problem, cells)
