"""A paused import: its card, *Go on*, and the clicks that come too late."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core import imports
from core.models import Lead
from tests.bot.conftest import Office
from tests.bot.showing import RUNNING, fits_slack, is_golden, words
from worker import card
from worker.card.state import Counts

PAUSED = replace(RUNNING, status="paused", counts=Counts(created=20, failed=480))
GOOD, ROWS = 400, 2_100


def hopeless() -> bytes:
    """A file most of whose rows fail, in two parts."""
    body = "".join(f"P{n},{f'p{n}@example.com' if n < GOOD else 'none'}\n" for n in range(ROWS))
    return b"Name,Email\n" + body.encode()


def test_the_card_when_it_pauses() -> None:
    """The card says how many rows failed and offers to go on or to stop."""
    message = card.render(PAUSED)

    fits_slack(message)
    assert "480 of the first 500 rows failed; 500 more are waiting." in words(message.blocks)
    is_golden("resume_import", message)


@pytest.mark.parametrize("choice", ["resume_import", "cancel_import"])
def test_somebody_decides(office: Office, choice: str) -> None:
    """A hopeless import pauses and asks; then it goes on to its end, or stops where it is."""
    shared = office.ben.share(("leads.csv", hopeless()))
    offered = office.card(shared)
    office.ben.click(offered, "start_import")
    office.work()
    paused = office.ben.again(offered)
    assert "600 of the first 1,000 rows failed; 1,100 more are waiting." in paused.words
    assert len(office.replies(shared)) == 1

    office.ben.click(paused, choice)
    office.work()
    summary = office.replies(shared)[1]

    left = {"resume_import": "1,700 failed", "cancel_import": "600 failed + 1,100 not processed"}
    assert f"2,100 rows = 400 new + {left[choice]}" in summary.words
    assert office.count(Lead) == GOOD
    office.ben.click(paused, choice, stale=True)
    assert office.whispers(shared, office.ben)
    assert sum("2,100 rows = " in reply.words for reply in office.replies(shared)) == 1


def test_others_may_not_resume(office: Office) -> None:
    """Ben may not go on with Ana's import."""
    shared = office.ana.share(("leads.csv", hopeless()))
    offered = office.card(shared)
    office.ana.click(offered, "start_import")
    office.work()
    office.ben.click(office.ben.again(offered), "resume_import")
    office.work()

    assert "Only <@U0ANA>" in office.whispers(shared, office.ben)[0]
    with office.station.database.reading() as session:
        account = imports.account(session, "default").id
        assert account is not None
        assert imports.recent(session, account)[0][0].status == "paused"
