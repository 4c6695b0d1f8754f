"""The mapping as a form: one select per column, in pages, drawn and read back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.slack.payloads import Json, chosen, ticked
from core import columns, intake
from core.identifiers import Kind
from core.rules import ImportRules
from worker.card import CardState
from worker.card.blocks import Block, button, group, mrkdwn, option, plain_text, section
from worker.card.mrkdwn import clip, foreign

#: Each column may take two of a modal's 100 blocks.
PAGE = 40
TARGET, NAME, TURN = "map_columns.target", "map_columns.name", "map_columns.page"
PRIMARY, REMEMBER = "map_columns.primary", "map_columns.remember"
#: Choices that are no targets yet: a custom field called as the column, or otherwise.
CUSTOM, RENAMED = "custom", "renamed"
BEST = "best"
_HINT_VALUES, _HINT_CHARACTERS = 3, 40


@dataclass(frozen=True)
class ColumnForm:
    """What the form shows. ``choices`` has one target per column of the file."""

    version: str
    header: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    choices: tuple[str, ...]
    primary: str = BEST
    remember: bool = True
    page: int = 0
    naming: frozenset[int] = frozenset()  #: columns whose custom field gets a name of its own
    notice: str = ""

    @property
    def pages(self) -> int:
        """How many pages it takes."""
        return -(-len(self.header) // PAGE)

    @property
    def shown(self) -> range:
        """The columns on this page."""
        return range(self.page * PAGE, min(len(self.header), (self.page + 1) * PAGE))


@dataclass(frozen=True)
class Answers:
    """What somebody has filled in on one page, and the pages before."""

    choices: Mapping[int, str] = field(default_factory=dict)
    primary: str | None = None
    remember: bool | None = None

    def to_json(self) -> Json:
        """For keeping between pages."""
        return {
            "choices": {str(column): target for column, target in self.choices.items()},
            "primary": self.primary,
            "remember": self.remember,
        }

    @classmethod
    def from_json(cls, kept: Json) -> Answers:
        """What ``to_json`` gave."""
        choices = {int(column): target for column, target in kept.get("choices", {}).items()}
        return cls(choices, kept.get("primary"), kept.get("remember"))

    def then(self, later: Answers) -> Answers:
        """These answers, with later ones over them."""
        return Answers(
            {**self.choices, **later.choices},
            later.primary or self.primary,
            self.remember if later.remember is None else later.remember,
        )


def form(state: CardState) -> ColumnForm:
    """The form as it opens."""
    best = intake.rules_for(list(state.mapping)).primary
    mapped = {kind.value for kind in Kind} & set(state.mapping)
    primary = BEST if state.rules.primary == best or not mapped else state.rules.primary.value
    return ColumnForm(state.version, state.file.header, state.file.sample, state.mapping, primary)


def filled(form_: ColumnForm, answers: Answers) -> ColumnForm:
    """The form with answers in it."""
    choices = tuple(answers.choices.get(i, target) for i, target in enumerate(form_.choices))
    return replace(
        form_,
        choices=choices,
        primary=answers.primary or form_.primary,
        remember=form_.remember if answers.remember is None else answers.remember,
    )


def rules(form_: ColumnForm, before: ImportRules) -> ImportRules:
    """The rules that go with the form: who identifies a lead, who stands in; the rest as before."""
    best = intake.rules_for(list(form_.choices))
    primary = best.primary if form_.primary == BEST else Kind(form_.primary)
    mapped = tuple(kind for kind in (best.primary, *best.fallback) if kind != primary)
    return replace(before, primary=primary, fallback=mapped)


# ---- reading back ------------------------------------------------------------------------------


def answers(form_: ColumnForm, values: Json) -> Answers:
    """What a page of the form holds; columns on other pages are left out."""
    found = {
        i: _target(form_.header[i], choice, chosen(values, f"name-{i}"))
        for i in range(len(form_.header))
        if (choice := chosen(values, f"column-{i}"))
    }
    boxes = ticked(values, "remember")
    primary = chosen(values, "primary")
    return Answers(found, primary, None if boxes is None else bool(boxes))


def naming(values: Json, count: int) -> frozenset[int]:
    """The columns for which a name of their own is wanted."""
    return frozenset(i for i in range(count) if chosen(values, f"column-{i}") == RENAMED)


def _target(header: str, choice: str, name: str | None) -> str:
    if choice == CUSTOM:
        return _custom(header)
    if choice == RENAMED:
        return _custom(name or header)
    return choice


def _custom(name: str) -> str:
    return columns.CUSTOM + clip(name, columns.MOST_NAME)


def errors(form_: ColumnForm, headers: tuple[str, ...], message: str) -> dict[str, str]:
    """The words for each field at fault, by block id; those on other pages are included."""
    fields = [f"column-{form_.header.index(name)}" for name in headers]
    return dict.fromkeys(fields or ["primary"], message)


# ---- drawing -----------------------------------------------------------------------------------


def view(form_: ColumnForm) -> Json:
    """The modal."""
    blocks: list[Block] = []
    if form_.notice:
        blocks.append(section(f"⚠️ {foreign(form_.notice, 500)}"))
    blocks.append(_primary(form_))
    if form_.pages > 1:
        blocks.append(_turn(form_))
    for column in form_.shown:
        blocks += _column(form_, column)
    return {
        "type": "modal",
        "callback_id": "map_columns",
        "title": plain_text("Columns", 24),
        "submit": plain_text("Save", 24),
        "close": plain_text("Cancel", 24),
        "private_metadata": f"{form_.version}.{form_.page}",
        "blocks": [*blocks, _remember(form_)],
    }


def _primary(form_: ColumnForm) -> Block:
    now = columns.label(intake.rules_for(list(form_.choices)).primary)
    best = option(f"The best of those below (now: {now})", BEST)
    options = [best, *(option(columns.label(kind), kind.value) for kind in Kind)]
    initial = next(o for o in options if o["value"] == form_.primary)
    return {
        "type": "input",
        "block_id": "primary",
        "label": plain_text("Identify leads by", 2000),
        "hint": plain_text("Rows with the same value are the same lead.", 2000),
        "element": {
            "type": "static_select",
            "action_id": PRIMARY,
            "options": options,
            "initial_option": initial,
        },
    }


def _turn(form_: ColumnForm) -> Block:
    """Where we are, and the ways to the other pages."""
    pages = [
        button(f"{TURN}.{page}", _span(form_, page), f"{form_.version}.{page}")
        | ({"style": "primary"} if page == form_.page else {})
        for page in range(form_.pages)
    ]
    return {"type": "actions", "elements": pages[:25]}


def _span(form_: ColumnForm, page: int) -> str:
    shown = replace(form_, page=page).shown
    return f"Columns {shown.start + 1}–{shown.stop}"


def _column(form_: ColumnForm, column: int) -> list[Block]:
    header, target = form_.header[column], form_.choices[column]
    groups = _targets(header)
    initial = _choice(form_, column)
    options = [o for g in groups for o in g["options"]]
    field_: Block = {
        "type": "input",
        "block_id": f"column-{column}",
        "dispatch_action": True,
        "label": plain_text(header, 150),
        "hint": plain_text(_values(form_, column), 2000),
        "element": {
            "type": "static_select",
            "action_id": TARGET,
            "option_groups": groups,
            "initial_option": next(o for o in options if o["value"] == initial),
        },
    }
    return [field_, _name(column, header, target)] if initial == RENAMED else [field_]


def _choice(form_: ColumnForm, column: int) -> str:
    """Which of the select's options stands for the column's target."""
    header, target = form_.header[column], form_.choices[column]
    if not target.startswith(columns.CUSTOM):
        return target
    return CUSTOM if target == _custom(header) and column not in form_.naming else RENAMED


def _name(column: int, header: str, target: str) -> Block:
    return {
        "type": "input",
        "block_id": f"name-{column}",
        "label": plain_text(f"Name of the custom field for {clip(header, 100)}", 2000),
        "element": {
            "type": "plain_text_input",
            "action_id": NAME,
            "initial_value": target.removeprefix(columns.CUSTOM)[: columns.MOST_NAME],
            "max_length": columns.MOST_NAME,
        },
    }


def _targets(header: str) -> list[Block]:
    named = {
        "Identify by": columns.IDENTIFIER_TARGETS,
        "Also known as": columns.ALIAS_TARGETS,
        "Profile": columns.PROFILE_TARGETS,
        "Opt-outs": columns.OPT_OUT_TARGETS,
    }
    groups = [
        group(title, [option(columns.label(target), target) for target in targets])
        for title, targets in named.items()
    ]
    custom = [
        option(f"Custom field “{clip(header, 50)}”", CUSTOM),
        option("Custom field with another name …", RENAMED),
    ]
    skip = option("Skip this column", columns.SKIP)
    return [*groups, group("Custom field", custom), group("Skip", [skip])]


def _values(form_: ColumnForm, column: int) -> str:
    """The first few different values, as they are in the file."""
    found = dict.fromkeys(
        clip(row[column], _HINT_CHARACTERS) for row in form_.sample if row[column].strip()
    )
    if not found:
        return f"Empty in the first {len(form_.sample)} rows."
    return "  ·  ".join(list(found)[:_HINT_VALUES])


def _remember(form_: ColumnForm) -> Block:
    ticked_ = {
        "text": mrkdwn("Remember this for files with the same columns"),
        "value": "yes",
    }
    element: dict[str, Any] = {"type": "checkboxes", "action_id": REMEMBER, "options": [ticked_]}
    if form_.remember:
        element["initial_options"] = [ticked_]
    return {
        "type": "input",
        "block_id": "remember",
        "optional": True,
        "label": plain_text("Next time", 2000),
        "element": element,
    }
