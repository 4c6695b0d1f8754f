"""What one process has at hand to work with."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.ahead import Ahead
from core.db import Database
from core.table import Limits
from core.uploads import Files
from worker.counts import Counts
from worker.installations import Installations
from worker.outward import Outward
from worker.queue import Bell
from worker.settings import Settings
from worker.webhooks import Courier, Sender
from worker.workspaces import Workspaces


@dataclass(frozen=True)
class Pace:
    """How long claims last, how often to try, how often to edit a message. In milliseconds."""

    lease_ms: int = 60_000
    delivery_lease_ms: int = 30_000
    edit_ms: int = 3_000  #: the least time between two edits of one message
    max_claims: int = 5


@dataclass(frozen=True)
class Station:
    """The database, the files, the queue's bell and the way to Slack."""

    database: Database
    files: Files
    bell: Bell
    workspaces: Workspaces
    pace: Pace = field(default_factory=Pace)
    limits: Limits = field(default_factory=Limits)
    ahead: Ahead | None = None  #: reads ahead while one job does several parts
    courier: Courier | None = None  #: sends webhooks; nobody does without a secret key


def open_station(settings: Settings) -> Station:
    """The station that the environment describes. Connects to nothing yet."""
    database = Database(settings.database)
    return Station(
        database=database,
        files=Files(settings.files_root),
        bell=Bell(settings.redis_url),
        workspaces=Workspaces(
            settings.slack_bot_token,
            api_url=settings.slack_api_url,
            timeout=settings.slack_timeout_seconds,
            installations=Installations(database, settings.secret_key),
            counts=Counts(settings.redis_url),
        ),
        pace=Pace(
            lease_ms=round(settings.lease_seconds * 1000),
            delivery_lease_ms=round(settings.delivery_lease_seconds * 1000),
            edit_ms=round(settings.edit_seconds * 1000),
            max_claims=settings.max_claims,
        ),
        limits=Limits(bytes=settings.max_file_bytes),
        courier=_courier(settings, database),
    )


def _courier(settings: Settings, database: Database) -> Courier | None:
    if not settings.secret_key:
        return None
    outward = Outward(private=settings.webhooks_allow_private)
    return Courier(database, Sender(settings.secret_key, outward))
