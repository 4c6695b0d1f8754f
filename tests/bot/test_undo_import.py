"""Undoing from the thread: the question, the card, and the clicks that come too late."""

from __future__ import annotations

import csv
import re
from dataclasses import replace

import httpx
import pytest

from bot.slack.steps import undo_import
from core import imports
from core.models import Import, Lead
from sandbox.client import Message
from tests.bot.conftest import LEADS, TOKEN, Office
from tests.bot.showing import ENDED, fits_slack, is_golden, view_fits_slack, words
from worker import card
from worker.card.state import Counts, Undone
from worker.card.undo_import import question

FORESEEN = Undone(deleted=812, restored=167, kept=2, gone=1)
UNDONE = replace(ENDED, undone=replace(FORESEEN, state="undone"))


def summary_of(office: Office, content: bytes = LEADS) -> tuple[Message, Message]:
    """A file that Ben sent, and the summary of its import."""
    shared = office.ben.share(("leads.csv", content))
    office.ben.click(office.card(shared), "start_import")
    office.work()
    return shared, office.replies(shared)[1]


def spoken(office: Office, shared: Message) -> int:
    """How many messages the app has written; a file it attached may turn up later."""
    return sum("files" not in message.raw for message in office.replies(shared))


def attached(office: Office, shared: Message) -> list[dict[str, str]]:
    """The rows of leads-undo.csv, which turns up in the thread."""
    reply = office.ben.wait_for(
        shared, lambda m: any(f["name"] == "leads-undo.csv" for f in m.files)
    )
    url = str(reply.files[0]["url_private_download"])
    file = httpx.get(url, headers={"Authorization": f"Bearer {TOKEN}"}).content
    return list(csv.DictReader(file.decode("utf-8-sig").splitlines()))


def test_the_question() -> None:
    """It says what would be deleted, restored, kept, and what is gone."""
    view = question(ENDED, FORESEEN)

    view_fits_slack(view)
    assert "812 leads that it created will be deleted" in words(view["blocks"])
    is_golden("undo_import", view)


def test_the_question_of_a_large_import() -> None:
    """Where counting would take too long, the question says the most it can be."""
    view = question(ENDED, None)

    view_fits_slack(view)
    assert "up to 812 leads that it created" in words(view["blocks"])


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("undoing", "982 leads so far: 812 deleted, 167 restored, 2 kept, 1 gone before"),
        ("undone", "was undone"),
        ("failed", "Undoing it again goes on from there"),
    ],
)
def test_the_card_of_an_undo(state: str, says: str) -> None:
    """The card says how far it is, what was done, or that it stopped, which has a way on."""
    message = card.render(replace(UNDONE, undone=replace(FORESEEN, state=state)))

    fits_slack(message)
    assert says in words(message.blocks)
    assert ("undo_import" in str(message.blocks)) is (state == "failed")


def test_the_card_when_it_was_undone() -> None:
    """Its counts add up to the leads that the import had touched."""
    is_golden("undo_import.card", card.render(UNDONE))


def test_nothing_to_undo_is_not_offered() -> None:
    """An import that changed no lead has no button for it."""
    unchanged = replace(ENDED, counts=Counts(unchanged=990, failed=10))

    assert "undo_import" in str(card.summary(ENDED).blocks)
    assert "undo_import" not in str(card.summary(unchanged).blocks)


def test_undo_from_the_summary(office: Office) -> None:
    """The question counts, confirming deletes the leads, the summary says so and has no button any
    more, and a second time is refused in words."""
    shared, summary = summary_of(office)
    said = spoken(office, shared)
    assert office.count(Lead) == 3
    office.ben.click(summary, "undo_import")
    asked = office.ben.open_view(lambda view: view.callback_id == "undo_import")
    assert "3 leads that it created will be deleted" in words(asked.raw["blocks"])
    assert office.ben.submit(asked, {}).ok
    office.work()

    assert office.count(Lead) == 0
    assert "was undone" in office.replies(shared)[0].words
    assert "3 leads: 3 deleted, 0 restored" in office.replies(shared)[0].words
    assert spoken(office, shared) == said
    assert [row["leadport_undo"] for row in attached(office, shared)] == ["deleted"] * 3
    after = office.ben.again(summary)
    assert "*Undone since.* 3 leads: 3 deleted, 0 restored." in after.words
    assert "undo_import" not in after.actions
    [job] = re.findall(r"job_\w+", office.replies(shared)[0].words)
    office.ben.command("/import", f"undo {job}")
    late = office.ben.open_view(lambda view: view.callback_id == "words")
    assert "has been undone already" in words(late.raw["blocks"])


def test_no_file_where_it_may_not_be_attached(office: Office) -> None:
    """The card speaks of a file; if Slack takes none, the thread says why it does not come."""
    shared, summary = summary_of(office)
    office.sandbox.fault("files.getUploadURLExternal", "error", error="missing_scope")
    office.ben.click(summary, "undo_import")
    asked = office.ben.open_view(lambda view: view.callback_id == "undo_import")
    office.ben.submit(asked, {})
    office.work()

    assert (
        "leads-undo.csv could not be attached (missing_scope)." in office.replies(shared)[-1].text
    )
    assert office.count(Lead) == 0


def test_two_people_confirm(office: Office) -> None:
    """Ana, an admin, and Ben both confirm: the import is undone once, and the later one is told."""
    _, summary = summary_of(office)
    for person in (office.ben, office.ana):
        person.click(summary, "undo_import")
    views = [
        person.open_view(lambda view: view.callback_id == "undo_import")
        for person in (office.ben, office.ana)
    ]
    office.ben.submit(views[0], {})
    told = office.ana.submit(views[1], {})
    office.work()

    assert "being undone already" in str(told.raw)
    assert office.count(Lead) == 0


def test_others_may_not_undo(office: Office) -> None:
    """Ben may not undo what Ana imported."""
    shared = office.ana.share(("leads.csv", LEADS))
    office.ana.click(office.card(shared), "start_import")
    office.work()
    office.ben.click(office.replies(shared)[1], "undo_import")
    told = office.ben.open_view(lambda view: view.callback_id == "words")

    assert "Only <@U0ANA>" in words(told.raw["blocks"])
    assert office.count(Lead) == 3


def test_a_large_import_is_not_looked_through(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The question comes without a look at every lead, and undoing works all the same."""
    monkeypatch.setattr(undo_import, "PREVIEWED", 2)
    _, summary = summary_of(office)
    office.ben.click(summary, "undo_import")
    asked = office.ben.open_view(lambda view: view.callback_id == "undo_import")
    assert "up to 3 leads that it created" in words(asked.raw["blocks"])
    office.ben.submit(asked, {})
    office.work()

    assert office.count(Lead) == 0
    with office.station.database.reading() as session:
        account = imports.account(session, "default").id
        assert account is not None
        [undone] = imports.recent(session, account)[0]
    assert isinstance(undone, Import)
    assert undone.undo_state == "undone"
