"""The rules of an import as a form, drawn and read back. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.slack.payloads import Json, chosen, ticked
from core import columns
from core.identifiers import Kind, regions
from core.rules import Blank, ImportRules, OnMatch
from worker.card import CardState
from worker.card.blocks import Block, option, plain_text
from worker.card.forecast import region_select

_ON_MATCH = {
    OnMatch.UPDATE: "Update the lead",
    OnMatch.SKIP: "Skip the row",
    OnMatch.CREATE_ONLY: "Report the row as a problem",
}
_BLANK = {Blank.KEEP: "Change nothing", Blank.CLEAR: "Clear what is there"}
_LEVELS = {
    "possible": "Numbers that could exist",
    "valid": "Only numbers in use in their country",
}
_TAGS, _TAG = 20, 50


def view(state: CardState) -> Json:
    """The modal."""
    rules, also = state.rules, _others(state)
    blocks = [
        _radio("on_match", "When a row’s lead exists already", _ON_MATCH, rules.on_match),
        _radio("blank", "Empty cells", _BLANK, rules.blank),
        *([_also(also, rules)] if also else []),
        _field("region", "Country of phones without one", _country(rules), optional=True),
        _radio("phone_level", "Accept as phone numbers", _LEVELS, rules.phone_level),
        _field("tags", "Tags for every lead of this file", _tags(rules), optional=True),
    ]
    blocks[-1]["hint"] = plain_text("Separated by commas.", 2000)
    return {
        "type": "modal",
        "callback_id": "choose_options",
        "title": plain_text("Options", 24),
        "submit": plain_text("Save", 24),
        "close": plain_text("Cancel", 24),
        "private_metadata": state.version,
        "blocks": blocks,
    }


def rules(before: ImportRules, values: Json) -> ImportRules:
    """The rules as the form says; what it does not show stays."""
    also = ticked(values, "match_on")
    return replace(
        before,
        on_match=OnMatch(chosen(values, "on_match") or before.on_match),
        blank=Blank(chosen(values, "blank") or before.blank),
        match_on=before.match_on if also is None else tuple(Kind(kind) for kind in also),
        region=chosen(values, "region"),
        phone_level="valid" if chosen(values, "phone_level") == "valid" else "possible",
        tags=_read_tags(chosen(values, "tags") or ""),
    )


def errors(values: Json) -> dict[str, str]:
    """What cannot be, by field."""
    wrong: dict[str, str] = {}
    tags = _read_tags(chosen(values, "tags") or "")
    if len(tags) > _TAGS:
        wrong["tags"] = f"{len(tags)} tags are too many: {_TAGS} are the most."
    elif long := [tag for tag in tags if len(tag) > _TAG]:
        wrong["tags"] = f"“{long[0][:20]}…” has more than {_TAG} characters."
    if (chosen(values, "region") or "US") not in dict(regions()):
        wrong["region"] = "Choose a country from the list."
    return wrong


def _others(state: CardState) -> list[Kind]:
    return [kind for kind in Kind if kind in state.mapping and kind != state.rules.primary]


def _also(kinds: list[Kind], rules: ImportRules) -> Block:
    boxes = [option(columns.label(kind), kind.value) for kind in kinds]
    element: Block = {
        "type": "checkboxes",
        "action_id": "choose_options.match_on",
        "options": boxes,
    }
    ticked_ = [box for box in boxes if box["value"] in rules.match_on]
    block = _field(
        "match_on",
        f"Look for the lead by {columns.label(rules.primary)}, and also by",
        element | ({"initial_options": ticked_} if ticked_ else {}),
        optional=True,
    )
    hint = "A row that then fits two leads is left for you to decide."
    return block | {"hint": plain_text(hint, 2000)}


def _radio(name: str, label: str, choices: Any, now: str) -> Block:
    options = [option(words, str(value)) for value, words in choices.items()]
    initial = next(o for o in options if o["value"] == now)
    element = {"type": "radio_buttons", "options": options, "initial_option": initial}
    return _field(name, label, element | {"action_id": f"choose_options.{name}"})


def _country(rules: ImportRules) -> Block:
    return region_select("choose_options.region", rules.region)


def _tags(rules: ImportRules) -> Block:
    element: Block = {
        "type": "plain_text_input",
        "action_id": "choose_options.tags",
        "max_length": _TAGS * (_TAG + 2),
    }
    return element | ({"initial_value": ", ".join(rules.tags)} if rules.tags else {})


def _read_tags(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag for part in text.split(",") if (tag := part.strip())))


def _field(name: str, label: str, element: Block, *, optional: bool = False) -> Block:
    return {
        "type": "input",
        "block_id": name,
        "label": plain_text(label, 2000),
        "element": element,
        "optional": optional,
    }
