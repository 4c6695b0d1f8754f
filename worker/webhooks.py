"""Deliver events to the endpoints that want them, signed as Standard Webhooks has it.

Each endpoint that has something due gets a thread of its own, so a slow one waits alone. What a
killed process was sending is sent again once its lease is over, under the same id.
"""

from __future__ import annotations

import logging
import secrets
import time
from base64 import b64encode
from collections import Counter
from datetime import UTC, datetime
from threading import Event, Lock, Thread

from sqlmodel import Session
from standardwebhooks import Webhook

from core import deliveries, ids, webhooks
from core.db import Database, conflicts
from core.deliveries import Delivery, Outcome, Target
from worker.outward import BadAddress, Outward, Unreached
from worker.vault import Unreadable, Vault

#: Endpoints that are being sent to at the same time, in all and of one account.
MOST, MOST_OF_ACCOUNT = 32, 4
#: How long a process goes on with one endpoint before the others have their turn, in seconds.
TURN_SECONDS = 30.0
_PURPOSE = "the secrets of webhooks"
_LONGEST_WAIT = 4 * 3_600  # seconds that an endpoint may ask us to wait

log = logging.getLogger(__name__)


def new_secret() -> str:
    """A secret to sign with, as Standard Webhooks writes it."""
    return f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"


def vault(secret_key: str) -> Vault:
    """Where secrets of webhooks are kept, outgoing and incoming ones."""
    return Vault(secret_key, _PURPOSE)


class Sender:
    """Sends one event to one address."""

    def __init__(self, secret_key: str, outward: Outward) -> None:
        """``secret_key`` opens the endpoints' secrets."""
        self._vault = vault(secret_key)
        self._outward = outward

    def deliver(self, delivery: Delivery) -> Outcome:
        """Try once; what came of it."""
        try:
            secret = self._vault.unlock(delivery.secret)
        except Unreadable:
            return Outcome(failure="Its secret cannot be read: LEADPORT_SECRET_KEY was changed.")
        return self.send(delivery.url, secret, ids.show("msg", delivery.id), delivery.payload)

    def send(self, url: str, secret: str, message_id: str, payload: str) -> Outcome:
        """Sign and send; ``secret`` as ``new_secret`` makes it."""
        at = datetime.now(UTC)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Leadport-Webhooks",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret).sign(message_id, at, payload),
        }
        try:
            answer = self._outward.post(url, headers, payload.encode())
        except (BadAddress, Unreached) as error:
            return Outcome(failure=str(error))
        taken = 200 <= answer.status < 300
        wait = min(answer.retry_after, _LONGEST_WAIT) * 1_000 if not taken else 0
        failure = "" if taken else f"It answered {answer.status}."
        return Outcome(answer.status, answer.text, failure, wait)


class Courier:
    """Sends what is due, each endpoint in a thread of its own."""

    def __init__(self, database: Database, sender: Sender) -> None:
        self._database, self._sender = database, sender
        self._lock = Lock()
        self._busy: dict[int, Target] = {}  # by endpoint

    def send_due(self) -> list[Thread]:
        """Begin to send to every endpoint that has something due and room; the threads that do."""
        with self._lock:
            busy = dict(self._busy)
        with self._database.reading() as session:
            targets = deliveries.due(session, busy)
        return [thread for target in targets if (thread := self._begin(target))]

    def _begin(self, target: Target) -> Thread | None:
        with self._lock:
            of_account = Counter(each.account_id for each in self._busy.values())
            full = len(self._busy) >= MOST or of_account[target.account_id] >= MOST_OF_ACCOUNT
            if full or target.endpoint_id in self._busy:
                return None
            self._busy[target.endpoint_id] = target
        # A daemon: what it is sending when the process ends is sent again later.
        thread = Thread(target=self._serve, args=(target,), daemon=True)
        thread.start()
        return thread

    def _serve(self, target: Target) -> None:
        until = time.monotonic() + TURN_SECONDS
        try:
            while deliver_next(self._database, self._sender, target):
                if time.monotonic() >= until:
                    return
        except conflicts() as error:
            log.warning("the database is away: %s", type(error).__name__)
        finally:
            with self._lock:
                del self._busy[target.endpoint_id]


def deliver_next(database: Database, sender: Sender, target: Target) -> bool:
    """Try the endpoint's next delivery; whether it took one, so that there may be another."""
    delivery = database.transact(lambda session: deliveries.claim(session, target))
    if delivery is None:
        return False
    outcome = sender.deliver(delivery)

    def record(session: Session) -> str:
        state = deliveries.record(session, delivery, outcome)
        if state and outcome.gone:
            reason = "It answered 410 Gone."
            webhooks.disable(session, delivery.account_id, delivery.endpoint_id, reason)
        return state

    state = database.transact(record)
    if not outcome.delivered:
        name = ids.show("msg", delivery.id)
        log.warning(
            "webhook %s: %s, %s", name, state or "taken over", outcome.status or "no answer"
        )
    return outcome.delivered


def run(courier: Courier, stop: Event, tick_seconds: float) -> None:
    """Send what is due at every tick, until told to stop."""
    while not stop.wait(tick_seconds):
        try:
            courier.send_due()
        except conflicts() as error:
            log.warning("the database is away: %s", type(error).__name__)
