"""The card while the import runs: a bar, the counts, the speed, the time left."""

from __future__ import annotations

from worker.card import cancel_import
from worker.card.blocks import actions, context, section
from worker.card.message import Message, message
from worker.card.mrkdwn import count, duration, foreign, number
from worker.card.state import CardState, Counts

_BAR = 20


def queued(state: CardState) -> Message:
    """Started by somebody, not yet begun by a worker."""
    name, rows = foreign(state.name), count(state.total, "row")
    if state.cancel_requested:
        return _cancelling(state)
    return message(
        f"{name}: {rows} are waiting for a worker.",
        [
            section(f"📥 *{name}* · {rows} accepted, waiting for a worker."),
            actions(cancel_import.press(state)),
            context(f"`{state.job}`"),
        ],
    )


def running(state: CardState) -> Message:
    """How far it is."""
    if state.cancel_requested:
        return _cancelling(state)
    name, done = foreign(state.name), state.counts.done + state.counts.unprocessed
    text = f"Importing {name}: {number(done)} of {count(state.total, 'row')}. {_pace(state, done)}"
    return message(
        text,
        [
            section(f"*Importing {name}*\n{bar(done, state.total)}\n{_line(state, done)}"),
            section(tallied(state.counts)),
            actions(cancel_import.press(state)),
            context(f"`{state.job}`"),
        ],
    )


def _cancelling(state: CardState) -> Message:
    name = foreign(state.name)
    text = f"Stopping the import of {name} after the rows that are being written …"
    done = state.counts.done + state.counts.unprocessed
    return message(text, [section(f"🛑 {text}"), section(bar(done, state.total))])


def bar(done: int, total: int) -> str:
    """``▰▰▰▰▰▰▰▰▱▱▱▱▱▱▱▱▱▱▱▱ 40 %``. It is full only when all is done."""
    filled = done * _BAR // total if total else 0
    return f"{'▰' * filled}{'▱' * (_BAR - filled)} {done * 100 // total if total else 0} %"


def _line(state: CardState, done: int) -> str:
    return f"{number(done)} of {count(state.total, 'row')}  ·  {_pace(state, done)}".rstrip(" ·")


def _pace(state: CardState, done: int) -> str:
    """Rows a second and the time left, as soon as there is something to reckon with."""
    spent = state.now - state.started_at
    if not done or not state.started_at or spent <= 0:
        return ""
    speed = f"{number(max(1, round(done * 1000 / spent)))} rows/s"
    left = spent * (state.total - done) // done
    return f"{speed}  ·  about {duration(_rounded(left))} left" if done < state.total else speed


def _rounded(ms: int) -> int:
    """An estimate is not known to a tenth of a second."""
    return max(1, round(ms / 1000)) * 1000


def tallied(counts: Counts) -> str:
    """The counts so far, on one line."""
    parts = [
        f"*{number(counts.created)}* new",
        f"*{number(counts.updated)}* updated",
        f"*{number(counts.unchanged)}* unchanged",
    ]
    parts += [f"*{number(counts.skipped)}* skipped"] if counts.skipped else []
    parts.append(f"*{number(counts.failed)}* failed")
    parts += [f"*{number(counts.unprocessed)}* not processed"] if counts.unprocessed else []
    return "  ·  ".join(parts)
