"""How a person fills in elements, in the shape Slack reports it (`state.values`)."""

from collections.abc import Iterator
from typing import Any

from sandbox.blocks.parts import all_options
from sandbox.errors import Json, NotPossibleError

# element type -> (where the state holds the choice, where the app may have put a first choice)
TEXT = ("value", "initial_value")
ONE = ("selected_option", "initial_option")
MANY = ("selected_options", "initial_options")
STATE_FIELDS: dict[str, tuple[str, str]] = {
    "plain_text_input": TEXT,
    "email_text_input": TEXT,
    "url_text_input": TEXT,
    "number_input": TEXT,
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ONE,
    "external_select": ONE,
    "radio_buttons": ONE,
    "checkboxes": MANY,
    "multi_static_select": MANY,
    "multi_external_select": MANY,
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "file_input": ("files", ""),
}
LISTS = frozenset({"checkboxes", "file_input"})


def takes_many(kind: str) -> bool:
    """Whether the element's choice is a list."""
    return kind in LISTS or kind.startswith("multi_")


def elements_of(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every interactive element with the block it is in, containers looked into."""
    for block in blocks:
        yield from elements_of(block.get("child_blocks", []))
        own = [block.get("accessory"), block.get("element")]
        if block["type"] in ("actions", "context_actions"):
            own += block["elements"]
        yield from ((block, element) for element in own if element and "action_id" in element)


def first_state(element: Json) -> Json:
    """The state of an element nobody has touched."""
    kind = element["type"]
    field, initial = STATE_FIELDS[kind]
    return {"type": kind, field: element.get(initial, [] if takes_many(kind) else None)}


def state_of(blocks: list[Json], filled: Json) -> Json:
    """`state.values`: what was filled in, first values for the rest, only for what is shown."""
    values: Json = {}
    for block, element in elements_of(blocks):
        if element["type"] in STATE_FIELDS:
            own = filled.get(block["block_id"], {}).get(element["action_id"])
            state = own or first_state(element)
            values.setdefault(block["block_id"], {})[element["action_id"]] = state
    return values


def filled_in(element: Json, wanted: Any, known: list[Json]) -> Json:
    """The state of an element after a person chose `wanted`.

    Options are chosen by value; `known` are options an external menu has shown. Raises
    NotPossibleError for an option that is not offered.
    """
    kind = element["type"]
    field, _ = STATE_FIELDS[kind]
    if field in ("selected_option", "selected_options"):
        offered = all_options(element) + known
        many = wanted if isinstance(wanted, list) else [wanted]
        options = [_offered(value, offered) for value in many if value is not None]
        choice: Any = options if takes_many(kind) else next(iter(options), None)
    elif takes_many(kind):
        choice = wanted if isinstance(wanted, list) else [wanted]
    else:
        choice = wanted if wanted != "" else None
    return {"type": kind, field: choice}


def _offered(wanted: Any, offered: list[Json]) -> Json:
    value = wanted.get("value") if isinstance(wanted, dict) else wanted
    for option in offered:
        if option.get("value") == value:
            return option
    raise NotPossibleError(f"there is no option {value!r} to choose")


def fill(blocks: list[Json], values: Json, known: Any) -> Json:
    """Many choices at once: {block_id: {action_id: wanted}} into the shape of `state.values`.

    `known(block_id, action_id)` gives the options suggested so far.
    """
    state: Json = {}
    elements = {(b["block_id"], e["action_id"]): e for b, e in elements_of(blocks)}
    for block_id, actions in values.items():
        for action_id, wanted in actions.items():
            element = elements.get((block_id, action_id))
            if element is None:
                raise NotPossibleError(f"there is no input {block_id}/{action_id} here")
            filled = filled_in(element, wanted, known(block_id, action_id))
            state.setdefault(block_id, {})[action_id] = filled
    return state


def complaints(blocks: list[Json], state: Json) -> dict[str, str]:
    """What the client itself refuses to submit, by block_id."""
    found = {}
    for block in blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        choice = state[block["block_id"]][element["action_id"]][STATE_FIELDS[element["type"]][0]]
        words = _complaint(element, choice, bool(block.get("optional")))
        if words:
            found[block["block_id"]] = words
    return found


def _complaint(element: Json, choice: Any, optional: bool) -> str | None:
    if not choice:
        return None if optional else "Please complete this required field."
    kind = element["type"]
    if kind == "number_input":
        return _number_complaint(element, str(choice))
    if kind == "email_text_input" and "@" not in choice[1:-1]:
        return "Please enter a valid email address."
    if kind == "url_text_input" and "://" not in choice:
        return "Please enter a valid URL."
    return _length_complaint(element, choice) if kind == "plain_text_input" else None


def _length_complaint(element: Json, choice: str) -> str | None:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if len(choice) < least:
        return f"Please enter at least {least} characters."
    return f"Please enter at most {most} characters." if len(choice) > most else None


def _number_complaint(element: Json, choice: str) -> str | None:
    try:
        value = float(choice) if element["is_decimal_allowed"] else int(choice)
    except ValueError:
        return "Please enter a valid number."
    least, most = element.get("min_value"), element.get("max_value")
    if least is not None and value < float(least):
        return f"Please enter a number of {least} or more."
    if most is not None and value > float(most):
        return f"Please enter a number of {most} or less."
    return None
