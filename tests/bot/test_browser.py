"""What a person does and sees, in a real browser, from the dropped file to the summary."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import select

from core.models import Lead
from tests.bot.conftest import Office
from tests.sandbox.conftest import visit
from tests.sandbox.test_page import DROP

pytestmark = pytest.mark.browser

#: "Reach" is an email by its values; "Extra" is nothing that could be guessed.
FILE = (
    "Who,Reach,Extra\n"
    "Ada Lovelace,ada@fjord-labs.com,likes engines\n"
    "Alan Turing,alan@fjord-labs.com,\n"
    "Grace Hopper,grace-at-navy,on a ship\n"
)


@pytest.fixture
def page(browser: Browser, office: Office) -> Iterator[Page]:
    """The channel, as Ben sees it. A script error on the page fails the test."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    visit(page, office.sandbox.base_url, user="ben", channel="leads")
    yield page
    page.close()
    assert errors == []


def test_from_the_dropped_file_to_the_summary(page: Page, office: Office) -> None:
    """Drop a file, change the mapping in the modal, confirm, and read the summary."""
    with office.working():
        page.locator("#room").evaluate(DROP, ["people.csv", FILE])
        page.locator("#room .thread-link").click()
        thread = page.locator("#thread")
        expect(thread).to_contain_text("Forecast  2 new, 0 updates, 1 left out")
        expect(thread).to_contain_text("“Reach” → Email")

        page.locator("[data-action-id=map_columns]").click()
        modal = page.locator("dialog")
        expect(modal).to_contain_text("likes engines")
        reach = modal.locator("select[data-block-id=column-1]")
        reach.select_option("skip")
        modal.get_by_role("button", name="Save").click()
        expect(modal).to_contain_text("No column identifies a lead")

        reach.select_option("email")
        modal.locator("select[data-block-id=column-2]").select_option("notes")
        modal.get_by_role("button", name="Save").click()
        expect(page.locator("dialog")).to_have_count(0)
        expect(thread).to_contain_text("“Extra” → Notes")
        expect(thread).to_contain_text("Forecast  2 new, 0 updates, 1 left out")

        page.locator("[data-action-id=start_import]").click()
        expect(page.locator("dialog")).to_contain_text("3 rows: 2 new leads, 1 left out")
        page.locator("dialog").get_by_role("button", name="Import").click()
        expect(thread).to_contain_text("people.csv is imported: 2 of 3 rows are in.")
        expect(thread).to_contain_text("3 rows = 2 new + 1 failed")
        expect(thread).to_contain_text("Row 3 (line 4): “grace-at-navy” is not an email address")
        expect(thread.locator(".file strong").last).to_have_text("leads-problems.csv")

    with office.station.database.reading() as session:
        notes = {lead.fields.get("notes") for lead in session.exec(select(Lead))}
    assert notes == {"likes engines", None}


def test_nobody_but_the_asker_sees_the_help(page: Page, office: Office) -> None:
    """The command typed into the channel is answered to Ben alone."""
    page.get_by_placeholder("Message #leads").fill("/import")
    page.keyboard.press("Enter")

    expect(page.locator("#room [data-ephemeral]")).to_contain_text("/import status")
    assert not any("status" in message.words for message in office.ana.messages())


def test_the_picture_in_the_readme_is_there() -> None:
    """The README's picture is in the repository and light enough for a slow line."""
    picture = Path(__file__).parents[2] / "docs" / "thread.png"

    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < 300_000
