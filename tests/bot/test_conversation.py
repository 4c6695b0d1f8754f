"""The conversation as a whole: its table of contents, its documentation, its failures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.slack.app import STEPS
from bot.slack.column_form import TARGET
from tests.bot.conftest import LEADS, Office

ROOT = Path(__file__).parents[2]


def test_every_step_has_its_heading_its_module_and_its_test() -> None:
    """docs/conversation.md, bot/slack/steps/ and tests/bot/ hold the steps of STEPS, each once."""
    documented = re.findall(r"^## (\w+)$", (ROOT / "docs/conversation.md").read_text(), re.M)
    modules = {path.stem for path in (ROOT / "bot/slack/steps").glob("[!_]*.py")}

    assert documented == [step.name for step in STEPS]
    assert modules == set(documented)
    for name in documented:
        assert (ROOT / f"tests/bot/test_{name}.py").exists()
        assert (ROOT / f"tests/bot/golden/{name}.json").exists()


def test_ids_begin_with_their_step() -> None:
    """One name across module, action and view: grep finds everything."""
    for step in STEPS:
        for name in (*step.actions, *step.views):
            assert name.split(".")[0] == step.name


def test_the_whole_conversation_on_postgresql(postgres_office: Office) -> None:
    """Share, map, choose a country, import, cancel too late, and lose a file: as on SQLite."""
    office = postgres_office
    shared = office.ben.share(("leads.csv", LEADS + b"Ann,Lee,,020 7946 0021,C1\n"))
    office.ben.choose(office.card(shared), "forecast.region", "GB")
    office.ben.click(office.card(shared), "map_columns")
    form = office.ben.open_view(lambda view: view.callback_id == "map_columns")
    assert office.ben.submit(form, {"column-4": {TARGET: "notes"}}).ok
    office.ben.click(office.card(shared), "start_import")
    office.deliver()
    running = office.replies(shared)[0]
    office.work()
    office.ben.click(running, "cancel_import", stale=True)
    lost = office.ben.share(("lost.csv", LEADS))
    office.card(lost)
    office.ben.delete_file(lost.files[0]["id"])
    office.hear("file_deleted")
    office.work()

    assert "5 rows = 4 new + 1 failed" in office.replies(shared)[1].words
    assert "nothing to cancel" in office.whispers(shared, office.ben)[0]
    assert "was deleted in Slack" in office.replies(lost)[0].words


def test_an_internal_error_is_told_with_a_log_id(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """A click that fails inside is answered with a log id, which the log holds; no stack trace."""
    shared = office.ben.share(("leads.csv", LEADS))
    card = office.card(shared)
    with office.station.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE import_part RENAME TO away"))
    reaction = office.ben.click(card, "start_import")
    with office.station.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO import_part"))
    [told] = office.whispers(shared, office.ben)

    assert reaction.status == 500
    found = re.search(r"log id (\w{8})", told)
    assert found
    assert found[1] in caplog.text
    assert "Traceback" not in str(reaction.raw)
    assert office.ben.click(card, "start_import").ok


def test_a_share_that_cannot_be_written_down_is_sent_again(office: Office) -> None:
    """If the database fails while a file comes in, Slack's next try brings the card."""
    with office.station.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE upload RENAME TO away"))
    shared = office.ben.share(("leads.csv", LEADS))
    office.refused("message.file_share")
    with office.station.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO upload"))

    assert "4 rows × 5 columns" in office.card(shared).words


@pytest.mark.parametrize("fault", ["html", "gone"])
def test_a_download_that_fails_is_told_on_the_card(office: Office, fault: str) -> None:
    """A login page instead of the file, or no file any more: the card says so and ends."""
    shared = office.ben.share(("leads.csv", LEADS))
    office.taken(shared)
    office.sandbox.spoil_file(shared.files[0]["id"], fault, times=5)
    office.work()
    [card] = office.replies(shared)

    assert "was not imported" in card.words
    assert card.actions == []
    assert ("files:read" in card.words) is (fault == "html")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("header.csv", b"Email,Name\n"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40),
        ("nul.csv", b"\x00" * 4000),
        ("prose.csv", b"Dear all,\n\nplease find attached nothing at all.\n\nYours, Ben\n"),
        ("cell.csv", b'Email,Name\na@fjord-labs.com,"' + b"x" * 10_000_000 + b'"\n'),
        ("sheet.xlsx", b"PK\x03\x04 not really"),
    ],
)
def test_bad_files_end_with_words(office: Office, name: str, content: bytes) -> None:
    """A file that holds no leads ends with words on its card and nothing to press Import on."""
    shared = office.ben.share((name, content))
    card = office.card(shared)

    assert "start_import" not in card.actions
    assert "Traceback" not in card.words
    assert re.search(r"was not imported|Not ready to import", card.words)
