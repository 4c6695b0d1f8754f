"""What requests are about: the file that one names, what it chose for it, the job it asks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from bot.dialects.leadvibe import bodies, wire
from bot.dialects.leadvibe import rules as policy
from core import asking, ids, intake, targets
from core.db import Database
from core.drafts import read_draft
from core.errors import NotFound
from core.identifiers import Kind
from core.models import Import, Upload
from core.rules import ImportRules


@dataclass(frozen=True)
class Chosen:
    """A mapping and rules that fit a file."""

    upload: Upload
    targets: Sequence[str]
    rules: ImportRules
    ignored: Sequence[str]  #: columns that were given a field nobody knows


def chosen(database: Database, account_id: int, import_id: int, asked: bodies.Mapped) -> Chosen:
    """What a request chose for a file. Raises NotFound, UploadExpired, InvalidMapping."""
    with database.reading() as session:
        _, upload = read_draft(session, account_id, import_id)
        customs = asking.custom_fields(session, account_id)
        region = intake.region_of(session, account_id)
    kind = Kind(asked.primary_identifier.kind)
    rules = policy.rules(kind, policy.region(asked.country, region))
    mapped = _mapped(asked, customs)
    header = upload.sheet["format"]["header"]
    found = targets.complete(header, mapped, rules)
    return Chosen(upload, found, rules, policy.unknown(mapped))


def begun(
    database: Database, account_id: int, import_id: int, asked: bodies.Mapped
) -> tuple[Import, Upload, Sequence[str]]:
    """What such a request has started before: the import, its file and the ignored columns."""
    with database.reading() as session:
        job = asking.started(session, account_id, import_id)
        upload = asking.upload_of(session, account_id, import_id)
        customs = asking.custom_fields(session, account_id)
    return job, upload, policy.unknown(_mapped(asked, customs))


def _mapped(asked: bodies.Mapped, customs: Iterable[str]) -> dict[str, str]:
    """What a request says of columns; ``customs`` are the account's own fields."""
    primary = (asked.primary_identifier.column, asked.primary_identifier.kind)
    return policy.mapping(primary, asked.field_mappings, asked.alias_mappings, customs)


def draft_id(file_id: str) -> int:
    """The draft behind a file's public id; 0, which is nobody's, where it is none."""
    return ids.read("preview", file_id) or 0


def seen(session: Session, account_id: int, job_id: str) -> wire.Seen:
    """An import with its failed rows. Raises NotFound."""
    job = asking.started(session, account_id, job_number(job_id))
    upload = asking.upload_of(session, account_id, job.id)
    given_up = asking.given_up(session, account_id, [job]).get(job.id, ())
    keyed = wire.key_columns(job, upload)
    problems = asking.failures(session, job, policy.MOST_ERRORS, keyed)
    return wire.Seen(job, upload, given_up, problems)


def followed(
    database: Database, account_id: int, job_id: str, before: wire.Seen | None = None
) -> wire.Seen:
    """An import without its rows; ``before`` is how it looked last. Raises NotFound."""
    with database.reading() as session:
        job = asking.started(session, account_id, job_number(job_id))
        upload = before.upload if before else asking.upload_of(session, account_id, job.id)
        given_up = asking.given_up(session, account_id, [job]).get(job.id, ())
    return wire.Seen(job, upload, given_up)


def listed(session: Session, account_id: int, page: bodies.Page) -> tuple[list[wire.Seen], int]:
    """A page of imports without their rows, and how many there are in all."""
    jobs, total = asking.recent(session, account_id, page=page.page, limit=page.limit)
    uploads = asking.uploads_of(session, account_id, jobs)
    given_up = asking.given_up(session, account_id, jobs)
    found = [wire.Seen(job, uploads[job.upload_id], given_up.get(job.id, ())) for job in jobs]
    return found, total


def job_number(job_id: str) -> int:
    """The import behind a public id. Raises NotFound."""
    number = ids.read("job", job_id)
    if number is None:
        raise NotFound
    return number
