"""What every front door does: one use case, one commit, then the bell. Nothing more is in here.

The rows are written before anybody is told; a ring that is lost costs seconds, never work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import select
from sqlmodel import Session, col

from core import idempotency, imports, undo
from core.db import Database
from core.errors import FileGone, NotFound, WrongState
from core.idempotency import Held
from core.models import Import
from core.rules import ImportRules
from core.uploads import Stored
from worker import card
from worker.card import CardState
from worker.queue import Bell, work_of

T = TypeVar("T")


@dataclass(frozen=True)
class Incoming:
    """A file that somebody sent: its name, where to fetch it, which conversation it belongs to."""

    key: str  #: what tells this delivery of it from every other
    name: str
    source: dict[str, Any]
    origin: dict[str, Any]


@dataclass(frozen=True)
class Desk:
    """Where the doors hand in what people want. Every method is one transaction."""

    database: Database
    bell: Bell

    def take(self, account_id: int, delivery: str, files: Sequence[Incoming]) -> list[Import]:
        """Drafts for the files, unless this delivery, or a file in it, was taken before."""

        def work(session: Session) -> list[Import]:
            if not imports.take_once(session, account_id, delivery):
                return []
            fresh = [f for f in files if imports.take_once(session, account_id, f.key)]
            drafts = [
                imports.draft(session, account_id, f.name, source=f.source, origin=f.origin)
                for f in fresh
            ]
            for draft in drafts:
                imports.tell(session, draft, "card")
            return drafts

        drafts = self.database.transact(work)
        self._ring(account_id, [draft.id for draft in drafts])
        return drafts

    def receive(
        self,
        account_id: int,
        name: str,
        stored: Stored,
        *,
        lifetime_ms: int | None = None,
        most_rows: int | None = None,
    ) -> Import:
        """A draft of a file that lies in the store, of which nobody asked for a forecast.

        It can be started for ``lifetime_ms`` milliseconds.
        """

        def work(session: Session) -> Import:
            ends = None if lifetime_ms is None else imports.now(session) + lifetime_ms
            return imports.draft(
                session, account_id, name, location=stored.location, size=stored.size,
                sha256=stored.sha256, forecast=False, expires_at=ends, most_rows=most_rows,
            )  # fmt: skip

        draft = self.database.transact(work)
        self._ring(account_id, [draft.id])
        return draft

    def run(
        self,
        account_id: int,
        import_id: int,
        targets: Sequence[str],
        rules: ImportRules,
        *,
        keep: bool = False,
        key: Held | None = None,
    ) -> Import:
        """Map a draft and start it; with ``keep`` another one of the same file is started.

        Under the ``key`` of the request it is noted what was started. Raises NotFound,
        UploadExpired, InvalidMapping and WrongState.
        """

        def work(session: Session) -> Import:
            chosen = imports.again(session, account_id, import_id).id if keep else import_id
            imports.set_mapping(session, account_id, chosen, list(targets), rules, forecast=False)
            if key:
                idempotency.note(session, key, chosen)
            return imports.start(session, account_id, chosen)

        started = self.database.transact(work)
        self._ring(account_id, [started.id])
        return started

    def state(self, account_id: int, import_id: int, *, problems: bool = True) -> CardState:
        """The import as its card shows it. Raises NotFound."""
        with self.database.reading() as session:
            return card.gather(session, account_id, import_id, problems=problems)

    def origin(self, account_id: int, import_id: int) -> dict[str, Any]:
        """The conversation an import belongs to. Raises NotFound."""
        with self.database.reading() as session:
            return imports.get(session, account_id, import_id).origin

    def recent(self, account_id: int, among: int = 50) -> list[Import]:
        """The newest started imports."""
        with self.database.reading() as session:
            return imports.recent(session, account_id, limit=among)[0]

    def remap(
        self,
        account_id: int,
        import_id: int,
        targets: Sequence[str],
        rules: ImportRules,
        *,
        remember: bool = False,
    ) -> Import:
        """Another mapping and other rules for a draft. Raises InvalidMapping and WrongState."""

        def work(session: Session) -> Import:
            return imports.set_mapping(
                session, account_id, import_id, list(targets), rules, remember=remember
            )

        return self._do(account_id, import_id, work)

    def start(self, account_id: int, import_id: int, revision: int) -> Import:
        """Start a draft as it was seen. Raises InvalidMapping and WrongState.

        ``revision`` is that of the card that was clicked: what a person confirms is what starts.
        """

        def work(session: Session) -> Import:
            draft = _locked(session, account_id, import_id)
            if draft.status == "draft" and draft.revision != revision:
                raise WrongState("The mapping was changed meanwhile. Look at the card once more.")
            return imports.start(session, account_id, import_id)

        return self._do(account_id, import_id, work)

    def cancel(self, account_id: int, import_id: int) -> Import:
        """Stop a running import. Raises WrongState."""
        return self._do(account_id, import_id, lambda s: imports.cancel(s, account_id, import_id))

    def undo(self, account_id: int, import_id: int, key: Held | None = None) -> Import:
        """Begin to undo an import that has ended, noted under the ``key`` of the request.

        Raises NotFound and WrongState.
        """

        def work(session: Session) -> Import:
            if key:
                idempotency.note(session, key, import_id)
            return undo.start(session, account_id, import_id)

        return self._do(account_id, import_id, work)

    def undo_preview(self, account_id: int, import_id: int) -> dict[str, int]:
        """How many leads undoing would delete, restore and keep. Raises as ``undo`` does."""
        with self.database.reading() as session:
            return undo.preview(session, account_id, import_id)

    def resume(self, account_id: int, import_id: int) -> Import:
        """Let a paused import go on. Raises WrongState."""
        return self._do(account_id, import_id, lambda s: imports.resume(s, account_id, import_id))

    def dismiss(self, account_id: int, import_id: int) -> bool:
        """Drop a draft; false where it is no draft any more."""

        def work(session: Session) -> bool:
            dismissed = imports.dismiss(session, account_id, import_id)
            imports.tell(session, imports.get(session, account_id, import_id), "card")
            return dismissed

        return self._do(account_id, import_id, work)

    def show(self, account_id: int, import_id: int) -> None:
        """Draw the card anew, for somebody who clicked on an old one."""

        def work(session: Session) -> None:
            imports.tell(session, imports.get(session, account_id, import_id), "card")

        self._do(account_id, import_id, work)

    def lose_file(self, account_id: int, origin: Mapping[str, str]) -> list[int]:
        """End the drafts whose file is gone at its source; started imports have their own copy."""

        def work(session: Session) -> list[int]:
            drafts = session.scalars(select(Import).where(*_drafts_from(account_id, origin)))
            ids = [draft.id for draft in drafts]
            for import_id in ids:
                _end_without_file(session, account_id, import_id)
            return ids

        ended = self.database.transact(work)
        self._ring(account_id, ended)
        return ended

    def keep_edits(
        self, account_id: int, import_id: int, editor: str, edits: dict[str, Any] | None
    ) -> None:
        """Set aside what somebody has chosen so far in a form of several pages; None forgets it."""

        def work(session: Session) -> None:
            draft = _locked(session, account_id, import_id)
            others = {k: v for k, v in draft.origin.get("edits", {}).items() if k != editor}
            kept = others if edits is None else {**others, editor: edits}
            draft.origin = {**draft.origin, "edits": kept}
            session.add(draft)

        self.database.transact(work)

    def _do(self, account_id: int, import_id: int, work: Callable[[Session], T]) -> T:
        done = self.database.transact(work)
        self._ring(account_id, [import_id])
        return done

    def _ring(self, account_id: int, import_ids: Sequence[int]) -> None:
        for import_id in import_ids:
            with self.database.reading() as session:
                keys = work_of(session, account_id, import_id)
            self.bell.ring(keys)


def _locked(session: Session, account_id: int, import_id: int) -> Import:
    """The import, held until the transaction ends."""
    found = session.get(Import, (account_id, import_id), with_for_update=True)
    if found is None:
        raise NotFound
    return found


def _drafts_from(account_id: int, origin: Mapping[str, str]) -> list[Any]:
    same = [col(Import.origin)[key].as_string() == value for key, value in origin.items()]
    return [col(Import.account_id) == account_id, col(Import.status) == "draft", *same]


def _end_without_file(session: Session, account_id: int, import_id: int) -> None:
    draft = _locked(session, account_id, import_id)
    if draft.status == "draft":
        name = imports.upload_of(session, account_id, import_id).name
        gone = FileGone(f"{name} was deleted in Slack before anybody imported it.")
        imports.reject(session, account_id, import_id, gone)
