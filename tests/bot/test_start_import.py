from __future__ import annotations

from dataclasses import replace

from core.models import Lead
from tests.bot.conftest import LEADS, Office
from tests.bot.showing import DRAFT, FORECAST, is_golden
from worker.card.start_import import press


def test_the_button_and_its_question() -> None:
    """The dialog asks with the counts of the forecast."""
    is_golden("start_import", press(FORECAST))


def test_before_the_forecast() -> None:
    """Without a forecast the dialog names the rows, and says that nothing else is known yet."""
    question = press(DRAFT)["confirm"]["text"]["text"]

    assert question.startswith("1,000 rows. The forecast is not ready yet")


def test_long_names_fit() -> None:
    """A file name of 500 characters fits into the dialog's title."""
    assert len(press(replace(DRAFT, name="n" * 500))["confirm"]["title"]["text"]) <= 100


def test_a_double_click_starts_one_import(office: Office) -> None:
    """The second click is answered politely; the leads are there once, with one summary."""
    shared = office.ben.share(("leads.csv", LEADS))
    card = office.card(shared)
    first, second = office.ben.click(card, "start_import"), office.ben.click(card, "start_import")
    office.work()

    assert first.ok
    assert second.ok
    assert "started already" in office.whispers(shared, office.ben)[0]
    assert office.count(Lead) == 3
    assert len([m for m in office.replies(shared) if "4 rows = " in m.text]) == 1


def test_clicks_at_the_same_moment(office: Office) -> None:
    """The same click delivered eight times at once starts one import."""
    shared = office.ben.share(("leads.csv", LEADS))
    office.ben.click(office.card(shared), "start_import")
    click = office.heard("block_actions start_import")
    again = office.sandbox.redeliver(delivery=click["id"], times=8, together=True)
    office.work()

    assert {d["status"] for d in again} == {200}
    assert office.count(Lead) == 3


def test_others_may_not_start(office: Office) -> None:
    """Ben's click on Ana's card is refused in words that only he sees."""
    shared = office.ana.share(("leads.csv", LEADS))
    office.ben.click(office.card(shared), "start_import")
    office.work()

    assert office.whispers(shared, office.ben) == [
        "Only <@U0ANA> or a workspace admin can import this file."
    ]
    assert office.count(Lead) == 0


def test_what_was_confirmed_is_what_starts(office: Office) -> None:
    """A click on a card whose mapping has changed since starts nothing and says so."""
    shared = office.ben.share(("phones.csv", b"Name,Phone\nAda,020 7946 0018\n"))
    old = office.card(shared)
    office.ana.choose(old, "forecast.region", "GB")
    office.ben.click(old, "start_import")  # the card was not drawn anew yet
    office.work()

    assert "was changed meanwhile" in office.whispers(shared, office.ben)[0]
    assert office.count(Lead) == 0


def test_an_admin_whom_slack_cannot_name_may_not_start(office: Office) -> None:
    """If Slack does not say who somebody is, nothing is started and the click is not lost."""
    shared = office.ben.share(("leads.csv", LEADS))
    card = office.card(shared)
    office.sandbox.fault("users.info", "error", error="fatal_error")
    reaction = office.ana.click(card, "start_import")

    assert reaction.status == 500
    assert office.ana.click(card, "start_import").ok
    office.work()
    assert office.count(Lead) == 3
