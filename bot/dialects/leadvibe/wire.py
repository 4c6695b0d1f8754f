"""LeadVibe's JSON: what requests hold, and core values as the document's answers (pure).

Everything the document names comes first and means what it says there; what Leadport adds are new
keys after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator

from bot.api.endpoint import Wire
from bot.dialects.leadvibe import rules as policy
from core import columns, ids
from core.asking import FailedRow
from core.models import Import, Upload
from core.problems import ProblemCode
from core.rules import ImportRules

#: Characters of a column's or field's name in a request.
_LONGEST = 1_000
Name = Annotated[str, Field(min_length=1, max_length=_LONGEST)]
Names = Annotated[dict[Name, Annotated[str, Field(max_length=_LONGEST)]], Field(max_length=10_000)]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]

# ---- requests ----------------------------------------------------------------------------------


class PrimaryIdentifier(Wire):
    """The column that rows are looked up by, and what it holds (L-14, L-15)."""

    column: Name
    kind: Literal["email", "phone", "cookie", "external_id", "social"]


class Mapped(Wire):
    """A file and what its columns mean."""

    file_id: Annotated[str, Field(min_length=1, max_length=100)]
    primary_identifier: PrimaryIdentifier
    field_mappings: Names = Field(default_factory=dict)
    alias_mappings: Names = Field(default_factory=dict)
    #: Where phones without a country are from: a code or a name.
    country: Annotated[str, Field(min_length=1, max_length=100)] | None = None

    @field_validator("alias_mappings")
    @classmethod
    def _known_aliases(cls, value: dict[str, str]) -> dict[str, str]:
        for column, alias in value.items():
            if alias.strip().casefold() not in policy.ALIASES:
                raise ValueError(f"“{alias}” for “{column}” is none of {', '.join(policy.ALIASES)}")
        return value


class Page(Wire):
    """Which of the imports."""

    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    limit: Annotated[int, Field(ge=1, le=policy.MOST_PAGE)] = policy.PAGE


class UndoQuery(Wire):
    """Whether to undo, or only to tell what it would be."""

    dry_run: bool = False


# ---- answers -----------------------------------------------------------------------------------


class Detected(BaseModel):
    """Columns that look like identifiers (L-7)."""

    email_columns: list[str]
    phone_columns: list[str]


class Column(BaseModel):
    """What a column seems to mean."""

    name: str
    target: str
    confidence: float
    reason: str


class Preview(BaseModel):
    """A file that was sent (L-2)."""

    file_id: str
    file_name: str
    headers: list[str]
    sample_rows: list[list[str]]
    row_count: int
    auto_detected_identifiers: Detected
    expires_at: Time
    encoding: str
    delimiter: str
    columns: list[Column]
    notes: list[str]


class Started(BaseModel):
    """An import that was started (L-19)."""

    job_id: str
    status: str
    message: str
    file_name: str
    total_rows: int
    ignored_columns: list[str]


class Undo(BaseModel):
    """How far undoing is, and the leads it has deleted, restored, kept and found gone."""

    state: str
    deleted: int
    restored: int
    kept: int
    gone: int
    undone_at: Time | None


class Job(BaseModel):
    """An import in a list (L-23). Its counts add up to ``total_rows`` when it has ended."""

    job_id: str
    status: str
    file_name: str
    created_at: Time
    completed_at: Time | None
    total_rows: int
    created_count: int
    updated_count: int
    failed_count: int
    unchanged_count: int
    skipped_count: int
    unprocessed_count: int
    undo: Undo | None


class JobPage(BaseModel):
    """A page of imports, the newest first (L-23)."""

    jobs: list[Job]
    total: int
    page: int
    limit: int


class RowError(BaseModel):
    """A row that failed (L-27). ``row`` counts data rows from 1, ``line`` lines of the file."""

    row: int
    error: str
    value: str
    line: int
    column: str
    code: str
    message: str


class Primary(BaseModel):
    """The primary identifier that was used."""

    column: str
    kind: str


class JobDetail(BaseModel):
    """All about one import (L-26)."""

    job_id: str
    status: str
    created_at: Time
    started_at: Time | None
    completed_at: Time | None
    file_name: str
    total_rows: int
    created_count: int
    updated_count: int
    failed_count: int
    primary_identifier: Primary
    field_mappings: dict[str, str]
    errors: list[RowError]
    errors_truncated: bool
    alias_mappings: dict[str, str]
    country: str | None
    unchanged_count: int
    skipped_count: int
    unprocessed_count: int
    cancel_requested: bool
    paused: bool
    undo: Undo | None


class UndoForecast(BaseModel):
    """How many leads undoing would delete, restore and keep, and how many are gone."""

    job_id: str
    deleted: int
    restored: int
    kept: int
    gone: int


class Example(BaseModel):
    """A row that has a problem."""

    row: int
    line: int
    value: str
    message: str


class ProblemGroup(BaseModel):
    """The problems of one kind in one column: how many, and the first few."""

    code: str
    column: str
    severity: Literal["error", "warning", "info"]
    count: int
    examples: list[Example]


class Forecast(BaseModel):
    """What importing a file would do, as far as it is known."""

    file_id: str
    status: Literal["running", "done", "failed"]
    total_rows: int
    rows_seen: int
    created_count: int
    updated_count: int
    failed_count: int
    unchanged_count: int
    skipped_count: int
    primary_identifier: Primary
    field_mappings: dict[str, str]
    alias_mappings: dict[str, str]
    problems: list[ProblemGroup]


class Refusal(BaseModel):
    """Why a request was refused."""

    error: str
    code: str
    fields: dict[str, str] = Field(default_factory=dict)


# ---- core values as answers --------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """An import as it stands, and what is told about it."""

    job: Import
    upload: Upload
    given_up: Sequence[tuple[int, int]] = ()  #: (first row, rows) that could not be stored
    problems: Sequence[FailedRow] = ()  #: the first of each failed row, in order


def preview(drafted: Import, upload: Upload) -> Preview:
    """A file that was read."""
    header, guesses = upload.sheet["format"]["header"], upload.sheet["guesses"]
    named = list(zip(header, guesses, strict=True))
    return Preview(
        file_id=ids.show("preview", drafted.id),
        file_name=upload.name,
        headers=header,
        sample_rows=[row[: len(header)] for row in upload.sheet["sample"][: policy.SAMPLE_ROWS]],
        row_count=upload.sheet["row_count"],
        auto_detected_identifiers=Detected(
            email_columns=[n for n, g in named if g["target"] in ("email", "alias_email")],
            phone_columns=[n for n, g in named if g["target"] in ("phone", "alias_phone")],
        ),
        expires_at=time(upload.expires_at or 0),
        encoding=upload.sheet["encoding"],
        delimiter=upload.sheet["delimiter"],
        columns=[Column(name=name, **guess) for name, guess in named],
        notes=upload.sheet["notes"],
    )


def started(job: Import, upload: Upload, ignored: Sequence[str]) -> Started:
    """An import that was just queued."""
    return Started(
        job_id=ids.show("job", job.id), status="queued", message="Import job started",
        file_name=upload.name, total_rows=job.total, ignored_columns=list(ignored),
    )  # fmt: skip


def job(seen: Seen) -> Job:
    """An import in a list."""
    about, counts = seen.job, _counts(seen)
    return Job(
        job_id=ids.show("job", about.id), status=status(about), file_name=seen.upload.name,
        created_at=time(about.created_at), completed_at=_time(about.completed_at),
        total_rows=about.total, **counts, undo=undo(about),
    )  # fmt: skip


def detail(seen: Seen, storage_error: str) -> JobDetail:
    """All about one import; ``storage_error`` is what the document calls our own failure."""
    about, counts = seen.job, _counts(seen)
    header, rules = seen.upload.sheet["format"]["header"], ImportRules.from_json(about.rules)
    errors = _errors(seen, storage_error)
    return JobDetail(
        job_id=ids.show("job", about.id), status=status(about),
        created_at=time(about.created_at), started_at=_time(about.started_at),
        completed_at=_time(about.completed_at), file_name=seen.upload.name,
        total_rows=about.total, **counts,
        primary_identifier=_primary(header, about.mapping, rules),
        field_mappings=_fields(header, about.mapping, rules),
        alias_mappings=_aliases(header, about.mapping),
        errors=errors, errors_truncated=len(errors) < counts["failed_count"],
        country=rules.region, cancel_requested=about.cancel_requested,
        paused=about.status == "paused", undo=undo(about),
    )  # fmt: skip


def forecast(drafted: Import, upload: Upload) -> Forecast:
    """The forecast of a draft's newest mapping; its counts are those of the import."""
    found = drafted.forecast if drafted.forecast_revision == drafted.revision else {}
    header, rules = upload.sheet["format"]["header"], ImportRules.from_json(drafted.rules)
    state = "done" if found.get("done") else "failed" if found.get("given_up") else "running"
    return Forecast(
        file_id=ids.show("preview", drafted.id), status=state, total_rows=drafted.total,
        rows_seen=found.get("rows", 0), created_count=found.get("created", 0),
        updated_count=found.get("updated", 0) + found.get("unchanged", 0),
        failed_count=found.get("failed", 0), unchanged_count=found.get("unchanged", 0),
        skipped_count=found.get("skipped", 0),
        primary_identifier=_primary(header, drafted.mapping, rules),
        field_mappings=_fields(header, drafted.mapping, rules),
        alias_mappings=_aliases(header, drafted.mapping),
        problems=[ProblemGroup(**group) for group in found.get("problems", ())],
    )  # fmt: skip


