"""LeadVibe's JSON as types: what requests hold and what answers hold.

Everything the document names comes first and means what it says there; what Leadport adds are new
keys after it.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator

from bot.api.endpoint import Wire
from bot.dialects.leadvibe import rules as policy

#: Characters of a column's or field's name in a request.
_LONGEST = 1_000
Name = Annotated[str, Field(min_length=1, max_length=_LONGEST)]
Names = Annotated[dict[Name, Annotated[str, Field(max_length=_LONGEST)]], Field(max_length=10_000)]
_Alias = Annotated[
    str, Field(max_length=_LONGEST, json_schema_extra={"pattern": policy.ALIAS_PATTERN})
]
_AliasNames = Annotated[dict[Name, _Alias], Field(max_length=10_000)]
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
    alias_mappings: _AliasNames = Field(default_factory=dict)
    #: Where phones without a country are from: a code or a name.
    country: Annotated[str, Field(min_length=1, max_length=100)] | None = None

    @field_validator("alias_mappings")
    @classmethod
    def _known_aliases(cls, value: dict[str, str]) -> dict[str, str]:
        for column, alias in value.items():
            if not re.search(policy.ALIAS_PATTERN, alias):
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
