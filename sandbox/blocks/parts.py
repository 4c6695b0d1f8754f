"""Composition objects: text, options, confirm dialogs. Limits from Slack's Block Kit reference."""

from collections.abc import Iterator
from typing import Any

from sandbox.blocks.rules import (
    Check,
    anything,
    boolean,
    by_type,
    exactly_one,
    finding,
    items,
    one_of,
    shape,
    string,
)

ID = string(255, 1)
URL = string(3000, 1)
OPTION_TEXT, OPTION_VALUE, OPTIONS, OPTION_GROUPS = 75, 150, 100, 100


def _text_shapes(longest: int) -> dict[str, Check]:
    words = {"type": anything, "text": string(longest, 1)}
    return {
        "plain_text": shape(words, {"emoji": boolean}),
        "mrkdwn": shape(words, {"verbatim": boolean}),
    }


def plain(longest: int) -> Check:
    """A plain_text object."""
    return by_type(_text_shapes(longest), frozenset({"plain_text"}))


def text(longest: int) -> Check:
    """A plain_text or mrkdwn object."""
    return by_type(_text_shapes(longest))


def option(words: Check) -> Check:
    """An option whose text is `words`."""
    return shape(
        {"text": words, "value": string(OPTION_VALUE, 1)},
        {"description": text(OPTION_TEXT), "url": URL},
    )


PLAIN_OPTION = option(plain(OPTION_TEXT))
TEXT_OPTION = option(text(OPTION_TEXT))
OPTION_GROUP = shape(
    {"label": plain(OPTION_TEXT), "options": items(PLAIN_OPTION, OPTIONS, 1)},
)
CONFIRM = shape(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)
IMAGE_ELEMENT = shape(
    {"type": anything, "alt_text": string(2000)},
    {"image_url": URL, "slack_file": anything},
    exactly_one("image_url", "slack_file"),
)


def all_options(element: dict[str, Any]) -> list[Any]:
    """Every option of an element, those in groups too."""
    groups = element.get("option_groups") or []
    return [
        *(element.get("options") or []),
        *(choice for group in groups for choice in group["options"]),
    ]


def initial_is_offered(element: Any, at: str) -> Iterator[str]:
    """What is chosen at first must be among the options."""
    first = element.get("initial_option")
    chosen = [*([first] if first else []), *(element.get("initial_options") or [])]
    offered = all_options(element)
    if any(choice not in offered for choice in chosen):
        yield finding("initial option must be one of the options", at)


def distinct_values(element: Any, at: str) -> Iterator[str]:
    """No two options may carry one value."""
    values = [choice["value"] for choice in all_options(element)]
    if len(values) != len(set(values)):
        yield finding("option values must be unique", at)
