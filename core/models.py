"""The tables. Every key begins with ``account_id``; every time is in Unix milliseconds, UTC.

There are no foreign keys from identifiers and the journal to leads: they would cost more than the
rows themselves at a million leads, and only ``core.writing`` and ``core.undo`` write these tables.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary, String, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

#: JSON that PostgreSQL can search.
Json = JSON().with_variant(JSONB(), "postgresql")
#: Text compared byte by byte, which is all that a normalised value needs and is the fastest.
Bytewise = Text().with_variant(Text(collation="C"), "postgresql")


def table_of(model: type[SQLModel]) -> Table:
    """The table of a model, for what every part of an import does.

    A statement about the table takes a half to a tenth of the time of one about the model.
    """
    return SQLModel.metadata.tables[str(model.__tablename__)]


def _key() -> Any:
    """A 64-bit part of a primary key, given by us and not by the database."""
    return Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})


def _number(default: int = 0) -> Any:
    return Field(default=default, sa_type=BigInteger, nullable=False)


def _time() -> Any:
    return Field(default=None, sa_type=BigInteger, nullable=True)


def _json(default: Any) -> Any:
    return Field(default_factory=default, sa_type=Json, nullable=False)


class Account(SQLModel, table=True):
    """One tenant: a Slack workspace or an API customer."""

    __tablename__: ClassVar[str] = "account"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(sa_type=String(100), unique=True)
    #: default_region, and whatever later settings need.
    settings: dict[str, Any] = _json(dict)
    created_at: int = _number()


class ApiKey(SQLModel, table=True):
    """A key of the HTTP API. The key itself is shown once and never stored."""

    __tablename__: ClassVar[str] = "api_key"

    account_id: int = _key()
    id: int = _key()
    name: str = Field(default="", sa_type=Text)
    prefix: str = Field(sa_type=String(16))  #: how it begins, to tell keys apart in a list
    sha256: str = Field(sa_type=String(64), unique=True)  #: of the whole key, in hexadecimal
    scopes: list[str] = _json(list)  #: leads:import, leads:read, leads:write, admin
    created_at: int = _number()
    last_used_at: int | None = _time()
    revoked_at: int | None = _time()


class SlackInstallation(SQLModel, table=True):
    """One workspace that installed the app by OAuth."""

    __tablename__: ClassVar[str] = "slack_installation"

    account_id: int = _key()
    team: str = Field(sa_type=String(32), primary_key=True)  #: Slack's id of it, T...
    name: str = Field(default="", sa_type=Text)
    enterprise: str = Field(default="", sa_type=String(32), index=True)
    bot_user: str = Field(default="", sa_type=String(32))
    bot_token: str = Field(default="", sa_type=Text)  #: encrypted; empty once revoked
    scopes: list[str] = _json(list)
    installed_by: str = Field(default="", sa_type=String(32))  #: a user id
    installed_at: int = _number()
    revoked_at: int | None = _time()


class IdempotencyKey(SQLModel, table=True):
    """A request that starts something, and its answer, kept to be given again."""

    __tablename__: ClassVar[str] = "idempotency_key"

    account_id: int = _key()
    key: str = Field(sa_type=String(255), primary_key=True)  #: the header Idempotency-Key
    request: str = Field(sa_type=String(64))  #: SHA-256 of method, path, query and body
    token: str = Field(sa_type=String(32))  #: whose it is while the request runs
    status: int | None = Field(default=None)  #: null while the request runs
    #: The import or delivery that it started, noted in the same transaction.
    started: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    content_type: str = Field(default="", sa_type=Text)
    body: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False))
    headers: dict[str, str] = _json(dict)
    created_at: int = _number()
    lease_until: int = _number()


class WebhookEndpoint(SQLModel, table=True):
    """An address of an account's own that wants to hear of its imports."""

    __tablename__: ClassVar[str] = "webhook_endpoint"

    account_id: int = _key()
    id: int = _key()
    url: str = Field(sa_type=Text)
    description: str = Field(default="", sa_type=Text)
    events: list[str] = _json(list)  #: types of events; empty for all
    secret: str = Field(sa_type=Text)  #: encrypted; signs what is sent
    disabled_at: int | None = _time()
    reason: str = Field(default="", sa_type=Text)  #: why it is disabled
    created_at: int = _number()


class WebhookDelivery(SQLModel, table=True):
    """One event for one endpoint, sent at least once. Its public id, ``msg_...``, never changes."""

    __tablename__: ClassVar[str] = "webhook_delivery"
    __table_args__ = (
        Index("ix_webhook_delivery_due", "state", "due_at"),
        Index(
            "ix_webhook_delivery_once",
            "account_id", "endpoint_id", "import_id", "type", "ordinal",
            unique=True,
        ),
    )  # fmt: skip

    account_id: int = _key()
    id: int = _key()
    endpoint_id: int = Field(sa_type=BigInteger)
    import_id: int = Field(sa_type=BigInteger)
    type: str = Field(sa_type=String(32))
    ordinal: int = _number()  #: tells events of one type apart that an import has several of
    payload: str = Field(sa_type=Text)  #: JSON, as it is sent
    #: pending, sending, delivered, given_up, superseded
    state: str = Field(default="pending", sa_type=String(12))
    due_at: int = _number()
    token: int = _number()
    lease_until: int = _number()
    attempts: int = _number()
    failing_since: int | None = _time()
    status: int | None = Field(default=None)  #: of the last answer
    answer: str = Field(default="", sa_type=Text)  #: its beginning
    failure: str = Field(default="", sa_type=Text)
    created_at: int = _number()
    delivered_at: int | None = _time()


