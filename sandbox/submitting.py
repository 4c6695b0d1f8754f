"""A person submits or closes a modal, and what the app's answer does to it."""

import json
from dataclasses import dataclass, field, replace

from sandbox import payloads
from sandbox.blocks.kit import MODAL
from sandbox.blocks.surfaces import check_view
from sandbox.clicking import Spot, remember, send
from sandbox.courier import Outcome
from sandbox.errors import Json, SlackError
from sandbox.filling import complaints, state_of
from sandbox.identity import User
from sandbox.views import View
from sandbox.workspace import Workspace

TROUBLE = "We had some trouble connecting. Try again?"


@dataclass(frozen=True)
class Submitted:
    """What the person sees: errors beside fields, or trouble, or that it went through."""

    errors: dict[str, str] = field(default_factory=dict)
    trouble: str = ""
    outcome: Outcome | None = None

    def as_json(self) -> Json:
        """For the page and for `Person.submit`."""
        sent = self.outcome.as_json() if self.outcome else None
        ok = not self.errors and not self.trouble
        return {"ok": ok, "errors": self.errors, "trouble": self.trouble, "delivery": sent}


async def submit(workspace: Workspace, user: User, view: View, values: Json) -> Submitted:
    """Fill a modal in and submit it; what the client can see is wrong is not sent at all."""
    spot = remember(workspace, user, Spot(view=view), values)
    view = replace(spot.view or view, values=state_of(view.blocks, (spot.view or view).values))
    errors = complaints(view.blocks, view.values)
    if errors:
        return _shown(workspace, view, Submitted(errors=errors))
    view = workspace.views.put(replace(view, errors={}))
    what = str(view.told.get("callback_id", ""))
    payload = payloads.submission(workspace, user, view)
    outcome = await send(workspace, "view_submission", what, payload)
    if not outcome.ok:
        return _shown(workspace, view, Submitted(trouble=TROUBLE, outcome=outcome))
    return await _obey(workspace, user, view, outcome)


def _shown(workspace: Workspace, view: View, submitted: Submitted) -> Submitted:
    current = [open_ for open_ in workspace.views.stack(view.user) if open_.id == view.id]
    for open_ in current:
        workspace.views.put(replace(open_, values=view.values, errors=submitted.errors))
    workspace.feed.tell("views", only_for=view.user, user=view.user)
    return submitted


async def _obey(workspace: Workspace, user: User, view: View, outcome: Outcome) -> Submitted:
    """Do as the app answered: `errors`, `update`, `push`, `clear`, or nothing: close it."""
    told = json.loads(outcome.answer) if outcome.answer.strip() else {}
    action = told.get("response_action")
    if action == "errors":
        return _shown(workspace, view, _errors(view, told, outcome))
    try:
        if action == "update":
            workspace.views.update(view, _checked(workspace, told))
        elif action == "push":
            workspace.views.push(user.id, _checked(workspace, told))
        else:
            _close_submitted(workspace, view, everything=action == "clear")
    except SlackError as refusal:
        trouble = f"{TROUBLE} ({refusal.code}: {refusal.more.get('errors', '')})"
        return _shown(workspace, view, Submitted(trouble=trouble, outcome=outcome))
    workspace.feed.tell("views", only_for=user.id, user=user.id)
    return Submitted(outcome=outcome)


def _errors(view: View, told: Json, outcome: Outcome) -> Submitted:
    """Errors must name input blocks of the view, else Slack shows trouble instead."""
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    errors = told.get("errors") or {}
    if not errors or not errors.keys() <= inputs:
        return Submitted(trouble=TROUBLE, outcome=outcome)
    return Submitted(errors=errors, outcome=outcome)


def _checked(workspace: Workspace, told: Json) -> Json:
    return check_view(told.get("view"), MODAL, workspace.refused_blocks)


def _close_submitted(workspace: Workspace, view: View, everything: bool) -> None:
    open_ids = {open_.id for open_ in workspace.views.stack(view.user)}
    if view.id in open_ids:
        workspace.views.close(view, everything)


async def close(workspace: Workspace, user: User, view: View) -> None:
    """Dismiss a modal with × or its close button; the app hears of it if it asked to."""
    everything = bool(view.told.get("clear_on_close"))
    closed = workspace.views.close(view, everything)
    workspace.feed.tell("views", only_for=user.id, user=user.id)
    for gone in reversed(closed):
        if gone.told.get("notify_on_close"):
            payload = payloads.closing(user, gone, everything)
            what = str(gone.told.get("callback_id", ""))
            await send(workspace, "view_closed", what, payload)
