"""The mapping in words: what each column is taken for, and what is unsure."""

from __future__ import annotations

from collections.abc import Iterator

from core import columns
from core.identifiers import Kind
from core.rules import Blank, OnMatch
from worker.card.blocks import Block, section
from worker.card.mrkdwn import count, foreign, listed, number
from worker.card.state import CardState

#: Below this confidence a guess is shown with a question mark and its reason.
SURE = 0.75
_SHOWN_COLUMNS, _SHOWN_UNSURE = 16, 5
_RANKS = (
    frozenset(columns.IDENTIFIER_TARGETS),
    frozenset(columns.ALIAS_TARGETS),
    frozenset((*columns.PROFILE_TARGETS, *columns.OPT_OUT_TARGETS)),
)
_TITLES = {
    0: "Identifiers",
    1: "Also known as",
    2: "Profile",
    3: "Custom fields",
    9: "Skipped",
}
_DUPLICATES = {
    OnMatch.UPDATE: "A row whose lead exists already updates it",
    OnMatch.SKIP: "A row whose lead exists already is skipped",
    OnMatch.CREATE_ONLY: "A row whose lead exists already is reported as a problem",
}
_BLANKS = {
    Blank.KEEP: "empty cells change nothing",
    Blank.CLEAR: "*empty cells clear what is there*",
}


def rank(target: str) -> int:
    """0 for identifiers, then further ones, profile, custom fields; 9 for what is skipped."""
    if target == "skip":
        return 9
    return next((place for place, targets in enumerate(_RANKS) if target in targets), 3)


def paragraphs(state: CardState) -> list[Block]:
    """How the columns are understood, what identifies a lead, what happens to duplicates."""
    lines = ["As a file like this was mapped last time:"] if state.file.remembered else []
    lines += _columns(state)
    return [section("\n".join(lines)), section("\n".join(_policy(state)))]


def _columns(state: CardState) -> Iterator[str]:
    for place, title in _TITLES.items():
        of_rank = [i for i, target in enumerate(state.mapping) if rank(target) == place]
        shown = [_said(state, i) for i in of_rank[:_SHOWN_COLUMNS]]
        rest = len(of_rank) - len(shown)
        shown += [f"and {number(rest)} more"] if rest else []
        if shown:
            yield f"*{title}*  {', '.join(shown)}"
    doubts = _unsure(state)
    yield from doubts[:_SHOWN_UNSURE]
    if len(doubts) > _SHOWN_UNSURE:
        yield f"❔ and {count(len(doubts) - _SHOWN_UNSURE, 'further unsure column')}"
    yield from _opt_outs(state)[:_SHOWN_UNSURE]


def _opt_outs(state: CardState) -> list[str]:
    """A line per column that may say who wants no messages, and is about to be taken otherwise."""
    if state.file.remembered:
        return []
    return [
        f"❔ “{_column(name)}” opts nobody out as it is mapped. If it says who wants no messages, "
        f"press *Edit mapping* and choose *{columns.label('unsubscribed')}*."
        for name, target in zip(state.file.header, state.mapping, strict=True)
        if columns.may_opt_out(name) and target not in columns.OPT_OUT_TARGETS
    ]


def _said(state: CardState, column: int) -> str:
    """``“Mobile” → Another phone``, or just the column where the field is called the same."""
    name, target = state.file.header[column], state.mapping[column]
    shown = f"“{_column(name)}”{_example(state, column)}"
    if target in ("skip", f"{columns.CUSTOM}{name}") or _same(name, columns.label(target)):
        return shown
    if target.startswith(columns.CUSTOM):
        return f"{shown} → “{foreign(target.removeprefix(columns.CUSTOM), 40)}”"
    return f"{shown} → {columns.label(target)}"


def _example(state: CardState, column: int) -> str:
    """A value, for a column that is used but has no name of its own."""
    named = state.file.header[column] != f"column_{column + 1}"
    if named or rank(state.mapping[column]) > 2:
        return ""
    value = next((row[column] for row in state.file.sample if row[column].strip()), "")
    return f" ({foreign(value, 24)})" if value else ""


def _same(name: str, label: str) -> bool:
    return name.replace("_", " ").strip().casefold() == label.casefold()


def _column(name: str) -> str:
    return foreign(name, 40)


def _unsure(state: CardState) -> list[str]:
    """A line per guess that may be wrong, as long as nobody has decided otherwise.

    A custom field is no guess: it keeps the column as it is.
    """
    if state.file.remembered:
        return []
    return [
        f"❔ “{_column(name)}” → {foreign(columns.label(target))}? "
        f"{_sentence(foreign(guess['reason'], 160))}"
        for name, target, guess in zip(
            state.file.header, state.mapping, state.file.guesses, strict=True
        )
        if guess["target"] == target and rank(target) < 3 and guess["confidence"] < SURE
    ]


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:].rstrip(".") + "."


def _policy(state: CardState) -> Iterator[str]:
    if not state.flaw:
        yield _identified(state)
    rules = state.rules
    yield f"*Duplicates*  {_DUPLICATES[rules.on_match]}; {_BLANKS[rules.blank]}."
    extras = []
    if rules.region and _has_phones(state):
        extras.append(f"phones without a country are taken as {rules.region}")
    if rules.tags:
        extras.append(f"every lead gets the tags {foreign(', '.join(rules.tags), 200)}")
    if extras:
        yield f"*Also*  {_sentence('; '.join(extras))}"


def _identified(state: CardState) -> str:
    rules = state.rules
    line = f"*Identified by*  {columns.label(rules.primary)}"
    stand_in = [columns.label(kind) for kind in rules.fallback]
    if rules.match_on:
        line += f", and also matched by {listed(map(columns.label, rules.match_on), 5)}"
    return line + (f"; where that is empty, by {' or '.join(stand_in)}" if stand_in else "") + "."


def _has_phones(state: CardState) -> bool:
    return any(target.endswith(Kind.PHONE.value) for target in state.mapping)
