from __future__ import annotations

from dataclasses import replace

import pytest

from bot.slack.payloads import SharedFile
from bot.slack.steps.offer_import import is_table
from core.models import Import, SeenEvent
from core.rules import ImportRules
from tests.bot.conftest import LEADS, Office
from tests.bot.showing import DRAFT, FILE, HEADER, fits_slack, is_golden, mrkdwn, words
from worker import card
from worker.card.state import Earlier

HOSTILE = "<!channel> <@U0BEN> *_~`&amp; <https://evil.example|click>" + "x" * 500


# ---- what is shown -----------------------------------------------------------------------------


def test_the_card() -> None:
    """File, size, first rows, mapping, identifier and duplicates are on the card."""
    message = card.render(DRAFT)

    fits_slack(message)
    is_golden("offer_import", message)


def test_the_first_word() -> None:
    """Before the file was read, the card says that it is being read."""
    message = card.render(replace(DRAFT, read=False))

    fits_slack(message)
    is_golden("offer_import.reading", message)


def test_what_is_unusual_is_said() -> None:
    """Encoding, delimiter, notes of the reading and an earlier import are shown where there are."""
    notes = ("This file has no header row; columns are named column_1, column_2, …",)
    odd = replace(FILE, encoding="Windows-1252", delimiter="semicolon", notes=notes)
    earlier = Earlier("job_0000000000001", 1_780_000_000_000)
    message = card.render(replace(DRAFT, file=odd, earlier=earlier))

    fits_slack(message)
    is_golden("offer_import.unusual", message)


def test_one_column_has_no_delimiter() -> None:
    """A file of one column is not said to be separated by anything."""
    file = replace(
        FILE, header=("Email",), sample=(("ada@fjord-labs.com",),), delimiter="single column",
        guesses=FILE.guesses[2:3],
    )  # fmt: skip
    shown = words(card.render(replace(DRAFT, file=file, mapping=("email",))).blocks)

    assert "1,000 rows × 1 column\n" in shown
    assert "separated" not in shown


def test_columns_without_names_show_a_value() -> None:
    """Where the file has no header row, each column that is used is known by a value."""
    header = tuple(f"column_{i}" for i in range(1, 8))
    shown = words(card.render(replace(DRAFT, file=replace(FILE, header=header))).blocks)

    assert "“column_3” (ada@fjord-labs.com) → Email" in shown
    assert "“column_7” → “Booth”" in shown


def test_no_identifier() -> None:
    """Without an identifier there is no Import button, and the card says what to do."""
    flaw = "No column identifies a lead. Map one to email, phone or external ID."
    mapping = ("first_name", "last_name", "skip", "alias_phone", "company", "title", "skip")
    message = card.render(replace(DRAFT, mapping=mapping, flaw=flaw))

    fits_slack(message)
    assert "start_import" not in str(message.blocks)
    is_golden("offer_import.no_identifier", message)


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        ("file_too_large", "The file is larger than 200 MB, which is the limit."),
        ("empty_file", "The file is empty."),
        ("header_only", "The file has a header row but no rows under it."),
        ("not_a_table", "The file could not be read as a table."),
        (
            "password_protected",
            "The workbook is protected by a password. Remove it, send it again.",
        ),
        ("unreadable_encoding", "The text encoding of the file could not be recognised."),
        (
            "download_refused",
            "Slack did not let Leadport download the file (files:read is missing).",
        ),
        ("file_gone", "leads.csv was deleted before Leadport could read it."),
        ("internal_error", "The file could not be read because of an internal error."),
    ],
)
def test_a_file_that_cannot_be_imported(code: str, failure: str) -> None:
    """Each failure is on the card in its own words, with no button left to press."""
    broken = replace(DRAFT, read=False, status="failed", failure=failure, failure_code=code)
    message = card.render(broken)

    fits_slack(message)
    assert failure in message.text
    assert failure in words(message.blocks)
    assert "action_id" not in str(message.blocks)


