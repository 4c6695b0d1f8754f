from __future__ import annotations

from dataclasses import replace

from core.models import Lead
from tests.bot.conftest import LEADS, Office
from tests.bot.showing import RUNNING, STARTED, fits_slack, is_golden, words
from worker import card
from worker.card.state import Counts

CANCELLED = replace(
    RUNNING,
    status="cancelled",
    cancel_requested=True,
    counts=Counts(created=480, updated=110, failed=10, unprocessed=400),
    completed_at=STARTED + 3_000,
)


def test_the_card_when_it_was_stopped() -> None:
    """The card says what was kept and what was not processed."""
    message = card.render(CANCELLED)

    fits_slack(message)
    assert "590 of 1,000 rows are in and stay; 10 failed; 400 were not processed." in words(
        message.blocks
    )
    is_golden("cancel_import", message)


def test_what_is_said_when_it_was_stopped_adds_up() -> None:
    """Rows that are in, skipped, failed and not processed are all rows of the file."""
    counts = Counts(created=1980, unchanged=11, skipped=7, failed=2, unprocessed=18_000)
    stopped = replace(CANCELLED, total=20_000, counts=counts)

    assert (
        "1,991 of 20,000 rows are in and stay; 7 were skipped; 2 failed; "
        "18,000 were not processed." in words(card.render(stopped).blocks)
    )


def test_the_summary_when_it_was_stopped() -> None:
    """The summary's counts add up with the rows that were not processed."""
    message = card.summary(CANCELLED)

    fits_slack(message)
    assert "1,000 rows = 480 new + 110 updated + 10 failed + 400 not processed" in message.text
    assert "✅" not in words(message.blocks)


def test_while_it_stops() -> None:
    """Between the click and the end, the card says that it is stopping and offers nothing."""
    message = card.render(replace(RUNNING, cancel_requested=True))

    fits_slack(message)
    assert "Stopping" in message.text
    assert "action_id" not in str(message.blocks)


def test_cancel_before_it_began(office: Office) -> None:
    """Nothing was imported, and the thread says so."""
    shared = office.ben.share(("leads.csv", LEADS))
    offered = office.card(shared)
    office.ben.click(offered, "start_import")
    office.deliver()
    office.ben.click(office.ben.again(offered), "cancel_import")
    office.work()
    card_, summary = office.replies(shared)

    assert "Nothing was imported; 4 were not processed." in card_.words
    assert "4 rows = 4 not processed" in summary.words
    assert office.count(Lead) == 0


def test_cancel_when_it_is_over(office: Office) -> None:
    """A click on an old Cancel button is answered, and the card drawn anew."""
    shared = office.ben.share(("leads.csv", LEADS))
    offered = office.card(shared)
    office.ben.click(offered, "start_import")
    office.deliver()
    running = office.ben.again(offered)
    office.work()
    office.ben.click(running, "cancel_import", stale=True)
    office.work()

    assert "nothing to cancel" in office.whispers(shared, office.ben)[0]
    assert office.count(Lead) == 3


def test_others_may_not_cancel(office: Office) -> None:
    """Ben may not stop Ana's import."""
    shared = office.ana.share(("leads.csv", LEADS))
    offered = office.card(shared)
    office.ana.click(offered, "start_import")
    office.deliver()
    office.ben.click(office.ben.again(offered), "cancel_import")
    office.work()

    assert "Only <@U0ANA>" in office.whispers(shared, office.ben)[0]
    assert office.count(Lead) == 3
