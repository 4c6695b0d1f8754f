from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from core import forecast
from core.db import Database
from core.deciding import Plan
from core.engine import Job
from core.identifiers import regions
from core.problems import ProblemCode
from tests.bot.conftest import LEADS, Office
from tests.bot.showing import COUNTS, DRAFT, FORECAST, PROBLEMS, fits_slack, is_golden, words
from worker import card
from worker.card import problems
from worker.card.forecast import region_select
from worker.card.state import Counts, Forecast, Problems

PHONES = (
    b"Name,Phone\n"
    b"Ada,020 7946 0018\n"
    b"Alan,020 7946 0019\n"
    b"Grace,+44 20 7946 0020\n"
)  # fmt: skip


def test_the_card_with_its_forecast() -> None:
    """Counts, the commonest problems and a way out of each are on the card."""
    message = card.render(FORECAST)

    fits_slack(message)
    assert "812 new, 170 updates, 18 left out" in message.text
    is_golden("forecast", message)


def test_while_it_is_counted() -> None:
    """An unfinished forecast says how far it is and what it has found so far, and no problems."""
    so_far = Counts(created=320, updated=60, failed=20)
    counting = replace(DRAFT, forecast=Forecast(so_far, 400, False, PROBLEMS))
    message = card.render(counting)

    fits_slack(message)
    shown = words(message.blocks)
    assert "400 of 1,000 rows so far, with 320 new, 60 updates, 20 left out." in shown
    assert "🔸" not in shown


def test_the_card_shows_numbers_while_it_is_counted(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each report of a forecast that is not done yet reaches the card in the thread."""
    monkeypatch.setattr(forecast, "BATCH_ROWS", 2)
    monkeypatch.setattr(forecast, "REPORT_EVERY", -1.0)
    plans, seen = forecast.plans, []

    def watched(database: Database, job: Job) -> Iterator[Plan]:
        for n, plan in enumerate(plans(database, job)):
            if n:  # the report on the batch before is written down
                office.deliver()
                seen.append(office.replies(shared)[0].words)
            yield plan

    monkeypatch.setattr(forecast, "plans", watched)
    shared = office.ben.share(("leads.csv", LEADS))
    office.card(shared)

    assert len(seen) == 1
    assert "2 of 4 rows so far, with 2 new, 0 updates, 0 left out" in seen[0]
    assert "3 new, 0 updates, 1 left out" in office.replies(shared)[0].words


def test_only_the_three_commonest_problems_are_spelt_out() -> None:
    """Further kinds are named with their counts."""
    found = tuple(Problems(code, "C", "error", 50 - i) for i, code in enumerate(ProblemCode))
    many = replace(DRAFT, forecast=Forecast(COUNTS, 1000, True, found))
    message = card.render(many)

    fits_slack(message)
    assert words(message.blocks).count("🔸") == 3


def test_a_row_that_stays_out_is_not_said_to_come_in() -> None:
    """Importing without a bad value is no way out for a row that nothing else identifies."""
    found = Forecast(Counts(created=990, failed=10), 1000, True, (PROBLEMS[0],))
    kept_out = words(card.render(replace(DRAFT, forecast=found)).blocks)
    warned = replace(PROBLEMS[0], severity="warning")
    found = Forecast(Counts(created=1000), 1000, True, (warned,))

    assert "A row that nothing else identifies stays out" in kept_out
    assert "import without these values" not in kept_out
    without = words(card.render(replace(DRAFT, forecast=found)).blocks)
    assert "import without these values" in without
    assert "stays out" not in without


def test_every_kind_of_problem_has_words() -> None:
    """No problem code is shown bare."""
    assert {code.value for code in ProblemCode} <= set(problems.NAMES)


def test_every_country_can_be_chosen() -> None:
    """The select holds each country once."""
    groups = region_select()["option_groups"]
    codes = [option["value"] for group in groups for option in group["options"]]

    assert sorted(codes) == sorted(code for code, _ in regions())


def test_choosing_a_country_mends_the_phones(office: Office) -> None:
    """Two phones without a country become leads once their country was chosen."""
    shared = office.ben.share(("phones.csv", PHONES))
    before = office.card(shared)
    reaction = office.ben.choose(before, "forecast.region", "GB")
    after = office.card(shared)

    assert "2 phones without a country" in before.words
    assert reaction.ok
    assert "3 new, 0 updates, 0 left out" in after.words
    assert "taken as GB" in after.words
    assert "forecast.region" not in after.actions


def test_others_cannot_choose(office: Office) -> None:
    """Ben may not set the country of Ana's file."""
    shared = office.ana.share(("phones.csv", PHONES))
    office.ben.choose(office.card(shared), "forecast.region", "GB")

    assert "Only <@U0ANA>" in office.whispers(shared, office.ben)[0]
    assert "2 phones without a country" in office.card(shared).words
