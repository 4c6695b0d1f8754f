"""Tell the thread under a file: post its card once, edit it after, post one summary at the end,
and attach what undoing it did.

Slack gives no way to post a message at most once. So each message carries the import's id unseen,
its ts is written down at once, and where a crash or a lost answer may have hidden a message, the
thread is searched for it before another is posted.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from http.client import HTTPException
from typing import Any

from slack_sdk.errors import SlackApiError
from sqlmodel import Session

from core import imports, outbox
from core.outbox import Delivery, OutboxKey
from worker import attachment, card, posting
from worker.card import CardState
from worker.posting import Mark, Place
from worker.station import Station
from worker.workspaces import NoWorkspace

#: Refusals that another try will not change: the place is closed to us, or the message is gone.
FINAL = frozenset(
    {
        "cant_update_message",
        "channel_is_limited_access",
        "channel_not_found",
        "edit_window_closed",
        "is_archived",
        "message_not_found",
        "msg_too_long",
        "no_permission",
        "not_in_channel",
        "restricted_action",
        "team_access_not_granted",
        "thread_not_found",
        *posting.BLOCKS_REFUSED,
    }
)

log = logging.getLogger(__name__)


class TakenOver(Exception):  # noqa: N818  (a verdict, not an error)
    """The lease ran out and another worker delivers the message now."""


@dataclass(frozen=True)
class Telling:
    """One delivery under way. ``sent`` is what is known of the message: ``ts`` once it is there."""

    station: Station
    delivery: Delivery
    team: str
    place: Place
    state: CardState
    sent: dict[str, Any]

    @property
    def mark(self) -> Mark:
        """What the message carries."""
        return Mark(self.state.job, self.delivery.key.kind)

    def note(self, **news: Any) -> Telling:
        """Write down a step that was taken. Raises TakenOver."""
        sent = {**self.sent, **news}
        lease = self.station.pace.delivery_lease_ms
        if self.station.database.transact(
            lambda session: outbox.note(session, self.delivery, sent, lease)
        ):
            return replace(self, sent=sent)
        raise TakenOver


def deliver(station: Station, key: OutboxKey) -> None:
    """Send one message, if it is due and nobody else is sending it.

    What Slack refuses for now is tried again later. Raises only what nobody foresaw.
    """
    delivery = station.database.transact(
        lambda session: outbox.claim(session, key, station.pace.delivery_lease_ms)
    )
    if delivery is None:
        return
    try:
        _deliver(station, delivery)
    except SlackApiError as error:
        _refused(station, delivery, error)
    except (NoWorkspace, OSError, HTTPException) as error:
        _later(station, delivery, type(error).__name__)
    except BaseException as error:
        _later(station, delivery, type(error).__name__, foreseen=False)
        raise


def _deliver(station: Station, delivery: Delivery) -> None:
    if delivery.attempts > outbox.MAX_ATTEMPTS:  # it ended the process every time
        _abandon(station, delivery, "no try came to an end")
        return
    telling = _telling(station, delivery)
    if telling is None:
        _abandon(station, delivery, "there is no such thread")
        return
    try:
        told = _SHOW[delivery.key.kind](telling)
    except TakenOver:
        _show_again(station, delivery)
        return
    if not station.database.transact(
        lambda s: outbox.delivered(s, delivery, told.sent, _pause(s, station, delivery))
    ):
        _show_again(station, delivery)


def _pause(session: Session, station: Station, delivery: Delivery) -> int:
    """How long the message rests, in milliseconds: imports of one workspace share its edits."""
    return station.pace.edit_ms * max(1, imports.at_work(session, delivery.key.account_id))


def _telling(station: Station, delivery: Delivery) -> Telling | None:
    """The message as the database wants it now; None where there is nowhere to put it.

    Raises NoWorkspace where the way to it is closed for now.
    """
    account_id, import_id, _ = delivery.key
    with station.database.reading() as session:
        origin = imports.get(session, account_id, import_id).origin
        state = card.gather(session, account_id, import_id)
    if origin.get("door") != "slack":
        return None
    team = origin["team"]
    place = Place(station.workspaces.client(team), origin["channel"], origin["thread_ts"])
    return Telling(station, delivery, team, place, state, delivery.result)


# ---- what is shown -----------------------------------------------------------------------------


def _show_card(telling: Telling) -> Telling:
    message = card.render(telling.state)
    if "ts" not in telling.sent:
        return _post(telling, message)
    posting.edit(telling.place, telling.sent["ts"], message)
    return telling


def _show_summary(telling: Telling) -> Telling:
    if "ts" not in telling.sent:
        telling = _post(telling, card.summary(telling.state))
    return attachment.attach(telling)


def _show_undone(telling: Telling) -> Telling:
    """Attach what undoing did; the summary tells of it too, in place of its button."""
    told = attachment.attach(telling)
    with telling.station.database.reading() as session:
        summary = outbox.result(session, telling.delivery.key._replace(kind="summary"))
    if "ts" in summary:
        posting.edit(telling.place, summary["ts"], card.summary(telling.state))
    return told


_SHOW = {"card": _show_card, "summary": _show_summary, "undone": _show_undone}


def _post(telling: Telling, message: card.Message) -> Telling:
    """Post the message, unless an earlier try did and could not tell. Raises TakenOver."""
    found = _found(telling)
    if found:
        posting.edit(telling.place, found, message)
        return telling.note(channel=telling.place.channel, ts=found)
    ts = posting.post(telling.place, message, telling.mark)
    try:
        return telling.note(channel=telling.place.channel, ts=ts)
    except TakenOver:
        _take_back(telling, ts)
        raise


def _found(telling: Telling) -> str | None:
    if telling.delivery.token == 1:
        return None  # nobody has tried before
    us = telling.station.workspaces.identity(telling.team).bot_user
    return posting.find(telling.place, telling.mark, us)


def _take_back(telling: Telling, ts: str) -> None:
    """Remove our message if the worker that took over has posted another."""
    with telling.station.database.reading() as session:
        other = outbox.result(session, telling.delivery.key).get("ts")
    if other and other != ts:
        posting.take_back(telling.place, ts)


# ---- what becomes of a delivery ----------------------------------------------------------------


def _refused(station: Station, delivery: Delivery, error: SlackApiError) -> None:
    code = str(error.response.get("error") or error.response.status_code)
    asked = error.response.headers.get("Retry-After", "")
    if code in FINAL:
        _abandon(station, delivery, code)
    elif asked.isdecimal():
        _wait(station, delivery, int(asked), code)
    else:
        _later(station, delivery, code)


def _wait(station: Station, delivery: Delivery, seconds: int, why: str) -> None:
    """Slack said when to come again."""
    station.database.transact(
        lambda session: outbox.postpone(session, delivery, seconds * 1000, why[:200])
    )
    _log_again(delivery, seconds, why)


def _later(station: Station, delivery: Delivery, why: str, *, foreseen: bool = True) -> None:
    pause = station.database.transact(
        lambda session: outbox.retry(session, delivery, why[:200], foreseen=foreseen)
    )
    if pause is None:
        _abandon(station, delivery, why)
    else:
        _log_again(delivery, pause // 1000, why)


def _log_again(delivery: Delivery, seconds: int, why: str) -> None:
    key = delivery.key
    log.warning("import %s: %s again in %s s: %s", key.import_id, key.kind, seconds, why)


def _abandon(station: Station, delivery: Delivery, why: str) -> None:
    log.error("import %s: %s not sent: %s", delivery.key.import_id, delivery.key.kind, why)
    with suppress(TakenOver, NoWorkspace, SlackApiError, OSError, HTTPException):
        _tell_of_the_file(station, delivery, why)
    station.database.transact(lambda session: outbox.abandon(session, delivery, why[:200]))


def _tell_of_the_file(station: Station, delivery: Delivery, why: str) -> None:
    """The summary or the card stands, and speaks of a file that will not come."""
    kind = delivery.key.kind
    with station.database.reading() as session:
        sent = outbox.result(session, delivery.key)
    spoken_of = kind == "undone" or (kind == "summary" and "ts" in sent)
    telling = _telling(station, delivery) if spoken_of else None
    if telling and attachment.owed(telling := replace(telling, sent=sent)):
        attachment.explain(telling, why)


def _show_again(station: Station, delivery: Delivery) -> None:
    """We were late, and may have put an old state over the new one."""
    if delivery.key.kind == "card":
        station.database.transact(lambda s: outbox.request(s, delivery.key, soon=True))
