"""`leadport hooks` and `leadport webhooks`: addresses for leads, and a try of an endpoint."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import Session
from standardwebhooks import Webhook

from bot.embedded import secret_key
from core import accounts, hooks, ids, webhooks
from core.db import Database
from tests.api.test_webhooks import Receiver, receiving
from tests.bot.commandline import Leadport, data_dir, leadport
from worker.webhooks import new_secret, vault

__all__ = ["data_dir", "leadport"]


def test_hooks_are_made_listed_and_revoked(leadport: Leadport, data_dir: Path) -> None:
    """The address is printed once, alone on stdout; of the token only the beginning is listed."""
    made = leadport(
        "hooks", "create", "--account", "acme", "--name", "Form", "--map", "Q=7=company",
        "--secret", "typeform's own",
    )  # fmt: skip
    url = made.out.strip()
    assert made.code == 0 and url.startswith("http://127.0.0.1:3000/hooks/lph_")
    [listed] = leadport("hooks", "list", "--account", "acme", "--json").json["hooks"]
    assert listed["mapping"] == {"Q=7": "company"} and listed["signed"]
    database = Database(f"sqlite:///{data_dir / 'leadport.db'}")
    with database.reading() as session:
        stored = hooks.find(session, url.rpartition("/")[2])
    database.close()
    assert vault(secret_key(data_dir)).unlock(stored.secret) == "typeform's own"

    assert leadport("hooks", "revoke", listed["id"], "--account", "acme").code == 0
    assert "revoked" in leadport("hooks", "list", "--account", "acme").out
    assert "no incoming hooks" in leadport("hooks", "list", "--account", "other").out
    assert leadport("hooks", "revoke", listed["id"], "--account", "other").code == 1


def test_a_mapping_that_is_none(leadport: Leadport) -> None:
    """A field that nobody knows is refused, and what is no mapping is a wrong call."""
    refused = leadport("hooks", "create", "--map", "a=b")
    assert refused.code == 1 and "“b”" in refused.err
    assert leadport("hooks", "create", "--map", "a").code == 2


def test_an_address_is_tried(
    leadport: Leadport, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One event is sent, signed with a secret that is told; the code says whether it was taken."""
    monkeypatch.setenv("LEADPORT_WEBHOOKS_ALLOW_PRIVATE", "true")
    with receiving() as receiver:
        tried = leadport("webhooks", "test", receiver.url, "--json")
        receiver.answer = lambda: (500, b"broken", {})
        failed = leadport("webhooks", "test", receiver.url)

    assert tried.code == 0 and tried.json["delivered"]
    headers, body = receiver.got[0]
    assert Webhook(tried.json["secret"]).verify(body, headers)["type"] == "webhook.test"
    assert failed.code == 1 and "500" in failed.out and "broken" in failed.out


def test_an_endpoint_is_tried(
    leadport: Leadport, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an endpoint's id, its own secret signs."""
    monkeypatch.setenv("LEADPORT_WEBHOOKS_ALLOW_PRIVATE", "true")
    assert leadport("migrate").code == 0
    with receiving() as receiver:
        secret, shown = registered(data_dir, receiver)
        tried = leadport("webhooks", "test", shown)
        assert tried.code == 0, tried.err
    headers, body = receiver.got[0]
    Webhook(secret).verify(body, headers)
    assert leadport("webhooks", "test", shown, "--account", "other").code == 1


def registered(data_dir: Path, receiver: Receiver) -> tuple[str, str]:
    """An endpoint of the account `default`: its secret and its id."""
    secret = new_secret()
    locked = vault(secret_key(data_dir)).lock(secret)

    def make(session: Session) -> int:
        account_id = accounts.account(session, "default").id or 0
        wanted = webhooks.Wanted(url=receiver.url)
        return webhooks.create(session, account_id, wanted, locked).id

    database = Database(f"sqlite:///{data_dir / 'leadport.db'}")
    shown = ids.show("ep", database.transact(make))
    database.close()
    return secret, shown


def test_nowhere_near_our_own_network(leadport: Leadport) -> None:
    """Private addresses and plain HTTP are refused before anything is sent."""
    for url in ("https://127.0.0.1/", "http://example.com/", "https://localhost/"):
        assert leadport("webhooks", "test", url).code == 1
