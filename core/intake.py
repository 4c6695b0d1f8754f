"""Take in a file: read it once, guess its columns, and make the draft ready to confirm."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlmodel import Session

from core import columns, imports, mapping, parts, webhooks
from core.db import Database
from core.errors import ImportFailure, InvalidMapping
from core.identifiers import Kind
from core.models import Account, Import, Upload
from core.parts import Claim, PartKey
from core.rules import ImportRules
from core.sheet import Limits, Sheet, inspect, prepare, read
from core.uploads import Files, Stored

#: Rows kept for the preview and for the examples in the mapping.
SAMPLE_ROWS = 20
#: Rows looked at to see which identifier tells the rows of a file apart.
PROBE_ROWS = 2_000
_PROBE_CELLS = 200_000  # at most, of files so wide that these rows would take much memory

#: The order in which identifiers are trusted to name a person.
_KINDS = (Kind.EMAIL, Kind.PHONE, Kind.EXTERNAL_ID, Kind.SOCIAL, Kind.COOKIE)


def fetched(database: Database, claim: Claim, stored: Stored) -> None:
    """The file of a draft now lies in the store. Raises ClaimLost."""

    def record(session: Session) -> None:
        parts.hold(session, claim)
        upload = imports.upload_of(session, claim.key.account_id, claim.key.import_id)
        upload.location, upload.size = stored.location, stored.size
        upload.sha256 = stored.sha256
        upload.failure_message = ""
        session.add(upload)

    database.transact(record)


def put_off(database: Database, claim: Claim, rest_ms: int, why: str) -> None:
    """The file cannot be had now: another part tries again after a rest. Raises ClaimLost.

    Being told to come later is no crash, so each try is a part of its own with its own claims.
    """

    def record(session: Session) -> None:
        parts.hold(session, claim)
        parts.finish(session, claim)
        again = claim.key._replace(ordinal=claim.key.ordinal + 1)
        parts.add(session, again, claim.start, rest_ms=rest_ms)
        upload = imports.upload_of(session, *claim.key[:2])
        upload.failure_message = why
        session.add(upload)
        imports.tell(session, imports.get(session, *claim.key[:2]), "card")

    database.transact(record)


def forgo(database: Database, claim: Claim) -> None:
    """Nobody waits for the file any more: close the part. Raises ClaimLost."""

    def record(session: Session) -> None:
        parts.hold(session, claim)
        parts.finish(session, claim)

    database.transact(record)


def read_part(database: Database, files: Files, claim: Claim, limits: Limits = Limits()) -> None:  # noqa: B008  (frozen)
    """Read a draft's file and guess its mapping, or reject it with a reason. Raises ClaimLost."""
    key = claim.key
    with database.reading() as session:
        upload = imports.upload_of(session, key.account_id, key.import_id)
        region = region_of(session, key.account_id)
    try:
        path = files.path(upload.location)
        look = look_at(path, path.parent, upload.name, region, _limits(claim, limits))
    except ImportFailure as failure:
        reject(database, claim, failure)
        return

    def record(session: Session) -> None:
        parts.hold(session, claim)
        parts.finish(session, claim)
        found = imports.upload_of(session, key.account_id, key.import_id)
        found.prepared = files.location(look.path)
        _make_ready(session, claim, found, look)

    database.transact(record)


def _limits(claim: Claim, limits: Limits) -> Limits:
    """The limits of this reading: a door may take fewer rows than all others."""
    most = claim.start.get("most_rows")
    return limits if most is None else replace(limits, rows=min(limits.rows, most))


@dataclass(frozen=True)
class Look:
    """What reading a file once found out."""

    path: Path  #: of the text that the file was turned into; its own where it is text already
    sheet: Sheet
    guesses: tuple[columns.Guess, ...]
    probe: list[list[str]]  #: the first ``PROBE_ROWS`` rows, or fewer of a wide file
    region: str | None  #: the account's country


