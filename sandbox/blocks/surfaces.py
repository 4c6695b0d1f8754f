"""Whole messages and whole views, checked as Slack checks them before showing anything."""

from collections.abc import Iterator
from typing import Any

from sandbox.blocks import tables
from sandbox.blocks.kit import HOME, KITS, MESSAGE, MODAL, MOST_BLOCKS
from sandbox.blocks.parts import plain
from sandbox.blocks.rules import anything, boolean, by_type, finding, items, one_of, shape, string
from sandbox.errors import InputRefusedError, Json

TABLE_FAMILY = frozenset({"table", "data_table"})
MOST_CHARTS = 2
MARKDOWN_CHARACTERS = 12_000


def check_message(blocks: Any, refused: set[str]) -> list[Json]:
    """The blocks of a message.

    Raises InputRefusedError invalid_blocks, invalid_blocks_format or only_one_table_allowed.
    `refused` are block types this workspace does not know, as when a new block has not been
    rolled out to it.
    """
    if not isinstance(blocks, list):
        raise InputRefusedError(
            "invalid_blocks_format", ["must be an array [json-pointer:/blocks]"]
        )
    findings = [*_blocks(blocks, "/blocks", MESSAGE, refused)]
    if not findings:
        findings = [*_message_totals(blocks)]
    if findings:
        raise InputRefusedError("invalid_blocks", findings)
    if sum(block["type"] in TABLE_FAMILY for block in _all(blocks)) > 1:
        raise InputRefusedError(
            "only_one_table_allowed", ["only one table allowed [json-pointer:/blocks]"]
        )
    return blocks


def check_view(view: Any, surface: str, refused: set[str]) -> Json:
    """A modal or a Home tab; raises InputRefusedError invalid_arguments."""
    findings = [*_VIEWS[surface](view, "/view")]
    if isinstance(view, dict) and isinstance(view.get("blocks"), list):
        findings += _blocks(view["blocks"], "/view/blocks", surface, refused)
        if surface == MODAL and not findings:
            findings += _inputs_need_submit(view)
    if findings:
        raise InputRefusedError("invalid_arguments", findings)
    return dict(view)


_VIEW_IDS = {
    "block_id": anything,
    "callback_id": string(255),
    "external_id": string(255),
    "private_metadata": string(3000),
}
_TITLE = plain(24)
_VIEWS = {
    MODAL: shape(
        {"type": one_of("modal"), "title": _TITLE, "blocks": anything},
        {
            **_VIEW_IDS,
            "close": _TITLE,
            "submit": _TITLE,
            "clear_on_close": boolean,
            "notify_on_close": boolean,
            "submit_disabled": boolean,
        },
    ),
    HOME: shape({"type": one_of("home"), "blocks": anything}, {**_VIEW_IDS}),
}


def _blocks(blocks: list[Any], at: str, surface: str, refused: set[str]) -> Iterator[str]:
    known = {name: check for name, check in KITS[surface].items() if name not in refused}
    yield from items(by_type(known), MOST_BLOCKS[surface])(blocks, at)
    ids = [block.get("block_id") for block in blocks if isinstance(block, dict)]
    given = [block_id for block_id in ids if block_id]
    for block_id in sorted({block_id for block_id in given if given.count(block_id) > 1}):
        yield finding(f"block_id already exists: {block_id}", at)


def _inputs_need_submit(view: Json) -> Iterator[str]:
    if "submit" not in view and any(block["type"] == "input" for block in view["blocks"]):
        yield finding("missing required field: submit", "/view")


def _all(blocks: list[Json]) -> Iterator[Json]:
    for block in blocks:
        yield block
        yield from block.get("child_blocks", [])


def _message_totals(blocks: list[Json]) -> Iterator[str]:
    charts = sum(block["type"] == "data_visualization" for block in blocks)
    if charts > MOST_CHARTS:
        yield finding(f"no more than {MOST_CHARTS} data_visualization blocks allowed", "/blocks")
    markdown = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    if markdown > MARKDOWN_CHARACTERS:
        yield finding(
            f"markdown must be less than {MARKDOWN_CHARACTERS + 1} characters in total", "/blocks"
        )
    table = sum(tables.characters(b["rows"]) for b in blocks if b["type"] == "table")
    if table > tables.TABLE_CHARACTERS:
        yield finding("tables must be less than 10001 characters in total", "/blocks")
