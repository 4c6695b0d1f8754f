"""Block Kit, built as plain dicts within Slack's limits (the SDK's classes drop newer fields)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from worker.card.mrkdwn import clip

Block = dict[str, Any]

#: Characters, from Slack's Block Kit reference.
SECTION, CONTEXT, BUTTON, OPTION, OPTION_VALUE = 3000, 2000, 75, 75, 150
CONFIRM_TITLE, CONFIRM_TEXT = 100, 300


def mrkdwn(text: str, most: int = SECTION) -> Block:
    """Formatted text. ``verbatim`` keeps Slack from making links of names and addresses in it."""
    return {"type": "mrkdwn", "text": cut(text, most), "verbatim": True}


def plain_text(text: str, most: int) -> Block:
    """Unformatted text."""
    return {"type": "plain_text", "text": clip(text, most), "emoji": False}


def cut(text: str, most: int) -> str:
    """At most ``most`` characters, whole lines where possible and never half an entity."""
    if len(text) <= most:
        return text
    kept = text[: most - 2]
    line = kept.rfind("\n")
    if line < most // 2:
        entity = kept.rfind("&")
        line = entity if entity > len(kept) - 6 else len(kept)
    return kept[:line] + "\n…"


def section(text: str, accessory: Block | None = None, block_id: str = "") -> Block:
    """A paragraph, with a control to its right if given, which then has an id in ``block_id``."""
    block: Block = {"type": "section", "text": mrkdwn(text)}
    return {**block, "block_id": block_id, "accessory": accessory} if accessory else block


def context(*texts: str) -> Block:
    """Small grey print."""
    return {"type": "context", "elements": [mrkdwn(text, CONTEXT) for text in texts]}


def actions(*elements: Block) -> Block:
    """A row of buttons."""
    return {"type": "actions", "elements": list(elements)}


def button(
    action_id: str, label: str, value: str, *, style: str = "", confirm: Block | None = None
) -> Block:
    """A button that sends ``value``, an id."""
    block: Block = {
        "type": "button",
        "action_id": action_id,
        "text": plain_text(label, BUTTON),
        "value": value,
    }
    if style:
        block["style"] = style
    if confirm:
        block["confirm"] = confirm
    return block


def confirm(title: str, text: str, yes: str, no: str, *, style: str = "primary") -> Block:
    """The dialog that asks before a button counts."""
    return {
        "title": plain_text(title, CONFIRM_TITLE),
        "text": mrkdwn(text, CONFIRM_TEXT),
        "confirm": plain_text(yes, 30),
        "deny": plain_text(no, 30),
        "style": style,
    }


def option(label: str, value: str) -> Block:
    """One choice in a select."""
    return {"text": plain_text(label, OPTION), "value": value}


def group(label: str, options: Sequence[Block]) -> Block:
    """Choices under a heading."""
    return {"label": plain_text(label, OPTION), "options": list(options)}


def table(rows: Iterable[Sequence[str]]) -> Block:
    """A table of texts; empty cells are not allowed in Slack and become a dash."""
    cells = [[{"type": "raw_text", "text": cell or "–"} for cell in row] for row in rows]
    return {"type": "table", "rows": cells}
