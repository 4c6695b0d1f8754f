"""Naturalead's endpoints: preview, confirm, and what became of it."""

from __future__ import annotations

from bot.api.endpoint import Answer, Call, Dialect, Endpoint, Nothing
from bot.api.failures import InvalidRequest
from bot.api.taking import taken
from bot.dialects.leadvibe.rules import region
from bot.dialects.naturalead import rules, wire
from bot.dialects.naturalead.leads import LEADS
from bot.dialects.naturalead.refusing import Refusal, refuse
from core import asking, drafts, ids, imports, keys, undo
from core.errors import ImportFailure, NotFound, UploadExpired
from core.models import Import, Upload
from core.rules import ImportRules
from core.uploads import Stored

_BATCH = "/api/leads/imports/{importBatchId}"


# ---- import ------------------------------------------------------------------------------------


async def preview(call: Call) -> Answer:
    """Upload a CSV for preview.

    As multipart/form-data with the CSV in `file`, at most 50 MB, or as JSON with the CSV as a text
    in `content`, at most 10 MB. Nothing is imported: confirm it with the `uploadId` within an hour.
    """
    if call.file is None:
        name, stored = call.body.file_name, await _stored(call)
    else:
        name, stored = call.file.name, call.file.stored
    drafted, upload = await taken(call, name, stored, lifetime_ms=rules.LIFETIME_MS)
    return Answer(wire.preview(drafted, upload))


async def confirm(call: Call) -> Answer:
    """Map columns and confirm the import.

    Takes the `uploadId` of a preview, or the CSV itself in `content`. Leads are found by their
    phone and updated, the others are created. The answer holds the counts. An import that takes
    longer than the server waits, by default 30 seconds, is answered with 202 and goes on: look at
    it under its `importBatchId`.
    """
    started = call.started if call.started is not None else await _confirmed(call)
    seconds = call.office.settings.wait_seconds
    job = await call.office.ended(call.caller.account_id, started, seconds)
    if job.status == "failed":
        raise ImportFailure(job.failure_message or "The import could not be done. Send it again.")
    status = 200 if job.status in imports.ENDED else 202
    return Answer(await call.office.run(_outcome, call, job), status)


async def _confirmed(call: Call) -> int:
    """The id of the import that is started. Raises ImportFailure."""
    if call.body.upload_id is not None:
        drafted, upload = await call.office.run(_draft, call)
    elif call.body.content:
        drafted, upload = await taken(call, call.body.file_name, await _stored(call))
    else:
        words = "Send the uploadId of a preview, or the CSV itself as content"
        raise InvalidRequest(f"{words}.", {"uploadId": "is required"})
    return (await call.office.run(_start, call, drafted, upload)).id


async def _stored(call: Call) -> Stored:
    content: bytes = call.body.content.encode()
    files = call.office.files
    return await call.office.run(files.put, [content], rules.MOST_JSON_BYTES, ".csv")


def _draft(call: Call) -> tuple[Import, Upload]:
    """The draft of an uploadId; that of somebody else is as good as expired. Raises
    UploadExpired."""
    draft_id = ids.read("upload", call.body.upload_id) or 0
    with call.office.database.reading() as session:
        try:
            return drafts.read_draft(session, call.caller.account_id, draft_id)
        except NotFound:
            raise UploadExpired from None


def _start(call: Call, drafted: Import, upload: Upload) -> Import:
    """Start an import; a file that came without a preview is dropped where that is refused."""
    desk, account_id = call.office.desk, call.caller.account_id
    kept = call.body.upload_id is not None
    try:
        accounts = ImportRules.from_json(drafted.rules).region
        chosen = rules.rules(region(call.body.country, accounts), call.body.tags)
        targets = rules.mapped(upload.sheet["format"]["header"], call.body.mapping, chosen)
        return desk.run(account_id, drafted.id, targets, chosen, keep=kept, key=call.key)
    except ImportFailure:
        if not kept:
            desk.dismiss(account_id, drafted.id)
        raise


# ---- history and rollback ----------------------------------------------------------------------


def list_imports(call: Call) -> Answer:
    """List imports, the newest first, with the file each came from."""
    account_id, query = call.caller.account_id, call.query
    with call.office.database.reading() as session:
        found, total = asking.recent(session, account_id, limit=query.limit, skip=query.skip)
        uploads = asking.uploads_of(session, account_id, found)
    data = [wire.batch(job, uploads[job.upload_id]) for job in found]
    return Answer(wire.History(data=data, total=total, skip=query.skip, limit=query.limit))


def get_import(call: Call) -> Answer:
    """Look at an import, while it goes on or later."""
    return Answer(_outcome(call, _batch(call)))


async def rollback(call: Call) -> Answer:
    """Roll an import back.

    Leads it created are deleted. Leads that were there before are restored to what they were. What
    somebody touched since stays. With `dryRun` it only tells the counts. Rolling back goes on in
    the background where it takes longer than the server waits: ask again.
    """
    job = await call.office.run(_batch, call)
    if call.query.dry_run:
        return Answer(await call.office.run(_forecast, call, job))
    if call.started is None and job.undo_state not in ("undoing", "undone"):
        await call.office.run(call.office.desk.undo, job.account_id, job.id, call.key)
    seconds = call.office.settings.wait_seconds
    job = await call.office.undone(job.account_id, job.id, seconds)
    return Answer(_rolled_back(job, job.undo_counts), 202 if job.undo_state == "undoing" else 200)


def _forecast(call: Call, job: Import) -> wire.RolledBack:
    with call.office.database.reading() as session:
        return _rolled_back(job, undo.preview(session, job.account_id, job.id))


def _rolled_back(job: Import, counts: dict[str, int]) -> wire.RolledBack:
    return wire.RolledBack(
        import_batch_id=ids.show("job", job.id), state=job.undo_state or "not_undone", **counts
    )


def _batch(call: Call) -> Import:
    """The import that the path names. Raises NotFound for a draft too."""
    job_id = ids.read("job", call.path["importBatchId"]) or 0
    with call.office.database.reading() as session:
        return asking.started(session, call.caller.account_id, job_id)


def _outcome(call: Call, job: Import) -> wire.Outcome:
    with call.office.database.reading() as session:
        upload = asking.upload_of(session, job.account_id, job.id)
        return wire.outcome(job, upload, asking.failures(session, job, rules.MOST_DETAILS))


_IMPORTING = (
    Endpoint(
        "POST", "/api/leads/upload/preview", preview, keys.IMPORT, {200: wire.Preview},
        form=Nothing, body=wire.Content, limit=rules.MOST_BYTES, either=rules.MOST_JSON_BYTES,
    ),
    Endpoint(
        "POST", "/api/leads/upload/confirm", confirm, keys.IMPORT,
        {200: wire.Outcome, 202: wire.Outcome}, body=wire.Confirm, limit=rules.MOST_JSON_BYTES,
        starts=True, refusals=(422,),
    ),
    Endpoint(
        "GET", "/api/leads/imports", list_imports, keys.IMPORT, {200: wire.History},
        query=wire.Span,
    ),
    Endpoint("GET", _BATCH, get_import, keys.IMPORT, {200: wire.Outcome}),
    Endpoint(
        "POST", f"{_BATCH}/rollback", rollback, keys.IMPORT,
        {200: wire.RolledBack, 202: wire.RolledBack}, query=wire.Rollback, starts=True,
        refusals=(409,),
    ),
)  # fmt: skip

NATURALEAD = Dialect("naturalead", (*_IMPORTING, *LEADS), refuse, error=Refusal)
