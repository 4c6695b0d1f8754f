"""The slash command: ``help``, ``status [job_...]``, ``undo job_...``. Only the asker sees it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from bot.slack.door import Door, Step
from bot.slack.payloads import Command, Reference
from bot.slack.steps import undo_import
from core import ids, imports
from core.errors import NotFound
from core.models import Import
from worker import card
from worker.card import CardState
from worker.card.blocks import section
from worker.card.mrkdwn import count, foreign, number, when
from worker.card.progress import bar, tallied
from worker.card.undo_import import did

_SHOWN = 5
_STATUS = {
    "draft": "📝 waiting for somebody to press Import",
    "queued": "📥 waiting for a worker",
    "in_progress": "⏳ running",
    "paused": "⏸️ paused: most rows failed",
    "completed": "✅ completed",
    "failed": "❌ failed",
    "cancelled": "🛑 stopped",
}
#: Of a file that was never imported, and of an import that was taken back: what came after counts.
_DISMISSED = "🗑️ dismissed"
_REJECTED = "❌ not imported"
_UNDONE = {
    "undoing": "⏳ being undone",
    "undone": "↩️ undone",
    "failed": "⚠️ not wholly undone",
}


def asked(door: Door, account: int, command: Command) -> dict[str, Any]:
    """Answer by the first word."""
    word, _, rest = command.text.strip().partition(" ")
    if word.lower() in ("", "help"):
        return _say(help_text(command.name))
    if word.lower() == "status":
        return _job(door, account, command, rest) if rest.strip() else _jobs(door, account, command)
    if word.lower() == "undo":
        return _undo(door, account, command, rest)
    unknown = f"`{foreign(word, 40)}` is not something I know.\n"
    return _say(unknown + help_text(command.name))


def help_text(name: str) -> str:
    """What can be done, and how an import begins."""
    return (
        "*Send a CSV, TSV or Excel file* to a channel I am in, or to me: I answer in its thread "
        "with what I make of it, and import it when you say so.\n"
        f"`{name} status`  the imports you may see: those that are running and the last {_SHOWN}\n"
        f"`{name} status job_…`  one import\n"
        f"`{name} undo job_…`  takes back what an import did, after a question\n"
        f"`{name} help`  this text"
    )


def _jobs(door: Door, account: int, command: Command) -> dict[str, Any]:
    mine = [job for job in door.desk.recent(account) if _may_see(door, command, job.origin)]
    running = [job for job in mine if job.status in imports.UNDER_WAY]
    ended = [job for job in mine if job not in running][:_SHOWN]
    if not mine:
        return _say(f"No imports yet that you may see here.\n{help_text(command.name)}")
    return _say("\n".join(_line(door, account, job) for job in [*running, *ended]))


def _line(door: Door, account: int, job: Import) -> str:
    state = door.desk.state(account, job.id, problems=False)
    return f"{_mark(state)}  *{foreign(state.name)}*  ·  {_short(state)}  ·  `{state.job}`"


def _mark(state: CardState) -> str:
    left_out = state.counts.failed + state.counts.unprocessed
    if state.status == "completed" and left_out and not state.undone.state:
        return "⚠️"
    return _said(state).partition(" ")[0]


def _said(state: CardState) -> str:
    """What is the matter with it, a sign before the words."""
    if state.undone.state:
        return _UNDONE[state.undone.state]
    if state.status == "cancelled" and not state.cancel_requested:
        return _DISMISSED
    if state.status == "failed" and not state.started_at:
        return _REJECTED
    return _STATUS[state.status]


def _short(state: CardState) -> str:
    done = state.counts.done + state.counts.unprocessed
    if state.status in imports.UNDER_WAY:
        return f"{number(done)} of {count(state.total, 'row')}"
    if state.undone.state:
        return f"{_said(state).partition(' ')[2]}: {did(state.undone)}"
    ended = f"{number(state.counts.kept)} of {count(state.total, 'row')} in"
    failed = f", {number(state.counts.failed)} failed" if state.counts.failed else ""
    return f"{ended}{failed}  ·  {when(state.completed_at)}"


def _job(door: Door, account: int, command: Command, text: str) -> dict[str, Any]:
    job = _seen(door, account, command, text)
    if job is None:
        return _unseen(command, text)
    return _say("\n".join(_details(door.desk.state(account, job, problems=False))))


def _undo(door: Door, account: int, command: Command, text: str) -> dict[str, Any]:
    """The same question as the button's, which also says why it cannot be."""
    if not text.strip():
        name = command.name
        return _say(f"Say which import: `{name} undo job_…`. `{name} status` lists them.")
    job = _seen(door, account, command, text)
    if job is None:
        return _unseen(command, text)
    undo_import.opened(door, account, command, Reference(job, 0))
    return {}


def _seen(door: Door, account: int, command: Command, text: str) -> int | None:
    """The import that is meant, if the asker may know of it."""
    job = ids.read("job", text)
    with suppress(NotFound):
        if job is not None and _may_see(door, command, door.desk.origin(account, job)):
            return job
    return None


def _unseen(command: Command, text: str) -> dict[str, Any]:
    shown = foreign(text, 40)
    return _say(f"There is no import `{shown}` that you may see. Try `{command.name} status`.")


def _details(state: CardState) -> Iterator[str]:
    words = _said(state).partition(" ")[2]
    verb = "was" if words in ("dismissed", "undone", "not imported") else "is"
    yield f"{_mark(state)} *{foreign(state.name)}* {verb} {words}.  ·  `{state.job}`"
    if state.undone.state:
        yield f"{did(state.undone)}."
        return
    if not state.started_at and state.status not in imports.UNDER_WAY:
        yield card.render(state).text
        return
    yield bar(state.counts.done + state.counts.unprocessed, state.total)
    yield tallied(state.counts)
    if state.completed_at:
        yield f"Ended {when(state.completed_at)}."


def _may_see(door: Door, command: Command, origin: dict[str, Any]) -> bool:
    """One's own imports, those of the channel one is in, and for admins all.

    File names in a private channel are not for the rest of the workspace.
    """
    if origin.get("user") == command.user or origin.get("channel") == command.channel:
        return True
    return door.people.get(command.team, command.user).is_admin


def _say(text: str) -> dict[str, Any]:
    return {"response_type": "ephemeral", "text": text, "blocks": [section(text)]}


STEP = Step("import_command", command=asked)
