"""Installing the app in many workspaces by OAuth, and keeping them apart."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx
import pytest
from sqlalchemy import select
from sqlmodel import col
from starlette.requests import Request

from bot.slack.install import SCOPES, Installer, NoGrant, installer, read_grant
from bot.slack.state import MAX_AGE, NotOurs, States
from core import ids
from core.db import Database
from core.models import Account, Import, Lead, SlackInstallation
from tests.bot.commandline import Leadport, data_dir, leadport
from tests.bot.conftest import LEADS, TOKEN
from tests.bot.towns import FJORD, FRONT, SECRET_KEY, Town, town
from tests.parts.databases import copied_sqlite
from worker.card.offer_import import DISMISS
from worker.installations import Installations
from worker.workspaces import Workspaces

__all__ = ["data_dir", "leadport"]  # fixtures

OTHERS = (
    b"First Name,Email\n"
    b"Tove,tove@harbour.example\n"
    b"Ada,ada@fjord-labs.com\n"
)  # fmt: skip


@pytest.fixture
def two(sqlite_database: Database, tmp_path: Path) -> Iterator[Town]:
    """A town of two workspaces, neither of which has installed the app."""
    with town(sqlite_database, tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def pair(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town of two workspaces that have both installed the app; each test sends its own files."""
    folder = tmp_path_factory.mktemp("town")
    with copied_sqlite(migrated_sqlite, folder) as database, town(database, folder) as found:
        found.install(FRONT)
        assert "Leadport is installed in Fjord &lt;Labs&gt;" in found.install(FJORD).text
        yield found


def rows(database: Database) -> list[SlackInstallation]:
    with database.reading() as session:
        return list(session.scalars(select(SlackInstallation)))


def account_named(database: Database, name: str) -> int | None:
    with database.reading() as session:
        return session.scalars(select(col(Account.id)).where(col(Account.name) == name)).one()


def leads_of(database: Database, account: str) -> list[str]:
    with database.reading() as session:
        mine = select(col(Account.id)).where(col(Account.name) == account).scalar_subquery()
        found = session.scalars(select(Lead).where(col(Lead.account_id) == mine))
        return sorted(lead.fields["first_name"] for lead in found)


def drafts(database: Database) -> dict[str, dict[str, Any]]:
    """Every import by its public id."""
    with database.reading() as session:
        return {ids.show("job", i.id): i.model_dump() for i in session.scalars(select(Import))}


# ---- two workspaces ----------------------------------------------------------------------------


def test_two_workspaces_import_side_by_side(pair: Town) -> None:
    """Each has leads and cards of its own, although channels, people and one lead are the same."""
    front, fjord = pair.office(FRONT), pair.office(FJORD)
    ours, theirs = front.ben.share(("leads.csv", LEADS)), fjord.ben.share(("leads.csv", OTHERS))
    front_card, fjord_card = front.card(ours), fjord.card(theirs)
    front.ben.click(front_card, "start_import")
    fjord.ben.click(fjord_card, "start_import")
    front.work()
    database = pair.station.database

    assert leads_of(database, "slack-T0SANDBOX") == ["Ada", "Alan", "Edsger"]
    assert leads_of(database, "slack-T0FJORD") == ["Ada", "Tove"]
    assert "4 rows = 3 new + 1 failed" in front.replies(ours)[1].text
    assert "2 rows = 2 new" in fjord.replies(theirs)[1].text
    assert {m.root for m in fjord.ana.messages()} == {theirs.ts}


def test_a_click_with_the_id_of_another_workspace(pair: Town) -> None:
    """A click in one workspace that names another's import does nothing, nor tells anything."""
    front, fjord = pair.office(FRONT), pair.office(FJORD)
    ours, theirs = front.ben.share(("a.csv", LEADS)), fjord.ben.share(("b.csv", OTHERS))
    front_card, fjord_card = front.card(ours), fjord.card(theirs)
    front.ben.click(front_card, "map_columns")
    front.ben.submit(front.ben.open_view(lambda view: "map_columns.target" in view.actions))
    mine = front_card.element("start_import")["value"].split(".")[0]
    other = fjord_card.element("start_import")["value"].split(".")[0]
    front.work()
    before = drafts(pair.station.database)
    clicked, submitted = front.sandbox.deliveries("interaction")[-2:]
    for told, action in (
        (clicked, "start_import"), (clicked, DISMISS), (submitted, "map_columns"),
    ):  # fmt: skip
        [form] = parse_qs(told["body"])["payload"]
        forged = form.replace(mine, other).replace('"map_columns"', f'"{action}"')
        body = urlencode({"payload": forged})
        [answer] = front.sandbox.redeliver(delivery=told["id"], body=body)
        assert forged != form
        assert answer["status"] == 200
    front.work()

    assert drafts(pair.station.database) == before
    assert {before[mine]["status"], before[other]["status"]} == {"draft"}
    assert "b.csv" not in "".join(front.whispers(ours, front.ben))