def status(about: Import) -> str:
    """The documented status (L-25), which knows no pause: a paused import is in progress."""
    return "in_progress" if about.status == "paused" else about.status


def _counts(seen: Seen) -> dict[str, int]:
    """The counts of the document and ours; together they are all rows that were looked at.

    Rows that were right already count as updated (X-15) and are told apart in ``unchanged_count``,
    which is the one count that is within another. Rows that could not be stored have failed.
    """
    about, given_up = seen.job, sum(rows for _, rows in seen.given_up)
    return {
        "created_count": about.created,
        "updated_count": about.updated + about.unchanged,
        "failed_count": about.failed + given_up,
        "unchanged_count": about.unchanged,
        "skipped_count": about.skipped,
        "unprocessed_count": about.unprocessed - given_up,
    }


def undo(about: Import) -> Undo | None:
    """What undoing did so far; None where nobody asked for it."""
    if not about.undo_state:
        return None
    return Undo(state=about.undo_state, **about.undo_counts, undone_at=_time(about.undone_at))


def _primary(header: Sequence[str], mapping: Sequence[str], rules: ImportRules) -> Primary:
    kind = rules.primary.value
    return Primary(column=header[mapping.index(kind)], kind=kind)


def _fields(header: Sequence[str], mapping: Sequence[str], rules: ImportRules) -> dict[str, str]:
    others = {columns.SKIP, rules.primary.value, *columns.ALIAS_TARGETS}
    return {name: to for name, to in zip(header, mapping, strict=True) if to not in others}


