"""Every block type: its shape, its limits, and the surfaces it may stand on."""

from collections.abc import Iterator
from typing import Any

from sandbox.blocks import tables
from sandbox.blocks.elements import (
    ELEMENTS,
    IN_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    NOT_IN_HOME,
    NOT_IN_MESSAGES,
)
from sandbox.blocks.parts import ID, IMAGE_ELEMENT, URL, plain, text
from sandbox.blocks.rules import (
    Check,
    anything,
    at_least_one,
    boolean,
    by_type,
    exactly_one,
    finding,
    integer,
    items,
    one_of,
    shape,
    string,
)

MESSAGE, MODAL, HOME = "message", "modal", "home"
MOST_BLOCKS = {MESSAGE: 50, MODAL: 100, HOME: 100}

_EVERYWHERE = frozenset(
    {"actions", "card", "context", "divider", "header", "image", "input", "rich_text", "section"}
    | {"video"}
)
_BOTH_PAGES = frozenset({"carousel", "container", "data_table", "data_visualization", "table"})
SURFACES: dict[str, frozenset[str]] = {
    MESSAGE: _EVERYWHERE
    | _BOTH_PAGES
    | {"context_actions", "file", "markdown", "plan", "task_card"},
    MODAL: _EVERYWHERE | {"alert"},
    HOME: _EVERYWHERE | _BOTH_PAGES,
}
IN_CONTAINER = frozenset(
    {"actions", "context", "divider", "file", "header", "image", "input", "rich_text", "section"}
    | {"table", "video"}
)
_FORBIDDEN_INPUTS = {MESSAGE: NOT_IN_MESSAGES, MODAL: frozenset[str](), HOME: NOT_IN_HOME}


def _block(required: dict[str, Check], optional: dict[str, Check], *also: Check) -> Check:
    return shape({"type": anything, **required}, {"block_id": ID, **optional}, *also)


def _distinct_actions(block: Any, at: str) -> Iterator[str]:
    ids = [element.get("action_id") for element in block["elements"] if element.get("action_id")]
    if len(ids) != len(set(ids)):
        yield finding("action_id must be unique within a block", f"{at}/elements")


def _file_input_waits(block: Any, at: str) -> Iterator[str]:
    if block["element"]["type"] == "file_input" and block.get("dispatch_action"):
        yield finding("dispatch_action cannot be used with file_input", at)


def _input_block(surface: str) -> Check:
    allowed = IN_INPUT - _FORBIDDEN_INPUTS[surface]
    return _block(
        {"label": plain(2000), "element": by_type(ELEMENTS, allowed)},
        {"dispatch_action": boolean, "hint": plain(2000), "optional": boolean},
        _file_input_waits,
    )


_CONTEXT_PART = by_type({"image": IMAGE_ELEMENT, "plain_text": plain(2000), "mrkdwn": text(2000)})
_RICH_PARTS = (
    "rich_text_section",
    "rich_text_list",
    "rich_text_quote",
    "rich_text_preformatted",
)
_RICH_PART = by_type(
    {
        name: shape(
            {"type": anything, "elements": anything},
            {
                "style": anything,
                "indent": integer(0, 8),
                "offset": integer(0),
                "border": integer(0, 1),
                "language": string(50),
            },
        )
        for name in _RICH_PARTS
    }
)


_BLOCKS: dict[str, Check] = {
    "section": _block(
        {},
        {
            "text": text(3000),
            "fields": items(text(2000), 10, 1),
            "accessory": by_type(ELEMENTS, IN_SECTION),
            "expand": boolean,
        },
        at_least_one("text", "fields"),
    ),
    "header": _block({"text": plain(150)}, {"level": integer(1, 6)}),
    "divider": _block({}, {}),
    "context": _block({"elements": items(_CONTEXT_PART, 10, 1)}, {}),
    "actions": _block(
        {"elements": items(by_type(ELEMENTS, IN_ACTIONS), 25, 1)}, {}, _distinct_actions
    ),
    "context_actions": _block(
        {
            "elements": items(
                by_type(ELEMENTS, frozenset({"feedback_buttons", "icon_button"})), 5, 1
            )
        },
        {},
    ),
    "image": _block(
        {"alt_text": string(2000)},
        {"image_url": URL, "slack_file": anything, "title": plain(2000)},
        exactly_one("image_url", "slack_file"),
    ),
    "file": _block({"external_id": string(255), "source": one_of("remote")}, {}),
    "video": _block(
        {
            "alt_text": string(2000),
            "title": plain(200),
            "thumbnail_url": URL,
            "video_url": URL,
        },
        {
            "title_url": URL,
            "author_name": string(50),
            "description": plain(200),
            "provider_name": string(50),
            "provider_icon_url": URL,
        },
    ),
    "rich_text": _block({"elements": items(_RICH_PART, 100)}, {}),
    "markdown": _block({"text": string(12_000, 1)}, {}),
    "table": tables.TABLE,
    "data_table": tables.DATA_TABLE,
    "data_visualization": tables.DATA_VISUALIZATION,
    "plan": tables.PLAN,
    "task_card": tables.TASK_CARD,
    "alert": tables.ALERT,
    "card": tables.CARD,
    "carousel": tables.CAROUSEL,
}


def kit(surface: str) -> dict[str, Check]:
    """The blocks that may stand on a surface, each with its check."""
    blocks = {**_BLOCKS, "input": _input_block(surface)}
    blocks["container"] = tables.container(by_type(blocks, IN_CONTAINER))
    return {name: check for name, check in blocks.items() if name in SURFACES[surface]}


KITS = {surface: kit(surface) for surface in SURFACES}
