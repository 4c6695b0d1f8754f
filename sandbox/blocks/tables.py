"""The newer blocks: tables, charts, plans and tasks, containers and cards."""

from collections.abc import Iterator
from typing import Any

from sandbox.blocks.parts import IMAGE_ELEMENT, plain, text
from sandbox.blocks.rules import (
    Check,
    anything,
    at_least_one,
    boolean,
    by_type,
    finding,
    integer,
    items,
    nullable,
    number,
    one_of,
    shape,
    string,
)

TABLE_CHARACTERS = 10_000
DATA_TABLE_CHARACTERS = 20_000
STATUSES = ("pending", "in_progress", "complete", "error")
RICH_TEXT = shape({"type": one_of("rich_text"), "elements": anything}, {"block_id": anything})

_RAW_TEXT = shape({"type": anything, "text": string(3000, 1)}, {"emoji": boolean})
_RAW_NUMBER = shape({"type": anything, "text": string(3000, 1), "value": number})
_CELLS: dict[str, Check] = {
    "raw_text": _RAW_TEXT,
    "raw_number": _RAW_NUMBER,
    "rich_text": RICH_TEXT,
}


def characters(value: Any) -> int:
    """How many characters of `text` there are inside."""
    if isinstance(value, dict):
        own = value.get("text")
        inner = sum(characters(part) for part in value.values() if not isinstance(part, str))
        return inner + (len(own) if isinstance(own, str) else 0)
    if isinstance(value, list):
        return sum(characters(part) for part in value)
    return 0


def no_longer_than(most: int) -> Check:
    """A limit on the characters of all cells."""

    def check(block: Any, at: str) -> Iterator[str]:
        if characters(block["rows"]) > most:
            yield finding(f"must be less than {most + 1} characters in total", f"{at}/rows")

    return check


def _rows_match(block: Any, at: str) -> Iterator[str]:
    width = len(block["rows"][0])
    for index, row in enumerate(block["rows"]):
        if len(row) != width:
            yield finding(f"must have {width} items, as the header row", f"{at}/rows/{index}")


def _header_is_raw(block: Any, at: str) -> Iterator[str]:
    if any(cell["type"] == "rich_text" for cell in block["rows"][0]):
        yield finding("header cells must not be rich_text", f"{at}/rows/0")


TABLE = shape(
    {"type": anything, "rows": items(items(by_type(_CELLS), 20, 1), 100, 1)},
    {
        "block_id": anything,
        "column_settings": items(
            nullable(
                shape({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})
            ),
            20,
        ),
    },
    no_longer_than(TABLE_CHARACTERS),
)
DATA_TABLE = shape(
    {
        "type": anything,
        "caption": string(3000, 1),
        "rows": items(items(by_type(_CELLS), 20, 1), 201, 2),
    },
    {"block_id": anything, "page_size": integer(1, 100), "row_header_column_index": integer(0, 19)},
    _rows_match,
    _header_is_raw,
    no_longer_than(DATA_TABLE_CHARACTERS),
)

_LABEL = string(20, 1)
_POINT = shape({"label": _LABEL, "value": number})


def _positive(value: Any, at: str) -> Iterator[str]:
    yield from number(value, at)
    if isinstance(value, int | float) and value <= 0:
        yield finding("must be more than 0", at)


def _series_fit(chart: Any, at: str) -> Iterator[str]:
    categories = chart["axis_config"]["categories"]
    for index, series in enumerate(chart["series"]):
        if sorted(point["label"] for point in series["data"]) != sorted(categories):
            yield finding("must have one point for every category", f"{at}/series/{index}/data")
    names = [series["name"] for series in chart["series"]]
    if len(names) != len(set(names)):
        yield finding("series names must be unique", f"{at}/series")


_AXES = shape({"categories": items(_LABEL, 20, 1)}, {"x_label": string(50), "y_label": string(50)})
_SERIES = shape({"name": _LABEL, "data": items(_POINT, 20, 1)})
_XY = shape(
    {"type": anything, "series": items(_SERIES, 12, 1), "axis_config": _AXES}, {}, _series_fit
)
_SEGMENT = shape({"label": _LABEL, "value": _positive})
_PIE = shape({"type": anything, "segments": items(_SEGMENT, 12, 1)})
DATA_VISUALIZATION = shape(
    {
        "type": anything,
        "title": string(50, 1),
        "chart": by_type({"pie": _PIE, "bar": _XY, "line": _XY, "area": _XY}),
    },
    {"block_id": anything},
)

_TASK: dict[str, Check] = {"task_id": string(255, 1), "title": string(3000, 1)}
_TASK_MORE: dict[str, Check] = {
    "type": anything,
    "block_id": anything,
    "details": RICH_TEXT,
    "output": RICH_TEXT,
    "sources": items(anything, 50),
}


def _task_ids_differ(plan: Any, at: str) -> Iterator[str]:
    ids = [task["task_id"] for task in plan["tasks"]]
    if len(ids) != len(set(ids)):
        yield finding("task_id must be unique within a plan", f"{at}/tasks")


# Standing alone, a task may not be pending; inside a plan it may.
TASK_CARD = shape({**_TASK, "status": one_of(*STATUSES[1:])}, _TASK_MORE)
PLAN = shape(
    {
        "type": anything,
        "title": string(3000, 1),
        "tasks": items(shape({**_TASK, "status": one_of(*STATUSES)}, _TASK_MORE), 50),
    },
    {"block_id": anything},
    _task_ids_differ,
)

ALERT = shape(
    {"type": anything, "text": text(200)},
    {"block_id": anything, "level": one_of("default", "info", "warning", "error", "success")},
)
CARD = shape(
    {"type": anything},
    {
        "block_id": anything,
        "hero_image": IMAGE_ELEMENT,
        "icon": IMAGE_ELEMENT,
        "slack_icon": anything,
        "title": text(150),
        "subtitle": text(150),
        "body": text(200),
        "subtext": text(200),
        "actions": items(anything, 3),
    },
    at_least_one("hero_image", "title", "actions", "body"),
)
CAROUSEL = shape({"type": anything, "elements": items(CARD, 10, 1)}, {"block_id": anything})


def container(child: Check) -> Check:
    """A container of blocks that `child` accepts."""
    return shape(
        {"type": anything, "child_blocks": items(child, 10, 1)},
        {
            "block_id": anything,
            "title": plain(150),
            "rich_text_title": RICH_TEXT,
            "subtitle": text(150),
            "width": one_of("narrow", "standard", "wide", "full"),
            "icon": IMAGE_ELEMENT,
            "is_collapsible": boolean,
            "default_collapsed": boolean,
            "has_header_divider": boolean,
        },
        at_least_one("title", "rich_text_title"),
    )
