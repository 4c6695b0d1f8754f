"""SendKit's endpoints: one upload that is imported at once, and its results."""

from __future__ import annotations

from collections.abc import Mapping

from bot.api.endpoint import Answer, Call, Dialect, Endpoint
from bot.api.failures import FileMissing
from bot.api.taking import taken
from bot.dialects.leadvibe.rules import region
from bot.dialects.sendkit import rules, wire
from core import aftermath, asking, ids, imports, keys
from core.errors import ImportFailure, NotFound
from core.models import Import, Upload
from core.rules import ImportRules

_IMPORT = "/v1/leads/import/csv"


async def import_csv(call: Call) -> Answer:
    """Import leads from a CSV file

    The file has a header row and a column of email addresses: at most 50,000 rows and 50 MB. The
    answer holds the results. An import that takes longer than the server waits, by default 30
    seconds, is answered with 202 and goes on; its results come at `statusUrl`.
    """
    started = call.started if call.started is not None else await _taken_and_started(call)
    return await _answer(call, started, call.office.settings.wait_seconds)


async def results(call: Call) -> Answer:
    """The results of an import

    The same answer as that of the upload: 202 while the import goes on, 200 once it has ended.
    """
    job = await call.office.run(_started, call)
    return await _answer(call, job.id, 0)


async def _taken_and_started(call: Call) -> int:
    """The id of the import that the file becomes. Raises ImportFailure."""
    given = await call.office.run(wire.columns, call.body.mapping)
    if call.file is None:
        raise FileMissing
    drafted, upload = await taken(call, call.file.name, call.file.stored, most_rows=rules.MOST_ROWS)
    return (await call.office.run(_start, call, drafted, upload, given)).id


def _start(call: Call, drafted: Import, upload: Upload, given: Mapping[str, str]) -> Import:
    """Start the draft, or drop it where it cannot be started."""
    desk, account_id = call.office.desk, call.caller.account_id
    guesses = [guess["target"] for guess in upload.sheet["guesses"]]
    try:
        chosen = _rules(call.body, drafted)
        targets = rules.mapped(upload.sheet["format"]["header"], given, guesses, chosen)
        return desk.run(account_id, drafted.id, targets, chosen, key=call.key)
    except ImportFailure:
        desk.dismiss(account_id, drafted.id)
        raise


def _rules(form: wire.ImportForm, drafted: Import) -> ImportRules:
    accounts = ImportRules.from_json(drafted.rules).region
    return rules.rules(
        region(form.country.strip() or None, accounts),
        skip_duplicates=form.skip_duplicates,
        cleanup=form.data_cleanup,
        tag=form.tag,
    )


async def _answer(call: Call, job_id: int, seconds: float) -> Answer:
    """What there is to say after waiting so long for the import to end."""
    job = await call.office.ended(call.caller.account_id, job_id, seconds)
    if job.status not in imports.ENDED:
        url = f"{call.office.settings.public_url}{_IMPORT}/{ids.show('job', job.id)}"
        headers = {"Location": url, "Retry-After": "2"}
        return Answer(wire.progress(job, url), 202, headers)
    if job.status == "failed":
        raise ImportFailure(job.failure_message or "The import could not be done. Send it again.")
    return Answer(await call.office.run(_results, call, job))


def _started(call: Call) -> Import:
    """The import that the path names. Raises NotFound for a draft too.

    So it does for an import that is larger than this API takes: its answer, which names every new
    lead, would have no bound.
    """
    with call.office.database.reading() as session:
        job_id = ids.read("job", call.path["job_id"]) or 0
        job = asking.started(session, call.caller.account_id, job_id)
    if job.total > rules.MOST_ROWS:
        raise NotFound
    return job


def _results(call: Call, job: Import) -> wire.Imported:
    with call.office.database.reading() as session:
        upload = imports.upload_of(session, job.account_id, job.id)
        return wire.results(
            job,
            upload.sheet["format"]["header"],
            aftermath.created_leads(session, job.account_id, job.id),
            aftermath.failures(session, call.office.files, job.account_id, job.id),
        )


SENDKIT = Dialect(
    name="sendkit",
    refuse=wire.refuse,
    error=wire.Refusal,
    endpoints=(
        Endpoint(
            "POST", _IMPORT, import_csv, keys.IMPORT,
            answers={200: wire.Imported, 202: wire.UnderWay}, form=wire.ImportForm,
            limit=rules.MOST_BYTES, starts=True,
        ),
        Endpoint(
            "GET", f"{_IMPORT}/{{job_id}}", results, keys.IMPORT,
            answers={200: wire.Imported, 202: wire.UnderWay},
        ),
    ),
)  # fmt: skip
