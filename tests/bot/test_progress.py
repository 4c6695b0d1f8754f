from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bot.conftest import LEADS, Office
from tests.bot.showing import RUNNING, fits_slack, is_golden, words
from worker import card, thread
from worker.card.progress import bar
from worker.card.state import Counts


def test_the_card_while_it_runs() -> None:
    """Bar, done and total, the counts, the speed, the time left and Cancel."""
    message = card.render(RUNNING)

    fits_slack(message)
    is_golden("progress", message)


def test_waiting_for_a_worker() -> None:
    """Accepted but not begun: the card says so and can be cancelled."""
    message = card.render(replace(RUNNING, status="queued", counts=Counts(), started_at=0))

    fits_slack(message)
    is_golden("progress.queued", message)


@pytest.mark.parametrize(("done", "shown"), [(0, "0 %"), (999, "99 %"), (1000, "100 %")])
def test_the_bar_is_full_only_at_the_end(done: int, shown: str) -> None:
    """999 of 1,000 rows are 99 %, with a gap in the bar."""
    text = bar(done, 1000)

    assert text.endswith(shown)
    assert ("▱" not in text) is (done == 1000)


def test_nothing_done_yet() -> None:
    """Before the first rows are in there is no speed to tell."""
    shown = words(card.render(replace(RUNNING, counts=Counts())).blocks)

    assert "rows/s" not in shown
    assert "0 of 1,000 rows" in shown


def test_the_card_turns_to_progress(office: Office) -> None:
    """After Import the same message shows the import instead of the offer."""
    shared = office.ben.share(("leads.csv", LEADS))
    offered = office.card(shared)
    office.ben.click(offered, "start_import")
    thread.deliver(office.station, office.due()[0])
    running = office.ben.again(offered)

    assert "4 rows accepted" in running.words
    assert running.actions == ["cancel_import"]
