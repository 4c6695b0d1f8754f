"""Ask for imports. Another account's ids look like ids that do not exist."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from itertools import groupby, islice
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, literal, or_, select
from sqlmodel import Session, col

from core.columns import CUSTOM
from core.errors import NotFound
from core.models import Import, ImportPart, RowProblem, Upload
from core.problems import Severity
from core.status import ACTIVE

#: How many of an account's imports tell which fields are its own.
_IMPORTS_OF_FIELDS = 200


#: Whether an import is of an upload.
_HAS = and_(
    col(Upload.account_id) == col(Import.account_id), col(Upload.id) == col(Import.upload_id)
)


def get(session: Session, account_id: int, import_id: int) -> Import:
    """The import, read anew. Raises NotFound."""
    found = session.scalars(_import(), _named(account_id, import_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def upload_of(session: Session, account_id: int, import_id: int) -> Upload:
    """The upload of an import. Raises NotFound."""
    found = session.scalars(_upload(), _named(account_id, import_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


# As in ``turns``: nothing is asked for as often, and to put the statement together takes about as
# long as the database takes to answer it.
@cache
def _import() -> Select[Import]:
    return select(Import).where(*_is_this()).execution_options(populate_existing=True)


@cache
def _upload() -> Select[Upload]:
    return select(Upload).join(Import, _HAS).where(*_is_this())


def _is_this() -> tuple[ColumnElement[bool], ...]:
    return (
        col(Import.account_id) == bindparam("of_account"),
        col(Import.id) == bindparam("of_import"),
    )


def _named(account_id: int, import_id: int) -> dict[str, int]:
    return {"of_account": account_id, "of_import": import_id}


def recent(
    session: Session, account_id: int, *, page: int = 1, limit: int = 25, skip: int = 0
) -> tuple[list[Import], int]:
    """Started imports, the newest first, and how many there are in all (L-22).

    ``skip`` leaves out so many more than the pages before.
    """
    mine = (col(Import.account_id) == account_id, _was_started())
    total = session.scalar(select(func.count()).select_from(Import).where(*mine)) or 0
    newest = (col(Import.created_at).desc(), col(Import.id).desc())
    statement = select(Import).where(*mine).order_by(*newest)
    found = session.scalars(statement.offset((page - 1) * limit + skip).limit(limit))
    return list(found), total


def _was_started() -> ColumnElement[bool]:
    """A draft that was dropped or rejected was never an import."""
    return or_(
        col(Import.started_at).is_not(None),
        col(Import.status).in_(ACTIVE),
        col(Import.cancel_requested),  # before its first row
    )


def started(session: Session, account_id: int, import_id: int) -> Import:
    """An import that somebody has started. Raises NotFound for a draft too."""
    mine = (col(Import.account_id) == account_id, col(Import.id) == import_id)
    found = session.scalars(select(Import).where(*mine, _was_started())).one_or_none()
    if found is None:
        raise NotFound
    return found


def uploads_of(session: Session, account_id: int, imports: Iterable[Import]) -> dict[int, Upload]:
    """The uploads of some imports, by their own ids."""
    wanted = {one.upload_id for one in imports}
    mine = (col(Upload.account_id) == account_id, col(Upload.id).in_(wanted))
    return {upload.id: upload for upload in session.scalars(select(Upload).where(*mine))}


def given_up(
    session: Session, account_id: int, imports: Iterable[Import]
) -> dict[int, list[tuple[int, int]]]:
    """(first row, rows) of each part that could not be stored, by the ids of the imports."""
    with_some = [one.id for one in imports if one.unprocessed]
    found: dict[int, list[tuple[int, int]]] = {}
    statement = (
        select(ImportPart)
        .where(
            col(ImportPart.account_id) == account_id,
            col(ImportPart.import_id).in_(with_some),
            col(ImportPart.kind) == "write",
            col(ImportPart.state) == "given_up",
        )
        .order_by(col(ImportPart.import_id), col(ImportPart.ordinal))
    )
    for part in session.scalars(statement) if with_some else ():
        found.setdefault(part.import_id, []).append((part.start["row"], part.rows))
    return found


class FailedRow(NamedTuple):
    """Why a row was not imported; as in ``RowProblem``."""

    row: int
    line: int
    column: str
    code: str
    message: str
    value: str


def failures(
    session: Session, about: Import, limit: int, columns: Collection[str] = ()
) -> Sequence[FailedRow]:
    """The first of ``failed_rows``."""
    if not about.failed:
        return ()
    return list(islice(failed_rows(session, about.account_id, about.id, columns), limit))


def failed_rows(
    session: Session, account_id: int, import_id: int, columns: Collection[str] = ()
) -> Iterator[FailedRow]:
    """Why each failed row failed, in file order: of each row the first problem.

    What is wrong with one of ``columns`` comes before anything else.
    """
    # Plain rows, because callers poll: to make objects of a thousand would take most of the time.
    statement = (
        select(*(col(getattr(RowProblem, name)) for name in FailedRow._fields))
        .where(
            col(RowProblem.account_id) == account_id,
            col(RowProblem.import_id) == import_id,
            is_error(),
        )
        .order_by(col(RowProblem.row), col(RowProblem.seq))
        .execution_options(yield_per=500)
    )
    found = (FailedRow(*row) for row in session.execute(statement))
    for _, problems in groupby(found, key=attrgetter("row")):
        yield _foremost(list(problems), columns)


def is_error() -> ColumnElement[bool]:
    """Whether a row's problem is an error, in the words of the index that holds errors alone.

    As a parameter it would not do: neither database looks at its value when it plans.
    """
    return col(RowProblem.severity) == literal(Severity.ERROR.value, literal_execute=True)


def _foremost(problems: Sequence[FailedRow], columns: Collection[str]) -> FailedRow:
    return next((one for one in problems if one.column in columns), problems[0])


def custom_fields(session: Session, account_id: int) -> list[str]:
    """The names of the account's own fields: those that its newest imports wrote to."""
    newest = (
        select(col(Import.mapping))
        .where(col(Import.account_id) == account_id, _was_started())
        .order_by(col(Import.created_at).desc())
        .limit(_IMPORTS_OF_FIELDS)
    )
    targets = dict.fromkeys(target for mapping in session.scalars(newest) for target in mapping)
    return [target.removeprefix(CUSTOM) for target in targets if target.startswith(CUSTOM)]


def at_work(session: Session, account_id: int) -> int:
    """How many imports of the account are queued or in progress; a paused one only waits."""
    mine = (col(Import.account_id) == account_id, col(Import.status).in_(ACTIVE))
    return session.scalar(select(func.count()).select_from(Import).where(*mine)) or 0


def earlier_import(session: Session, account_id: int, import_id: int) -> Import | None:
    """The last completed import of a file with the same bytes, before this one."""
    upload = upload_of(session, account_id, import_id)
    statement = (
        select(Import)
        .join(Upload, _HAS)
        .where(
            col(Import.account_id) == account_id,
            col(Import.id) != import_id,
            col(Import.status) == "completed",
            col(Upload.sha256) == upload.sha256,
        )
        .order_by(col(Import.completed_at).desc())
        .limit(1)
    )
    return session.scalars(statement).first() if upload.sha256 else None
