"""The workspaces that installed the app by OAuth: written by the web process, read by all."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from sqlalchemy import select, update
from sqlmodel import Session, col

from core import imports, outbox
from core.db import Database, now
from core.models import SlackInstallation
from worker.vault import Unreadable, Vault

log = logging.getLogger(__name__)

#: What is known of a workspace is believed for so long: that is how late another process hears
#: of a change. That there is no token is never believed, but looked up.
REMEMBERED_SECONDS = 15.0
_PURPOSE = "the bot tokens of Slack workspaces"


@dataclass(frozen=True)
class Grant:
    """What a workspace gave when somebody there allowed the app; ids as Slack writes them."""

    team: str
    bot_user: str
    token: str = field(repr=False)
    name: str = ""
    enterprise: str = ""
    scopes: tuple[str, ...] = ()
    installed_by: str = ""


@dataclass(frozen=True)
class Installation:
    """A workspace that was let in, and the account that its leads belong to."""

    team: str
    account_id: int
    bot_user: str
    token: str = field(repr=False)  #: empty once the workspace has put us out


class Installations:
    """Finds and changes installations; safe to use from many threads."""

    def __init__(
        self, database: Database, secret_key: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``clock`` is in seconds. Without a secret key nothing can be saved, and no token read."""
        self._database = database
        self._vault = Vault(secret_key, _PURPOSE) if secret_key else None
        self._clock = clock
        self._lock = Lock()
        self._known: dict[str, tuple[float, Installation]] = {}

    def find(self, team: str) -> Installation | None:
        """The installation in a workspace, None where there never was one."""
        with self._lock:
            read_at, known = self._known.get(team, (0.0, None))
            if known and self._clock() - read_at < REMEMBERED_SECONDS:
                return known
        found = self._read(team)
        with self._lock:
            if found and found.token:
                self._known[team] = (self._clock(), found)
            else:
                self._known.pop(team, None)
        return found

    def _read(self, team: str) -> Installation | None:
        with self._database.reading() as session:
            row = _row(session, team)
        if row is None:
            return None
        return Installation(team, row.account_id, row.bot_user, self._token(row))

    def _token(self, row: SlackInstallation) -> str:
        if not row.bot_token:
            return ""
        try:
            return self._opened().unlock(row.bot_token)
        except Unreadable as why:
            log.warning("the token of workspace %s cannot be read: %s", row.team, why)
            return ""

    def _opened(self) -> Vault:
        if self._vault is None:
            raise Unreadable("LEADPORT_SECRET_KEY is not set.")
        return self._vault

    def save(self, grant: Grant, account: str) -> Installation:
        """Keep what a workspace gave, instead of what it gave before.

        A workspace that was here before keeps its account, whatever ``account`` says. Messages
        that could not be sent to it meanwhile are sent now. Raises Unreadable without a secret key.
        """
        locked = self._opened().lock(grant.token)
        account_id = self._database.transact(lambda s: _save(s, grant, locked, account))
        saved = Installation(grant.team, account_id, grant.bot_user, grant.token)
        with self._lock:
            self._known[grant.team] = (self._clock(), saved)
        return saved

    def revoke(self, team: str, at: int) -> bool:
        """Forget the token of a workspace that has put us out; whether there was one.

        ``at`` is when that was, in seconds of Unix time: late news of what was before the present
        installation changes nothing.
        """
        revoked = self._database.transact(lambda session: _revoke(session, team, at))
        with self._lock:
            self._known.pop(team, None)
        return revoked


def _row(session: Session, team: str) -> SlackInstallation | None:
    statement = select(SlackInstallation).where(col(SlackInstallation.team) == team)
    return session.scalars(statement.order_by(col(SlackInstallation.account_id))).first()


def _save(session: Session, grant: Grant, locked: str, account: str) -> int:
    row = _row(session, grant.team)
    if row is None:
        account_id = imports.account(session, account).id
        assert account_id is not None  # noqa: S101  (it comes from the database)
        row = SlackInstallation(account_id=account_id, team=grant.team)
    row.name, row.enterprise, row.bot_user = grant.name, grant.enterprise, grant.bot_user
    row.bot_token, row.scopes, row.installed_by = locked, list(grant.scopes), grant.installed_by
    row.installed_at, row.revoked_at = now(session), None
    session.add(row)
    outbox.hurry(session, row.account_id)
    return row.account_id


def _revoke(session: Session, team: str, at: int) -> bool:
    statement = (
        update(SlackInstallation)
        .where(
            col(SlackInstallation.team) == team,
            col(SlackInstallation.bot_token) != "",
            # Slack tells whole seconds: in the very second of the installation, believe it.
            col(SlackInstallation.installed_at) < (at + 1) * 1000,
        )
        .values(bot_token="", revoked_at=now(session))
        .returning(col(SlackInstallation.team))
        .execution_options(synchronize_session=False)
    )
    return session.execute(statement).first() is not None
