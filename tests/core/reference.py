"""The import rules in their plainest form: one row at a time, on dictionaries.

The engine must give the same leads, outcomes and problems, in batches of any size, on any database.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

from core.identifiers import Kind, normalise
from core.names import split_name
from core.optouts import opted_out
from core.rules import ImportRules

KINDS = [kind.value for kind in Kind]
OPT_OUTS = ["unsubscribed", "blocked"]
Key = tuple[str, str]


def reference(  # noqa: C901  (one plain loop is its purpose)
    leads: list[dict[str, Any]],
    rows: Sequence[Sequence[str]],
    targets: Sequence[str],
    rules: ImportRules,
    suppressed: Set[Key] = frozenset(),
) -> tuple[str, list[tuple[int, str]]]:
    """Import rows into ``leads``; one letter of outcome a row, and (row, problem code) pairs."""
    owner = {key: index for index, lead in enumerate(leads) for key in lead["ids"]}
    found_as = [state(lead) for lead in leads]
    for lead in leads:
        lead["row"] = 0  # the first row of this import that created or changed it
    outcomes, problems = [], []
    for number, cells in enumerate(rows, 1):
        pairs = [(t, c.strip()) for t, c in zip(targets, cells, strict=True)]
        named = [(target, cell) for target, cell in pairs if cell]
        values, doubts = wanted(pairs, rules)
        problems += [(number, code) for code in doubts]
        held, main, bad = [], {}, []
        for target, cell in sorted(named, key=lambda pair: pair[0] not in KINDS):
            kind = target.removeprefix("alias_")
            if kind in KINDS and cell == rules.clear_mark:
                problems.append((number, "identifier_not_cleared"))
            elif kind in KINDS:
                value = normalise(Kind(kind), cell, rules.region)
                if not isinstance(value, str):
                    bad.append(value.code.value)
                elif (kind, value) not in held:
                    held.append((kind, value))
                    if target in KINDS:
                        main[kind] = value
        kinds = [k.value for k in (rules.primary, *rules.match_on) if k.value in main]
        kinds = kinds or [k.value for k in rules.fallback if k.value in main][:1]
        if not kinds:
            outcomes.append("f")
            problems += [(number, code) for code in bad or ["missing_identifier"]]
            continue
        problems += [(number, code) for code in bad]
        if suppressed.intersection(held):
            outcomes.append("s")
            problems.append((number, "suppressed"))
            continue
        found = {owner[k, main[k]] for k in kinds if (k, main[k]) in owner}
        if len(found) > 1:
            outcomes.append("f")
            problems.append((number, "ambiguous_match"))
            continue
        if not found:
            given = {name: value for name, value in rules.defaults if name not in values}
            leads.append({"fields": given, "tags": [], "ids": set(), "row": number})
            index, outcome = len(leads) - 1, "c"
        else:
            index, outcome = found.pop(), "="
            if leads[index]["row"]:
                problems.append((number, "duplicate_in_file"))
            if rules.on_match == "skip":
                outcomes.append("s")
                continue
            if rules.on_match == "create_only":
                outcomes.append("f")
                problems.append((number, "already_exists"))
                continue
        lead = leads[index]
        fields = lead["fields"]
        for name, value in [*values.items(), *main.items()]:
            old = fields.get(name)
            if old and old != value and name in OPT_OUTS and not value and not rules.resubscribe:
                problems.append((number, "opt_out_kept"))
            elif old and old != value and name in rules.protected:
                problems.append((number, "protected_field"))
            elif value:
                fields[name] = value
            else:
                fields.pop(name, None)
        for kind, value in held:
            mine = owner.setdefault((kind, value), index) == index
            if mine:
                lead["ids"].add((kind, value))
            else:
                problems.append((number, "identifier_owned_by_other"))
        for target, cell in named:
            if target == "tags" and cell not in [*lead["tags"], rules.clear_mark]:
                lead["tags"].append(cell)
        outcomes.append(outcome)
        if index < len(found_as):  # it was there before this import
            changed = state(lead) != found_as[index]
            if changed and not lead["row"]:
                lead["row"], outcomes[-1] = number, "u"
            elif not changed and lead["row"]:
                outcomes[lead["row"] - 1], lead["row"] = "=", 0
    return "".join(outcomes), problems


def wanted(
    pairs: Sequence[tuple[str, str]], rules: ImportRules
) -> tuple[dict[str, str | None], list[str]]:
    """What the cells ask of the lead's fields, None to clear one; and codes of problems."""
    values: dict[str, str | None] = {}
    doubts = []
    for target, cell in pairs:
        clear = cell == rules.clear_mark
        if target in OPT_OUTS and cell:
            says = False if clear else opted_out(cell)
            if says is None:
                doubts.append("unclear_opt_out")
            else:
                values[target] = "yes" if says else None
        if target in [*KINDS, *OPT_OUTS, "tags"] or target.startswith("alias_"):
            continue
        if clear or (not cell and rules.blank == "clear" and target not in dict(rules.defaults)):
            values[target] = None
        elif cell:
            values[target] = cell
    parts = split_name(values.get("name") or "") if rules.split_name else None
    if parts and not values.get("first_name") and not values.get("last_name"):
        del values["name"]
        values["first_name"], values["last_name"] = parts
    return values, doubts


def state(lead: dict[str, Any]) -> tuple[dict[str, str], list[str], set[tuple[str, str]]]:
    """What a lead holds, to compare it by."""
    return dict(lead["fields"]), list(lead["tags"]), set(lead["ids"])
