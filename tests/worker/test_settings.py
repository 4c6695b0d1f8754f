"""What the environment may say."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from worker.settings import SLACK_API_URL, NoSecretKey, Settings


def test_defaults_need_no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With nothing set everything lies in ``var`` below the current folder, as absolute paths."""
    monkeypatch.chdir(tmp_path)
    settings = Settings()

    assert settings.database == f"sqlite:///{tmp_path}/var/leadport.db"
    assert settings.files_root == tmp_path / "var" / "files"
    assert settings.public_url == "http://127.0.0.1:3000"
    assert settings.redis_url is None
    assert not settings.has_slack


def test_the_environment_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each documented variable reaches its setting; an empty one counts as not set."""
    for name, value in {
        "DATABASE_URL": "postgresql://db/leads",
        "REDIS_URL": "",
        "LEADPORT_FILES_URL": "/srv/files",
        "PORT": " 8080 ",
        "LEADPORT_BASE_URL": "https://leads.example/",
        "SLACK_BOT_TOKEN": "xoxb-1 ",
        "SLACK_SIGNING_SECRET": "s",
    }.items():
        monkeypatch.setenv(name, value)
    settings = Settings()

    assert settings.database == "postgresql://db/leads"
    assert settings.redis_url is None
    assert settings.files_root == Path("/srv/files")
    assert (settings.port, settings.public_url) == (8080, "https://leads.example")
    assert settings.slack_bot_token == "xoxb-1"
    assert settings.has_slack


def test_secrets_are_not_shown() -> None:
    """Printing the settings gives away no token and no password."""
    shown = repr(Settings(slack_bot_token="xoxb-secret", database_url="postgresql://u:secret@db/x"))

    assert "secret" not in shown


def test_workspaces_that_install_the_app() -> None:
    """Client id and secret count as a connection to Slack, and need a key for the tokens."""
    settings = Settings(slack_client_id="1", slack_client_secret="2", slack_signing_secret="3")

    assert settings.has_slack
    with pytest.raises(NoSecretKey, match="LEADPORT_SECRET_KEY is not set"):
        settings.check_secret_key()
    settings.model_copy(update={"secret_key": "4"}).check_secret_key()
    Settings(slack_bot_token="xoxb-1").check_secret_key()


@pytest.mark.parametrize(
    "wrong",
    [
        {"SLACK_CLIENT_ID": "1"},
        {"SLACK_CLIENT_SECRET": "2"},
        {"PORT": "http"},
        {"LEADPORT_FILES_URL": "s3://bucket"},
        {"LEADPORT_SLACK_TIMEOUT_SECONDS": "40"},
        {"LEADPORT_EDIT_SECONDS": "inf"},
        {"LEADPORT_LEASE_SECONDS": "1e300"},
        {"LEADPORT_ROW_WORKERS": "100000"},
        {"LEADPORT_DATA_DIR": "~nobody-of-this-name/leads"},
        {"LEADPORT_BASE_URL": "leads.example.com"},
        {"SLACK_API_URL": "notaurl"},
        {"SLACK_API_URL": "https://"},
        {"REDIS_URL": "http://x"},
        {"REDIS_URL": "redis:x"},
        {"REDIS_URL": "unix://"},
        {"REDIS_URL": "redis://:hush@host:no"},
        {"REDIS_URL": "redis://:hush@host:99999"},
        {"REDIS_URL": "redis://[::1"},
        {"DATABASE_URL": "nonsense"},
        {"DATABASE_URL": "mysql://me:hush@host/leads"},
        {"DATABASE_URL": "postgresql+psycopg2://me:hush@host/leads"},
        {"DATABASE_URL": "postgresql://me:hush@host:no/leads"},
        {"DATABASE_URL": "postgresql://me:hush@host:99999/leads"},
    ],
)
def test_a_wrong_variable_is_refused(
    wrong: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot work is refused at the start, with the variable's name."""
    [(name, value)] = wrong.items()
    monkeypatch.setenv(name, value)

    with pytest.raises(ValidationError, match=name):
        Settings()


@pytest.mark.parametrize(
    "right",
    [
        {"REDIS_URL": "rediss://me:p%40ss@host:6380/1"},
        {"REDIS_URL": "redis:///1"},
        {"REDIS_URL": "unix:///run/valkey.sock?db=1"},
        {"DATABASE_URL": "postgres://me:p%40ss@host/leads?sslmode=require"},
        {"DATABASE_URL": "postgresql://me@/leads?host=/run/postgresql"},
        {"DATABASE_URL": "sqlite:///leads.db"},
        {"SLACK_API_URL": "http://127.0.0.1:3100/api/"},
        {"SLACK_API_URL": ""},
        {"LEADPORT_BASE_URL": "https://[::1]:8443/leads"},
    ],
)
def test_every_right_address_is_taken(
    right: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Addresses that work elsewhere are not refused here."""
    [(name, value)] = right.items()
    monkeypatch.setenv(name, value)
    known = {str(f.validation_alias): n for n, f in Settings.model_fields.items()}

    assert getattr(Settings(), known[name]) == (value or SLACK_API_URL)