def test_status_lists_ones_own_imports_only(pair: Town) -> None:
    """An admin of one workspace sees no import of another, by list or by id."""
    front, fjord = pair.office(FRONT), pair.office(FJORD)
    shared = fjord.ben.share(("theirs.csv", OTHERS))
    job = fjord.card(shared).element("start_import")["value"].split(".")[0]
    front.ana.command("/import", "status")
    front.ana.command("/import", f"status {job}")
    said = " ".join(m.words for m in front.ana.messages())

    assert "theirs.csv" not in said
    assert said != ""


def test_a_workspace_in_the_environment_beside_an_installed_one(
    sqlite_database: Database, tmp_path: Path
) -> None:
    """Its account is ``default``, and stays that when it installs the app as well."""
    with town(sqlite_database, tmp_path, bot_token=TOKEN) as mixed:
        mixed.install(FJORD)
        front, fjord = mixed.office(FRONT), mixed.office(FJORD)
        for office, content in ((front, LEADS), (fjord, OTHERS)):
            shared = office.ben.share(("leads.csv", content))
            office.ben.click(office.card(shared), "start_import")
        front.work()
        mixed.install(FRONT)
        installed = Installations(sqlite_database, SECRET_KEY).find(FRONT)

        assert installed is not None
        assert leads_of(sqlite_database, "default") == ["Ada", "Alan", "Edsger"]
        assert account_named(sqlite_database, "default") == installed.account_id
        assert leads_of(sqlite_database, "slack-T0FJORD") == ["Ada", "Tove"]
        assert [row.team for row in rows(sqlite_database)] == [FJORD, FRONT]


def test_a_workspace_that_has_not_installed_it(pair: Town) -> None:
    """Nothing is taken in, and a command is answered with who can help."""
    front = pair.office(FRONT)
    front.ana.command("/import", "help")
    shared = front.ana.share(("leads.csv", LEADS))
    front.taken(shared)
    before = front.count(Import)
    told = [front.sandbox.deliveries(kind)[-1] for kind in ("command", "event")]
    again = [
        front.sandbox.redeliver(delivery=one["id"], body=one["body"].replace(FRONT, "T0NOBODY"))[0]
        for one in told
    ]

    assert [answer["status"] for answer in again] == [200, 200]
    assert "not connected to this workspace" in front.ana.messages()[-1].text
    assert front.count(Import) == before


# ---- leaving and coming back -------------------------------------------------------------------


def test_uninstalling_in_the_middle_and_coming_back(
    two: Town, caplog: pytest.LogCaptureFixture
) -> None:
    """The import goes on, what cannot be told waits calmly, and is told after a new install."""
    two.install(FRONT)
    office = two.office(FRONT)
    shared = office.ben.share(("leads.csv", LEADS))
    office.ben.click(office.card(shared), "start_import")
    two.uninstall(FRONT)
    two.station.workspaces.installations = Installations(two.station.database, SECRET_KEY)
    for _ in range(3):
        office.work()
    silent = office.replies(shared)
    [gone] = rows(two.station.database)
    two.install(FRONT)
    office.work()

    assert (gone.bot_token, gone.revoked_at is None) == ("", False)
    assert len(silent) == 1
    assert leads_of(two.station.database, "slack-T0SANDBOX") == ["Ada", "Alan", "Edsger"]
    assert "4 rows = 3 new + 1 failed" in office.replies(shared)[1].text
    assert [r for r in caplog.records if r.exc_info] == []


def test_a_token_that_died_before_the_news_of_it(two: Town) -> None:
    """A worker that still holds the old token keeps the message; a new install sends it."""
    two.install(FRONT)
    assert two.station.workspaces.installed(FRONT)  # remembered for a while
    office = two.office(FRONT)
    shared = office.ben.share(("leads.csv", LEADS))
    office.taken(shared)
    two.uninstall(FRONT)
    office.deliver()
    refused = office.replies(shared)
    two.install(FRONT)
    two.station.workspaces.installations = Installations(two.station.database, SECRET_KEY)
    office.deliver()

    assert refused == []
    assert "leads.csv" in office.replies(shared)[0].text


