"""Who somebody is in a workspace, asked of Slack and remembered for a minute."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from slack_sdk.errors import SlackApiError

from worker.workspaces import Workspaces

REMEMBERED_SECONDS = 60.0
REMEMBERED_PEOPLE = 10_000


@dataclass(frozen=True)
class Person:
    """A user: whether they run the workspace, and whether they belong to it at all."""

    id: str
    is_admin: bool
    is_outsider: bool


class People:
    """Looks people up by ``users.info``; safe to use from many threads."""

    def __init__(self, workspaces: Workspaces, clock: Callable[[], float] = time.monotonic) -> None:
        self._workspaces = workspaces
        self._clock = clock
        self._lock = Lock()
        self._known: OrderedDict[tuple[str, str], tuple[float, Person]] = OrderedDict()

    def get(self, team: str, user: str) -> Person:
        """The person. Raises SlackApiError and OSError where Slack cannot be asked."""
        with self._lock:
            asked, person = self._known.get((team, user), (0.0, None))
        if person is None or self._clock() - asked > REMEMBERED_SECONDS:
            person = self._ask(team, user)
            self._remember(team, person)
        return person

    def _remember(self, team: str, person: Person) -> None:
        with self._lock:
            self._known[team, person.id] = (self._clock(), person)
            self._known.move_to_end((team, person.id))
            while len(self._known) > REMEMBERED_PEOPLE:
                self._known.popitem(last=False)

    def _ask(self, team: str, user: str) -> Person:
        try:
            answer = self._workspaces.client(team).users_info(user=user)
        except SlackApiError as error:
            if error.response["error"] in ("user_not_found", "user_not_visible"):
                return Person(user, is_admin=False, is_outsider=True)
            raise
        found: dict[str, Any] = answer["user"]
        return Person(user, _is_admin(found), is_outsider(found, team))


def _is_admin(user: dict[str, Any]) -> bool:
    return any(user.get(role) for role in ("is_admin", "is_owner", "is_primary_owner"))


def is_outsider(user: dict[str, Any], team: str) -> bool:
    """Guests, strangers of shared channels, and members of other workspaces."""
    if any(user.get(mark) for mark in ("is_restricted", "is_ultra_restricted", "is_stranger")):
        return True
    grid = (user.get("enterprise_user") or {}).get("teams") or []
    return user.get("team_id", team) != team and team not in grid
