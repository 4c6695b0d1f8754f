"""Block Kit: every limit is refused one past it, and what is allowed passes."""

from typing import Any

import pytest
from slackblocks import _limits, _surfaces

from sandbox.blocks.kit import HOME, KITS, MESSAGE, MODAL, SURFACES
from sandbox.blocks.surfaces import check_message, check_view
from sandbox.errors import InputRefusedError

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def options(count: int) -> list[Json]:
    return [{"text": plain(f"Option {n}"), "value": str(n)} for n in range(count)]


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain("Go"), **more}


def select(**more: Any) -> Json:
    return {"type": "static_select", "action_id": "pick", **more}


def labelled(element: Json, **more: Any) -> Json:
    return {"type": "input", "label": plain("Label"), "element": element, **more}


def cells(*words: str) -> list[Json]:
    return [{"type": "raw_text", "text": word} for word in words]


def table(rows: int, columns: int, word: str = "x") -> Json:
    return {"type": "table", "rows": [cells(*[word] * columns) for _ in range(rows)]}


def data_table(*rows: list[Json], **more: Any) -> Json:
    return {"type": "data_table", "caption": "Preview", "rows": list(rows), **more}


def chart(**more: Any) -> Json:
    pie = {"type": "pie", "segments": [{"label": "Created", "value": 1}]}
    return {"type": "data_visualization", "title": "Outcome", "chart": pie, **more}


def task(status: str, task_id: str = "t1") -> Json:
    return {"task_id": task_id, "title": "Import", "status": status}


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain("Title"), "blocks": list(blocks), **more}


def complaints(blocks: Any) -> list[str]:
    with pytest.raises(InputRefusedError) as caught:
        check_message(blocks, set())
    assert caught.value.code == "invalid_blocks"
    return list(caught.value.more["errors"])


WORKS = [
    [section("x" * 3000)],
    [{"type": "section", "fields": [plain("x" * 2000)] * 10}],
    [{"type": "header", "text": plain("x" * 150)}],
    [{"type": "context", "elements": [plain("x")] * 10}],
    [actions(*[button() for _ in range(25)])],
    [actions(button(value="x" * 2000, action_id="x" * 255, style="primary"))],
    [actions(select(options=options(100), initial_option=options(1)[0]))],
    [actions({"type": "overflow", "options": options(5)})],
    [actions({"type": "checkboxes", "options": options(10)})],
    [labelled({"type": "plain_text_input", "max_length": 3000})],
    [table(100, 20)],
    [data_table(*[cells("x")] * 201, page_size=100)],
    [chart(), chart()],
    [{"type": "plan", "title": "Importing", "tasks": [task("pending"), task("complete", "t2")]}],
    [{"type": "task_card", **task("in_progress")}],
    [{"type": "markdown", "text": "x" * 12_000}],
    [
        {
            "type": "container",
            "title": plain("Problems"),
            "child_blocks": [section("x"), table(2, 2)],
            "is_collapsible": True,
        }
    ],
    [section(str(n)) for n in range(50)],
]


@pytest.mark.parametrize("blocks", WORKS, ids=lambda blocks: blocks[0]["type"])
def test_what_is_within_the_limits_passes(blocks: list[Json]) -> None:
    """Each limit can be reached."""
    assert check_message(blocks, set()) == blocks