def look_at(path: Path, folder: Path, name: str, region: str | None, limits: Limits) -> Look:
    """Read a file once and guess its columns; what has to be written goes into ``folder``.

    ``name`` is the one the sender gave it. Raises the UnreadableFile family.
    """
    text = prepare(path, folder, name=name, limits=limits)
    sheet = _inspected(text, path, name, limits)
    named = sheet.format.header_line > 0
    guesses = columns.guess(sheet.format.header, _telling(text, sheet), region, named)
    rows = max(1, min(PROBE_ROWS, _PROBE_CELLS // len(sheet.format.header)))
    probe = [row.cells for row in read(text, sheet.format, count=rows)]
    return Look(text, sheet, guesses, probe, region)


def fill(session: Session, drafted: Import, upload: Upload, look: Look) -> None:
    """Give a draft its file's facts and its first mapping and rules, remembered or guessed."""
    header = list(look.sheet.format.header)
    known = imports.remembered(session, drafted.account_id, header)
    upload.state = "ready"
    upload.sheet = {**_sheet(look.sheet, look.guesses), "remembered": known is not None}
    drafted.mapping = known or [guess.target for guess in look.guesses]
    drafted.total = look.sheet.row_count
    drafted.rules = rules_for(drafted.mapping, look.region, look.probe).to_json()


def _inspected(prepared: Path, original: Path, name: str, limits: Limits) -> Sheet:
    try:
        return inspect(prepared, limits=limits, name=name)
    except BaseException:
        if prepared != original:
            prepared.unlink(missing_ok=True)  # no upload names it yet
        raise


def _telling(path: Path, sheet: Sheet) -> list[list[str]]:
    """The sampled rows, and for each column that is empty in them the first row that fills it.

    A column that begins to be filled further down must not be taken for an empty one.
    """
    rows = [row.cells for row in sheet.sample]
    width = len(sheet.format.header)
    empty = {n for n in range(width) if not any(row[n].strip() for row in rows)}
    for row in read(path, sheet.format) if empty else ():
        filled = {n for n in empty if row.cells[n].strip()}
        if filled:
            rows.append(row.cells)
            empty -= filled
            if not empty:
                break
    return rows


def reject(database: Database, claim: Claim, failure: ImportFailure) -> None:
    """End the draft of a claimed part with a reason. Raises ClaimLost."""

    def record(session: Session) -> None:
        parts.hold(session, claim)
        parts.finish(session, claim)
        imports.reject(session, claim.key.account_id, claim.key.import_id, failure)

    database.transact(record)


def _make_ready(session: Session, claim: Claim, upload: Upload, look: Look) -> None:
    """Write down what was found, and ask for a forecast of the draft's first mapping."""
    key = claim.key
    draft: Import = imports.get(session, key.account_id, key.import_id)
    if draft.status != "draft":  # dismissed in the meantime
        upload.state, upload.sheet = "ready", _sheet(look.sheet, look.guesses)
        session.add(upload)
        return
    fill(session, draft, upload, look)
    header: list[str] = upload.sheet["format"]["header"]
    try:
        mapping.check(draft.mapping, header, ImportRules.from_json(draft.rules))
    except InvalidMapping:
        pass  # the card asks for what is missing
    else:
        if claim.start.get("forecast", True):
            parts.add(session, PartKey(key.account_id, key.import_id, "forecast", draft.revision))
    session.add_all([draft, upload])
    imports.tell(session, draft, "card")
    webhooks.happened(session, draft, webhooks.PREVIEWED)


def rules_for(
    targets: list[str], region: str | None = None, rows: list[list[str]] | None = None
) -> ImportRules:
    """The rules a door starts from: the best identifier mapped, the others standing in for it.

    ``rows`` are rows of the file. Where they show that different things share a phone, an external
    ID that tells them apart comes before it: a merge that was not meant is worse than none.
    """
    mapped = [kind for kind in _KINDS if kind.value in targets]
    if not mapped:
        return ImportRules(region=region)
    if mapped[0] is Kind.PHONE and Kind.EXTERNAL_ID in mapped and rows:
        ids = [row[targets.index("external_id")] for row in rows]
        phones = [row[targets.index("phone")] for row in rows]
        if _tells_apart(ids) and not _tells_apart([phone for phone in phones if phone]):
            mapped = sorted(mapped, key=lambda kind: kind is not Kind.EXTERNAL_ID)
    return ImportRules(primary=mapped[0], fallback=tuple(mapped[1:]), region=region)


def _tells_apart(values: list[str]) -> bool:
    """Whether every row has a value and none has another row's."""
    return all(values) and len(set(values)) == len(values)


def region_of(session: Session, account_id: int) -> str | None:
    """The country that an account's phones without one are from; None where nobody said."""
    found = session.get(Account, account_id)
    return found.settings.get("default_region") if found else None


def _sheet(sheet: Sheet, guesses: tuple[columns.Guess, ...]) -> dict[str, Any]:
    """What later steps need to know of a file, as JSON."""
    return {
        "format": sheet.format.to_json(),
        "row_count": sheet.row_count,
        "marks": [list(mark) for mark in sheet.marks],
        "sample": [row.cells for row in sheet.sample[:SAMPLE_ROWS]],
        "notes": [problem.message for problem in sheet.problems],
        "encoding": sheet.encoding_name,
        "delimiter": sheet.delimiter_name,
        "guesses": [
            {"target": g.target, "confidence": g.confidence, "reason": g.reason} for g in guesses
        ],
    }
