"""Interactive elements and inputs: their fields and limits, and which go where."""

from collections.abc import Iterator
from typing import Any

from sandbox.blocks.parts import (
    CONFIRM,
    ID,
    IMAGE_ELEMENT,
    OPTION_GROUP,
    OPTION_GROUPS,
    OPTIONS,
    PLAIN_OPTION,
    TEXT_OPTION,
    URL,
    distinct_values,
    initial_is_offered,
    plain,
)
from sandbox.blocks.rules import (
    Check,
    anything,
    boolean,
    exactly_one,
    finding,
    integer,
    items,
    one_of,
    shape,
    string,
)

PLACEHOLDER = plain(150)
DISPATCH = shape(
    {}, {"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"), 2, 1)}
)
_BASE: dict[str, Check] = {"action_id": ID, "focus_on_load": boolean}
_MENU: dict[str, Check] = {**_BASE, "placeholder": PLACEHOLDER, "confirm": CONFIRM}
_INPUT: dict[str, Check] = {
    **_BASE,
    "placeholder": PLACEHOLDER,
    "initial_value": string(3000),
    "dispatch_action_config": DISPATCH,
}
_SEVERAL: dict[str, Check] = {"max_selected_items": integer(1)}


def _element(required: dict[str, Check], optional: dict[str, Check], *also: Check) -> Check:
    return shape({"type": anything, **required}, optional, *also)


def _menu(own: dict[str, Check], *also: Check) -> Check:
    return _element({}, {**_MENU, **own}, *also)


def _lengths_make_sense(element: Any, at: str) -> Iterator[str]:
    if element.get("min_length", 0) > element.get("max_length", 3000):
        yield finding("min_length must not be more than max_length", at)


_CHOICES: dict[str, Check] = {
    "options": items(PLAIN_OPTION, OPTIONS, 1),
    "option_groups": items(OPTION_GROUP, OPTION_GROUPS, 1),
}
_CHOICE_RULES = (exactly_one("options", "option_groups"), initial_is_offered, distinct_values)
_TEN = items(TEXT_OPTION, 10, 1)
_FILTER = shape(
    {},
    {
        "include": items(one_of("im", "mpim", "private", "public"), 4, 1),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)
_CONVERSATION: dict[str, Check] = {
    "default_to_current_conversation": boolean,
    "response_url_enabled": boolean,
    "filter": _FILTER,
}

ELEMENTS: dict[str, Check] = {
    "button": _element(
        {"text": plain(75)},
        {
            "action_id": ID,
            "url": URL,
            "value": string(2000),
            "style": one_of("primary", "danger"),
            "confirm": CONFIRM,
            "accessibility_label": string(75),
        },
    ),
    "checkboxes": _element(
        {"options": _TEN},
        {**_BASE, "initial_options": _TEN, "confirm": CONFIRM},
        initial_is_offered,
        distinct_values,
    ),
    "radio_buttons": _element(
        {"options": _TEN},
        {**_BASE, "initial_option": TEXT_OPTION, "confirm": CONFIRM},
        initial_is_offered,
        distinct_values,
    ),
    "overflow": _element(
        {"options": items(PLAIN_OPTION, 5, 1)},
        {"action_id": ID, "confirm": CONFIRM},
        distinct_values,
    ),
    "datepicker": _menu({"initial_date": string(10, 10)}),
    "timepicker": _menu({"initial_time": string(5, 5), "timezone": string(100)}),
    "datetimepicker": _element(
        {}, {**_BASE, "initial_date_time": integer(1_000_000_000), "confirm": CONFIRM}
    ),
    "static_select": _menu({**_CHOICES, "initial_option": PLAIN_OPTION}, *_CHOICE_RULES),
    "multi_static_select": _menu(
        {**_CHOICES, **_SEVERAL, "initial_options": items(PLAIN_OPTION, OPTIONS, 1)},
        *_CHOICE_RULES,
    ),
    "external_select": _menu({"initial_option": PLAIN_OPTION, "min_query_length": integer(0)}),
    "multi_external_select": _menu(
        {
            **_SEVERAL,
            "initial_options": items(PLAIN_OPTION, OPTIONS, 1),
            "min_query_length": integer(0),
        }
    ),
    "users_select": _menu({"initial_user": ID}),
    "multi_users_select": _menu({**_SEVERAL, "initial_users": items(ID, 100)}),
    "conversations_select": _menu({**_CONVERSATION, "initial_conversation": ID}),
    "multi_conversations_select": _menu(
        {**_CONVERSATION, **_SEVERAL, "initial_conversations": items(ID, 100)}
    ),
    "channels_select": _menu({"initial_channel": ID, "response_url_enabled": boolean}),
    "multi_channels_select": _menu({**_SEVERAL, "initial_channels": items(ID, 100)}),
    "plain_text_input": _element(
        {},
        {
            **_INPUT,
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
        },
        _lengths_make_sense,
    ),
    "email_text_input": _element({}, _INPUT),
    "url_text_input": _element({}, _INPUT),
    "number_input": _element(
        {"is_decimal_allowed": boolean},
        {**_INPUT, "min_value": string(100), "max_value": string(100)},
    ),
    "rich_text_input": _element({}, {**_INPUT, "initial_value": anything}),
    "file_input": _element(
        {}, {"action_id": ID, "filetypes": items(string(50, 1), 100), "max_files": integer(1, 10)}
    ),
    "image": IMAGE_ELEMENT,
    "feedback_buttons": _element(
        {"positive_button": anything, "negative_button": anything}, {"action_id": ID}
    ),
    "icon_button": _element(
        {"icon": one_of("trash"), "text": plain(75)},
        {
            "action_id": ID,
            "value": string(2000),
            "confirm": CONFIRM,
            "accessibility_label": string(75),
            "visible_to_user_ids": items(ID, 10),
        },
    ),
}

SINGLE_MENUS = frozenset(
    {
        "static_select",
        "external_select",
        "users_select",
        "conversations_select",
        "channels_select",
    }
)
MULTI_MENUS = frozenset(f"multi_{name}" for name in SINGLE_MENUS)
PICKERS = frozenset({"datepicker", "timepicker", "checkboxes", "radio_buttons"})
IN_SECTION = SINGLE_MENUS | MULTI_MENUS | PICKERS | {"button", "image", "overflow"}
IN_ACTIONS = SINGLE_MENUS | MULTI_MENUS | PICKERS | {"button", "datetimepicker", "overflow"}
IN_INPUT = (
    SINGLE_MENUS
    | MULTI_MENUS
    | PICKERS
    | {
        "datetimepicker",
        "email_text_input",
        "file_input",
        "number_input",
        "plain_text_input",
        "rich_text_input",
        "url_text_input",
    }
)
# Inputs that a message may not hold (their element pages name modals only).
NOT_IN_MESSAGES = frozenset(
    {"email_text_input", "file_input", "number_input", "rich_text_input", "url_text_input"}
)
NOT_IN_HOME = frozenset({"email_text_input", "file_input", "number_input", "url_text_input"})