REFUSED: list[tuple[list[Json], str]] = [
    ([section("x" * 3001)], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    ([section("")], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    ([{"type": "section"}], "at least one of text, fields is required"),
    ([{"type": "section", "fields": [plain("x")] * 11}], "no more than 10 items allowed"),
    ([{"type": "header", "text": plain("x" * 151)}], "must be less than 151 characters"),
    ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "unsupported type: mrkdwn"),
    ([{"type": "context", "elements": [plain("x")] * 11}], "no more than 10 items allowed"),
    (
        [actions(*[button()] * 26)],
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    ([actions(button(text=plain("x" * 76)))], "must be less than 76 characters"),
    ([actions(button(value="x" * 2001))], "must be less than 2001 characters"),
    ([actions(button(action_id="x" * 256))], "must be less than 256 characters"),
    ([actions(button(style="green"))], "must be one of: primary, danger"),
    ([actions(button(colour="red"))], "invalid additional property: colour"),
    ([actions(button(action_id="a"), button(action_id="a"))], "action_id must be unique"),
    ([actions(button(confirm={"title": plain("Sure?")}))], "missing required field: text"),
    ([actions(select(options=options(101)))], "no more than 100 items allowed"),
    ([actions(select(options=[]))], "must have at least 1 items"),
    ([actions(select())], "exactly one of options, option_groups is required"),
    ([actions(select(options=options(2), initial_option=options(3)[2]))], "must be one of the op"),
    ([actions(select(options=options(1) * 2))], "option values must be unique"),
    ([actions(select(options=[{"text": plain("x" * 76), "value": "v"}]))], "less than 76"),
    ([actions(select(options=[{"text": plain("x"), "value": "v" * 151}]))], "less than 151"),
    ([actions(select(options=options(1), placeholder=plain("x" * 151)))], "less than 151"),
    ([actions({"type": "overflow", "options": options(6)})], "no more than 5 items allowed"),
    ([actions({"type": "checkboxes", "options": options(11)})], "no more than 10 items allowed"),
    ([actions({"type": "plain_text_input"})], "unsupported type: plain_text_input"),
    ([labelled({"type": "file_input"})], "unsupported type: file_input"),
    ([labelled({"type": "number_input", "is_decimal_allowed": True})], "unsupported type"),
    ([labelled({"type": "plain_text_input"}, label=plain("x" * 2001))], "less than 2001"),
    (
        [{"type": "alert", "text": plain("x")}],
        "unsupported type: alert [json-pointer:/blocks/0/type",
    ),
    ([{"type": "hologram"}], "unsupported type: hologram"),
    (
        [section("a") | {"block_id": "b"}, section("c") | {"block_id": "b"}],
        "block_id already exists",
    ),
    ([section(str(n)) for n in range(51)], "no more than 50 items allowed [json-pointer:/blocks]"),
    ([table(101, 1)], "no more than 100 items allowed"),
    ([table(1, 21)], "no more than 20 items allowed"),
    ([table(100, 1, "x" * 101)], "must be less than 10001 characters"),
    ([data_table(cells("a"), cells(""))], "must be more than 0 characters"),
    ([data_table(cells("a", "b"), cells("c"))], "must have 2 items"),
    ([data_table(cells("a"))], "must have at least 2 items"),
    ([data_table(*[cells("x")] * 202)], "no more than 201 items allowed"),
    ([data_table(cells("a"), cells("b"), page_size=101)], "must be between 1 and 100"),
    ([data_table(cells("a"), cells("b"), caption="")], "must be more than 0 characters"),
    ([chart()] * 3, "no more than 2 data_visualization blocks"),
    ([chart(title="x" * 51)], "must be less than 51 characters"),
    ([{"type": "task_card", **task("pending")}], "must be one of: in_progress, complete, error"),
    ([{"type": "plan", "title": "P", "tasks": [task("pending")] * 2}], "task_id must be unique"),
    ([{"type": "plan", "title": plain("P"), "tasks": []}], "must be a string"),
    ([{"type": "markdown", "text": "x" * 7000}] * 2, "less than 12001 characters in total"),
    (
        [
            {
                "type": "container",
                "title": plain("x"),
                "child_blocks": [data_table(cells("a"), cells("b"))],
            }
        ],
        "unsupported type: data_table",
    ),
]


@pytest.mark.parametrize(("blocks", "words"), REFUSED, ids=lambda value: str(value)[:60])
def test_what_is_past_a_limit_is_refused(blocks: list[Json], words: str) -> None:
    """One past each limit, the message is refused and the place is named."""
    assert any(words in complaint for complaint in complaints(blocks)), complaints(blocks)


def test_only_one_table_in_a_message() -> None:
    """Two of the table family are refused by a name of their own."""
    with pytest.raises(InputRefusedError) as caught:
        check_message([table(1, 1), data_table(cells("a"), cells("b"))], set())
    assert caught.value.code == "only_one_table_allowed"


def test_a_workspace_may_not_know_a_block() -> None:
    """A refused block type reads like any unknown type, so a fallback can be tried."""
    with pytest.raises(InputRefusedError) as caught:
        check_message([data_table(cells("a"), cells("b"))], {"data_table"})
    assert caught.value.more["errors"] == [
        "unsupported type: data_table [json-pointer:/blocks/0/type]"
    ]


VIEWS_REFUSED: list[tuple[Json, str]] = [
    (
        modal(title=plain("x" * 25)),
        "must be less than 25 characters [json-pointer:/view/title/text",
    ),
    (modal(submit=plain("x" * 25)), "must be less than 25 characters"),
    (modal(close=plain("x" * 25)), "must be less than 25 characters"),
    (modal(private_metadata="x" * 3001), "must be less than 3001 characters"),
    (modal(callback_id="x" * 256), "must be less than 256 characters"),
    (modal(*[section(str(n)) for n in range(101)]), "no more than 100 items allowed"),
    (modal(labelled({"type": "plain_text_input"})), "missing required field: submit"),
    (modal(table(1, 1)), "unsupported type: table [json-pointer:/view/blocks/0/type]"),
    (modal(data_table(cells("a"), cells("b"))), "unsupported type: data_table"),
    (modal({"type": "alert", "text": plain("x" * 201)}), "must be less than 201 characters"),
    (
        modal(labelled({"type": "file_input", "max_files": 11}), submit=plain("Go")),
        "must be between 1 and 10",
    ),
    (
        modal(labelled({"type": "file_input"}, dispatch_action=True), submit=plain("Go")),
        "dispatch_action cannot be used with file_input",
    ),
    ({"type": "modal", "blocks": []}, "missing required field: title"),
    ({"type": "modal", "title": plain("x")}, "missing required field: blocks"),
]


@pytest.mark.parametrize(("view", "words"), VIEWS_REFUSED, ids=lambda value: str(value)[:60])
def test_what_a_modal_may_not_be(view: Json, words: str) -> None:
    """A modal past a limit or with a block of another surface is `invalid_arguments`."""
    with pytest.raises(InputRefusedError) as caught:
        check_view(view, MODAL, set())
    assert caught.value.code == "invalid_arguments"
    assert any(words in complaint for complaint in caught.value.more["errors"])


def test_what_a_modal_may_be() -> None:
    """Alerts and file inputs live in modals, and only there."""
    view = modal(
        {"type": "alert", "level": "warning", "text": plain("x" * 200)},
        labelled({"type": "file_input", "filetypes": ["csv"], "max_files": 1}),
        *[section(str(n)) for n in range(98)],
        submit=plain("Import"),
        private_metadata="x" * 3000,
    )
    assert check_view(view, MODAL, set()) == view
    home = {"type": "home", "blocks": [table(1, 1), section("x")]}
    assert check_view(home, HOME, set()) == home


def test_the_surfaces_are_those_of_the_reference_tables() -> None:
    """Which block may stand where agrees with slackblocks' own table."""
    theirs = _surfaces._BLOCK_TYPES_BY_SURFACE
    assert {MESSAGE: SURFACES[MESSAGE], MODAL: SURFACES[MODAL], HOME: SURFACES[HOME]} == theirs
    assert all(KITS[surface].keys() == SURFACES[surface] for surface in SURFACES)


LIMITS = {
    "SECTION_TEXT_MAX_LENGTH": lambda n: [section("x" * n)],
    "HEADER_TEXT_MAX_LENGTH": lambda n: [{"type": "header", "text": plain("x" * n)}],
    "CONTEXT_ELEMENTS_MAX_ITEMS": lambda n: [{"type": "context", "elements": [plain("x")] * n}],
    "ACTIONS_ELEMENTS_MAX_ITEMS": lambda n: [actions(*[button()] * n)],
    "BUTTON_TEXT_MAX_LENGTH": lambda n: [actions(button(text=plain("x" * n)))],
    "BUTTON_VALUE_MAX_LENGTH": lambda n: [actions(button(value="x" * n))],
    "SELECT_OPTIONS_MAX_ITEMS": lambda n: [actions(select(options=options(n)))],
    "OVERFLOW_OPTIONS_MAX_ITEMS": lambda n: [actions({"type": "overflow", "options": options(n)})],
    "TABLE_ROWS_MAX_ITEMS": lambda n: [table(n, 1)],
    "TABLE_COLUMNS_MAX_ITEMS": lambda n: [table(1, n)],
    "DATA_TABLE_ROWS_MAX_ITEMS": lambda n: [data_table(*[cells("x")] * n)],
    "DATA_TABLE_COLUMNS_MAX_ITEMS": lambda n: [data_table(cells(*"x" * n), cells(*"y" * n))],
    "DATA_VISUALIZATION_TITLE_MAX_LENGTH": lambda n: [chart(title="x" * n)],
    "MESSAGE_BLOCKS_MAX_ITEMS": lambda n: [section(str(i)) for i in range(n)],
    "MESSAGE_DATA_VISUALIZATIONS_MAX_ITEMS": lambda n: [chart() for _ in range(n)],
    "MARKDOWN_TEXT_MAX_LENGTH": lambda n: [{"type": "markdown", "text": "x" * n}],
    "PLAN_TASKS_MAX_ITEMS": lambda n: [
        {"type": "plan", "title": "P", "tasks": [task("complete", str(i)) for i in range(n)]}
    ],
}


@pytest.mark.parametrize("name", LIMITS)
def test_the_limits_are_those_of_the_reference_tables(name: str) -> None:
    """At slackblocks' number a message passes, one past it is refused."""
    limit = getattr(_limits, name)
    assert check_message(LIMITS[name](limit), set())
    assert complaints(LIMITS[name](limit + 1))
