"""`leadport webhooks test`: send one event now, and tell what was answered."""

from __future__ import annotations

import time
from typing import NamedTuple

from bot import terminal
from bot.embedded import secret_key
from core import accounts, ids, webhooks
from core.db import Database
from core.deliveries import Outcome
from core.errors import ImportFailure, NotFound
from worker import outward
from worker.outward import Outward
from worker.settings import Settings
from worker.vault import Unreadable
from worker.webhooks import Sender, new_secret, vault


class Address(NamedTuple):
    """Where to send, and the secret to sign with."""

    url: str
    secret: str
    is_new: bool  #: made for this one event


def test(settings: Settings, target: str, account: str, as_json: bool) -> int:
    """Send a test to a URL or an endpoint; the exit code."""
    try:
        address = _address(settings, target, account)
        outward.check(address.url, private=settings.webhooks_allow_private)
    except ImportFailure as failure:
        raise terminal.refused(failure, as_json) from None
    message, sender = ids.show("msg", ids.new_id()), _sender(settings)
    data = {"message": "Leadport can reach this address."}
    payload = webhooks.payload(webhooks.TEST, time.time_ns() // 1_000_000, data)
    outcome = sender.send(address.url, address.secret, message, payload)
    if as_json:
        _print_json(address, message, outcome)
    else:
        _print(address, message, outcome)
    return terminal.DONE if outcome.delivered else terminal.REFUSED


def _address(settings: Settings, target: str, account: str) -> Address:
    if "://" in target:
        return Address(target, new_secret(), is_new=True)
    with terminal.opened(settings) as (database, _):
        return _endpoint(settings, database, target, account)


def _endpoint(settings: Settings, database: Database, target: str, account: str) -> Address:
    with database.reading() as session:
        found, number = accounts.find(session, account), ids.read("ep", target)
        if found is None or number is None:
            raise NotFound("There is no such webhook endpoint. Give its id, ep_..., or a URL.")
        endpoint = webhooks.get(session, found, number)
    key = settings.secret_key or secret_key(settings.data_dir)  # as `leadport up` has it
    try:
        secret = vault(key).unlock(endpoint.secret)
    except Unreadable:
        words = "The endpoint's secret cannot be read: LEADPORT_SECRET_KEY is another one here."
        raise NotFound(words) from None
    return Address(endpoint.url, secret, is_new=False)


def _sender(settings: Settings) -> Sender:
    return Sender(settings.secret_key, Outward(private=settings.webhooks_allow_private))


def _print(address: Address, message: str, outcome: Outcome) -> None:
    if address.is_new:
        terminal.aside().print(f"Signed with {address.secret}, which was made for this alone.")
    if outcome.delivered:
        terminal.out().print(f"{message} was taken: {outcome.status}.")
    else:
        terminal.out().print(f"{message} was not taken. {outcome.failure}")
    if outcome.answer:
        terminal.out().print(terminal.printable(outcome.answer))


def _print_json(address: Address, message: str, outcome: Outcome) -> None:
    secret = {"secret": address.secret} if address.is_new else {}
    terminal.print_json(
        {
            "id": message,
            "url": address.url,
            "delivered": outcome.delivered,
            "status": outcome.status,
            "answer": outcome.answer,
            "failure": outcome.failure,
            **secret,
        }
    )
