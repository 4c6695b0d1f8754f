"""The slash command: ``help``, ``status``, ``status job_...``. Only the asker sees the answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.slack.door import Door, Step
from bot.slack.payloads import Command
from core import ids, imports
from core.errors import NotFound
from core.models import Import
from worker import card
from worker.card import CardState
from worker.card.blocks import section
from worker.card.mrkdwn import count, foreign, number, when
from worker.card.progress import bar, tallied

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


def asked(door: Door, account: int, command: Command) -> dict[str, Any]:
    """Answer by the first word."""
    word, _, rest = command.text.strip().partition(" ")
    if word.lower() in ("", "help"):
        return _say(help_text(command.name))
    if word.lower() == "status":
        return _job(door, account, command, rest) if rest.strip() else _jobs(door, account, command)
    unknown = f"`{foreign(word, 40)}` is not something I know.\n"
    return _say(unknown + help_text(command.name))


def help_text(name: str) -> str:
    """What can be done, and how an import begins."""
    return (
        "*Send a CSV, TSV or Excel file* to a channel I am in, or to me: I answer in its thread "
        "with what I make of it, and import it when you say so.\n"
        f"`{name} status`  the imports you may see: those that are running and the last {_SHOWN}\n"
        f"`{name} status job_…`  one import\n"
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
    if state.status == "completed" and left_out:
        return "⚠️"
    return _STATUS[state.status].split()[0]


def _short(state: CardState) -> str:
    done = state.counts.done + state.counts.unprocessed
    if state.status in imports.UNDER_WAY:
        return f"{number(done)} of {count(state.total, 'row')}"
    ended = f"{number(state.counts.kept)} of {count(state.total, 'row')} in"
    failed = f", {number(state.counts.failed)} failed" if state.counts.failed else ""
    return f"{ended}{failed}  ·  {when(state.completed_at)}"


def _job(door: Door, account: int, command: Command, text: str) -> dict[str, Any]:
    job = ids.read("job", text)
    try:
        if job is None or not _may_see(door, command, door.desk.origin(account, job)):
            raise NotFound
        state = door.desk.state(account, job, problems=False)
    except NotFound:
        shown = foreign(text, 40)
        return _say(f"There is no import `{shown}` that you may see. Try `{command.name} status`.")
    return _say("\n".join(_details(state)))


def _details(state: CardState) -> Iterator[str]:
    words = _STATUS[state.status].partition(" ")[2]
    yield f"{_mark(state)} *{foreign(state.name)}* is {words}.  ·  `{state.job}`"
    if state.status == "draft":
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