def _aliases(header: Sequence[str], mapping: Sequence[str]) -> dict[str, str]:
    named = zip(header, mapping, strict=True)
    return {name: f"_{to}" for name, to in named if to in columns.ALIAS_TARGETS}


def key_columns(about: Import, upload: Upload) -> list[str]:
    """The columns that can identify a row, the primary one first."""
    header, kinds = upload.sheet["format"]["header"], ImportRules.from_json(about.rules).keyed_by
    at = [about.mapping.index(kind) for kind in kinds if kind in about.mapping]
    return [header[index] for index in at]


def _errors(seen: Seen, storage_error: str) -> list[RowError]:
    most, keyed = policy.MOST_ERRORS, key_columns(seen.job, seen.upload)
    lost = (row for first, rows in seen.given_up for row in range(first, first + rows))
    found = [_error(problem, keyed) for problem in seen.problems]
    found += [_not_stored(row, storage_error) for row in islice(lost, most)]
    return sorted(found, key=lambda error: error.row)[:most]


def _error(problem: FailedRow, keyed: Sequence[str]) -> RowError:
    """Why a row failed. Had it been identified, a bad alias would have cost only itself (X-20)."""
    alias = problem.code in policy.BAD_IDENTIFIERS and problem.column not in keyed
    code = ProblemCode.MISSING_IDENTIFIER.value if alias else problem.code
    message = f"The row has nothing in “{keyed[0]}”." if alias else problem.message
    return RowError(
        row=problem.row, error=policy.ERRORS.get(code, message),
        value="" if alias else problem.value, line=problem.line,
        column=keyed[0] if alias else problem.column, code=code, message=message,
    )  # fmt: skip


def _not_stored(row: int, words: str) -> RowError:
    code = ProblemCode.INTERNAL_ERROR.value
    message = "The row could not be stored. Import the file again: what is there already stays."
    return RowError(row=row, error=words, value="", line=0, column="", code=code, message=message)


def time(ms: int) -> str:
    """Unix milliseconds as the documents write times, to the second: ``2025-01-15T11:00:00Z``."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _time(ms: int | None) -> str | None:
    return None if ms is None else time(ms)
