"""Modals and Home tabs: each person has one stack of modals, at most three deep."""

from dataclasses import dataclass, field, replace
from hashlib import sha256

from sandbox.errors import Json, SlackError
from sandbox.identity import APP_ID, BOT_ID
from sandbox.messages import with_ids
from sandbox.stamps import Stamps

STACK_DEPTH = 3
# What the app says of a view, each with Slack's answer where the app said nothing.
TOLD: Json = {
    "type": "modal",
    "title": None,
    "submit": None,
    "close": None,
    "callback_id": "",
    "private_metadata": "",
    "external_id": "",
    "clear_on_close": False,
    "notify_on_close": False,
    "submit_disabled": False,
}


@dataclass(frozen=True)
class View:
    """One view. `values` is what the person has filled in, in the shape of `state.values`."""

    id: str
    team: str
    user: str
    told: Json
    blocks: list[Json]
    hash: str
    root_id: str
    previous_id: str | None = None
    values: Json = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def as_slack(self) -> Json:
        """The view object of `views.open` and of interaction payloads."""
        return {
            "id": self.id,
            "team_id": self.team,
            **{name: self.told.get(name, usual) for name, usual in TOLD.items()},
            "blocks": self.blocks,
            "state": {"values": self.values},
            "hash": self.hash,
            "root_view_id": self.root_id,
            "previous_view_id": self.previous_id,
            "app_id": APP_ID,
            "bot_id": BOT_ID,
            "app_installed_team_id": self.team,
        }


class Views:
    """All views that are open, and each person's Home tab."""

    def __init__(self, stamps: Stamps, team: str) -> None:
        self._stamps = stamps
        self._team = team
        self._stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}

    def stack(self, user: str) -> list[View]:
        """A person's open modals, root first."""
        return list(self._stacks.get(user, []))

    def open(self, user: str, told: Json) -> View:
        """Open a root modal, in place of whatever the person had open."""
        view = self._new(user, told, previous=None)
        self._stacks[user] = [view]
        return view

    def push(self, user: str, told: Json) -> View:
        """Put a modal on top; raises SlackError push_limit_reached or not_found."""
        stack = self._stacks.get(user)
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= STACK_DEPTH:
            raise SlackError("push_limit_reached")
        view = self._new(user, told, previous=stack[-1])
        stack.append(view)
        return view

    def publish(self, user: str, told: Json, seen_hash: str | None) -> View:
        """Set a person's Home tab; raises SlackError hash_conflict."""
        current = self.homes.get(user)
        if seen_hash and current and current.hash != seen_hash:
            raise SlackError("hash_conflict")
        view = self._new(user, told, previous=None)
        self.homes[user] = replace(view, id=current.id) if current else view
        return self.homes[user]

    def _new(self, user: str, told: Json, previous: View | None) -> View:
        self._refuse_taken_external_id(told)
        view_id = self._stamps.id("V")
        blocks = with_ids(told.get("blocks", []), self._stamps)
        root_id = previous.root_id if previous else view_id
        previous_id = previous.id if previous else None
        return View(view_id, self._team, user, told, blocks, self._hash(), root_id, previous_id)

    def _refuse_taken_external_id(self, told: Json) -> None:
        external_id = told.get("external_id")
        if external_id and any(
            view.told.get("external_id") == external_id
            for stack in self._stacks.values()
            for view in stack
        ):
            raise SlackError("duplicate_external_id")

    def _hash(self) -> str:
        stamp = self._stamps.next()
        return f"{stamp.split('.')[0]}.{sha256(stamp.encode()).hexdigest()[:8]}"

    def find(self, view_id: str | None = None, external_id: str | None = None) -> View:
        """A modal that is open, or a Home tab; raises SlackError not_found."""
        modals = [view for stack in self._stacks.values() for view in stack]
        for view in [*modals, *self.homes.values()]:
            if view.id == view_id or (external_id and view.told.get("external_id") == external_id):
                return view
        raise SlackError("not_found")

    def update(self, view: View, told: Json, seen_hash: str | None = None) -> View:
        """Replace what a view shows; raises SlackError hash_conflict.

        What the person typed survives where both block_id and action_id stay the same.
        """
        if seen_hash and seen_hash != view.hash:
            raise SlackError("hash_conflict")
        blocks = with_ids(told.get("blocks", []), self._stamps)
        kept = {block["block_id"] for block in blocks}
        values = {key: value for key, value in view.values.items() if key in kept}
        changed = replace(
            view, told=told, blocks=blocks, hash=self._hash(), values=values, errors={}
        )
        return self.put(changed)

    def put(self, view: View) -> View:
        """Store a changed view in its place."""
        stack = self._stacks.get(view.user, [])
        self._stacks[view.user] = [view if open_.id == view.id else open_ for open_ in stack]
        if view.user in self.homes and self.homes[view.user].id == view.id:
            self.homes[view.user] = view
        return view

    def close(self, view: View, everything: bool = False) -> list[View]:
        """Close a view and all above it (or the whole stack); returns what was closed."""
        stack = self._stacks.get(view.user, [])
        ids = [open_.id for open_ in stack]
        at = 0 if everything else ids.index(view.id)
        closed = stack[at:]
        self._stacks[view.user] = stack[:at]
        return closed
