"""Undoing an import: the button on its summary, the question, and what the card says of it."""

from __future__ import annotations

from typing import Any

from worker.card.blocks import Block, actions, button, context, plain_text, section
from worker.card.message import Message, message
from worker.card.mrkdwn import count, foreign, number
from worker.card.state import CardState, Undone

UNDO = "undo_import"
UNDO_FILE = "leads-undo.csv"
_STAYS = (
    "What somebody, the API or a later import changed since stays as it is. Opt-outs are never "
    "undone."
)


def press(state: CardState) -> Block:
    """*Undo*, which asks before it does anything."""
    return button(UNDO, "Undo", state.job, style="danger")


def offered(state: CardState) -> list[Block]:
    """The button, where the import left anything to undo; once it is undone, what that did."""
    if state.undone.state == "undone":
        return [section(f"↩️ *Undone since.* {did(state.undone)}.")]
    return [actions(press(state))] if state.counts.created or state.counts.updated else []


def question(state: CardState, foreseen: Undone | None) -> dict[str, Any]:
    """The modal that asks; ``foreseen`` is None where looking at every lead would take too long."""
    lines = _will(foreseen) if foreseen else _may(state)
    return {
        "type": "modal",
        "callback_id": UNDO,
        "private_metadata": state.job,
        "title": plain_text("Undo this import?", 24),
        "submit": plain_text("Undo it", 24),
        "close": plain_text("Keep it", 24),
        "blocks": [
            section(f"*{foreign(state.name)}*\n" + "\n".join(lines)),
            context(_STAYS),
        ],
    }


def _will(foreseen: Undone) -> list[str]:
    told = [
        (foreseen.deleted, "that it created will be deleted"),
        (foreseen.restored, "that it updated will get back what they held before"),
        (foreseen.kept, "will stay: changed since, or opted out"),
        (foreseen.gone, "are deleted already"),
    ]
    lines = [f"•  {count(leads, 'lead')} {words}" for leads, words in told if leads]
    return lines or ["There is nothing to take back."]


def _may(state: CardState) -> list[str]:
    counts = state.counts
    return [
        f"•  up to {count(counts.created, 'lead')} that it created will be deleted",
        f"•  up to {count(counts.updated, 'lead')} that it updated will get back what they held",
    ]


def shown(state: CardState) -> Message:
    """The card of an import that is being undone, or was."""
    return {"undoing": _undoing, "undone": _undone, "failed": _stopped}[state.undone.state](state)


def _undoing(state: CardState) -> Message:
    name, done = foreign(state.name), state.undone
    words = f"{_came_to(done)} so far: {_terms(done)}."
    blocks = [section(f"⏳ *{name}* is being undone.\n{words}"), context(f"`{state.job}`")]
    return message(f"The import of {name} is being undone. {words}", blocks)


def _undone(state: CardState) -> Message:
    name, words = foreign(state.name), f"{did(state.undone)}."
    stays = f"\n{_STAYS}" if state.undone.kept else ""
    attached = f"What became of each lead is attached as *{UNDO_FILE}*."
    blocks = [
        section(f"↩️ *{name}* was undone.\n{words}{stays}\n{attached}"),
        context(f"`{state.job}`"),
    ]
    return message(f"The import of {name} was undone. {words}", blocks)


def _stopped(state: CardState) -> Message:
    name = foreign(state.name)
    words = f"It stopped because of an internal error; {_terms(state.undone)} until then."
    blocks = [
        section(f"⚠️ *{name}* is not wholly undone.\n{words} Undoing it again goes on from there."),
        actions(press(state)),
        context(f"`{state.job}`"),
    ]
    return message(f"The import of {name} is not wholly undone. {words}", blocks)


def did(done: Undone) -> str:
    """``984 leads: 812 deleted, 170 restored, 2 kept``, which add up."""
    return f"{_came_to(done)}: {_terms(done)}"


def _came_to(done: Undone) -> str:
    return count(done.deleted + done.restored + done.kept + done.gone, "lead")


def _terms(done: Undone) -> str:
    """Every lead that undoing came to is in one of them."""
    terms = [f"{number(done.deleted)} deleted", f"{number(done.restored)} restored"]
    terms += [f"{number(done.kept)} kept"] if done.kept else []
    terms += [f"{number(done.gone)} gone before"] if done.gone else []
    return ", ".join(terms)
