"""`leadport undo`: restore what an import changed, and say what was left alone."""

from __future__ import annotations

from bot import terminal
from bot.commands import bar, status
from bot.commands.working import Work
from core import ids, undo
from core.errors import ImportFailure
from core.models import Import
from worker.settings import Settings

_WORDS = {
    "deleted": "created by it, deleted",
    "restored": "updated by it, restored but for what was touched since",
    "kept": "touched since or opted out, kept",
    "gone": "deleted by somebody already",
}


def run(settings: Settings, account: str, job: str, dry_run: bool, as_json: bool) -> int:
    """Undo an import, or with ``dry_run`` only tell what that would do; the exit code."""
    with terminal.opened(settings) as (database, files):
        try:
            with database.reading() as session:
                found = status.find(session, account, job)
                if dry_run:
                    foreseen = undo.preview(session, found.account_id, found.id)
                    _show(found, "would be undone", foreseen, as_json)
                    return terminal.DONE
            work = Work(database, files, found.account_id, found.id)
            if found.undo_state != "undoing":  # else a killed undo goes on
                work.transact(undo.start)
            undone = _undo(work, as_json)
        except ImportFailure as failure:
            raise terminal.refused(failure, as_json) from None
        _show(undone, undone.undo_state, undone.undo_counts, as_json)
    return terminal.DONE if undone.undo_state == "undone" else terminal.REFUSED


def _undo(work: Work, quiet: bool) -> Import:
    with work.database.reading() as session:
        leads = undo.leads_touched(session, work.account_id, work.import_id)
    with bar.shown("Undoing", quiet) as seen:
        return work.undo(lambda now: seen(sum(now.undo_counts.values()), leads))


def _show(about: Import, state: str, counts: dict[str, int], as_json: bool) -> None:
    job = ids.show("job", about.id)
    if as_json:
        terminal.print_json({"job_id": job, "undo_state": about.undo_state, **counts})
        return
    console = terminal.out()
    console.print(f"{job}: {state}")
    for name, words in _WORDS.items():
        console.print(f"{counts[name]:>12,} leads {words}")
    if about.undo_state == "undone" and (counts["kept"] or counts["restored"]):
        console.print(f"Lead by lead: leadport results {job} --undo", style="dim")
