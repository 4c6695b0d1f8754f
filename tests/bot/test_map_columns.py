from __future__ import annotations

from dataclasses import replace

import pytest
from sqlmodel import select

from bot.slack import column_form
from bot.slack.column_form import Answers
from core.models import Lead
from sandbox.client import View
from tests.bot.conftest import LEADS, Office
from tests.bot.showing import DRAFT, FILE, SAMPLE, is_golden, view_fits_slack

TARGET, NAME, PRIMARY = column_form.TARGET, column_form.NAME, column_form.PRIMARY

UNNAMED = b"Who,Reach,Ring\nAda,ada@fjord-labs.com,+44 20 7946 0018\n"


def wide(columns: int) -> bytes:
    header = ",".join(["Email", *(f"Field {i}" for i in range(1, columns))])
    row = ",".join(["ada@fjord-labs.com", *(f"v{i}" for i in range(1, columns))])
    return f"{header}\n{row}\n".encode()


# ---- what is shown -----------------------------------------------------------------------------


def test_the_form() -> None:
    """One select per column with its values under it, who identifies a lead, and Remember."""
    view = column_form.view(column_form.form(DRAFT))

    view_fits_slack(view)
    is_golden("map_columns", view)


@pytest.mark.parametrize(("columns", "pages"), [(40, 1), (46, 2), (69, 2), (81, 3), (500, 13)])
def test_wide_files_take_pages(columns: int, pages: int) -> None:
    """No page has more blocks than Slack shows, even if every column gets a name of its own."""
    header = tuple(f"{'<!here> ' * 60}{i}" for i in range(columns))
    file = replace(FILE, header=header, sample=(("x" * 3000,) * columns,))
    form = column_form.form(
        replace(DRAFT, file=file, mapping=tuple(f"custom:n{i}" for i in range(columns)))
    )

    assert form.pages == pages
    for page in {0, pages // 2, pages - 1}:
        view_fits_slack(column_form.view(replace(form, page=page, notice="Something " * 200)))


def test_answers_survive_the_way_between_pages() -> None:
    """What is kept between pages comes back as it was."""
    answers = Answers({0: "email", 41: "custom:x"}, "phone", False)

    assert Answers.from_json(answers.to_json()) == answers


def test_empty_columns_say_so() -> None:
    """A column without values in the sample has no examples to show."""
    file = replace(FILE, sample=tuple((*row[:-1], " ") for row in SAMPLE))
    view = column_form.view(column_form.form(replace(DRAFT, file=file)))

    assert view["blocks"][-2]["hint"]["text"] == "Empty in the first 3 rows."


# ---- what happens ------------------------------------------------------------------------------


def edit(office: Office, name: str, content: bytes) -> View:
    """Share a file as Ben and open its mapping."""
    card = office.card(office.ben.share((name, content)))
    assert office.ben.click(card, "map_columns").ok
    return office.ben.open_view(lambda view: view.callback_id == "map_columns")


def test_it_opens_at_once(office: Office) -> None:
    """First an empty form, then the full one: the trigger is used before anything is looked up."""
    edit(office, "leads.csv", LEADS)
    methods = [c["method"] for c in office.sandbox.calls() if c["method"].startswith("views.")]

    assert methods == ["views.open", "views.update"]


def test_a_mapping_is_changed_and_used(office: Office) -> None:
    """The errors of a first try are mended in the same modal, and the import follows the form."""
    view = edit(office, "unnamed.csv", UNNAMED)
    nobody = {f"column-{i}": {TARGET: "skip"} for i in range(3)}
    refused = office.ben.submit(view, nobody)
    chosen = {"column-0": {TARGET: "first_name"}, "column-1": {TARGET: "email"}}
    accepted = office.ben.submit(view, chosen)
    office.work()
    card = office.replies(office.ben.messages()[0])[0]
    office.ben.click(card, "start_import")
    office.work()

    assert list(refused.errors) == ["primary"]
    assert accepted.ok
    assert office.ben.views() == []
    with office.station.database.reading() as session:
        [lead] = session.exec(select(Lead)).all()
    assert lead.fields["first_name"] == "Ada"


def test_one_target_twice_is_told_beside_both_fields(office: Office) -> None:
    """Two columns for one email: the words stand beside each."""
    view = edit(office, "unnamed.csv", UNNAMED)
    same = {"column-0": {TARGET: "email"}, "column-1": {TARGET: "email"}}
    refused = office.ben.submit(view, same)

    assert sorted(refused.errors) == ["column-0", "column-1"]
    assert "both mapped to Email" in refused.errors["column-0"]


def test_the_identifier_must_be_mapped(office: Office) -> None:
    """Who identifies by external ID has to map one; the words stand beside that choice."""
    view = edit(office, "leads.csv", LEADS)
    refused = office.ben.submit(view, {"primary": {PRIMARY: "external_id"}})

    assert list(refused.errors) == ["primary"]
    assert "External ID" in refused.errors["primary"]


def test_another_identifier_is_chosen(office: Office) -> None:
    """Leads can be identified by phone although there is an email."""
    view = edit(office, "leads.csv", LEADS)
    assert office.ben.submit(view, {"primary": {PRIMARY: "phone"}}).ok
    office.work()

    assert (
        "Phone; where that is empty, by Email." in office.replies(office.ben.messages()[0])[0].words
    )


def test_a_custom_field_gets_a_name(office: Office) -> None:
    """Choosing another name brings up a field for it, and the name is used."""
    view = edit(office, "leads.csv", LEADS)
    office.ben.choose(view, TARGET, column_form.RENAMED, block_id="column-4")
    asking = office.ben.open_view(lambda v: NAME in v.actions)
    assert office.ben.submit(asking, {"name-4": {NAME: "Stand"}}).ok
    office.work()

    assert "“Booth” → “Stand”" in office.replies(office.ben.messages()[0])[0].words


def test_the_mapping_is_remembered(office: Office) -> None:
    """The next file with the same columns is mapped in the same way, and says so."""
    view = edit(office, "leads.csv", LEADS)
    office.ben.submit(view, {"column-4": {TARGET: "notes"}})
    office.work()
    again = office.card(office.ben.share(("next.csv", LEADS + b"Ann,Lee,ann@fjord-labs.com,,C1\n")))

    assert "As a file like this was mapped last time" in again.words
    assert "“Booth” → Notes" in again.words


def test_it_is_forgotten_if_unticked(office: Office) -> None:
    """Without the tick the next file is guessed as the first was."""
    view = edit(office, "leads.csv", LEADS)
    unticked = {"remember": {column_form.REMEMBER: []}}
    office.ben.submit(view, {"column-4": {TARGET: "notes"}, **unticked})
    office.work()
    again = office.card(office.ben.share(("next.csv", LEADS + b"Ann,Lee,ann@fjord-labs.com,,C1\n")))

    assert "As a file like this was mapped" not in again.words


def test_pages_keep_what_was_chosen(office: Office) -> None:
    """69 columns: what is chosen on the first page is saved with the second."""
    view = edit(office, "wide.csv", wide(69))
    first = {"column-1": {TARGET: "company"}}
    office.ben.click(view, f"{column_form.TURN}.1", values=first)
    second = office.ben.open_view(lambda v: "column-68" in str(v.blocks))
    assert office.ben.submit(second, {"column-68": {TARGET: "notes"}}).ok
    office.work()
    card = office.replies(office.ben.messages()[0])[0]

    assert "“Field 1” → Company" in card.words
    assert "“Field 68” → Notes" in card.words


def test_an_error_on_another_page_leads_there(office: Office) -> None:
    """Saved on page two, wrong on page one: the form turns to page one and says what is wrong."""
    view = edit(office, "wide.csv", wide(69))
    twice = {"column-1": {TARGET: "company"}, "column-2": {TARGET: "company"}}
    office.ben.click(view, f"{column_form.TURN}.1", values=twice)
    second = office.ben.open_view(lambda v: "column-68" in str(v.blocks))
    office.ben.submit(second)
    first = office.ben.open_view(lambda v: "column-1" in str(v.blocks))

    assert "are both mapped to Company" in first.words
    assert office.ben.submit(first, {"column-2": {TARGET: "skip"}}).ok
    assert office.ben.views() == []


def test_others_may_look_but_not_touch(office: Office) -> None:
    """Ben opens Ana's mapping: the modal says who can."""
    card = office.card(office.ana.share(("leads.csv", LEADS)))
    office.ben.click(card, "map_columns")
    view = office.ben.open_view(lambda v: "Only" in v.words)

    assert "Only <@U0ANA> or a workspace admin can change this mapping." in view.words


def test_it_started_meanwhile(office: Office) -> None:
    """A form that was open while the import started cannot be saved any more, and says so."""
    view = edit(office, "leads.csv", LEADS)
    card = office.replies(office.ben.messages()[0])[0]
    office.ana.click(card, "start_import")
    office.ben.submit(view)

    assert "has started" in office.ben.open_view().words


@pytest.mark.parametrize("form", ["map_columns", "choose_options"])
def test_it_was_dismissed_meanwhile(office: Office, form: str) -> None:
    """A form of a file that somebody dismissed cannot be saved, and does not say it has started."""
    card = office.card(office.ben.share(("leads.csv", LEADS)))
    office.ben.click(card, form)
    view = office.ben.open_view(lambda v: v.callback_id == form)
    office.ana.click(card, "offer_import.dismiss")
    office.ben.submit(view)

    words = office.ben.open_view(lambda v: v.callback_id != form).words
    assert "The file was dismissed meanwhile." in words


def test_a_click_in_a_form_that_is_too_late(office: Office) -> None:
    """A choice made in an open form after the import started turns the form into words."""
    view = edit(office, "leads.csv", LEADS)
    office.ana.click(office.replies(office.ben.messages()[0])[0], "start_import")
    office.ben.choose(view, TARGET, column_form.RENAMED, block_id="column-4")

    assert "has started" in office.ben.open_view(lambda v: NAME not in v.actions).words
