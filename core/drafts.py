"""What comes before an import: a file, its mapping and rules, until it is confirmed or dropped."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from core import columns, mapping, parts, webhooks
from core.asking import get, upload_of
from core.db import now
from core.errors import ImportFailure, UploadExpired, WrongState
from core.ids import new_id
from core.models import Import, SavedMapping, Upload
from core.parts import PartKey
from core.rules import ImportRules
from core.status import move, one, tell

_TOO_LATE = {
    "completed": "The import is completed already.",
    "failed": "The file could not be imported.",
    "cancelled": "The import was cancelled.",
}


def draft(
    session: Session,
    account_id: int,
    name: str,
    *,
    source: dict[str, Any] | None = None,
    origin: dict[str, Any] | None = None,
    location: str = "",
    size: int = 0,
    sha256: str = "",
    forecast: bool = True,
    expires_at: int | None = None,
    most_rows: int | None = None,
) -> Import:
    """A new import of a file that is to be fetched from ``source`` or lies at ``location``.

    It stays a draft until ``start``; its first part reads the file, and asks for a forecast unless
    told that nobody will look at one. A file of more than ``most_rows`` rows is rejected, as is one
    above the limits that hold for all.
    """
    created = now(session)
    upload = Upload(
        account_id=account_id, id=new_id(), name=name, size=size, sha256=sha256,
        location=location, source=source or {}, created_at=created, expires_at=expires_at,
    )  # fmt: skip
    drafted = Import(
        account_id=account_id, id=new_id(), upload_id=upload.id, origin=origin or {},
        created_at=created,
    )  # fmt: skip
    session.add_all([upload, drafted])
    reading = {"forecast": forecast} | ({} if most_rows is None else {"most_rows": most_rows})
    parts.add(session, PartKey(account_id, drafted.id, "read", 0), reading)
    session.flush()
    return drafted


def again(session: Session, account_id: int, import_id: int) -> Import:
    """One more draft of a draft's file, as it was read and mapped at first.

    A file that is kept for an hour may be imported several times. Raises as ``read_draft`` does.
    """
    drafted, upload = read_draft(session, account_id, import_id)
    copied = Import(
        account_id=account_id, id=new_id(), upload_id=upload.id, mapping=drafted.mapping,
        rules=drafted.rules, total=drafted.total, created_at=now(session),
    )  # fmt: skip
    session.add(copied)
    session.flush()
    return copied


def set_mapping(
    session: Session,
    account_id: int,
    import_id: int,
    targets: list[str],
    rules: ImportRules,
    *,
    remember: bool = False,
    forecast: bool = True,
) -> Import:
    """Give a draft another mapping and rules, and ask for a forecast of them.

    Raises InvalidMapping and NotFound; WrongState where it is no draft any more.
    """
    drafted, upload = read_draft(session, account_id, import_id)
    header = upload.sheet["format"]["header"]
    mapping.check(targets, header, rules)
    revision = _revise(session, drafted, targets, rules)
    if forecast:
        parts.add(session, PartKey(account_id, import_id, "forecast", revision))
    if remember and upload.sheet["format"]["header_line"]:
        _remember(session, account_id, header, targets)
    tell(session, drafted, "card")
    session.flush()
    return drafted


def read_draft(session: Session, account_id: int, import_id: int) -> tuple[Import, Upload]:
    """A draft and its upload, once the file was read.

    Raises NotFound and WrongState, and UploadExpired once the time that the file is kept is over.
    """
    drafted, upload = get(session, account_id, import_id), upload_of(session, account_id, import_id)
    if drafted.status != "draft":
        raise WrongState(_too_late(drafted))
    if upload.expires_at is not None and upload.expires_at <= now(session):
        raise UploadExpired
    if upload.state != "ready":
        raise WrongState("The file has not been read yet.")
    return drafted, upload


def _too_late(over: Import) -> str:
    if over.status == "cancelled" and not over.cancel_requested:
        return "The file was dismissed meanwhile. Send it again to import it."
    return _TOO_LATE.get(over.status, "The import has been started already.")


def _revise(session: Session, drafted: Import, targets: list[str], rules: ImportRules) -> int:
    statement = (
        update(Import)
        .where(*one(drafted.account_id, drafted.id), col(Import.status) == "draft")
        .values(mapping=targets, rules=rules.to_json(), revision=col(Import.revision) + 1)
        .returning(col(Import.revision))
        .execution_options(synchronize_session=False)
    )
    revision = session.execute(statement).scalar_one_or_none()
    if revision is None:
        raise WrongState("The import has started; its mapping can no longer be changed.")
    session.refresh(drafted)
    return int(revision)


def _remember(session: Session, account_id: int, header: list[str], targets: list[str]) -> None:
    known = {columns.normalised(h): t for h, t in zip(header, targets, strict=True)}
    if len(known) < len(header):
        return  # two columns that only their place tells apart
    print_ = columns.fingerprint(header)
    saved = session.get(SavedMapping, (account_id, print_))
    saved = saved or SavedMapping(account_id=account_id, fingerprint=print_)
    saved.targets, saved.used_at = known, now(session)
    session.add(saved)


def remembered(session: Session, account_id: int, header: list[str]) -> list[str] | None:
    """The targets this account last used for files with this header."""
    saved = session.get(SavedMapping, (account_id, columns.fingerprint(header)))
    if saved is None:
        return None
    targets = [saved.targets.get(columns.normalised(name)) for name in header]
    return [target for target in targets if target] if all(targets) else None


def reject(session: Session, account_id: int, import_id: int, failure: ImportFailure) -> None:
    """The file cannot be imported: say so and end the draft, if it still is one."""
    upload = upload_of(session, account_id, import_id)
    words = {"failure_code": failure.code, "failure_message": failure.message}
    upload.state, upload.failure_code, upload.failure_message = "rejected", *words.values()
    session.add(upload)
    ended = now(session)
    if move(session, account_id, import_id, "draft", "failed", completed_at=ended, **words):
        rejected = get(session, account_id, import_id)
        tell(session, rejected, "card")
        webhooks.happened(session, rejected, webhooks.FAILED)


def dismiss(session: Session, account_id: int, import_id: int) -> bool:
    """Drop a draft. False where it is no draft any more."""
    return move(session, account_id, import_id, "draft", "cancelled", completed_at=now(session))
