"""The Slack app: the table of the conversation's steps, bound to Bolt.

Every request is answered after its work is written down (``process_before_response``): a listener
is one transaction of some milliseconds and at most a call or two to Slack.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from typing import Any

from slack_bolt import App, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.logger.messages import warning_client_prioritized_and_token_skipped
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.slack import payloads
from bot.slack.door import AWAY, Door, OnClick, OnCommand, OnEvent, OnParting, OnSubmit, Step
from bot.slack.payloads import Click, Malformed
from bot.slack.steps import (
    cancel_import,
    choose_options,
    forecast,
    import_command,
    lifecycle,
    map_columns,
    offer_import,
    progress,
    resume_import,
    start_import,
    summary,
    undo_import,
)
from core.errors import ImportFailure, WrongState

STEPS: tuple[Step, ...] = (
    offer_import.STEP,
    forecast.STEP,
    map_columns.STEP,
    choose_options.STEP,
    start_import.STEP,
    progress.STEP,
    cancel_import.STEP,
    resume_import.STEP,
    summary.STEP,
    undo_import.STEP,
    import_command.STEP,
    lifecycle.STEP,
)

log = logging.getLogger(__name__)

Json = dict[str, Any]
Listener = Callable[..., BoltResponse]
_OLD = "This button is from an older version of Leadport. Send the file again for a new card."
_NOT_OURS = "Leadport is not connected to this workspace. Ask the person who runs it to connect it."
_EVERYTHING = re.compile(".*")


def build(door: Door, steps: tuple[Step, ...] = STEPS) -> App:
    """The Bolt app that serves the steps. Signatures are checked before, on the raw bytes."""
    logging.getLogger("slack_bolt.App").addFilter(_matters)
    bolt = App(
        name="leadport",  # without one Bolt reads the sources of all its callers for a name
        client=door.workspaces.caller(None),
        authorize=_authorize(door),
        user_facing_authorize_error_message=_NOT_OURS,
        process_before_response=True,
        request_verification_enabled=False,
    )
    for step in steps:
        _bind(bolt, door, step)
    _catch_the_rest(bolt, door)
    bolt.error(_on_error(door))
    return bolt


def _matters(record: logging.LogRecord) -> bool:
    """Bolt finds our own SLACK_BOT_TOKEN in the environment and says that it will not use it."""
    return record.msg != warning_client_prioritized_and_token_skipped()


def _authorize(door: Door) -> Callable[..., Any]:
    """Who we are in a workspace, without asking Slack at every request."""

    def account(team: str) -> int | None:
        try:
            return door.account(team)
        except SlackApiError as error:
            # Bolt would take it for a workspace that is not ours and acknowledge the request.
            raise SlackClientError(f"Slack does not say who we are: {error}") from error

    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult | None:
        if not team_id or account(team_id) is None:
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_user_id=door.workspaces.identity(team_id).bot_user,
            bot_token=door.workspaces.token(team_id),
        )

    return authorize


def _bind(bolt: App, door: Door, step: Step) -> None:
    for name, on_event in step.events.items():
        type_, _, subtype = name.partition(".")
        what: Any = {"type": type_, "subtype": subtype} if subtype else type_
        bolt.event(what)(_event(door, on_event))
    for name, on_parting in step.partings.items():
        bolt.event(name)(_parting(door, on_parting))
    for action_id, on_click in step.actions.items():
        # Several buttons in one row have ids of their own: the step's, and a number.
        bolt.action(re.compile(rf"{re.escape(action_id)}(\.\d+)?$"))(_click(door, on_click))
    for callback_id, on_submit in step.views.items():
        bolt.view(callback_id)(_submission(door, on_submit))
    if step.command:
        # Any command the manifest sends here is ours, whatever a workspace calls it.
        bolt.command(_EVERYTHING)(_command(door, step.command))


def _catch_the_rest(bolt: App, door: Door) -> None:
    """What nobody listens to is acknowledged, or Slack would send it three times more."""

    def old_button(door: Door, account: int, click: Click, about: object) -> None:
        door.answer(click, _OLD)

    bolt.event(_EVERYTHING)(_ignored)
    bolt.action(_EVERYTHING)(_click(door, old_button))
    bolt.view(_EVERYTHING)(_ignored)
    bolt.view_closed(_EVERYTHING)(_ignored)
    bolt.shortcut(_EVERYTHING)(_ignored)
    bolt.options(_EVERYTHING)(_ignored)


def _ignored(body: Json) -> BoltResponse:
    return BoltResponse(status=200)


# ---- one wrapper per kind of request -----------------------------------------------------------


def _event(door: Door, listener: OnEvent) -> Listener:
    def handle(body: Json) -> BoltResponse:
        event = payloads.event(body)
        listener(door, _account(door, event.team), event)
        return BoltResponse(status=200)

    return handle


def _parting(door: Door, listener: OnParting) -> Listener:
    def handle(body: Json) -> BoltResponse:
        listener(door, payloads.event(body))
        return BoltResponse(status=200)

    return handle


def _click(door: Door, listener: OnClick) -> Listener:
    def handle(body: Json) -> BoltResponse:
        click = payloads.click(body)
        account = _account(door, click.team)
        about = payloads.reference(click.about)
        try:
            listener(door, account, click, about)
        except WrongState as late:
            door.answer(click, late.message)
            door.desk.show(account, about.job)
        except ImportFailure as refused:
            door.answer(click, refused.message)
        return BoltResponse(status=200)

    return handle


def _submission(door: Door, listener: OnSubmit) -> Listener:
    def handle(body: Json) -> BoltResponse:
        submission = payloads.submission(body)
        answer = listener(door, _account(door, submission.team), submission)
        return BoltResponse(status=200, body=answer or "")

    return handle


def _command(door: Door, listener: OnCommand) -> Listener:
    def handle(body: Json) -> BoltResponse:
        command = payloads.command(body)
        answer = listener(door, _account(door, command.team), command)
        return BoltResponse(status=200, body=answer or "")

    return handle


def _account(door: Door, team: str) -> int:
    account = door.account(team)
    if account is None:
        raise Malformed("team")
    return account


# ---- failures ----------------------------------------------------------------------------------


def _on_error(door: Door) -> Callable[..., BoltResponse]:
    """400 for what is not Slack's; for anything else a log id, and 500, so that Slack retries."""

    def on_error(error: Exception, body: Json) -> BoltResponse:
        if isinstance(error, Malformed):
            log.warning("refused a request that is not Slack's: %s", error)
            return BoltResponse(status=400, headers={"x-slack-no-retry": "1"})
        log_id = secrets.token_hex(4)
        log.error("log id %s: a request from Slack failed", log_id, exc_info=error)
        return _apology(door, body, error, log_id)

    return on_error


def _apology(door: Door, body: Json, error: Exception, log_id: str) -> BoltResponse:
    if body.get("type") == "block_actions" and not isinstance(error, AWAY):
        words = f"Something went wrong inside Leadport (log id {log_id}). Please try again."
        door.answer(payloads.click(body), words)
    return BoltResponse(status=500)
