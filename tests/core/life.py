"""The whole life of an import in one process, as a worker would live it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core import engine, forecast, imports, intake, parts
from core.db import Database
from core.models import Import
from core.parts import PartKey
from core.rules import ImportRules
from core.uploads import Files

ORIGIN = {"door": "test"}


def offer(database: Database, files: Files, content: bytes, name: str = "leads.csv") -> PartKey:
    """A draft of a file that lies in the store; the key of its first part."""
    stored = files.put([content], limit=300_000_000, suffix=Path(name).suffix)
    with database.writing() as session:
        account = imports.account(session, "default")
        assert account.id is not None
        draft = imports.draft(
            session, account.id, name, origin=ORIGIN,
            location=stored.location, size=stored.size, sha256=stored.sha256,
        )  # fmt: skip
    return PartKey(draft.account_id, draft.id, "read", 0)


def work(database: Database, files: Files, until: Callable[[PartKey], bool] | None = None) -> None:
    """Do every part that waits, like a worker with an empty queue, until there is none."""
    while True:
        with database.reading() as session:
            keys = parts.waiting(session)
        keys = [key for key in keys if until is None or not until(key)]
        if not keys:
            return
        for key in keys:
            do(database, files, key)


def do(database: Database, files: Files, key: PartKey) -> None:
    """Do one part."""
    claim = engine.take(database, key, owner="test", lease_ms=60_000)
    if claim is None:
        return
    if key.kind == "read":
        intake.read_part(database, files, claim)
    elif key.kind == "forecast":
        forecast.run(database, files, claim)
    else:
        engine.write_part(database, files, claim)
        database.transact(lambda s: imports.settle(s, key.account_id, key.import_id))


def start(database: Database, key: PartKey) -> None:
    """Confirm the draft."""
    database.transact(lambda s: imports.start(s, key.account_id, key.import_id))


def get(database: Database, key: PartKey) -> Import:
    """The import as it stands."""
    with database.reading() as session:
        return imports.get(session, key.account_id, key.import_id)


def run(
    database: Database,
    files: Files,
    content: bytes,
    name: str = "leads.csv",
    *,
    targets: list[str] | None = None,
    **rules: object,
) -> Import:
    """Offer, read, forecast, confirm and import a file, with some rules other than the guessed."""
    key = offer(database, files, content, name)
    work(database, files)
    if targets or rules:
        draft = get(database, key)
        chosen = replace(ImportRules.from_json(draft.rules), **rules)  # type: ignore[arg-type]
        given = targets or draft.mapping
        database.transact(lambda s: imports.set_mapping(s, *key[:2], given, chosen))
        work(database, files)
    start(database, key)
    work(database, files)
    return get(database, key)
