"""*Undo* on a summary, or the command: a question with what it would do, then a job."""

from __future__ import annotations

from typing import Any

from bot.slack import modal
from bot.slack.door import Door, Step
from bot.slack.payloads import Click, Command, Reference, Submission, reference
from worker.card import CardState
from worker.card.state import Undone
from worker.card.undo_import import UNDO, question

#: Leads that can be looked at while somebody waits for the question.
PREVIEWED = 100_000
_TITLE = "Undo"


def opened(door: Door, account: int, click: Click | Command, about: Reference) -> None:
    """Open the question at once, empty, for the trigger lasts 3 s; then fill it."""
    client = door.workspaces.client(click.team)
    loading = modal.words(_TITLE, "Looking up what undoing would do …")
    view = client.views_open(trigger_id=click.trigger_id, view=loading)["view"]
    client.views_update(view_id=view["id"], view=_question(door, account, click, about))


def _question(door: Door, account: int, click: Click | Command, about: Reference) -> dict[str, Any]:
    with modal.refusal(_TITLE) as refused:
        door.allow(account, click, about.job, "undo this import")
        state = door.desk.state(account, about.job, problems=False)
        return question(state, _foreseen(door, account, about, state))
    return refused.view


def _foreseen(door: Door, account: int, about: Reference, state: CardState) -> Undone | None:
    if state.counts.created + state.counts.updated > PREVIEWED:
        return None
    return Undone("", **door.desk.undo_preview(account, about.job))


def confirmed(door: Door, account: int, submission: Submission) -> dict[str, Any]:
    """Begin; of several people who confirm at once, one does, and the others are told."""
    about = reference(submission.view.metadata)
    with modal.refusal(_TITLE) as refused:
        door.allow(account, submission, about.job, "undo this import")
        door.desk.undo(account, about.job)
        return {}
    return {"response_action": "update", "view": refused.view}


STEP = Step("undo_import", actions={UNDO: opened}, views={UNDO: confirmed})
