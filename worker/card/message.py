"""A message as it goes to Slack, and the same without blocks that not every workspace knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from worker.card.blocks import SECTION, Block, cut
from worker.card.mrkdwn import clip

#: Slack advises 4,000; notifications show far less.
TEXT = 1500
_NEWER = ("table", "data_visualization")
_PLAIN_CELL = 24


@dataclass(frozen=True)
class Message:
    """``text`` is for notifications and screen readers, ``blocks`` for everybody else."""

    text: str
    blocks: list[dict[str, Any]]


def message(text: str, blocks: list[Block]) -> Message:
    """A message within Slack's limits."""
    return Message(cut(text, TEXT), blocks)


def plain(shown: Message) -> Message:
    """The same message in blocks that every workspace knows, for when it refused ours."""
    blocks = [old for block in shown.blocks for old in _plain(block)]
    return Message(shown.text, blocks)


def _plain(block: Block) -> list[Block]:
    if block["type"] not in _NEWER:
        return [block]
    if block["type"] == "data_visualization":
        return []  # it repeats what the text says
    rows = [[clip(cell["text"], _PLAIN_CELL) for cell in row] for row in block["rows"]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    text = {"type": "text", "text": cut("\n".join(lines), SECTION)}
    return [
        {"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [text]}]}
    ]