class IncomingHook(SQLModel, table=True):
    """An address that takes in single leads; whoever knows its token may send some."""

    __tablename__: ClassVar[str] = "incoming_hook"

    account_id: int = _key()
    id: int = _key()
    name: str = Field(default="", sa_type=Text)
    prefix: str = Field(sa_type=String(16))  #: how the token begins, to tell hooks apart in a list
    sha256: str = Field(sa_type=String(64), unique=True)  #: of the whole token, in hexadecimal
    mapping: dict[str, str] = _json(dict)  #: field of what is sent -> target; others are guessed
    secret: str = Field(default="", sa_type=Text)  #: encrypted; checks signatures, where given
    created_at: int = _number()
    last_used_at: int | None = _time()
    revoked_at: int | None = _time()


class Upload(SQLModel, table=True):
    """A file somebody sent. ``waiting`` until it lies in the file store and was read once."""

    __tablename__: ClassVar[str] = "upload"

    account_id: int = _key()
    id: int = _key()
    name: str = Field(sa_type=Text)
    state: str = Field(default="waiting", sa_type=String(16))  #: waiting, ready, rejected, expired
    size: int = _number()  #: bytes
    sha256: str = Field(default="", sa_type=String(64), index=True)
    location: str = Field(default="", sa_type=Text)  #: key of the file as it came
    prepared: str = Field(default="", sa_type=Text)  #: key of the text it was turned into
    source: dict[str, Any] = _json(dict)  #: where to fetch it from; the core does not look inside
    sheet: dict[str, Any] = _json(dict)  #: format, row_count, marks, sample, notes
    failure_code: str = Field(default="", sa_type=String(40))
    failure_message: str = Field(default="", sa_type=Text)
    created_at: int = _number()
    expires_at: int | None = _time()


class Import(SQLModel, table=True):
    """One import of one upload. Its public id, ``job_...``, is also its batch id."""

    __tablename__: ClassVar[str] = "import"

    account_id: int = _key()
    id: int = _key()
    upload_id: int = Field(sa_type=BigInteger)
    #: draft, queued, in_progress, paused, completed, failed, cancelled
    status: str = Field(default="draft", sa_type=String(16), index=True)
    mapping: list[str] = _json(list)  #: one target per column
    rules: dict[str, Any] = _json(dict)
    #: The conversation it belongs to; only the door that wrote it reads it.
    origin: dict[str, Any] = _json(dict)
    revision: int = _number()  #: counts changes of mapping and rules while a draft
    forecast: dict[str, Any] = _json(dict)
    forecast_revision: int = _number(-1)  #: the revision the forecast speaks of
    total: int = _number()
    created: int = _number()
    updated: int = _number()
    unchanged: int = _number()
    skipped: int = _number()
    failed: int = _number()
    unprocessed: int = _number()
    cancel_requested: bool = False
    failure_code: str = Field(default="", sa_type=String(40))
    failure_message: str = Field(default="", sa_type=Text)
    created_at: int = _number()
    started_at: int | None = _time()
    completed_at: int | None = _time()
    undo_state: str = Field(default="", sa_type=String(10))  #: undoing, undone, failed
    undo_counts: dict[str, int] = _json(dict)  #: deleted, restored, kept, gone: leads
    undone_at: int | None = _time()


class ImportPart(SQLModel, table=True):
    """One claimable piece of an import's background work.

    ``kind`` is ``read`` (fetch and inspect the file), ``forecast``, ``spread`` (find the rows that
    may be written in any order), ``write`` (a run of rows) or ``undo``. ``token`` counts claims and
    fences off a worker whose lease ran out.
    """

    __tablename__: ClassVar[str] = "import_part"
    __table_args__ = (Index("ix_import_part_open", "state", "lease_until"),)

    account_id: int = _key()
    import_id: int = _key()
    kind: str = Field(sa_type=String(12), primary_key=True)
    ordinal: int = _key()
    state: str = Field(
        default="pending", sa_type=String(12)
    )  #: pending, running, half, done, given_up, dropped
    token: int = _number()
    lease_until: int = _number()
    owner: str = Field(default="", sa_type=String(100))
    start: dict[str, Any] = _json(dict)  #: row, line and offset where it begins
    rows: int = _number()
    #: A byte for each row of a ``write`` part: see ``core.deciding``, and before it is decided
    #: ``core.entangled``. Of a ``spread`` part, the identifiers of the file as a filter.
    outcomes: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False))


