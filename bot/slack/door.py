"""The Slack door: what every step holds in its hands, and how it answers one person."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from slack_sdk.errors import SlackClientError
from sqlmodel import Session

from bot.desk import Desk
from bot.slack import modal
from bot.slack.payloads import Click, Command, Event, Reference, Submission
from bot.slack.people import People
from core.errors import NotAllowed
from worker.card import CardState
from worker.workspaces import Workspaces

log = logging.getLogger(__name__)

#: What can go wrong in a call to Slack: it says no, or it cannot be reached.
AWAY = (SlackClientError, OSError)


@dataclass(frozen=True)
class Door:
    """The desk, the workspaces and the people in them."""

    desk: Desk
    workspaces: Workspaces
    people: People
    _accounts: dict[str, int] = field(default_factory=dict)

    def account(self, team: str) -> int | None:
        """The account of a workspace, None for one that is not ours."""
        installed = self.workspaces.installed(team)
        if installed:
            return installed.account_id
        if not self.workspaces.connected:
            return None
        if team not in self._accounts:
            self.workspaces.learn()  # may ask Slack: not while a transaction is open
            found = self.desk.database.transact(lambda s: self._find(s, team))
            if found is None:
                return None
            self._accounts[team] = found
        return self._accounts[team]

    def _find(self, session: Session, team: str) -> int | None:
        return self.workspaces.account_id(session, team)

    def allow(
        self, account: int, click: Click | Submission | Command, import_id: int, what: str
    ) -> None:
        """Let the sender of the file and workspace admins pass. Raises NotAllowed and NotFound."""
        owner = self.desk.origin(account, import_id).get("user", "")
        if click.user == owner or self.people.get(click.team, click.user).is_admin:
            return
        who = f"<@{owner}> or a workspace admin" if owner else "a workspace admin"
        raise NotAllowed(f"Only {who} can {what}.")

    def answer(self, click: Click, text: str) -> None:
        """Say something to the one who clicked: in the modal, or in the thread of the card."""
        client = self.workspaces.client(click.team)
        try:
            if click.view:
                client.views_update(view_id=click.view.id, view=modal.words("Leadport", text))
            else:
                client.chat_postEphemeral(
                    channel=click.channel, user=click.user, thread_ts=click.thread_ts, text=text
                )
        except AWAY as error:
            log.warning("could not answer %s in %s: %s", click.user, click.channel, error)


OnEvent = Callable[[Door, int, Event], None]
#: An event of a workspace that lets the app go, so that it may have no account here any more.
OnParting = Callable[[Door, Event], None]
OnClick = Callable[[Door, int, Click, Reference], None]
#: Answers with a response_action, or with nothing to close the modal.
OnSubmit = Callable[[Door, int, Submission], dict[str, Any]]
#: Answers with a message for the asker, or with nothing where a modal says it all.
OnCommand = Callable[[Door, int, Command], dict[str, Any]]


def too_late(state: CardState, started: str) -> str:
    """Why nothing can be done with a draft any more; ``started`` where it is being imported."""
    if state.status == "cancelled" and not state.cancel_requested:
        return "The file was dismissed meanwhile. Send it again to import it."
    if state.status == "failed" and not state.started_at:
        return "The file could not be imported."
    return started


@dataclass(frozen=True)
class Step:
    """One step of the conversation: what it listens to. Ids begin with its name.

    Every listener gets the door and the account; ``events`` are named by type, or by type and
    subtype with a dot between.
    """

    name: str
    events: Mapping[str, OnEvent] = field(default_factory=dict)
    partings: Mapping[str, OnParting] = field(default_factory=dict)
    actions: Mapping[str, OnClick] = field(default_factory=dict)
    views: Mapping[str, OnSubmit] = field(default_factory=dict)
    command: OnCommand | None = None

    @property
    def listened(self) -> tuple[str, ...]:
        """The events that it wants to hear of."""
        return (*self.events, *self.partings)
