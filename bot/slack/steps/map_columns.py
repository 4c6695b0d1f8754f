"""*Edit mapping*: a form with one select per column; errors stay beside the field at fault."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from slack_sdk.errors import SlackApiError

from bot.slack import column_form, modal
from bot.slack.column_form import Answers, ColumnForm
from bot.slack.door import Door, Step, too_late
from bot.slack.payloads import Click, Malformed, Reference, Submission, View, reference
from core.errors import InvalidMapping, WrongState
from worker.card import CardState
from worker.card.offer_import import MAP_COLUMNS

_STARTED = "The import has started; its mapping can no longer be changed."


def opened(door: Door, account: int, click: Click, about: Reference) -> None:
    """Open the form at once, empty, for the trigger lasts 3 s; then fill it."""
    client = door.workspaces.client(click.team)
    loading = modal.words("Columns", "Looking at the columns …")
    view = client.views_open(trigger_id=click.trigger_id, view=loading)["view"]
    client.views_update(view_id=view["id"], view=_first(door, account, click, about))


def _first(door: Door, account: int, click: Click, about: Reference) -> dict[str, Any]:
    with modal.refusal("Columns") as refused:
        door.allow(account, click, about.job, "change this mapping")
        state = _draft(door, account, about)
        door.desk.keep_edits(account, about.job, click.user, None)
        return column_form.view(column_form.form(state))
    return refused.view


def _draft(door: Door, account: int, about: Reference) -> CardState:
    state = door.desk.state(account, about.job)
    if state.status != "draft" or not state.read:
        raise WrongState(too_late(state, _STARTED))
    return state


def chosen(door: Door, account: int, click: Click, about: Reference) -> None:
    """Ask for a name as soon as a column is to be a custom field with another name."""
    view = _view(click)
    form = _filled(door, account, click.user, about, view)
    wanted = column_form.naming(view.values, len(form.header))
    asked = frozenset(i for i in form.shown if f"name-{i}" in view.values)
    if wanted != asked:
        _redraw(door, click.team, view, replace(form, naming=wanted))


def turned(door: Door, account: int, click: Click, about: Reference) -> None:
    """Another page: what was filled in on this one is kept until *Save* or *Cancel*."""
    view = _view(click)
    kept = _answers(door, account, click.user, about, view)
    door.desk.keep_edits(account, about.job, click.user, kept.to_json())
    form = column_form.filled(column_form.form(_draft(door, account, about)), kept)
    page = int(click.value.rpartition(".")[2])
    if page >= form.pages:
        raise Malformed("page")
    _redraw(door, click.team, view, replace(form, page=page))


def saved(door: Door, account: int, submission: Submission) -> dict[str, Any]:
    """Check the whole mapping and keep it, or say what is wrong where it is wrong."""
    view, about = submission.view, reference(submission.view.metadata)
    with modal.refusal("Columns") as refused:
        door.allow(account, submission, about.job, "change this mapping")
        form = _filled(door, account, submission.user, about, view)
        return _save(door, account, submission.user, about, form)
    return {"response_action": "update", "view": refused.view}


def _save(
    door: Door, account: int, user: str, about: Reference, form: ColumnForm
) -> dict[str, Any]:
    before = _draft(door, account, about).rules
    rules = column_form.rules(form, before)
    try:
        door.desk.remap(account, about.job, form.choices, rules, remember=form.remember)
    except InvalidMapping as flaw:
        return _flawed(form, flaw)
    door.desk.keep_edits(account, about.job, user, None)
    return {}


def _flawed(form: ColumnForm, flaw: InvalidMapping) -> dict[str, Any]:
    """Errors beside the fields if they are on this page, else the page where the first one is."""
    errors = column_form.errors(form, flaw.columns, flaw.message)
    on_page = {f"column-{i}" for i in form.shown} | {"primary"}
    here = {field: words for field, words in errors.items() if field in on_page}
    if here:
        return {"response_action": "errors", "errors": here}
    page = int(next(iter(errors)).rpartition("-")[2]) // column_form.PAGE
    there = replace(form, page=page, notice=flaw.message)
    return {"response_action": "update", "view": column_form.view(there)}


def _view(click: Click) -> View:
    if click.view is None:
        raise Malformed("view")
    return click.view


def _answers(door: Door, account: int, user: str, about: Reference, view: View) -> Answers:
    """What was filled in on the pages so far."""
    edits = door.desk.origin(account, about.job).get("edits", {})
    form = column_form.form(_draft(door, account, about))
    here = column_form.answers(form, view.values)
    return Answers.from_json(edits.get(user, {})).then(here)


def _filled(door: Door, account: int, user: str, about: Reference, view: View) -> ColumnForm:
    kept = _answers(door, account, user, about, view)
    form = column_form.filled(column_form.form(_draft(door, account, about)), kept)
    return replace(form, page=int(view.metadata.rpartition(".")[2]))


def _redraw(door: Door, team: str, view: View, form: ColumnForm) -> None:
    client = door.workspaces.client(team)
    try:
        client.views_update(view_id=view.id, hash=view.hash, view=column_form.view(form))
    except SlackApiError as error:
        # A quicker change of the same person came first, and drew the form.
        if error.response["error"] != "hash_conflict":
            raise


STEP = Step(
    "map_columns",
    actions={MAP_COLUMNS: opened, column_form.TARGET: chosen, column_form.TURN: turned},
    views={"map_columns": saved},
)