def test_a_file_shared_just_before_leaving(two: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that can no longer be fetched ends in words once it has been tried often enough."""
    two.install(FRONT)
    office = two.office(FRONT)
    shared = office.ben.share(("leads.csv", LEADS))
    office.taken(shared)
    two.uninstall(FRONT)
    monkeypatch.setattr("worker.jobs.DOWNLOAD_RESTS", ())
    office.work()
    with two.station.database.reading() as session:
        [draft] = session.scalars(select(Import))

    assert draft.status == "failed"
    assert "Leadport was removed from the workspace" in draft.failure_message


def test_events_that_end_nothing(two: Town) -> None:
    """Late news of an earlier removal, and people's own tokens, which the app never had."""
    two.install(FRONT)
    two.uninstall(FRONT)
    office = two.office(FRONT)
    late, own = office.heard("app_uninstalled"), office.heard("tokens_revoked")
    two.install(FRONT)
    earlier, later = json.loads(late["body"]), json.loads(own["body"])
    earlier["event_time"] -= 60
    later["event_time"] += 3600
    later["event"]["tokens"] = {"oauth": ["U0ANA"], "bot": []}
    for told, body in ((late, earlier), (own, later)):
        [taken] = office.sandbox.redeliver(delivery=told["id"], body=json.dumps(body))
        assert taken["status"] == 200
    [row] = rows(two.station.database)

    assert row.bot_token != ""
    assert row.revoked_at is None


# ---- the browser -------------------------------------------------------------------------------


def test_cancelling_on_slacks_page(pair: Town) -> None:
    """A friendly page with the way back, and nothing is stored."""
    before = rows(pair.station.database)
    page = pair.install(FRONT, "cancel")

    assert page.status_code == 200
    assert "You cancelled" in page.text
    assert f'href="{pair.url}/slack/install"' in page.text
    assert rows(pair.station.database) == before


def test_a_link_from_somebody_else(pair: Town) -> None:
    """Without the cookie that it set out with, no browser is believed: nothing is exchanged."""
    before = rows(pair.station.database)
    calls = len(pair.office(FRONT).sandbox.calls("oauth.v2.access"))
    with pair.browser() as attacker, pair.browser() as victim:
        link = pair.decide(attacker, pair.begin(attacker), FRONT, "allow")
        pair.begin(victim)
        page = victim.get(link)
        bare = httpx.get(link, trust_env=False)

    assert (page.status_code, bare.status_code) == (400, 400)
    assert "opened in another browser" in page.text
    assert rows(pair.station.database) == before
    assert len(pair.office(FRONT).sandbox.calls("oauth.v2.access")) == calls


def test_a_link_used_twice(pair: Town) -> None:
    """The second time, even with the cookie, it is refused before Slack is asked."""
    calls = len(pair.office(FRONT).sandbox.calls("oauth.v2.access"))
    with pair.browser() as browser:
        link = pair.decide(browser, pair.begin(browser), FRONT, "allow")
        kept = dict(browser.cookies)
        first = browser.get(link)
        again = httpx.get(link, cookies=kept, trust_env=False)

    assert (first.status_code, again.status_code) == (200, 400)
    assert "used before" in again.text
    assert len(pair.office(FRONT).sandbox.calls("oauth.v2.access")) == calls + 1


def test_what_the_browser_is_given(pair: Town) -> None:
    """A cookie no script reads, Slack's page with the app's scopes, and pages nobody keeps."""
    with pair.browser() as browser:
        answer = browser.get(f"{pair.url}/slack/install")
        page = browser.get(f"{pair.url}/slack/oauth_redirect")
    asked = httpx.URL(answer.headers["location"])
    cookie = answer.headers["set-cookie"].lower()

    assert asked.path == "/oauth/v2/authorize"
    assert asked.params["scope"].split(",") == list(SCOPES)
    assert asked.params["redirect_uri"] == f"{pair.url}/slack/oauth_redirect"
    assert all(part in cookie for part in ("httponly", "samesite=lax", "path=/slack"))
    assert page.status_code == 400
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"


def test_over_https_the_cookie_is_secure(pair: Town) -> None:
    """Where people reach Leadport over TLS the cookie goes nowhere else."""
    settings = pair.settings.model_copy(update={"base_url": "https://leadport.example.com"})
    made = installer(settings, pair.station.database, Workspaces(""))
    assert made is not None
    answer = asyncio.run(made.install(Request({"type": "http", "headers": []})))

    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.fixture
def desk(pair: Town) -> Installer:
    """The installer of the web process."""
    workspaces = Workspaces(
        "", api_url=pair.settings.slack_api_url,
        installations=Installations(pair.station.database, SECRET_KEY),
    )  # fmt: skip
    found = installer(pair.settings, pair.station.database, workspaces)
    assert found is not None
    return found


def test_slack_refuses_the_code(desk: Installer) -> None:
    """A code nobody gave: begin again. A wrong secret: the one who runs it has to know."""
    cookie, state = desk.states.new()
    made_up = desk.outcome({"code": "1.2", "state": state}, cookie)
    cookie, state = desk.states.new()
    wrong = replace(desk, client_secret="another").outcome({"code": "1", "state": state}, cookie)

    assert (made_up.status, wrong.status) == (400, 502)
    assert "too old" in made_up.words
    assert "bad_client_secret" in wrong.words


def test_slack_is_away(desk: Installer) -> None:
    """Words and the way back, not a stack trace."""
    away = replace(desk, workspaces=Workspaces("", api_url="http://127.0.0.1:9/api/"))
    cookie, state = desk.states.new()
    told = away.outcome({"code": "1", "state": state}, cookie)

    assert (told.status, told.words) == (502, "Slack could not be reached.")


@pytest.mark.parametrize("error", ["access_denied", "invalid_scope", "<script>", "", "x" * 5000])
def test_whatever_error_comes_back(desk: Installer, error: str) -> None:
    """No error of Slack's, or of somebody who plays Slack, is repeated as it came."""
    told = desk.outcome({"error": error}, "")

    assert told.link is not None
    assert "<" not in told.words
    assert len(told.words) < 200


@pytest.mark.parametrize("command", ["web", "worker"])
def test_without_a_key_for_the_tokens(
    leadport: Leadport, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """The processes that would keep or read tokens say what is missing, and do not start."""
    for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "REDIS_URL"):
        monkeypatch.setenv(name, "redis://127.0.0.1:9/0")
    ran = leadport(command)

    assert ran.code == 2
    assert "LEADPORT_SECRET_KEY is not set" in " ".join(ran.err.split())


# ---- state -------------------------------------------------------------------------------------


def test_a_state_belongs_to_its_cookie() -> None:
    """Right together; wrong with another's cookie, changed, empty, or made with another key."""
    states = States("key")
    (cookie, state), (other, _) = states.new(), states.new()
    foreign = States("another key").new()

    assert states.check(state, cookie) == states.check(state, cookie)
    for wrong in (
        (state, other), (state, ""), ("", cookie), (state[:-1], cookie), (state + "a", cookie),
        ("x" * 10_000, cookie), ("\ud800", cookie), (state, "\ud800é"), foreign,
    ):  # fmt: skip
        with pytest.raises(NotOurs):
            states.check(*wrong)


def test_a_state_grows_old() -> None:
    """It counts for ten minutes."""
    now = [time.time()]
    states = States("key", lambda: now[0])
    cookie, state = states.new()
    now[0] += MAX_AGE
    states.check(state, cookie)
    now[0] += 1
    with pytest.raises(NotOurs):
        states.check(state, cookie)


# ---- what Slack answers ------------------------------------------------------------------------

ANSWER: dict[str, Any] = {
    "ok": True,
    "access_token": "xoxb-1",
    "token_type": "bot",
    "scope": "commands,chat:write",
    "bot_user_id": "U1",
    "team": {"id": "T1", "name": "Fjord"},
    "enterprise": {"id": "E1", "name": "Fjord Group"},
    "authed_user": {"id": "U2"},
    "is_enterprise_install": False,
}


def test_a_grant() -> None:
    """Everything that is kept, in one value that does not print its token."""
    grant = read_grant(ANSWER)

    assert (grant.team, grant.bot_user, grant.token) == ("T1", "U1", "xoxb-1")
    assert (grant.name, grant.enterprise, grant.installed_by) == ("Fjord", "E1", "U2")
    assert grant.scopes == ("commands", "chat:write")
    assert "xoxb" not in repr(grant)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"is_enterprise_install": True, "team": None}, "whole organisation"),
        ({"expires_in": 43200, "refresh_token": "xoxe-1"}, "rotation"),
        ({"access_token": ""}, "no token"),
        ({"token_type": "user"}, "no token"),
        ({"bot_user_id": None}, "no token"),
        ({"team": {"id": "../../x"}}, "no workspace"),
        ({"team": "T1"}, "no workspace"),
    ],
)
def test_what_is_no_grant(change: dict[str, Any], why: str) -> None:
    """What would not last, or is not for one workspace, is refused in words."""
    with pytest.raises(NoGrant, match=why):
        read_grant({**ANSWER, **change})


# ---- secrets -----------------------------------------------------------------------------------


def test_no_token_lies_open(two: Town, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the database nor the most talkative log holds a token, a code or the secret."""
    caplog.set_level(logging.DEBUG)
    two.install(FRONT)
    office = two.office(FRONT)
    shared = office.ben.share(("leads.csv", LEADS))
    office.card(shared)
    installed = two.station.workspaces.installed(FRONT)
    assert installed is not None
    kept = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    ours = "\n".join(
        r.getMessage() for r in caplog.records if not r.name.startswith(("httpx", "httpcore"))
    )

    assert installed.token.startswith("xoxb-")
    assert installed.token not in ours
    assert two.settings.slack_client_secret not in ours
    assert installed.token.encode() not in kept
    assert repr(installed).count("xoxb") == 0
