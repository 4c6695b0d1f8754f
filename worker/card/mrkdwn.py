"""Words for Slack: foreign text made harmless, numbers, times and durations written out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

#: What would open bold, code or strike-through; a foreign name gets a look-alike instead.
_MARKS = str.maketrans({"*": "∗", "`": "ˋ", "~": "∼"})
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


def clip(text: str, most: int) -> str:
    """One line of at most ``most`` characters, with an ellipsis where something was cut."""
    line = _BLANKS.sub(" ", text).strip()
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def escape(text: str) -> str:
    """Text in which no mention, link or entity is left for Slack to find."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def foreign(text: str, most: int = 80) -> str:
    """Somebody else's words, harmless inside mrkdwn: one line, clipped, escaped, unformatted."""
    return escape(clip(text, most).translate(_MARKS))


def number(n: int) -> str:
    """``1,000``."""
    return f"{n:,}"


def count(n: int, noun: str, plural: str = "") -> str:
    """``1 row``, ``1,000 rows``."""
    return f"{number(n)} {noun if n == 1 else plural or noun + 's'}"


def listed(items: Iterable[str], most: int) -> str:
    """``a, b and c``, or ``a, b, c and 12 more``."""
    all_ = list(items)
    shown, rest = all_[:most], len(all_) - most
    if rest > 0:
        shown.append(f"{number(rest)} more")
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def when(unix_ms: int) -> str:
    """A moment, shown by Slack in the reader's own time zone."""
    moment = datetime.fromtimestamp(unix_ms / 1000, UTC)
    written = moment.strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{unix_ms // 1000}^{{date_short_pretty}} at {{time}}|{written}>"


def duration(ms: int) -> str:
    """``0.4 s``, ``3 s``, ``42 s``, ``3 min 20 s``, ``1 h 5 min``."""
    if ms < 100:
        return "under 0.1 s"
    seconds = ms / 1000
    if seconds < 10:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 1:
        return f"{rest} s"
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
