"""Stopping an import: the button, and what the card says when it has stopped."""

from __future__ import annotations

from worker.card.blocks import Block, button, confirm, context, section
from worker.card.message import Message, message
from worker.card.mrkdwn import count, foreign, number
from worker.card.state import CardState

CANCEL = "cancel_import"


def press(state: CardState) -> Block:
    """*Cancel*, after a question."""
    dialog = confirm(
        "Stop this import?",
        "Rows that are already written stay. The others are not processed.",
        "Stop it",
        "Go on",
        style="danger",
    )
    return button(CANCEL, "Cancel", state.job, style="danger", confirm=dialog)


def cancelled(state: CardState) -> Message:
    """What was kept and what was not processed."""
    name, words = foreign(state.name), kept(state)
    return message(
        f"The import of {name} was stopped. {words}",
        [section(f"🛑 *{name}* was stopped.\n{words}"), context(f"`{state.job}`")],
    )


def kept(state: CardState) -> str:
    """``590 of 1,000 rows are in and stay; 10 failed; 400 were not processed.``

    Together with the rows that were skipped, the terms add up to all rows.
    """
    counts = state.counts
    inside = f"{number(counts.kept)} of {count(state.total, 'row')}"
    are = "is" if counts.kept == 1 else "are"
    terms = [
        f"{inside} {are} in and stay" if counts.kept else "Nothing was imported",
        f"{number(counts.skipped)} {_was(counts.skipped)} skipped" if counts.skipped else "",
        f"{number(counts.failed)} failed" if counts.failed else "",
        f"{number(counts.unprocessed)} {_was(counts.unprocessed)} not processed",
    ]
    return f"{'; '.join(filter(None, terms))}."


def _was(rows: int) -> str:
    return "was" if rows == 1 else "were"
