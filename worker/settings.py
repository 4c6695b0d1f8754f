"""What the environment says. Constructed by the entry points only, and handed on as values."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from worker import addresses

SLACK_API_URL = "https://slack.com/api/"
_DAY = 86_400.0  # seconds


class NoSecretKey(ValueError):  # noqa: N818  (what is missing)
    """LEADPORT_SECRET_KEY is not set; with SLACK_CLIENT_ID it is needed, to encrypt the tokens."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class Settings(BaseSettings):
    """Every setting, named by its environment variable; an empty variable counts as not set.

    Raises pydantic's ValidationError, which names the variable at fault.
    """

    model_config = SettingsConfigDict(
        env_ignore_empty=True, validate_by_name=True, extra="ignore", frozen=True
    )

    data_dir: Path = Field(default=Path("var"), validation_alias="LEADPORT_DATA_DIR")
    #: SQLite in ``data_dir`` unless given.
    database_url: str = Field(default="", validation_alias="DATABASE_URL", repr=False)
    #: None: nobody to ring. ``leadport up`` starts a Valkey of its own and sets this.
    redis_url: str | None = Field(default=None, validation_alias="REDIS_URL", repr=False)
    files_url: str = Field(default="", validation_alias="LEADPORT_FILES_URL")
    secret_key: str = Field(default="", validation_alias="LEADPORT_SECRET_KEY", repr=False)
    port: int = Field(default=3000, ge=1, le=65535, validation_alias="PORT")
    base_url: str = Field(default="", validation_alias="LEADPORT_BASE_URL")

    slack_api_url: str = Field(default=SLACK_API_URL, validation_alias="SLACK_API_URL")
    slack_bot_token: str = Field(default="", validation_alias="SLACK_BOT_TOKEN", repr=False)
    slack_signing_secret: str = Field(
        default="", validation_alias="SLACK_SIGNING_SECRET", repr=False
    )
    slack_app_token: str = Field(default="", validation_alias="SLACK_APP_TOKEN", repr=False)
    #: With both, workspaces install the app themselves, by OAuth.
    slack_client_id: str = Field(default="", validation_alias="SLACK_CLIENT_ID")
    slack_client_secret: str = Field(default="", validation_alias="SLACK_CLIENT_SECRET", repr=False)
    #: How long Slack may take to answer. Well below ``delivery_lease_seconds``, or two workers
    #: might post the same message.
    slack_timeout_seconds: int = Field(
        default=10, ge=1, validation_alias="LEADPORT_SLACK_TIMEOUT_SECONDS"
    )

    #: RQ processes that import rows; the quick queue always has one.
    row_workers: int = Field(default=1, ge=1, le=256, validation_alias="LEADPORT_ROW_WORKERS")
    lease_seconds: float = Field(
        default=60, gt=0, le=_DAY, validation_alias="LEADPORT_LEASE_SECONDS"
    )
    delivery_lease_seconds: float = Field(
        default=30, gt=0, le=_DAY, validation_alias="LEADPORT_DELIVERY_LEASE_SECONDS"
    )
    #: A part that was claimed this often without ending is given up.
    max_claims: int = Field(default=5, ge=1, validation_alias="LEADPORT_MAX_CLAIMS")
    sweep_seconds: float = Field(
        default=15, gt=0, le=_DAY, validation_alias="LEADPORT_SWEEP_SECONDS"
    )
    #: How often messages whose pause is over are looked for.
    tick_seconds: float = Field(default=1, gt=0, le=_DAY, validation_alias="LEADPORT_TICK_SECONDS")
    #: The least time between two edits of one card.
    edit_seconds: float = Field(default=3, ge=0, le=_DAY, validation_alias="LEADPORT_EDIT_SECONDS")
    #: ``text`` for people or ``json`` for machines.
    log_format: Literal["text", "json"] = Field(
        default="text", validation_alias="LEADPORT_LOG_FORMAT"
    )
    #: What a scrape of /metrics has to bring as its Bearer token, if anything.
    metrics_token: str = Field(default="", validation_alias="LEADPORT_METRICS_TOKEN", repr=False)
    #: How long a request that is to answer with an import's results waits for its end.
    wait_seconds: float = Field(default=30, ge=0, le=600, validation_alias="LEADPORT_WAIT_SECONDS")
    max_file_bytes: int = Field(
        default=200_000_000, gt=0, validation_alias="LEADPORT_MAX_FILE_BYTES"
    )

    #: Requests a minute to the HTTP API, by whom they are counted; 0 for no limit.
    rate_address: int = Field(default=1_000, ge=0, validation_alias="LEADPORT_RATE_ADDRESS")
    rate_key: int = Field(default=500, ge=0, validation_alias="LEADPORT_RATE_KEY")
    rate_account: int = Field(default=2_000, ge=0, validation_alias="LEADPORT_RATE_ACCOUNT")
    #: Addresses and networks, separated by commas, whose X-Forwarded-For is believed.
    trusted_proxies: str = Field(
        default="127.0.0.1,::1", validation_alias="LEADPORT_TRUSTED_PROXIES"
    )
    #: Whether webhooks may go to private addresses, and over plain HTTP.
    webhooks_allow_private: bool = Field(
        default=False, validation_alias="LEADPORT_WEBHOOKS_ALLOW_PRIVATE"
    )

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, folder: Path) -> Path:
        try:
            return folder.expanduser().resolve()
        except RuntimeError:
            raise ValueError("names the home folder of somebody who is not there.") from None

    @field_validator("database_url")
    @classmethod
    def _a_database(cls, url: str) -> str:
        if url:
            addresses.database(url)
        return url

    @field_validator("redis_url")
    @classmethod
    def _a_queue(cls, url: str | None) -> str | None:
        if url:
            addresses.queue(url)
        return url or None

    @field_validator("slack_api_url", "base_url")
    @classmethod
    def _on_the_web(cls, url: str) -> str:
        if url:
            addresses.web(url)
        return url

    @field_validator("files_url")
    @classmethod
    def _a_folder(cls, url: str) -> str:
        if "://" in url and not url.startswith("file://"):
            raise ValueError("must be a folder, such as /srv/leadport/files.")
        return url

    @model_validator(mode="before")
    @classmethod
    def _trimmed(cls, values: dict[str, object]) -> dict[str, object]:
        return {k: v.strip() if isinstance(v, str) else v for k, v in values.items()}

    @model_validator(mode="after")
    def _delivery_outlasts_slack(self) -> Self:
        if self.slack_timeout_seconds >= self.delivery_lease_seconds:
            raise ValueError(
                "LEADPORT_SLACK_TIMEOUT_SECONDS must be less than LEADPORT_DELIVERY_LEASE_SECONDS."
            )
        return self

    @model_validator(mode="after")
    def _both_of_the_client(self) -> Self:
        if bool(self.slack_client_id) != bool(self.slack_client_secret):
            raise ValueError("SLACK_CLIENT_ID and SLACK_CLIENT_SECRET must be set together.")
        return self

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the database."""
        return self.database_url or f"sqlite:///{self.data_dir / 'leadport.db'}"

    @property
    def files_root(self) -> Path:
        """The folder that holds uploads; every process must see the same one."""
        folder = self.files_url.removeprefix("file://")
        return Path(folder).expanduser().resolve() if folder else self.data_dir / "files"

    @property
    def public_url(self) -> str:
        """Where people reach the web process, without a slash at the end."""
        return (self.base_url or f"http://127.0.0.1:{self.port}").rstrip("/")

    @property
    def has_slack(self) -> bool:
        """Whether enough is set to talk to a workspace."""
        there = self.slack_bot_token or self.can_be_installed
        return bool(there and (self.slack_signing_secret or self.slack_app_token))

    @property
    def can_be_installed(self) -> bool:
        """Whether workspaces can install the app by OAuth."""
        return bool(self.slack_client_id)

    def check_secret_key(self) -> None:
        """Refuse to keep workspaces' tokens without a key to encrypt them. Raises NoSecretKey."""
        if self.can_be_installed and not self.secret_key:
            raise NoSecretKey
