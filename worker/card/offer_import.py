"""The card before anything is imported: what the file is and what would become of it."""

from __future__ import annotations

from core import columns
from worker.card import forecast, mapping, start_import
from worker.card.blocks import Block, actions, button, context, section, table
from worker.card.message import Message, message
from worker.card.mrkdwn import clip, count, foreign, listed, number, when
from worker.card.state import CardState

DISMISS = "offer_import.dismiss"
MAP_COLUMNS = "map_columns"
CHOOSE_OPTIONS = "choose_options"

PREVIEW_ROWS, PREVIEW_COLUMNS, PREVIEW_CELL = 5, 7, 40
_USUAL_ENCODINGS = ("UTF-8", "UTF-8 with BOM", "ASCII")
_USUAL_DELIMITERS = ("comma", "single column", "")
_SHOWN_NOTES = 5
_MEND = {
    "file_too_large": "Split it, or import it with `leadport import` on the command line.",
    "empty_file": "Check that the export has finished, and send it again.",
    "header_only": "Check the filter of the export, and send it again.",
    "not_a_table": "Send a CSV, TSV or Excel file with one row per lead and the names on top.",
    "file_gone": "Send it again to import it.",
}


def reading(state: CardState) -> Message:
    """The first word, within a second or two of the file; and why it takes longer, if it does."""
    why = f"\n{foreign(state.failure, 300)}" if state.failure else ""
    text = f"Reading {foreign(state.name)} …{why}"
    return message(text, [section(f"⏳ Reading *{foreign(state.name)}* …{why}")])


def rejected(state: CardState) -> Message:
    """The file cannot be imported, in its own words."""
    words = foreign(state.failure, 600)
    mend = _MEND.get(state.failure_code, "")
    if mend.split(".")[0] in words or "send it again" in words:
        mend = ""
    said = f"{words} {mend}".strip()
    name = foreign(state.name)
    return message(
        f"{name} was not imported. {said}",
        [section(f"❌ *{name}* was not imported.\n{said}"), context(f"`{state.job}`")],
    )


def dismissed(state: CardState) -> Message:
    """Somebody decided against it."""
    text = f"{foreign(state.name)} was dismissed: nothing was imported."
    again = "To import it after all, send the file again."
    return message(text, [context(f"*{foreign(state.name)}* was dismissed. {again}")])


def offer(state: CardState) -> Message:
    """The file, its first rows, the mapping, the forecast, and what can be done."""
    blocks = [section(_heading(state)), *_notices(state)]
    if state.file.sample:
        blocks += [_preview(state), context(_preview_words(state))]
    blocks += mapping.paragraphs(state)
    blocks += [flawed(state)] if state.flaw else forecast.paragraphs(state)
    return message(_text(state), [*blocks, _actions(state), context(_footer(state))])


def _text(state: CardState) -> str:
    size = f"{foreign(state.name)}: {_size(state)}."
    if state.flaw:
        return f"{size} {state.flaw}"
    return f"{size} {forecast.sentence(state)} Nothing is imported until you say so."


def _size(state: CardState) -> str:
    return f"{count(state.file.rows, 'row')}, {count(len(state.file.header), 'column')}"


def _heading(state: CardState) -> str:
    facts = state.file
    size = f"{count(facts.rows, 'row')} × {count(len(facts.header), 'column')}"
    unusual = [facts.encoding] if facts.encoding not in _USUAL_ENCODINGS else []
    if facts.delimiter not in _USUAL_DELIMITERS:
        unusual.append(f"separated by {_plural(facts.delimiter)}")
    return " · ".join([f"*{foreign(state.name, 120)}*", size, *map(foreign, unusual)])


def _plural(delimiter: str) -> str:
    return f"{delimiter}s" if delimiter.isalpha() else delimiter


def _notices(state: CardState) -> list[Block]:
    lines = []
    if state.earlier:
        lines.append(
            f"🔁 The very same file was already imported on {when(state.earlier.at)} "
            f"(`{state.earlier.job}`). Importing it again changes only what has changed since."
        )
    lines += [f"ℹ️ {foreign(note, 400)}" for note in state.file.notes]
    rest = len(lines) - _SHOWN_NOTES
    lines = lines[:_SHOWN_NOTES] + ([f"and {count(rest, 'further note')}"] if rest > 0 else [])
    return [section("\n".join(lines))] if lines else []


def _previewed(state: CardState) -> list[int]:
    """The columns to show: those that are imported, identifiers first, in the file's order."""
    targets = state.mapping
    if len(targets) <= PREVIEW_COLUMNS:
        return list(range(len(targets)))
    ranked = sorted(range(len(targets)), key=lambda i: (mapping.rank(targets[i]), i))
    return sorted(ranked[:PREVIEW_COLUMNS])


def _preview(state: CardState) -> Block:
    shown = _previewed(state)
    rows = [state.file.header, *state.file.sample[:PREVIEW_ROWS]]
    return table([[clip(row[i], PREVIEW_CELL) for i in shown] for row in rows])


def _preview_words(state: CardState) -> str:
    rows, columns_ = state.file.rows, len(state.file.header)
    first = (
        f"The first {PREVIEW_ROWS} of {number(rows)} rows" if rows > PREVIEW_ROWS else "All rows"
    )
    if columns_ <= PREVIEW_COLUMNS:
        return first
    return f"{first}, {PREVIEW_COLUMNS} of {number(columns_)} columns"


def flawed(state: CardState) -> Block:
    """Why it cannot start yet, and what to do."""
    candidates = [
        f"“{foreign(name, 40)}”"
        for name, target in zip(state.file.header, state.mapping, strict=True)
        if target in columns.ALIAS_TARGETS
    ]
    could = f" It could be {listed(candidates, 3)}." if candidates else ""
    words = f"⚠️ *Not ready to import.* {foreign(state.flaw, 500)}{could}"
    return section(f"{words} Press *Edit mapping* to choose.")


def _actions(state: CardState) -> Block:
    dismiss = button(DISMISS, "Dismiss", state.version)
    if state.flaw:
        return actions(button(MAP_COLUMNS, "Edit mapping", state.version, style="primary"), dismiss)
    return actions(
        start_import.press(state),
        button(MAP_COLUMNS, "Edit mapping", state.version),
        button(CHOOSE_OPTIONS, "Options", state.version),
        dismiss,
    )


def _footer(state: CardState) -> str:
    sender = f"sent by <@{state.uploader}> · " if state.uploader else ""
    return f"{sender}`{state.job}`"
