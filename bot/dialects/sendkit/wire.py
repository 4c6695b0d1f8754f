"""SendKit's words: the form it takes, and core values as the JSON of its document. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel
from pydantic.alias_generators import to_camel

from bot.api import json_text
from bot.api.arriving import checked
from bot.api.endpoint import Refused, Wire
from bot.api.failures import InvalidRequest, status_of
from bot.dialects.sendkit import rules
from core import ids
from core.aftermath import Failure
from core.errors import ImportFailure
from core.models import Import


class InvalidMappingJson(ImportFailure):
    """Invalid mapping JSON"""

    code = "invalid_mapping_json"


class Camel(BaseModel):
    """What goes out, with its names in camel case."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True
    )


# ---- what arrives ------------------------------------------------------------------------------


class ImportForm(Wire):
    """The fields beside the file."""

    model_config = ConfigDict(alias_generator=to_camel)

    mapping: str = Field(
        default="",
        description='JSON text of column -> field, such as {"First": "firstName"}. "skip" leaves a '
        "column out; columns that are not named become custom fields. Without it the columns are "
        "recognised by their names.",
    )
    skip_duplicates: bool = Field(
        default=True, description="Skip leads whose email exists; false updates them."
    )
    data_cleanup: bool = Field(
        default=True, description="Tidy names, LinkedIn addresses and white space."
    )
    tag: str = Field(default="", max_length=100, description="Added to every imported lead.")
    country: str = Field(
        default="", max_length=100, description="Where phones without a country are from."
    )


class _Columns(RootModel[dict[str, str]]):
    """Column -> field."""


def columns(text: str) -> Mapping[str, str]:
    """The mapping of a form; empty where there is none. Raises InvalidMappingJson (S-25)."""
    if not text.strip():
        return {}
    try:
        found = checked(_Columns, json_text.values(text.encode()))
    except InvalidRequest:
        raise InvalidMappingJson from None
    return found.root if isinstance(found, _Columns) else {}


# ---- what goes out -----------------------------------------------------------------------------


class RowError(Camel):
    """A row that was not imported (S-18). ``row`` counts data rows, ``line`` lines of the file."""

    email: str
    error: str
    row: int
    line: int


class CsvInfo(Camel):
    """The file as it was read, and the mapping that was used (S-19)."""

    total_rows: int
    columns: list[str]
    mapping: dict[str, str]


class Results(Camel):
    """What became of a file. ``imported + updated + skipped + failed`` is ``totalRows`` (S-17).

    ``updated`` includes the ``unchanged`` rows, which brought nothing new, and ``failed`` the
    ``unprocessed`` ones of an import that was cancelled.
    """

    imported: int
    updated: int
    skipped: int
    failed: int
    imported_lead_ids: list[str]
    errors: list[RowError]
    csv_info: CsvInfo
    job_id: str
    status: str
    unchanged: int
    unprocessed: int


class Imported(Camel):
    """The answer once the import has ended (S-16)."""

    success: Literal[True] = True
    data: Results


class Progress(Camel):
    """An import that goes on: ``processedRows`` of ``totalRows`` so far."""

    job_id: str
    status: str
    status_url: str
    processed_rows: int
    total_rows: int


class UnderWay(Camel):
    """The answer while the import goes on (X-7): ask at ``statusUrl`` again."""

    success: Literal[True] = True
    data: Progress


class Reason(Camel):
    """Why a request was refused."""

    code: str
    message: str


class Refusal(Camel):
    """The envelope of every refusal (S-20)."""

    success: Literal[False] = False
    error: Reason


def results(
    job: Import, header: Sequence[str], lead_ids: Iterable[int], failures: Iterable[Failure]
) -> Imported:
    """An import that has ended, in SendKit's words."""
    email = header[job.mapping.index("email")] if "email" in job.mapping else ""
    return Imported(
        data=Results(
            imported=job.created,
            updated=job.updated + job.unchanged,
            skipped=job.skipped,
            failed=job.failed + job.unprocessed,
            imported_lead_ids=[ids.show("lead", one) for one in lead_ids],
            errors=[_row_error(failure, email) for failure in failures],
            csv_info=CsvInfo(
                total_rows=job.total, columns=list(header), mapping=_used(job, header)
            ),
            job_id=ids.show("job", job.id),
            status=job.status,
            unchanged=job.unchanged,
            unprocessed=job.unprocessed,
        )
    )


def _used(job: Import, header: Sequence[str]) -> dict[str, str]:
    return {c: rules.field(target) for c, target in zip(header, job.mapping, strict=True)}


def _row_error(failure: Failure, email: str) -> RowError:
    value = failure.value if failure.column == email else ""
    return RowError(
        email=(failure.cells.get(email) or value).strip(),
        error=rules.ERRORS.get(failure.code, failure.message),
        row=failure.row,
        line=failure.line,
    )


def progress(job: Import, status_url: str) -> UnderWay:
    """An import that goes on."""
    counts = (job.created, job.updated, job.unchanged, job.skipped, job.failed, job.unprocessed)
    return UnderWay(
        data=Progress(
            job_id=ids.show("job", job.id),
            status=job.status,
            status_url=status_url,
            processed_rows=sum(counts),
            total_rows=job.total,
        )
    )


# ---- refusals ----------------------------------------------------------------------------------

#: Statuses that the common table gives otherwise: what is wrong with the file itself is 400.
_STATUS: Mapping[str, int] = MappingProxyType(
    {"too_many_rows": 400, "import_failed": 500, "upload_expired": 404, "file_gone": 404}
)
#: The codes of the envelope, by status (S-20 gives the first).
_CODES: Mapping[int, str] = MappingProxyType(
    {
        400: "VALIDATION_ERROR",
        401: "UNAUTHORIZED",
        403: "FORBIDDEN",
        404: "NOT_FOUND",
        405: "METHOD_NOT_ALLOWED",
        409: "CONFLICT",
        413: "VALIDATION_ERROR",
        422: "VALIDATION_ERROR",
        429: "RATE_LIMIT_EXCEEDED",
        500: "INTERNAL_ERROR",
    }
)
#: The document's texts, word for word; anything else in our own words.
_MESSAGES: Mapping[str, str] = MappingProxyType(
    {
        "file_missing": "CSV file is required. Send as multipart/form-data with field name "
        '"file".',  # S-21
        "empty_file": "CSV file is empty",  # S-22
        "header_only": "CSV file is empty",
        "too_many_rows": "Maximum 50,000 leads per CSV file",  # S-23
        "file_too_large": "Maximum 50 MB per CSV file",
    }
)


def refuse(failure: ImportFailure) -> Refused:
    """A refusal in SendKit's envelope (S-20)."""
    status = status_of(failure, _STATUS)
    message = _MESSAGES.get(failure.code, failure.message)
    error = Reason(code=_CODES.get(status, "VALIDATION_ERROR"), message=message)
    return Refused(status, Refusal(error=error).model_dump())
