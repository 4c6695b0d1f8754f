"""Messages of ours in one thread of Slack: post, edit, find, take back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from worker import card
from worker.card import Message

EVENT = "leadport"
#: Refusals of a block, after which the plain form of the message is tried.
BLOCKS_REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format", "only_one_table_allowed"})
_PAGE = 200

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """One thread, and our way to it."""

    client: WebClient
    channel: str
    thread_ts: str


@dataclass(frozen=True)
class Mark:
    """What our message carries unseen, so that it can be found again: the import and the kind."""

    job: str
    kind: str

    @property
    def metadata(self) -> dict[str, Any]:
        """As Slack takes and gives it."""
        return {"event_type": EVENT, "event_payload": {"import": self.job, "kind": self.kind}}


def post(place: Place, message: Message, mark: Mark) -> str:
    """Post a reply; its ts. Raises SlackApiError and OSError."""

    def send(shown: Message) -> SlackResponse:
        return place.client.chat_postMessage(
            channel=place.channel,
            thread_ts=place.thread_ts,
            text=shown.text,
            blocks=shown.blocks,
            metadata=mark.metadata,
            unfurl_links=False,
            unfurl_media=False,
        )

    return str(_or_plain(send, message)["ts"])


def edit(place: Place, ts: str, message: Message) -> None:
    """Make a message of ours say something else. Raises SlackApiError and OSError."""

    def send(shown: Message) -> SlackResponse:
        return place.client.chat_update(
            channel=place.channel, ts=ts, text=shown.text, blocks=shown.blocks
        )

    _or_plain(send, message)


def find(place: Place, mark: Mark, us: str) -> str | None:
    """The ts of a message that an earlier try has posted. ``us`` is our own user there.

    Raises SlackApiError and OSError.
    """
    for reply in _replies(place):
        if reply.get("user") == us and _carries(reply, mark):
            return str(reply["ts"])
    return None


def take_back(place: Place, ts: str) -> None:
    """Delete a message of ours that another one made superfluous, if Slack lets us."""
    try:
        place.client.chat_delete(channel=place.channel, ts=ts)
    except (SlackApiError, OSError) as error:
        log.warning("a second message %s stays: %s", ts, type(error).__name__)


def _or_plain(send: Callable[[Message], SlackResponse], message: Message) -> SlackResponse:
    """Send, and if the workspace refuses a block, send the same in blocks that all know."""
    try:
        return send(message)
    except SlackApiError as error:
        if error.response.get("error") not in BLOCKS_REFUSED:
            raise
        log.warning("blocks refused: %s", error.response.get("errors"))
        return send(card.plain(message))


def _replies(place: Place) -> Iterator[dict[str, Any]]:
    cursor = None
    while True:
        page = place.client.conversations_replies(
            channel=place.channel,
            ts=place.thread_ts,
            limit=_PAGE,
            cursor=cursor,
            include_all_metadata=True,
        )
        yield from page["messages"]
        cursor = (page.get("response_metadata") or {"next_cursor": ""}).get("next_cursor")
        if not cursor:
            return


def _carries(reply: dict[str, Any], mark: Mark) -> bool:
    found: dict[str, Any] = reply.get("metadata") or {}
    payload: dict[str, Any] = found.get("event_payload") or {}
    return (
        found.get("event_type") == EVENT
        and payload.get("import") == mark.job
        and payload.get("kind") == mark.kind
    )
