"""What Leadport adds to LeadVibe's jobs: cancel, undo, forecast, files and events.

They are new paths, and refuse as problem+json (RFC 9457).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlmodel import Session

from bot.api import problem
from bot.api.downloads import CSV, download
from bot.api.endpoint import Answer, Call, Dialect, Endpoint
from bot.dialects.leadvibe import bodies, events, forecasts, wire
from bot.dialects.leadvibe.jobs import draft_id, job_number, seen
from bot.dialects.leadvibe.routes import KENBUN_HOSTS, KENBUN_STORAGE, LEADVIBE_STORAGE
from core import asking, ids, keys, results, undo
from core.models import Import

#: What gives the rows of a file: of the session and the files of a call about one import.
Rows = Callable[[Session, Call, Import], Iterator[bytes]]

_JOB = "/leads/import/jobs/{job_id}"


@dataclass(frozen=True)
class Additions:
    """The further endpoints of one of the two APIs."""

    storage_error: str  #: what its document calls a failure of our own
    #: How many connections of each account follow a job in this process.
    following: Counter[int] = field(default_factory=Counter)

    def cancel(self, call: Call) -> Answer:
        """Cancel a job: it stops after the rows it is at.

        What is imported by then stays, and can be undone; the other rows are counted in
        `unprocessed_count`. Cancelling twice is as good as once.
        """
        job = _job(call)
        if not job.cancel_requested:
            call.office.desk.cancel(job.account_id, job.id)
        return self._detail(call)

    def undo(self, call: Call) -> Answer:
        """Undo a job that has ended.

        Leads it created are deleted, and fields, tags and identifiers it changed are restored,
        unless somebody touched them since. With `dry_run` it only tells how many leads that would
        be. Undoing goes on in the background: look at `undo` of the job.
        """
        job = _job(call)
        if call.query.dry_run:
            with call.office.database.reading() as session:
                counts = undo.preview(session, job.account_id, job.id)
            return Answer(bodies.UndoForecast(job_id=ids.show("job", job.id), **counts))
        if call.started is None:
            call.office.desk.undo(job.account_id, job.id, call.key)
        return self._detail(call, 202)

    async def errors_csv(self, call: Call) -> Answer:
        """Download the failed rows, to mend and to import again.

        The rows as they came, and what is wrong with each to the right of it.
        """
        return await _file(call, "errors", _failed_rows)

    async def results_csv(self, call: Call) -> Answer:
        """Download every row of a job that has ended with what became of it.

        Created, updated, unchanged, skipped, failed or unprocessed, the lead, and why.
        """
        return await _file(call, "results", _all_rows)

    async def undo_csv(self, call: Call) -> Answer:
        """Download what undoing a job did to each lead."""
        return await _file(call, "undo", _undone_leads)

    async def events(self, call: Call) -> Answer:
        """Follow a job as server-sent events.

        A `progress` event whenever its numbers have changed, then an `end` event; each holds the
        job as it is in the list. `Last-Event-ID` goes on where a connection broke, and is answered
        with 204 where the job has ended and its end was told.
        """
        return await events.follow(call, self.following)

    async def forecast(self, call: Call) -> Answer:
        """Tell what importing a file would do, and import nothing.

        Takes what `start` takes. Answers 200 with the counts, or 202 where they take longer: ask
        again at the address in `Location`.
        """
        return await forecasts.asked(call)

    def forecast_so_far(self, call: Call) -> Answer:
        """Ask for the newest forecast of a file, as far as it is."""
        return Answer(forecasts.found(call, draft_id(call.path["file_id"])))

    def _detail(self, call: Call, status: int = 200) -> Answer:
        with call.office.database.reading() as session:
            found = seen(session, call.caller.account_id, call.path["job_id"])
        return Answer(wire.detail(found, self.storage_error), status)

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The table."""
        detail = bodies.JobDetail
        return (
            Endpoint(
                "POST", f"{_JOB}/cancel", self.cancel, keys.IMPORT, {200: detail}, starts=True,
                refusals=(404, 409),
            ),
            Endpoint(
                "POST", f"{_JOB}/undo", self.undo, keys.IMPORT,
                {200: bodies.UndoForecast, 202: detail}, query=bodies.UndoQuery, starts=True,
                refusals=(400, 404, 409),
            ),
            Endpoint(
                "GET", f"{_JOB}/errors.csv", self.errors_csv, keys.IMPORT, {200: CSV},
                refusals=(404, 410),
            ),
            Endpoint(
                "GET", f"{_JOB}/results.csv", self.results_csv, keys.IMPORT, {200: CSV},
                refusals=(404, 409, 410),
            ),
            Endpoint(
                "GET", f"{_JOB}/undo.csv", self.undo_csv, keys.IMPORT, {200: CSV},
                refusals=(404, 409),
            ),
            Endpoint(
                "GET", f"{_JOB}/events", self.events, keys.IMPORT,
                {200: events.MEDIA_TYPE, 204: ""}, refusals=(404,),
            ),
            Endpoint(
                "POST", "/leads/import/forecast", self.forecast, keys.IMPORT,
                {200: bodies.Forecast, 202: bodies.Forecast}, body=bodies.Mapped,
                refusals=(400, 404, 410),
            ),
            Endpoint(
                "GET", "/leads/import/forecast/{file_id}", self.forecast_so_far, keys.IMPORT,
                {200: bodies.Forecast}, refusals=(404, 410),
            ),
        )  # fmt: skip


def _job(call: Call) -> Import:
    """The import that the address names. Raises NotFound."""
    number = job_number(call.path["job_id"])
    with call.office.database.reading() as session:
        return asking.started(session, call.caller.account_id, number)


async def _file(call: Call, name: str, rows: Rows) -> Answer:
    job = await call.office.run(_job, call)
    make = partial(_rows_of, call, job, rows)
    return await download(call.office, make, f"{ids.show('job', job.id)}-{name}.csv")


def _rows_of(call: Call, job: Import, rows: Rows, session: Session) -> Iterator[bytes]:
    return rows(session, call, job)


def _failed_rows(session: Session, call: Call, job: Import) -> Iterator[bytes]:
    return results.problems_csv(session, call.office.files, job.account_id, job.id)


def _all_rows(session: Session, call: Call, job: Import) -> Iterator[bytes]:
    return results.results_csv(session, call.office.files, job.account_id, job.id)


def _undone_leads(session: Session, call: Call, job: Import) -> Iterator[bytes]:
    return results.undo_csv(session, job.account_id, job.id)


def _dialect(name: str, storage_error: str, **where: Any) -> Dialect:
    endpoints = Additions(storage_error).endpoints
    return Dialect(name, endpoints, problem.refused, error=problem.Problem, **where)


LEADPORT = _dialect("leadport", LEADVIBE_STORAGE)
LEADPORT_KENBUN = _dialect("leadport_kenbun", KENBUN_STORAGE, prefix="/kenbun")
LEADPORT_KENBUN_HOST = _dialect("leadport_kenbun", KENBUN_STORAGE, hosts=KENBUN_HOSTS)
