"""A person clicks, chooses and searches in a card or a modal."""

import json
from dataclasses import dataclass, replace
from typing import Any

from sandbox import payloads
from sandbox.courier import Outcome
from sandbox.errors import Json, NotPossibleError
from sandbox.filling import STATE_FIELDS, elements_of, fill, filled_in, state_of
from sandbox.identity import Channel, User
from sandbox.messages import Message
from sandbox.parcels import form_parcel
from sandbox.views import View
from sandbox.workspace import Workspace


@dataclass(frozen=True)
class Spot:
    """Where an element is: in a message of a room, or in a view."""

    room: Channel | None = None
    message: Message | None = None
    view: View | None = None

    @property
    def key(self) -> str:
        """The id of the message or view."""
        return self.message.ts if self.message else self.view.id if self.view else ""

    @property
    def blocks(self) -> list[Json]:
        """The blocks shown there."""
        return self.message.blocks if self.message else self.view.blocks if self.view else []


@dataclass(frozen=True)
class Click:
    """What a person does: the element, what they choose in it, whether they say yes when asked."""

    action_id: str
    block_id: str | None = None
    value: Any = None
    confirmed: bool = False
    stale: bool = False


def find_element(workspace: Workspace, spot: Spot, click: Click) -> tuple[Json, Json]:
    """The element and its block; with `stale`, in an earlier version of the message too.

    Raises NotPossibleError if the person cannot see it.
    """
    shown = [spot.blocks]
    if click.stale and spot.message:
        shown = [version.blocks for version in workspace.messages.versions(spot.message)]
    for blocks in shown:
        for block, element in elements_of(blocks):
            same_block = click.block_id in (None, block["block_id"])
            if element["action_id"] == click.action_id and same_block:
                return block, element
    raise NotPossibleError(f"there is no {click.action_id!r} to click here")


def needs_confirming(element: Json, click: Click) -> Json | None:
    """The confirm dialog that stands between the click and the app."""
    return None if click.confirmed else element.get("confirm")


def remember(workspace: Workspace, user: User, spot: Spot, values: Json) -> Spot:
    """Keep what the person has filled in so far; raises NotPossibleError."""
    state = fill(spot.blocks, values, lambda *place: known_options(workspace, spot, *place))
    return _with_state(workspace, user, spot, state)


def _with_state(workspace: Workspace, user: User, spot: Spot, state: Json) -> Spot:
    if spot.view:
        merged = _merge(spot.view.values, state)
        view = replace(spot.view, values=state_of(spot.view.blocks, merged))
        return replace(spot, view=workspace.views.put(view))
    key = (user.id, spot.key)
    workspace.message_values[key] = _merge(workspace.message_values.get(key, {}), state)
    return spot


def _merge(old: Json, new: Json) -> Json:
    return old | {block: old.get(block, {}) | actions for block, actions in new.items()}


def known_options(workspace: Workspace, spot: Spot, block_id: str, action_id: str) -> list[Json]:
    """Options an external menu has shown, and those it started with."""
    shown = workspace.suggested.get((spot.key, block_id, action_id), [])
    first = [
        option
        for block, element in elements_of(spot.blocks)
        if (block["block_id"], element["action_id"]) == (block_id, action_id)
        for option in [element.get("initial_option"), *element.get("initial_options", [])]
        if option
    ]
    return shown + first


async def click(workspace: Workspace, user: User, spot: Spot, made: Click) -> Outcome:
    """Send `block_actions` for a click; raises NotPossibleError."""
    block, element = find_element(workspace, spot, made)
    action = _action(workspace, spot, block, element, made)
    if element["type"] in STATE_FIELDS:
        chosen = {key: action[key] for key in ("type", STATE_FIELDS[element["type"]][0])}
        state = {block["block_id"]: {element["action_id"]: chosen}}
        spot = _with_state(workspace, user, spot, state)
    elif spot.view:
        spot = _with_state(workspace, user, spot, {})
    payload = {**payloads.common("block_actions", user), **_where(workspace, user, spot)}
    payload["actions"] = [action]
    return await send(workspace, "block_actions", element["action_id"], payload)


def _where(workspace: Workspace, user: User, spot: Spot) -> Json:
    if spot.view:
        return payloads.on_view(workspace, user, spot.view)
    if spot.room is None or spot.message is None:
        raise NotPossibleError("there is nothing here to click")
    filled = workspace.message_values.get((user.id, spot.key), {})
    place = payloads.on_message(workspace, user, spot.room, spot.message)
    return {**place, "state": {"values": state_of(spot.blocks, filled)}}


def _action(workspace: Workspace, spot: Spot, block: Json, element: Json, made: Click) -> Json:
    """The entry of `actions`: the choice, and for a button its text and value."""
    kind = element["type"]
    action = {
        "type": kind,
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": workspace.stamps.next(),
    }
    if kind in STATE_FIELDS:
        known = known_options(workspace, spot, block["block_id"], element["action_id"])
        return action | filled_in(element, made.value, known)
    if kind == "overflow":
        offered = [o for o in element["options"] if o.get("value") == made.value]
        if not offered:
            raise NotPossibleError(f"there is no option {made.value!r} to choose")
        return action | {"selected_option": offered[0]}
    told = {name: element[name] for name in ("text", "value", "style") if name in element}
    return action | told


async def suggest(
    workspace: Workspace, user: User, spot: Spot, made: Click, query: str
) -> tuple[Outcome, list[Json]]:
    """Type into an external menu: `block_suggestion`, and the options that come back."""
    block, element = find_element(workspace, spot, made)
    payload = {
        **payloads.common("block_suggestion", user),
        **_where(workspace, user, spot),
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "value": query,
    }
    for absent in ("response_url", "trigger_id"):
        payload.pop(absent, None)
    outcome = await send(workspace, "options", element["action_id"], payload)
    options = _options(outcome)
    key = (spot.key, block["block_id"], element["action_id"])
    workspace.suggested[key] = workspace.suggested.get(key, []) + options
    return outcome, options


def _options(outcome: Outcome) -> list[Json]:
    if not outcome.ok or not outcome.answer:
        return []
    told = json.loads(outcome.answer)
    groups = told.get("option_groups") or [{"options": told.get("options") or []}]
    return [option for group in groups for option in group["options"]]


async def send(workspace: Workspace, kind: str, what: str, payload: Json) -> Outcome:
    """Send an interaction and wait for the app's answer."""
    family = "options" if kind == "options" else "interaction"
    parcel = form_parcel(family, f"{kind} {what}", {"payload": json.dumps(payload)})
    return await workspace.courier.send(parcel)
