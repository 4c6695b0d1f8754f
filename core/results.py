"""The rows of an import that failed, as a file to fix and send again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

from sqlalchemy import select
from sqlmodel import Session, col

from core import imports
from core.models import RowProblem
from core.problems import Severity
from core.sheet import Format, Row, read
from core.uploads import Files

#: The delimiters that a spreadsheet opens a file by.
DELIMITERS = (",", ";", "\t", "|")
#: What is added to the right of the sender's own columns.
OUR_COLUMNS = ("leadport_row", "leadport_column", "leadport_reason")


def problems_csv(
    session: Session, files: Files, account_id: int, import_id: int
) -> Iterator[bytes]:
    """The failed rows as they came plus row, column and reason, in chunks of bytes.

    UTF-8 with a byte order mark and the file's own delimiter, so that the spreadsheet that wrote
    the file opens it as well. Raises NotFound and FileGone.
    """
    upload = imports.upload_of(session, account_id, import_id)
    format_ = Format.from_json(upload.sheet["format"])
    rows = read(files.path(upload.prepared or upload.location), format_)
    text = io.StringIO()
    plain = format_.delimiter in DELIMITERS
    writer = csv.writer(text, delimiter=format_.delimiter if plain else ",")
    writer.writerow([*format_.header, *OUR_COLUMNS])
    yield b"\xef\xbb\xbf"
    for number, column, reason in _failures(session, account_id, import_id):
        row = _row(rows, number)
        writer.writerow([*row.cells, number, column, reason])
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()


def _row(rows: Iterator[Row], number: int) -> Row:
    """Read on to the row with this number."""
    return next(row for row in rows if row.number == number)


def _failures(session: Session, account_id: int, import_id: int) -> Iterator[tuple[int, str, str]]:
    """Row, columns and reasons of every failed row, in file order."""
    statement = (
        select(RowProblem)
        .where(
            col(RowProblem.account_id) == account_id,
            col(RowProblem.import_id) == import_id,
            col(RowProblem.severity) == Severity.ERROR,
        )
        .order_by(col(RowProblem.row), col(RowProblem.seq))
        .execution_options(yield_per=1_000)
    )
    for number, problems in groupby(session.scalars(statement), key=attrgetter("row")):
        same = list(problems)
        columns = "; ".join(dict.fromkeys(p.column for p in same if p.column))
        yield number, columns, " ".join(p.message for p in same)
