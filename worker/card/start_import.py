"""The button that starts the import, and the dialog that asks once more, with the counts."""

from __future__ import annotations

from worker.card.blocks import Block, button, confirm
from worker.card.mrkdwn import clip, count, number
from worker.card.state import CardState

START = "start_import"


def press(state: CardState) -> Block:
    """*Import 1,000 rows*."""
    rows = count(state.file.rows, "row")
    dialog = confirm(f"Import {clip(state.name, 60)}?", _question(state), "Import", "Not yet")
    return button(START, f"Import {rows}", state.version, style="primary", confirm=dialog)


def _question(state: CardState) -> str:
    rows, found = count(state.file.rows, "row"), state.forecast
    if found is None or not found.done:
        why = "could not be made" if found and found.failed else "is not ready yet"
        return f"{rows}. The forecast {why}: the counts come with the summary."
    counts = found.counts
    parts = [
        f"{number(counts.created)} new leads" if counts.created != 1 else "1 new lead",
        f"{count(counts.updated, 'lead')} updated" if counts.updated else "",
        f"{number(counts.unchanged)} unchanged" if counts.unchanged else "",
        f"{number(counts.skipped)} skipped" if counts.skipped else "",
        f"{number(counts.failed)} left out because of problems" if counts.failed else "",
    ]
    return f"{rows}: {', '.join(filter(None, parts))}."
