"""The card of an import and its replies, rendered from the state of the database alone.

One module per step of the conversation that a worker shows; nothing in here talks to Slack.
"""

from __future__ import annotations

from worker.card import offer_import, progress, resume_import, undo_import
from worker.card import summary as _summary
from worker.card.message import Message, plain
from worker.card.state import CardState, gather

__all__ = ["CardState", "Message", "gather", "plain", "render", "summary"]


def render(state: CardState) -> Message:
    """The card, whatever state the import is in."""
    if state.undone.state:
        return undo_import.shown(state)
    if state.status == "draft":
        return offer_import.offer(state) if state.read else offer_import.reading(state)
    if state.status == "queued":
        return progress.queued(state)
    if state.status == "in_progress":
        return progress.running(state)
    if state.status == "paused":
        return resume_import.paused(state)
    if state.status == "cancelled" and not state.cancel_requested:
        return offer_import.dismissed(state)
    if state.failure and not state.started_at:
        return offer_import.rejected(state)
    return _summary.ended(state)


def summary(state: CardState) -> Message:
    """The reply that is posted once, when the import has ended."""
    return _summary.reply(state)
