from __future__ import annotations

import re
from typing import Any

from sqlalchemy import event

from bot.slack.steps.import_command import help_text
from core.models import Lead
from sandbox.client import Message
from tests.bot.conftest import LEADS, Office
from tests.bot.showing import is_golden, words


def answer(office: Office, text: str, who: str = "ben", channel: str = "leads") -> str:
    """What the command answers, to the asker alone."""
    person = getattr(office, who)
    seen = [m.ts for m in person.messages(channel) if m.ephemeral]
    assert person.command("/import", text, channel=channel).ok
    [told] = [m for m in person.messages(channel) if m.ephemeral and m.ts not in seen]
    return str(told.text)


def imported(office: Office, who: str = "ben", channel: str = "leads") -> Message:
    """A file that was shared and imported."""
    person = getattr(office, who)
    shared = person.share(("leads.csv", LEADS), channel=channel)
    office.taken(shared)
    office.work()
    card = person.wait_for(shared, lambda m: m.by_app)
    person.click(card, "start_import")
    office.work()
    return card


def job_of(card: Message) -> str:
    return card.element("start_import")["value"].partition(".")[0]


def test_help() -> None:
    """Every subcommand there is, and how an import begins."""
    is_golden("import_command", help_text("/import"))


def test_help_is_the_answer_to_nothing_and_to_help(office: Office) -> None:
    """`/import` and `/import help` say the same."""
    assert answer(office, "") == answer(office, "HELP") == help_text("/import")


def test_unknown_words_are_answered_with_help(office: Office) -> None:
    """What is not known is repeated, harmlessly, with the help under it."""
    told = answer(office, "erase <!channel> everything")

    assert "`erase` is not something I know" in told
    assert help_text("/import") in told
    assert "<!channel>" not in answer(office, "<!channel>")


def test_no_imports_yet(office: Office) -> None:
    """Before the first import, status says so and how to begin."""
    assert answer(office, "status").startswith("No imports yet")


def test_status_lists_imports(office: Office) -> None:
    """Name, state and id of one's own imports."""
    card = imported(office)
    told = answer(office, "status")

    assert "leads.csv" in told
    assert "3 of 4 rows in, 1 failed" in told
    assert job_of(card) in told


def test_status_of_one_import(office: Office) -> None:
    """The counts of one import, by its id."""
    told = answer(office, f"status {job_of(imported(office))}")

    assert "*leads.csv* is completed" in told
    assert "*3* new" in told
    assert "*1* failed" in told


def test_status_of_a_draft(office: Office) -> None:
    """A file that nobody has imported yet is waiting."""
    card = office.card(office.ben.share(("leads.csv", LEADS)))

    assert "waiting for somebody to press Import" in answer(office, f"status {job_of(card)}")


def test_an_undone_import_is_not_said_to_be_in(office: Office) -> None:
    """After an undo, begun by the command, status tells what was taken back and no more."""
    job = job_of(imported(office))
    assert office.ben.command("/import", f"undo {job}").ok
    asked = office.ben.open_view(lambda view: view.callback_id == "undo_import")
    assert "3 leads that it created will be deleted" in words(asked.raw["blocks"])
    office.ben.submit(asked, {})
    office.work()

    for told in (answer(office, "status"), answer(office, f"status {job}")):
        assert "undone" in told
        assert "3 leads: 3 deleted, 0 restored" in told
        assert "rows in" not in told
    assert "is undone" not in answer(office, f"status {job}")


def test_undo_needs_an_import_that_one_may_see(office: Office) -> None:
    """Without an import, with an unknown one, and with one of a private channel, in words."""
    private = job_of(imported(office, "ana", "sales-private"))

    assert "Say which import" in answer(office, "undo")
    for text in ("job_zzz", private):
        assert "There is no import" in answer(office, f"undo {text}")
    assert office.count(Lead) == 3


def test_undo_of_somebody_elses_import_is_refused(office: Office) -> None:
    """Ben sees Ana's import in the channel, and may not undo it."""
    job = job_of(imported(office, "ana"))
    assert office.ben.command("/import", f"undo {job}").ok

    told = office.ben.open_view(lambda view: view.callback_id == "words")
    assert "Only <@U0ANA>" in words(told.raw["blocks"])


def test_status_of_a_dismissed_file(office: Office) -> None:
    """A file that was dismissed is not called an import that was stopped."""
    card = office.card(office.ben.share(("leads.csv", LEADS)))
    office.ben.click(card, "offer_import.dismiss")

    told = answer(office, f"status {job_of(card)}")
    assert "*leads.csv* was dismissed" in told
    assert "stopped" not in told


def test_status_of_a_file_that_could_not_be_imported(office: Office) -> None:
    """It says why, as the card does."""
    shared = office.ben.share(("leads.csv", b"Email,Name\n"))
    office.card(shared)
    [rejected] = re.findall(r"job_\w+", office.replies(shared)[0].words)

    told = answer(office, f"status {rejected}")
    assert "was not imported" in told
    assert "no rows under it" in told


def test_imports_of_private_channels_stay_private(office: Office) -> None:
    """Ben sees nothing of Ana's import elsewhere; in its channel he does, and admins always."""
    job = job_of(imported(office, "ana", "sales-private"))

    assert answer(office, "status").startswith("No imports yet")
    assert "no import" in answer(office, f"status {job}")
    assert "leads.csv" in answer(office, "status", channel="sales-private")
    assert "leads.csv" in answer(office, f"status {job}", who="ana")


def test_ids_that_are_none(office: Office) -> None:
    """Nonsense and unknown ids get the same words."""
    for text in ("job_0000000000000", "job_zzz", "../etc", "`x` <!here>"):
        told = answer(office, f"status {text}")
        assert "There is no import" in told
        assert "<!here>" not in told


def test_status_of_one_import_counts_no_problems(office: Office) -> None:
    """What the answer does not show is not looked for: it would mean to read every problem."""
    job = job_of(imported(office))
    asked: list[str] = []
    engine = office.station.database.engine

    def note(*of: Any) -> None:
        asked.append(of[2])

    event.listen(engine, "before_cursor_execute", note)
    told = answer(office, f"status {job}")
    event.remove(engine, "before_cursor_execute", note)

    assert "*1* failed" in told
    assert any("import" in statement for statement in asked)
    assert not any("row_problem" in statement for statement in asked)
