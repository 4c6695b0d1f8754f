"""*Options*: what happens to duplicates, empty cells, phones; which tags the leads get."""

from __future__ import annotations

from typing import Any

from bot.slack import modal, options_form
from bot.slack.door import Door, Step, too_late
from bot.slack.payloads import Click, Reference, Submission, reference
from core.errors import InvalidMapping, WrongState
from worker.card import CardState
from worker.card.offer_import import CHOOSE_OPTIONS

_STARTED = "The import has started; its options can no longer be changed."


def opened(door: Door, account: int, click: Click, about: Reference) -> None:
    """Open the form at once, empty, for the trigger lasts 3 s; then fill it."""
    client = door.workspaces.client(click.team)
    loading = modal.words("Options", "Looking up the options …")
    view = client.views_open(trigger_id=click.trigger_id, view=loading)["view"]
    client.views_update(view_id=view["id"], view=_form(door, account, click, about))


def _form(door: Door, account: int, click: Click, about: Reference) -> dict[str, Any]:
    with modal.refusal("Options") as refused:
        door.allow(account, click, about.job, "change these options")
        return options_form.view(_draft(door, account, about))
    return refused.view


def _draft(door: Door, account: int, about: Reference) -> CardState:
    state = door.desk.state(account, about.job)
    if state.status != "draft" or not state.read:
        raise WrongState(too_late(state, _STARTED))
    return state


def saved(door: Door, account: int, submission: Submission) -> dict[str, Any]:
    """Keep the rules and forecast anew, or say beside the field what cannot be."""
    values, about = submission.view.values, reference(submission.view.metadata)
    if wrong := options_form.errors(values):
        return {"response_action": "errors", "errors": wrong}
    with modal.refusal("Options") as refused:
        door.allow(account, submission, about.job, "change these options")
        state = _draft(door, account, about)
        rules = options_form.rules(state.rules, values)
        try:
            door.desk.remap(account, about.job, state.mapping, rules)
        except InvalidMapping as flaw:
            # The rules are in order; it is the mapping that still lacks something.
            return {
                "response_action": "update",
                "view": modal.words("Options", f"{flaw.message} Press *Edit mapping* first."),
            }
        return {}
    return {"response_action": "update", "view": refused.view}


STEP = Step(
    "choose_options",
    actions={CHOOSE_OPTIONS: opened},
    views={"choose_options": saved},
)
