"""What the import would do, and how to mend the commonest problems before it does."""

from __future__ import annotations

import unicodedata
from functools import cache

from core.identifiers import regions
from core.problems import ProblemCode, Severity
from worker.card import problems
from worker.card.blocks import Block, context, group, option, section
from worker.card.mrkdwn import count, foreign, listed, number
from worker.card.state import CardState, Counts

REGION = "forecast.region"
_SHOWN = 3
#: Countries at the top of the list; the rest follow by name.
_FIRST = ("US", "GB", "CA", "AU", "DE", "FR", "ES", "IT", "NL", "IN", "BR", "MX", "JP")
_MENDS = {
    ProblemCode.INVALID_EMAIL: "Correct them in the file, or import without these values.",
    ProblemCode.INVALID_PHONE: "Correct them in the file, or import without these values.",
    ProblemCode.MISSING_IDENTIFIER: "Press *Edit mapping* if another column identifies them.",
    ProblemCode.AMBIGUOUS_MATCH: "They are left for you: nothing is merged by itself.",
    ProblemCode.PHONE_IN_SCIENTIFIC_NOTATION: "Export the file again with phones as text.",
    ProblemCode.IDENTIFIER_OWNED_BY_OTHER: "They stay with the lead that has them.",
    ProblemCode.ALREADY_EXISTS: "Choose *Options* to update or skip them instead.",
    ProblemCode.TOO_MANY_CELLS: "Put cells that hold the separator in quotes.",
}
#: The same where at least one row has nothing else to identify it, so that it would stay out.
_STAYS_OUT = (
    "Correct them in the file. A row that nothing else identifies stays out; the others come in "
    "without the value."
)
_MENDS_OF_ROWS = dict.fromkeys((ProblemCode.INVALID_EMAIL, ProblemCode.INVALID_PHONE), _STAYS_OUT)


def sentence(state: CardState) -> str:
    """The forecast in one sentence, or that it is on its way."""
    found = state.forecast
    if found is None:
        return "Counting what an import would do."
    if found.failed:
        return "The forecast could not be made; you can import all the same."
    if not found.done:
        return (
            f"Counting: {number(found.rows)} of {number(state.file.rows)} rows so far, "
            f"with {_sums(found.counts)}."
        )
    return f"An import now would give {_sums(found.counts)}."


def _sums(counts: Counts) -> str:
    named = [
        f"{number(counts.created)} new",
        count(counts.updated, "update"),
        f"{number(counts.unchanged)} unchanged" if counts.unchanged else "",
        f"{number(counts.skipped)} skipped" if counts.skipped else "",
        f"{number(counts.failed)} left out",
    ]
    return ", ".join(filter(None, named))


def paragraphs(state: CardState) -> list[Block]:
    """The counts, and the three commonest problems each with its way out."""
    found = state.forecast
    if found is None or not found.done:
        sign = "⚠️" if found and found.failed else "⏳"
        return [section(f"*Forecast*  {sign} {sentence(state)}")]
    kinds = problems.kinds(p for p in found.problems if p.severity != Severity.INFO)
    shown, rest = kinds[:_SHOWN], kinds[_SHOWN:]
    blocks = [section(f"*Forecast*  {_sums(found.counts)}{_costs(state)}")]
    blocks += [_problem(kind, state.version) for kind in shown]
    if rest:
        blocks.append(context(f"Also {listed((kind.name for kind in rest), 8)}"))
    if noted := problems.notes(found.problems):
        blocks.append(context(f"Good to know: {listed((kind.name for kind in noted), 8)}"))
    return blocks


def _costs(state: CardState) -> str:
    """What problems cost: some their row, others only a value of it."""
    if state.forecast is None:
        return ""
    lines = []
    if failed := state.forecast.counts.failed:
        them = "The row that is left out comes"
        if failed > 1:
            them = f"The {number(failed)} rows that are left out come"
        lines.append(f"{them} back as a file, with what is wrong.")
    if problems.warnings(state.forecast.problems):
        lines.append("Values marked 🔹 are left out; their rows come in.")
    return "".join(f"\n{line}" for line in lines)


def _problem(kind: problems.Kind, version: str) -> Block:
    """One kind of problem with its way out; the diamond tells what costs rows from the rest."""
    values = [f"“{foreign(e.value, 30)}”" for e in kind.examples if e.value]
    such = f", such as {values[0]}" if values else ""
    lead = f"{'🔸' if kind.keeps_out else '🔹'} *{kind.name}*{such}"
    if kind.code == ProblemCode.PHONE_NEEDS_COUNTRY:
        question = (
            "Which country is it from?" if kind.count == 1 else "Which country are they from?"
        )
        return section(f"{lead}\n{question}", region_select(), version)
    code = ProblemCode(kind.code)
    mend = (kind.keeps_out and _MENDS_OF_ROWS.get(code)) or _MENDS.get(code, "")
    return section(f"{lead}\n{mend}" if mend else lead)


def region_select(action_id: str = REGION, chosen: str | None = None) -> Block:
    """A select of all countries that have phone numbers."""
    select: Block = {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": {"type": "plain_text", "text": "Choose a country"},
        "option_groups": _countries(),
    }
    names = dict(regions())
    return {**select, "initial_option": option(names[chosen], chosen)} if chosen else select


@cache
def _countries() -> list[Block]:
    names = dict(regions())
    groups = [group("Often chosen", [option(names[code], code) for code in _FIRST])]
    rest = [(_unaccented(name), code) for code, name in names.items() if code not in _FIRST]
    by_initial: dict[str, list[Block]] = {}
    for name, code in sorted(rest):
        by_initial.setdefault(name[0], []).append(option(names[code], code))
    return groups + [group(initial, options) for initial, options in by_initial.items()]


def _unaccented(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
