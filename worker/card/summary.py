"""The end of an import: the card, and the reply that a person must notice."""

from __future__ import annotations

from core.problems import ProblemCode
from worker.card import cancel_import, problems, undo_import
from worker.card.blocks import Block, context, section
from worker.card.message import Message, message
from worker.card.mrkdwn import count, duration, foreign, listed, number
from worker.card.state import CardState, Counts

PROBLEMS_FILE = "leads-problems.csv"
_COUNTRY = (
    "To get phones without a country in, send the file again and choose their country on its card: "
    "rows that are in already only gain what they lack."
)
_OUTCOMES = (
    ("created", "new", "New"),
    ("updated", "updated", "Updated"),
    ("unchanged", "unchanged", "Unchanged"),
    ("skipped", "skipped", "Skipped"),
    ("failed", "failed", "Failed"),
    ("unprocessed", "not processed", "Not processed"),
)


def ended(state: CardState) -> Message:
    """The card of an import that is over; the reply below it says more."""
    if state.status == "cancelled":
        return cancel_import.cancelled(state)
    words = f"{_mark(state)} {_headline(state)}"
    blocks = [section(words), context(f"The summary is below  ·  `{state.job}`")]
    return message(_headline(state, bold=""), blocks)


def reply(state: CardState) -> Message:
    """Counts that add up, the time, and the problems with three examples each."""
    errors, warnings = problems.errors(state.problems), problems.warnings(state.problems)
    blocks: list[Block] = [section(f"{_mark(state)} {_headline(state)}\n{_law(state)}")]
    blocks += [section(words) for words in (_unprocessed(state),) if words]
    blocks += _chart(state.counts)
    blocks += problems.listing("*Not imported*", errors)
    blocks += problems.listing("*Imported, but not as it came*", warnings)
    if any(kind.code == ProblemCode.PHONE_NEEDS_COUNTRY for kind in [*errors, *warnings]):
        blocks.append(section(_COUNTRY))
    if noted := problems.notes(state.problems):
        blocks.append(section(f"*Good to know*\n{listed((kind.name for kind in noted), 5)}"))
    if state.counts.failed:
        blocks.append(section(_attached(state.counts.failed)))
    blocks += [*undo_import.offered(state), context(_footer(state))]
    return message(f"{_headline(state, bold='')} {_law(state)}", blocks)


def _mark(state: CardState) -> str:
    """The green tick is for imports in which nothing failed and no value was left out."""
    if state.status == "cancelled":
        return "🛑"
    if state.status == "failed":
        return "❌"
    if state.counts.failed or state.counts.unprocessed:
        return "⚠️"
    return "🔹" if _left_out(state) else "✅"


def _left_out(state: CardState) -> str:
    """What the rows that are in came without, in words; empty where they are in whole."""
    found = problems.warnings(state.problems)
    values = sum(kind.count for kind in found if not kind.of_rows)
    rows = sum(kind.count for kind in found if kind.of_rows)
    if not found:
        return ""
    named = [count(values, "value") if values else "", count(rows, "row") if rows else ""]
    came = "is not in as it" if values + rows == 1 else "are not in as they"
    return f" {listed(filter(None, named), 2)} {came} came."


def _headline(state: CardState, bold: str = "*") -> str:
    name = f"{bold}{foreign(state.name)}{bold}"
    if state.status == "cancelled":
        return f"The import of {name} was stopped."
    if state.status == "failed":
        return f"{name} could not be imported."
    counts = state.counts
    out = counts.failed + counts.unprocessed + counts.skipped
    if not out:
        every = "1 row is" if state.total == 1 else f"all {count(state.total, 'row')} are"
        return f"{name} is imported: {every} in.{_left_out(state)}"
    kept = f"{number(counts.kept)} of {count(state.total, 'row')} are in."
    return f"{name} is imported: {kept}{_left_out(state)}"


def _law(state: CardState) -> str:
    """``1,000 rows = 812 new + 170 updated + 18 failed``: every row is in exactly one of them."""
    terms = [
        f"{number(getattr(state.counts, name))} {word}"
        for name, word, _ in _OUTCOMES
        if getattr(state.counts, name)
    ]
    return f"{count(state.total, 'row')} = {' + '.join(terms)}" if terms else "Nothing was done."


def _unprocessed(state: CardState) -> str:
    if state.status == "cancelled":
        return cancel_import.kept(state)
    if not state.counts.unprocessed:
        return ""
    rows = count(state.counts.unprocessed, "row")
    return (
        f"{rows} could not be processed because of an internal error; it is logged as {state.job}. "
        "Nothing of them was written. Sending the file again is safe: rows that are in already "
        "stay as they are."
    )


def _attached(failed: int) -> str:
    if failed == 1:
        return f"The row that failed is attached as *{PROBLEMS_FILE}*, as it came, with its reason."
    rows = f"The {number(failed)} rows that failed"
    return f"{rows} are attached as *{PROBLEMS_FILE}*, as they came, each with its reason."


def _chart(counts: Counts) -> list[Block]:
    """A pie of the outcomes, where there is more than one."""
    shares = [
        {"label": label, "value": getattr(counts, name)}
        for name, _, label in _OUTCOMES
        if getattr(counts, name)
    ]
    if len(shares) < 2:
        return []
    chart = {"type": "pie", "segments": shares}
    return [{"type": "data_visualization", "title": "What became of the rows", "chart": chart}]


def _footer(state: CardState) -> str:
    """How long it took, how fast that was where it can be told, and the import's id."""
    spent = state.completed_at - state.started_at if state.started_at else 0
    words = [duration(spent)] if state.started_at else []
    speed = round(state.counts.done * 1000 / spent) if spent >= 1000 else 0
    if speed:  # there is none to speak of where the import waited for somebody all night
        words.append(f"{number(speed)} rows/s")
    return "  ·  ".join([*words, f"`{state.job}`"])
