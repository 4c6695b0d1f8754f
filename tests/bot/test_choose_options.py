from __future__ import annotations

from dataclasses import replace

from bot.slack import options_form
from core.rules import Blank, ImportRules, OnMatch
from tests.bot.conftest import LEADS, Office
from tests.bot.showing import DRAFT, is_golden, view_fits_slack


def field(name: str, value: object) -> dict[str, dict[str, object]]:
    return {name: {f"choose_options.{name}": value}}


def test_the_form() -> None:
    """Duplicates, empty cells, further identifiers, country, strictness, tags."""
    view = options_form.view(DRAFT)

    view_fits_slack(view)
    is_golden("choose_options", view)


def test_the_form_shows_what_was_chosen() -> None:
    """Rules that differ from the usual ones are filled in."""
    rules = ImportRules.from_json(
        {"region": "GB", "tags": ["a", "b"], "match_on": ["phone"], "on_match": "skip"}
    )
    view = options_form.view(replace(DRAFT, rules=rules))
    shown = str(view["blocks"])

    view_fits_slack(view)
    assert "'initial_value': 'a, b'" in shown
    assert "United Kingdom" in shown


def test_the_form_is_read_back() -> None:
    """Every field of the form ends up in the rules; what it does not show stays."""
    before = ImportRules(clear_mark="-")
    values = {
        "on_match": {"x": {"selected_option": {"value": "create_only"}}},
        "blank": {"x": {"selected_option": {"value": "clear"}}},
        "match_on": {"x": {"selected_options": [{"value": "phone"}]}},
        "region": {"x": {"selected_option": {"value": "DE"}}},
        "phone_level": {"x": {"selected_option": {"value": "valid"}}},
        "tags": {"x": {"value": "expo, berlin ,, expo"}},
    }
    rules = options_form.rules(before, values)

    assert rules.on_match is OnMatch.CREATE_ONLY
    assert rules.blank is Blank.CLEAR
    assert [kind.value for kind in rules.match_on] == ["phone"]
    assert (rules.region, rules.phone_level) == ("DE", "valid")
    assert rules.tags == ("expo", "berlin")
    assert rules.clear_mark == "-"


def test_options_are_chosen_and_shown(office: Office) -> None:
    """Too many tags are refused beside the field; then the card shows what was chosen."""
    card = office.card(office.ben.share(("leads.csv", LEADS)))
    office.ben.click(card, "choose_options")
    view = office.ben.open_view(lambda v: v.callback_id == "choose_options")
    refused = office.ben.submit(view, field("tags", ",".join(map(str, range(30)))))
    accepted = office.ben.submit(view, field("tags", "expo") | field("on_match", "skip"))
    office.work()
    shown = office.replies(office.ben.messages()[0])[0].words

    assert refused.errors == {"tags": "30 tags are too many: 20 are the most."}
    assert accepted.ok
    assert "the tags expo" in shown
    assert "is skipped" in shown


def test_others_may_not_choose(office: Office) -> None:
    """Ben opens the options of Ana's file: the modal says who can."""
    card = office.card(office.ana.share(("leads.csv", LEADS)))
    office.ben.click(card, "choose_options")

    assert "Only <@U0ANA>" in office.ben.open_view(lambda v: "Only" in v.words).words


def test_it_started_meanwhile(office: Office) -> None:
    """Options of a started import cannot be saved, and the modal says so."""
    card = office.card(office.ben.share(("leads.csv", LEADS)))
    office.ben.click(card, "choose_options")
    view = office.ben.open_view(lambda v: v.callback_id == "choose_options")
    office.ana.click(card, "start_import")
    office.ben.submit(view)

    assert "has started" in office.ben.open_view().words
