"""A Slack thread as text for a terminal: each message once, then only what an edit changed."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.emoji import Emoji
from rich.padding import Padding
from rich.text import Text

Json = dict[str, Any]

_STYLES = {"*": "bold", "`": "cyan", "_": "italic"}
_DATE = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
_MENTION = re.compile(r"<@U0(\w+)>")
_MARKED = re.compile(r"(?<!\w)([*`_])(\S(?:.*?\S)??)\1(?!\w)")  # the shortest, be it one sign
#: How much of a table is shown, so that a row fits on a line.
_CELL, _COLUMNS = 16, 4


class Transcript:
    """Prints messages as they come and change."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: dict[str, list[str]] = {}  # by timestamp: the lines as they are now
        self._told: dict[str, set[str]] = {}  # by timestamp: the lines that were ever printed

    def tell(self, change: Json) -> None:
        """One change from the sandbox's feed."""
        if change["kind"] in ("message", "changed"):
            self._show(change["message"])

    def note(self, words: str) -> None:
        """What a person does, which leaves no message."""
        self._console.print(Text(f"\n@ana {words}", "green"))

    def quote(self, *paragraphs: str) -> None:
        """What a dialog says."""
        for words in paragraphs:
            self._console.print(Text("  │ ", "dim") + formatted(words))

    def _show(self, message: Json) -> None:
        before = self._shown.get(message["ts"])
        lines = list(_lines(message))
        told = self._told.setdefault(message["ts"], set())
        # What stands out is told again when it comes back; details are told once.
        fresh = [
            line
            for line in lines
            if line not in told or (line.startswith("*") and line not in (before or []))
        ]
        self._shown[message["ts"]] = lines
        told.update(fresh)
        if not fresh:
            return
        who = "Leadport" if "bot_id" in message else "@ana"
        edited = ", editing its message" if before is not None else ""
        self._console.print(Text.assemble("\n", (who, "bold magenta"), (edited, "dim")))
        for line in fresh:
            self._console.print(Padding(formatted(line), (0, 0, 0, 2)))


def formatted(line: str) -> Text:
    """Slack's mrkdwn as styled text."""
    line = _DATE.sub(r"\1", _MENTION.sub(_name, line))
    line = html.unescape(Emoji.replace(line))
    text, end = Text(), 0
    for found in _MARKED.finditer(line):
        text.append(line[end : found.start()])
        text.append(found[2], _STYLES[found[1]])
        end = found.end()
    return text.append(line[end:])


def _name(mention: re.Match[str]) -> str:
    """In the sandbox a person's id says who it is."""
    return "@" + mention[1].lower()


def _lines(message: Json) -> Iterator[str]:
    for file in message.get("files") or []:
        yield f"📎 {file['name']}"
    blocks = message.get("blocks") or []
    if not blocks and message.get("text"):
        yield from message["text"].splitlines()
    for block in blocks:
        yield from _block(block)


def _block(block: Json) -> Iterator[str]:
    kind = block["type"]
    if kind == "table":
        yield from _table(block["rows"])
    elif kind == "data_visualization":
        yield from _chart(block)
    elif kind == "actions":
        yield "  ".join(f"[ {_control(element)} ]" for element in block["elements"])
    elif kind == "context":
        yield "  ".join(element["text"] for element in block["elements"] if "text" in element)
    elif "text" in block:
        yield from block["text"]["text"].splitlines()
        if "accessory" in block:
            yield f"[ {_control(block['accessory'])} ]"


def _control(element: Json) -> str:
    label: str = (element.get("text") or element.get("placeholder") or {"text": "…"})["text"]
    return label if element["type"] == "button" else f"{label} ▾"


def _table(rows: list[list[Json]]) -> Iterator[str]:
    cells = [[str(cell.get("text", ""))[:_CELL] for cell in row[:_COLUMNS]] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _chart(block: Json) -> Iterator[str]:
    segments = block["chart"].get("segments", [])
    total = sum(segment["value"] for segment in segments) or 1
    for segment in segments:
        bar = "█" * max(1, round(30 * segment["value"] / total))
        yield f"{segment['label']:<14} {segment['value']:>7,} {bar}"
