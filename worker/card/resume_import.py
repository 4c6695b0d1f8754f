"""A paused import: what the card says of it, and the button that lets it go on."""

from __future__ import annotations

from worker.card import cancel_import
from worker.card.blocks import Block, actions, button, confirm, context, section
from worker.card.message import Message, message
from worker.card.mrkdwn import count, foreign, number
from worker.card.state import CardState

RESUME = "resume_import"


def press(state: CardState) -> Block:
    """*Go on*, after a question."""
    dialog = confirm(
        "Import the rest?",
        "It will not pause again, however many rows fail.",
        "Go on",
        "Wait",
    )
    return button(RESUME, "Go on", state.job, confirm=dialog)


def paused(state: CardState) -> Message:
    """How many rows failed so far, and the two ways on."""
    name, counts = foreign(state.name), state.counts
    left = state.total - counts.done - counts.unprocessed
    words = (
        f"{number(counts.failed)} of the first {count(counts.done, 'row')} failed; "
        f"{number(left)} more {'is' if left == 1 else 'are'} waiting."
    )
    return message(
        f"The import of {name} is paused: {words}",
        [
            section(
                f"⏸️ *{name}* is paused.\n{words} What is written stays. Most likely a column is "
                "not what it was taken for: stop here and send the file again, or let it go on."
            ),
            actions(press(state), cancel_import.press(state)),
            context(f"`{state.job}`"),
        ],
    )