def test_a_column_that_may_opt_people_out_is_asked_about() -> None:
    """An opt-out is never guessed, and never passed over in silence either."""
    header = (*HEADER[:6], "Unsubscribed")
    mapping = (*DRAFT.mapping[:6], "custom:Unsubscribed")
    asked = replace(DRAFT, file=replace(DRAFT.file, header=header), mapping=mapping)
    decided = replace(asked, mapping=(*mapping[:6], "unsubscribed"))
    remembered = replace(asked, file=replace(asked.file, remembered=True))

    fits_slack(card.render(asked))
    assert "“Unsubscribed” opts nobody out as it is mapped" in words(card.render(asked).blocks)
    for settled in (decided, remembered, DRAFT):
        assert "opts nobody out" not in words(card.render(settled).blocks)


def test_many_columns_are_summed_up() -> None:
    """A file with 500 columns and hostile names still fits into one card."""
    header = tuple(f"{i} {HOSTILE}" for i in range(500))
    file = replace(
        FILE, header=header, sample=(tuple(HOSTILE for _ in header),),
        guesses=tuple({"target": "title", "confidence": 0.1, "reason": HOSTILE} for _ in header),
        notes=(HOSTILE,) * 30,
    )  # fmt: skip
    mapping = ("email", *("title",) * 400, *("custom:x",) * 99)
    message = card.render(replace(DRAFT, name=HOSTILE, file=file, mapping=mapping))

    fits_slack(message)
    assert "and 384 more" in words(message.blocks)


def test_numbers_of_columns_are_written_alike() -> None:
    """Above and below the first rows a thousand columns are the same thousand."""
    header = tuple(f"c{i}" for i in range(1000))
    file = replace(FILE, header=header, sample=(header,), guesses=FILE.guesses[:1] * 1000)
    mapping = ("email", *(f"custom:{name}" for name in header[1:]))
    shown = words(card.render(replace(DRAFT, file=file, mapping=mapping)).blocks)

    assert "× 1,000 columns" in shown
    assert "7 of 1,000 columns" in shown


def test_foreign_words_are_harmless() -> None:
    """Names from outside mention nobody and link nowhere; plain texts and cells cannot."""
    message = card.render(replace(DRAFT, name=HOSTILE, uploader=""))
    formatted = list(mrkdwn(message.blocks))

    assert "&lt;!channel&gt;" in message.text
    assert any("&lt;!channel&gt;" in text for text in formatted)
    assert not any(mark in text for text in formatted for mark in ("<!ch", "<@U0BEN", "<http"))


def test_a_workspace_without_tables() -> None:
    """The plain form of a card says the same with a preformatted table."""
    message = card.plain(card.render(DRAFT))

    fits_slack(message)
    assert {"table", "data_visualization"}.isdisjoint(b["type"] for b in message.blocks)
    assert "Lovelace" in words(message.blocks)


@pytest.mark.parametrize(
    ("name", "mode", "wanted"),
    [
        ("leads.csv", "hosted", True),
        ("LEADS.TSV", "hosted", True),
        ("leads.xlsx", "hosted", True),
        ("leads.csv.gz", "hosted", True),
        ("snippet.csv", "snippet", True),
        ("photo.png", "hosted", False),
        ("leads.pdf", "hosted", False),
        ("leads.csv", "external", False),
        ("leads.csv", "tombstone", False),
    ],
)
def test_which_files_get_a_card(name: str, mode: str, wanted: bool) -> None:
    """Tables that lie in Slack get a card, everything else is met with silence."""
    assert is_table(SharedFile("F1", name, "", mode, stub=False)) is wanted


# ---- what happens ------------------------------------------------------------------------------


def test_a_file_gets_a_card_in_its_thread(office: Office) -> None:
    """The card stands in the thread under the file and can be imported at once."""
    shared = office.ben.share(("leads.csv", LEADS))
    card_ = office.card(shared)

    assert card_.root == shared.ts
    assert "4 rows × 5 columns" in card_.words
    assert "start_import" in card_.actions
    assert len(office.replies(shared)) == 1


def test_several_files_get_a_card_each(office: Office) -> None:
    """Two tables and a picture in one message: two cards."""
    shared = office.ben.share(("a.csv", LEADS), ("b.csv", LEADS + b"x"), ("c.png", b"png"))
    office.card(shared)

    assert len(office.replies(shared)) == 2


def test_a_file_in_a_thread_is_answered_in_that_thread(office: Office) -> None:
    """The answer goes to the thread the file was shared in."""
    begun = office.ben.say("Here they come")
    shared = office.ben.share(("leads.csv", LEADS), thread=begun)

    assert office.card(shared).root == begun.ts