class RowProblem(SQLModel, table=True):
    """One thing wrong with one row of one import."""

    __tablename__: ClassVar[str] = "row_problem"
    __table_args__ = (
        # Callers poll for the errors of a job, which may be few among a million notes. A query has
        # to write the severity out: ``asking.is_error``.
        Index(
            "ix_row_problem_error", "account_id", "import_id", "row", "seq",
            sqlite_where=text("severity = 'error'"),
            postgresql_where=text("severity = 'error'"),
        ),
    )  # fmt: skip

    account_id: int = _key()
    import_id: int = _key()
    row: int = _key()
    seq: int = _key()
    line: int = _number()
    column: str = Field(default="", sa_type=Text)
    code: str = Field(sa_type=String(40))
    severity: str = Field(sa_type=String(8))
    message: str = Field(sa_type=Text)
    value: str = Field(default="", sa_type=Text)


class Lead(SQLModel, table=True):
    """One person in one account."""

    __tablename__: ClassVar[str] = "lead"
    __table_args__ = ({"sqlite_with_rowid": False},)

    account_id: int = _key()
    id: int = _key()
    fields: dict[str, str] = _json(dict)  #: profile and custom fields, all strings (L-38)
    tags: list[str] = _json(list)
    version: int = _number(1)  #: counts changes, so that undo sees who touched it since
    created_at: int = _number()
    updated_at: int = _number()


class Identifier(SQLModel, table=True):
    """A value that belongs to one lead: its email, phone... or a further one (an alias)."""

    __tablename__: ClassVar[str] = "identifier"
    __table_args__ = (
        Index("ix_identifier_lead", "account_id", "lead_id"),
        {"sqlite_with_rowid": False},
    )

    account_id: int = _key()
    kind: str = Field(sa_type=String(12), primary_key=True)
    value: str = Field(sa_type=Bytewise, primary_key=True)  #: normalised
    lead_id: int = Field(sa_type=BigInteger)
    written: str | None = Field(default=None, sa_type=Text)  #: as it came, where that differs


class LeadChange(SQLModel, table=True):
    """What one import did to one lead: batch membership, audit trail and undo in one."""

    __tablename__: ClassVar[str] = "lead_change"
    __table_args__ = ({"sqlite_with_rowid": False},)

    account_id: int = _key()
    import_id: int = _key()
    lead_id: int = _key()
    row: int = _number()  #: the first row that created or changed it
    created: bool = False
    #: field -> [before, after], null where there was or is none; empty for a created lead
    fields: dict[str, list[str | None]] = _json(dict)
    identifiers: list[list[str]] = _json(list)  #: [kind, value] added to an existing lead
    tags: list[str] = _json(list)  #: added to an existing lead
    was: int = _number()  #: the lead's version before this import, 0 for a created one
    version: int = _number(1)  #: the lead's version after this import's last change
    #: What undo did: deleted, restored, kept (touched since), gone (deleted since); null before it
    undone: str | None = Field(default=None, sa_type=String(10))
    kept: list[str] | None = Field(default=None, sa_type=Json)  #: fields that undo left alone


class Suppression(SQLModel, table=True):
    """An identifier whose rows no import takes in, until somebody takes it off the list (X-30)."""

    __tablename__: ClassVar[str] = "suppression"
    __table_args__ = ({"sqlite_with_rowid": False},)

    account_id: int = _key()
    kind: str = Field(sa_type=String(12), primary_key=True)
    value: str = Field(sa_type=Bytewise, primary_key=True)  #: normalised
    reason: str = Field(default="", sa_type=Text)  #: in the words of whoever put it there
    created_at: int = _number()


class SavedMapping(SQLModel, table=True):
    """The mapping an account last used for files with this header."""

    __tablename__: ClassVar[str] = "saved_mapping"

    account_id: int = _key()
    fingerprint: str = Field(sa_type=String(64), primary_key=True)
    targets: dict[str, str] = _json(dict)  #: normalised header -> target
    used_at: int = _number()


class Outbox(SQLModel, table=True):
    """Something to tell the world, at least once; one row per import and kind.

    ``wanted`` counts requests and ``shown`` what was delivered, so that a request that comes in
    while a delivery is under way is not lost.
    """

    __tablename__: ClassVar[str] = "outbox"
    __table_args__ = (Index("ix_outbox_due", "state", "due_at"),)

    account_id: int = _key()
    import_id: int = _key()
    kind: str = Field(sa_type=String(24), primary_key=True)
    state: str = Field(default="pending", sa_type=String(12))  #: pending, sending, sent, given_up
    wanted: int = _number(1)
    shown: int = _number(0)
    due_at: int = _number()
    token: int = _number()
    lease_until: int = _number()
    attempts: int = _number()  #: claims in a row that came to no end
    failing_since: int | None = _time()  #: the first refusal after the last delivery
    result: dict[str, Any] = _json(dict)  #: what the other side answered, such as a message's ts
    failure: str = Field(default="", sa_type=Text)


class SeenEvent(SQLModel, table=True):
    """A delivery that was already taken in; Slack sends some of them up to four times."""

    __tablename__: ClassVar[str] = "seen_event"

    account_id: int = _key()
    key: str = Field(sa_type=String(200), primary_key=True)
    created_at: int = _number()
