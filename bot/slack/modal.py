"""Modals that only say something, and refusals turned into them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bot.slack.payloads import Json
from core.errors import NotAllowed, NotFound, WrongState
from worker.card.blocks import plain_text, section


@dataclass
class Refusal:
    """Holds the modal to show instead, once something was refused."""

    title: str
    text: str = ""

    @property
    def view(self) -> Json:
        """The modal with the words."""
        return words(self.title, self.text)


@contextmanager
def refusal(title: str) -> Iterator[Refusal]:
    """Catch what a person may not or can no longer do; go on below the block with its words."""
    refused = Refusal(title)
    try:
        yield refused
    except (NotAllowed, NotFound, WrongState) as reason:
        refused.text = reason.message


def words(title: str, text: str) -> Json:
    """A modal that only says something: that it is loading, or why it cannot go on."""
    return {
        "type": "modal",
        "callback_id": "words",
        "title": plain_text(title, 24),
        "close": plain_text("Close", 24),
        "blocks": [section(text)],
    }
