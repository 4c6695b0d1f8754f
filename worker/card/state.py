"""Everything a card needs to know of one import, gathered in one look at the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from core import ids, imports, mapping, tally
from core.errors import InvalidMapping
from core.models import Import, Upload
from core.rules import ImportRules


@dataclass(frozen=True)
class Example:
    """One row that has a problem."""

    row: int
    message: str
    value: str = ""
    line: int = 0  #: of the file, where that is known


@dataclass(frozen=True)
class Problems:
    """The problems of one kind in one column: how many, and the first few."""

    code: str
    column: str
    severity: str
    count: int
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True)
class Counts:
    """The counting law: the total is the sum of all these."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    unprocessed: int = 0

    @property
    def done(self) -> int:
        """Rows that are dealt with."""
        return self.kept + self.skipped + self.failed

    @property
    def kept(self) -> int:
        """Rows that are in the leads now."""
        return self.created + self.updated + self.unchanged


@dataclass(frozen=True)
class Undone:
    """What undoing did to the leads so far. ``state`` is undoing, undone or failed; '' before."""

    state: str = ""
    deleted: int = 0
    restored: int = 0
    kept: int = 0  #: touched since, or opted out
    gone: int = 0  #: deleted by somebody before


@dataclass(frozen=True)
class Forecast:
    """What an import would do; ``done`` once it has seen every row, ``failed`` if it never will."""

    counts: Counts
    rows: int
    done: bool
    problems: tuple[Problems, ...] = ()
    failed: bool = False


@dataclass(frozen=True)
class Earlier:
    """An import of the same bytes that was completed before."""

    job: str
    at: int  #: Unix milliseconds


@dataclass(frozen=True)
class FileFacts:
    """What reading the file found out."""

    header: tuple[str, ...] = ()
    rows: int = 0
    sample: tuple[tuple[str, ...], ...] = ()
    encoding: str = "UTF-8"
    delimiter: str = "comma"
    notes: tuple[str, ...] = ()
    #: target, confidence and reason per column, as first guessed
    guesses: tuple[dict[str, Any], ...] = ()
    remembered: bool = False


@dataclass(frozen=True)
class CardState:
    """One import, as its card shows it. All times are Unix milliseconds."""

    job: str
    status: str
    name: str
    uploader: str = ""
    revision: int = 0
    read: bool = False  #: the file was read and can be imported
    file: FileFacts = field(default_factory=FileFacts)
    mapping: tuple[str, ...] = ()
    flaw: str = ""  #: what is wrong with the mapping, in words
    rules: ImportRules = field(default_factory=ImportRules)
    forecast: Forecast | None = None
    total: int = 0
    counts: Counts = field(default_factory=Counts)
    cancel_requested: bool = False
    failure: str = ""
    failure_code: str = ""
    earlier: Earlier | None = None
    problems: tuple[Problems, ...] = ()
    started_at: int = 0
    completed_at: int = 0
    undone: Undone = field(default_factory=Undone)
    now: int = 0

    @property
    def version(self) -> str:
        """The import and the revision of its mapping: what a button of this card speaks of."""
        return f"{self.job}.{self.revision}"


def gather(
    session: Session, account_id: int, import_id: int, *, problems: bool = True
) -> CardState:
    """The state of one import. Raises NotFound.

    ``problems=False`` leaves out the problems of an ended import: counting them reads them all.
    """
    job = imports.get(session, account_id, import_id)
    upload = imports.upload_of(session, account_id, import_id)
    facts, rules = _facts(upload), ImportRules.from_json(job.rules)
    return CardState(
        job=ids.show("job", job.id),
        status=job.status,
        name=upload.name,
        uploader=job.origin.get("user", ""),
        revision=job.revision,
        read=upload.state == "ready",
        file=facts,
        mapping=tuple(job.mapping),
        flaw=_flaw(job.mapping, facts, rules),
        rules=rules,
        forecast=_forecast(job),
        total=job.total,
        counts=_counts(vars(job)),
        cancel_requested=job.cancel_requested,
        failure=job.failure_message or upload.failure_message,
        failure_code=job.failure_code or upload.failure_code,
        earlier=_earlier(session, job),
        problems=_problems_of(session, job) if problems else (),
        started_at=job.started_at or 0,
        completed_at=job.completed_at or 0,
        undone=Undone(job.undo_state, **job.undo_counts),
        now=imports.now(session),
    )


def _facts(upload: Upload) -> FileFacts:
    sheet = upload.sheet
    if not sheet:
        return FileFacts()
    return FileFacts(
        header=tuple(sheet["format"]["header"]),
        rows=sheet["row_count"],
        sample=tuple(tuple(cells) for cells in sheet["sample"]),
        encoding=sheet["encoding"],
        delimiter=sheet["delimiter"],
        notes=tuple(sheet["notes"]),
        guesses=tuple(sheet["guesses"]),
        remembered=sheet.get("remembered", False),
    )


def _flaw(targets: list[str], facts: FileFacts, rules: ImportRules) -> str:
    if not facts.header:
        return ""
    try:
        mapping.check(targets, facts.header, rules)
    except InvalidMapping as flaw:
        return flaw.message
    return ""


def _counts(values: dict[str, Any]) -> Counts:
    return Counts(**{name: values.get(name, 0) for name in Counts.__dataclass_fields__})


def _forecast(job: Import) -> Forecast | None:
    """The forecast, if it speaks of the mapping as it is now."""
    found = job.forecast
    if not found or job.forecast_revision != job.revision:
        return None
    if found.get("given_up"):
        return Forecast(Counts(), 0, done=False, failed=True)
    return Forecast(_counts(found), found["rows"], found["done"], _problems(found["problems"]))


def _problems(groups: list[dict[str, Any]]) -> tuple[Problems, ...]:
    return tuple(
        Problems(
            group["code"],
            group["column"],
            group["severity"],
            group["count"],
            tuple(
                Example(e["row"], e["message"], e["value"], e["line"]) for e in group["examples"]
            ),
        )
        for group in groups
    )


def _problems_of(session: Session, job: Import) -> tuple[Problems, ...]:
    """What went wrong, once the import has ended."""
    if job.status not in imports.ENDED or not job.started_at:
        return ()
    return _problems(tally.problems(session, job.account_id, job.id))


def _earlier(session: Session, job: Import) -> Earlier | None:
    if job.status != "draft":
        return None
    found = imports.earlier_import(session, job.account_id, job.id)
    return Earlier(ids.show("job", found.id), found.completed_at or 0) if found else None
