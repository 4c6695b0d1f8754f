"""Core values as LeadVibe's answers (pure). The types are in ``bodies``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from bot.dialects.leadvibe import rules as policy
from bot.dialects.leadvibe.bodies import (
    Column,
    Detected,
    Forecast,
    Job,
    JobDetail,
    Preview,
    Primary,
    ProblemGroup,
    RowError,
    Started,
    Undo,
)
from core import columns, ids
from core.asking import FailedRow
from core.models import Import, Upload
from core.problems import ProblemCode
from core.rules import ImportRules


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