def test_redelivered_events_change_nothing(office: Office) -> None:
    """The same share delivered four times makes one draft and one card."""
    shared = office.ben.share(("leads.csv", LEADS))
    office.card(shared)
    event = office.heard("message.file_share")
    again = office.sandbox.redeliver(delivery=event["id"], times=4, together=True)
    office.work()

    assert [d["status"] for d in again] == [200] * 4
    assert len(office.replies(shared)) == 1
    assert office.count(Import) == 1
    assert office.count(SeenEvent) == 2  # the event and the file


def test_guests_get_no_card(office: Office) -> None:
    """A guest's file is met with silence."""
    shared = office.guest.share(("leads.csv", LEADS))
    office.card_less(shared)

    assert office.replies(shared) == []


def test_a_file_of_another_workspace_gets_no_card(office: Office) -> None:
    """Whoever users.info does not know is an outsider."""
    office.sandbox.fault("users.info", "error", error="user_not_found")
    shared = office.ben.share(("leads.csv", LEADS))
    office.card_less(shared)

    assert office.replies(shared) == []


def test_dismiss(office: Office) -> None:
    """Dismiss drops the draft; the card says how to get it back."""
    shared = office.ben.share(("leads.csv", LEADS))
    reaction = office.ben.click(office.card(shared), "offer_import.dismiss")
    office.work()

    assert reaction.ok
    assert "was dismissed" in office.replies(shared)[0].words
    assert office.replies(shared)[0].actions == []


def test_dismissing_what_runs_is_too_late(office: Office) -> None:
    """Once started, Dismiss on an old card is answered and changes nothing."""
    shared = office.ben.share(("leads.csv", LEADS))
    card_ = office.card(shared)
    office.ben.click(card_, "start_import")
    office.ben.click(card_, "offer_import.dismiss")

    assert "has begun already" in office.whispers(shared, office.ben)[0]
    assert "new" in _ended(office, shared)


@pytest.mark.parametrize("button", ["start_import", "offer_import.dismiss"])
def test_clicking_on_what_was_dismissed_is_too_late(office: Office, button: str) -> None:
    """Whoever presses Import or Dismiss after somebody dismissed the file hears just that."""
    shared = office.ben.share(("leads.csv", LEADS))
    card_ = office.card(shared)
    office.ana.click(card_, "offer_import.dismiss")
    office.ben.click(card_, button)

    said = "The file was dismissed meanwhile. Send it again to import it."
    assert office.whispers(shared, office.ben) == [said]


def test_only_the_sender_and_admins_may_act(office: Office) -> None:
    """Ben may not touch Ana's file; Ana, an admin, may touch Ben's."""
    hers = office.ana.share(("leads.csv", LEADS))
    office.ben.click(office.card(hers), "offer_import.dismiss")
    his = office.ben.share(("others.csv", LEADS + b"z"))
    office.ana.click(office.card(his), "offer_import.dismiss")
    office.work()

    assert "Only <@U0ANA> or a workspace admin can" in office.whispers(hers, office.ben)[0]
    assert "start_import" in office.replies(hers)[0].actions
    assert "was dismissed" in office.replies(his)[0].words


def _ended(office: Office, shared: object) -> str:
    office.work()
    return office.replies(shared)[-1].words  # type: ignore[arg-type]


def test_the_same_file_again(office: Office) -> None:
    """A file with the same bytes says when it was imported, and may be imported again."""
    first = office.ben.share(("leads.csv", LEADS))
    office.ben.click(office.card(first), "start_import")
    office.work()
    second = office.card(office.ben.share(("copy.csv", LEADS)))

    assert "already imported on" in second.words
    assert "0 new, 0 updates, 3 unchanged, 1 left out" in second.words
    assert "start_import" in second.actions


def test_the_rules_say_what_an_import_does() -> None:
    """Tags, the country of phones and further identifiers to match by are on the card."""
    rules = ImportRules.from_json(
        {"match_on": ["phone"], "region": "GB", "tags": ["expo"], "on_match": "skip"}
    )
    shown = words(card.render(replace(DRAFT, rules=rules)).blocks)

    assert "also matched by Phone" in shown
    assert "taken as GB" in shown
    assert "the tags expo" in shown
    assert "is skipped" in shown
