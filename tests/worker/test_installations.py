"""Which workspaces are ours, and under which key their tokens lie."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from slack_sdk.errors import SlackApiError
from sqlalchemy import select
from sqlmodel import col

from core import outbox
from core.db import Database, now
from core.models import Account, SlackInstallation
from core.outbox import OutboxKey
from tests.worker.conftest import Slack
from worker.installations import REMEMBERED_SECONDS, Grant, Installations
from worker.vault import Unreadable, Vault, derive
from worker.workspaces import NoWorkspace, Workspaces

GRANT = Grant("T1", "U1", "xoxb-first", name="Fjord Labs", scopes=("commands",))
FRONT = "T0SANDBOX"


def rows(database: Database) -> list[SlackInstallation]:
    with database.reading() as session:
        return list(session.scalars(select(SlackInstallation)))


def name_of(database: Database, account_id: int) -> str:
    with database.reading() as session:
        return session.scalars(select(col(Account.name)).where(col(Account.id) == account_id)).one()


# ---- installations -----------------------------------------------------------------------------


def test_what_is_saved_is_found(database: Database) -> None:
    """Another process finds the workspace, its account and its token, which lies encrypted."""
    saved = Installations(database, "key").save(GRANT, "slack-T1")
    found = Installations(database, "key").find("T1")
    [row] = rows(database)

    assert found == saved
    assert found.token == "xoxb-first"
    assert name_of(database, found.account_id) == "slack-T1"
    assert "xoxb" not in row.bot_token
    assert (row.name, row.scopes, row.revoked_at) == ("Fjord Labs", ["commands"], None)


def test_installing_again_keeps_the_account(database: Database) -> None:
    """The new token takes the old one's place; whose leads they are does not change."""
    installations = Installations(database, "key")
    first = installations.save(GRANT, "default")
    again = installations.save(replace(GRANT, token="xoxb-second"), "slack-T1")

    assert again.account_id == first.account_id
    assert again.token == "xoxb-second"
    assert len(rows(database)) == 1


def test_eight_first_installations_at_once(database: Database) -> None:
    """One row comes of it, and one account."""
    installations = Installations(database, "key")
    with ThreadPoolExecutor(8) as pool:
        saved = list(pool.map(lambda _: installations.save(GRANT, "slack-T1"), range(8)))

    assert len({one.account_id for one in saved}) == 1
    assert len(rows(database)) == 1


def test_a_workspace_that_left(database: Database) -> None:
    """Its token is gone, once; the row stays and says when."""
    installations = Installations(database, "key")
    installations.save(GRANT, "slack-T1")
    [row] = rows(database)
    at = row.installed_at // 1000
    earlier = installations.revoke("T1", at - 1)
    first, again = installations.revoke("T1", at), installations.revoke("T1", at)
    [row] = rows(database)
    found = installations.find("T1")

    assert (earlier, first, again) == (False, True, False)
    assert row.bot_token == ""
    assert row.revoked_at is not None
    assert found is not None
    assert found.token == ""
    assert installations.find("T2") is None


def test_news_of_another_process(sqlite_database: Database) -> None:
    """A new token is heard of within seconds, a first one at once."""
    clock = [0.0]
    here = Installations(sqlite_database, "key", lambda: clock[0])
    there = Installations(sqlite_database, "key")
    assert here.find("T1") is None
    there.save(GRANT, "slack-T1")
    first = here.find("T1")
    there.save(replace(GRANT, token="xoxb-second"), "slack-T1")
    soon = here.find("T1")
    clock[0] += REMEMBERED_SECONDS
    later = here.find("T1")

    assert [one and one.token for one in (first, soon, later)] == [
        "xoxb-first", "xoxb-first", "xoxb-second",
    ]  # fmt: skip


@pytest.mark.parametrize("key", ["", "another key"])
def test_another_secret_key(
    sqlite_database: Database, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Without the key the workspace is as good as gone, and the log says why; nothing crashes."""
    Installations(sqlite_database, "key").save(GRANT, "slack-T1")
    found = Installations(sqlite_database, key).find("T1")

    assert found is not None
    assert found.token == ""
    assert "LEADPORT_SECRET_KEY" in caplog.text
    assert "xoxb" not in caplog.text


def test_what_could_not_be_sent_is_due_after_installing(database: Database) -> None:
    """A message of this account that rests after a failure is due again, and no other's."""
    installations = Installations(database, "key")
    mine = installations.save(GRANT, "slack-T1").account_id
    for account in (mine, mine + 1):
        fail(database, OutboxKey(account, 7, "card"))
    with database.reading() as session:
        resting = outbox.due(session)
    installations.save(GRANT, "slack-T1")
    with database.reading() as session:
        due = outbox.due(session)

    assert resting == []
    assert due == [OutboxKey(mine, 7, "card")]


def fail(database: Database, key: OutboxKey) -> None:
    """Ask for a message, and try in vain to send it, an hour after it failed first."""
    with database.writing() as session:
        outbox.request(session, key)
        delivery = outbox.claim(session, key)
        assert delivery
        long = replace(delivery, failing_since=now(session) - 3_600_000)
        assert outbox.retry(session, long, "NoWorkspace") == 600_000


# ---- vault -------------------------------------------------------------------------------------


def test_a_vault_opens_what_it_locked() -> None:
    """Whatever the text; never twice in the same words, and by no other key or purpose."""
    vault = Vault("key", "tokens")
    for text in ("xoxb-1", "", "ü" * 1000):
        assert vault.unlock(vault.lock(text)) == text
    locked = vault.lock("xoxb-1")

    assert locked != vault.lock("xoxb-1")
    assert locked.isascii()
    for other in (Vault("another", "tokens"), Vault("key", "links")):
        with pytest.raises(Unreadable):
            other.unlock(locked)
    with pytest.raises(Unreadable):
        vault.unlock(locked[:-4])
    assert derive("key", "a") != derive("key", "b")


# ---- the way to a workspace --------------------------------------------------------------------


def test_the_token_of_the_environment_opens_its_own_workspace_only(
    sqlite_database: Database, slack: Slack
) -> None:
    """A workspace that has left is not spoken to with another one's token."""
    installations = Installations(sqlite_database, "key")
    ours = slack.workspaces()
    ours.installations = installations
    installations.save(GRANT, "slack-T1")
    installations.save(replace(GRANT, team=FRONT), "default")
    before = [ours.token("T1"), ours.token(FRONT)]
    for team in ("T1", FRONT):
        installations.revoke(team, 2**40)

    assert before == ["xoxb-first", "xoxb-first"]
    with pytest.raises(NoWorkspace):
        ours.client("T1")
    assert ours.client(FRONT).auth_test()["team_id"] == FRONT
    assert ours.identity(FRONT).bot_user == "U0SANDBOX"


def test_naming_the_account(slack: Slack) -> None:
    """``default`` for the workspace of the environment, else the team's id; a dead token is
    nobody's, and a Slack that cannot be asked is no answer."""
    ours, none, dead = slack.workspaces(), Workspaces(""), slack.workspaces("xoxb-dead")

    assert ours.account_for(FRONT) == "default"
    assert ours.account_for("T1") == none.account_for("T1") == dead.account_for("T1") == "slack-T1"
    away = Workspaces("xoxb-1", api_url="http://127.0.0.1:9/", timeout=1)
    with pytest.raises((OSError, SlackApiError)):
        away.account_for("T1")
