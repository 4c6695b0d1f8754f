from __future__ import annotations

from dataclasses import replace

from core.models import Lead
from tests.bot.conftest import LEADS, Office
from tests.bot.showing import DRAFT, fits_slack, is_golden
from worker import card


def test_a_file_is_deleted_before_it_was_imported(office: Office) -> None:
    """The draft ends with words, and its old button starts nothing any more."""
    shared = office.ben.share(("leads.csv", LEADS))
    offered = office.card(shared)
    office.ben.delete_file(shared.files[0]["id"])
    office.hear("file_deleted")
    office.work()
    office.ben.click(offered, "start_import", stale=True)
    office.work()
    [ended] = office.replies(shared)

    assert "leads.csv was deleted in Slack before anybody imported it." in ended.words
    assert ended.actions == []
    assert office.count(Lead) == 0
    assert office.whispers(shared, office.ben) != []


def test_a_file_is_deleted_while_it_is_imported(office: Office) -> None:
    """A started import has a copy of its own and goes on."""
    shared = office.ben.share(("leads.csv", LEADS))
    office.ben.click(office.card(shared), "start_import")
    office.ben.delete_file(shared.files[0]["id"])
    office.hear("file_deleted")
    office.work()

    assert office.count(Lead) == 3


def test_the_card_of_a_deleted_file() -> None:
    """Its words are those of a file that cannot be imported."""
    failure = "leads.csv was deleted in Slack before anybody imported it."
    message = card.render(
        replace(DRAFT, status="failed", failure=failure, failure_code="file_gone")
    )

    fits_slack(message)
    is_golden("lifecycle", message)


def test_channels_without_the_app_are_silent(office: Office) -> None:
    """Where the app is not a member it hears nothing and says nothing."""
    shared = office.ben.share(("leads.csv", LEADS), channel="random")
    office.work()

    assert office.replies(shared) == []
