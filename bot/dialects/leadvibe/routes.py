"""LeadVibe's endpoints: preview, start, list, look. kenbun's are the same, in its own words (K-15).

What Leadport adds to them is in ``additions``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bot.api.endpoint import Answer, Call, Dialect, Endpoint, Nothing, Refused, Sent
from bot.api.failures import InvalidRequest, UnsupportedType, status_of
from bot.api.taking import taken
from bot.dialects.leadvibe import bodies, wire
from bot.dialects.leadvibe import rules as policy
from bot.dialects.leadvibe.jobs import begun, chosen, draft_id, listed, seen
from core import keys
from core.errors import ImportFailure, NotFound, UnreadableFile, UploadExpired

_HEAD_BYTES = 512
#: What this document gives another status than usual (L-21).
_STATUS: Mapping[str, int] = MappingProxyType({"upload_expired": 404, "file_gone": 404})


class FileNotFound(NotFound):
    """File ID expired or not found. Previews expire after 1 hour: send the file again."""


class NoHeader(UnreadableFile):
    """The file has no header row. The first row must name the columns."""

    code = "no_header_row"


def refuse(failure: ImportFailure) -> Refused:
    """A refusal as ``{"error", "code", "fields"}``; the document shows none."""
    fields = dict(failure.fields) if isinstance(failure, InvalidRequest) else {}
    body = bodies.Refusal(error=failure.message, code=failure.code, fields=fields)
    return Refused(status_of(failure, _STATUS), body.model_dump())


@dataclass(frozen=True)
class ImportJobs:
    """The endpoints of one of the two documents."""

    storage_error: str  #: what it calls a failure of our own

    async def preview(self, call: Call) -> Answer:
        """Upload a CSV file to preview headers and sample rows before importing.

        The file is kept for an hour, in which it can be imported by its ``file_id``, more than
        once too. Nothing is imported yet.
        """
        sent = _sent(call)
        await call.office.run(_check_kind, call, sent)
        drafted, upload = await taken(call, sent.name, sent.stored, lifetime_ms=policy.LIFETIME_MS)
        if not upload.sheet["format"]["header_line"]:
            raise NoHeader
        return Answer(wire.preview(drafted, upload))

    def start(self, call: Call) -> Answer:
        """Start an import job with field mappings.

        Rows are looked up by the primary identifier: where it is known the lead is updated, where
        it is not a lead is created. Aliases are added. Unknown field names are ignored, and named
        in ``ignored_columns``; names are not case-sensitive.
        """
        account_id, file_id = call.caller.account_id, draft_id(call.body.file_id)
        if call.started is not None:
            before = begun(call.office.database, account_id, call.started, call.body)
            return Answer(wire.started(*before), 202)
        try:
            choice = chosen(call.office.database, account_id, file_id, call.body)
            job = call.office.desk.run(
                account_id, file_id, choice.targets, choice.rules, keep=True, key=call.key
            )
        except (NotFound, UploadExpired):
            raise FileNotFound from None
        return Answer(wire.started(job, choice.upload, choice.ignored), 202)

    def jobs(self, call: Call) -> Answer:
        """List all import jobs for the current OU, the newest first."""
        with call.office.database.reading() as session:
            found, total = listed(session, call.caller.account_id, call.query)
        rows = [wire.job(one) for one in found]
        page = {"page": call.query.page, "limit": call.query.limit}
        return Answer(bodies.JobPage(jobs=rows, total=total, **page))

    def job(self, call: Call) -> Answer:
        """Get detailed results for a specific import job.

        ``errors`` holds one entry for each failed row, the first 1,000 of them; all are in
        ``errors.csv``.
        """
        with call.office.database.reading() as session:
            found = seen(session, call.caller.account_id, call.path["job_id"])
        return Answer(wire.detail(found, self.storage_error))

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The table."""
        return (
            Endpoint(
                "POST", "/leads/import/preview", self.preview, keys.IMPORT, {200: bodies.Preview},
                form=Nothing, limit=policy.MOST_BYTES, refusals=(400, 413, 415),
            ),
            Endpoint(
                "POST", "/leads/import/start", self.start, keys.IMPORT, {202: bodies.Started},
                body=bodies.Mapped, starts=True, refusals=(400, 404),
            ),
            Endpoint(
                "GET", "/leads/import/jobs", self.jobs, keys.IMPORT, {200: bodies.JobPage},
                query=bodies.Page, refusals=(400,),
            ),
            Endpoint(
                "GET", "/leads/import/jobs/{job_id}", self.job, keys.IMPORT,
                {200: bodies.JobDetail}, refusals=(404,),
            ),
        )  # fmt: skip


def _sent(call: Call) -> Sent:
    assert call.file is not None  # noqa: S101  (a form without a file was refused)
    return call.file


def _check_kind(call: Call, sent: Sent) -> None:
    """Raises UnsupportedType where the file is no CSV by what it is called or how it begins."""
    with call.office.files.path(sent.stored.location).open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not policy.is_csv(sent.name, sent.content_type, head):
        raise UnsupportedType


def _dialect(name: str, storage_error: str, **where: Any) -> Dialect:
    endpoints = ImportJobs(storage_error).endpoints
    return Dialect(name, endpoints, refuse, error=bodies.Refusal, **where)


#: What the documents call a row that we failed to store (L-41, K-15).
LEADVIBE_STORAGE, KENBUN_STORAGE = "Database error", "Server error"
KENBUN_HOSTS = ("api.kenbun.io",)

LEADVIBE = _dialect("leadvibe", LEADVIBE_STORAGE)
#: The same under another name: below a path of its own, and for its own host (K-2).
KENBUN = _dialect("kenbun", KENBUN_STORAGE, prefix="/kenbun")
KENBUN_HOST = _dialect("kenbun", KENBUN_STORAGE, hosts=KENBUN_HOSTS)
