from __future__ import annotations

from dataclasses import replace

from core.problems import ProblemCode
from tests.bot.conftest import LEADS, Office
from tests.bot.showing import ENDED, fits_slack, is_golden, words
from worker import card
from worker.card.state import Counts, Example, Problems

HOSTILE = "<!here> *" + "x" * 900


def test_the_summary() -> None:
    """Counts that add up, the time, a chart, the problems with three examples each."""
    message = card.summary(ENDED)

    fits_slack(message)
    is_golden("summary", message)


def test_the_card_at_the_end() -> None:
    """The card points to the summary and offers nothing more."""
    message = card.render(ENDED)

    fits_slack(message)
    is_golden("summary.card", message)


def test_the_green_tick_is_for_imports_without_failures() -> None:
    """A tick stands only where no row failed, none was left, and no value was left out."""
    clean = replace(ENDED, counts=Counts(created=1000), problems=())
    left = replace(ENDED, counts=Counts(created=900, unprocessed=100), problems=())

    assert "✅" in words(card.summary(clean).blocks)
    assert "all 1,000 rows are in" in card.summary(clean).text
    assert "✅" not in words(card.summary(ENDED).blocks)
    assert "✅" not in words(card.summary(left).blocks)
    marred = replace(clean, problems=ENDED.problems)
    assert "✅" not in words(card.summary(marred).blocks)
    assert "12 values are not in as they came" in card.summary(marred).text


def test_no_speed_of_an_import_that_waited() -> None:
    """An import that paused for a night has taken that long; its speed is not called 0 rows/s."""
    waited = replace(ENDED, completed_at=ENDED.started_at + 9 * 3_600_000)
    told = words(card.summary(waited).blocks)

    assert "9 h 0 min" in told
    assert "rows/s" not in told
    assert "238 rows/s" in words(card.summary(ENDED).blocks)


def test_rows_that_were_mended_are_not_called_values() -> None:
    """What a value lost and what a row lost are counted apart, each in the right number."""
    short = Problems("too_few_cells", "", "warning", 2, (Example(5, "10 of 12 cells"),))
    stray = Problems("stray_quote", "", "warning", 1, (Example(6, "a stray quote"),))
    clean = replace(ENDED, counts=Counts(created=1000), problems=(short,))

    assert "2 rows are not in as they came" in card.summary(clean).text
    assert "1 row is not in as it came" in card.summary(replace(clean, problems=(stray,))).text
    both = replace(clean, problems=(*ENDED.problems, short, stray))
    assert "12 values and 3 rows are not in as they came" in card.summary(both).text
    assert "✅" not in words(card.summary(clean).blocks)


def test_rows_that_could_not_be_processed() -> None:
    """Rows given up are counted, and the words say that sending the file again is safe."""
    left = replace(ENDED, counts=Counts(created=900, unprocessed=100), problems=())
    message = card.summary(left)

    fits_slack(message)
    assert "Sending the file again is safe" in words(message.blocks)
    assert "1,000 rows = 900 new + 100 not processed" in message.text


def test_nothing_could_be_imported() -> None:
    """An import of which every part was given up has failed, and says so."""
    failed = replace(ENDED, status="failed", counts=Counts(unprocessed=1000), problems=())
    message = card.summary(failed)

    fits_slack(message)
    assert "could not be imported" in message.text
    assert "❌" in words(message.blocks)


def test_many_problems_with_hostile_values() -> None:
    """Every kind of problem at once, with long and hostile values, still fits."""
    found = tuple(
        Problems(code, HOSTILE, severity, 10_000, (Example(1, HOSTILE, HOSTILE),) * 3)
        for code in ProblemCode
        for severity in ("error", "warning", "info")
    )
    message = card.summary(replace(ENDED, name=HOSTILE, problems=found))

    fits_slack(message)
    assert "<!here>" not in str(message.blocks)


def test_the_thread_at_the_end(office: Office) -> None:
    """One card, one summary, one file with the failed rows and their reasons."""
    shared = office.ben.share(("leads.csv", LEADS))
    office.ben.click(office.card(shared), "start_import")
    office.work()
    attached = office.ana.wait_for(shared, lambda m: m.by_app and bool(m.files))
    card_, summary, _ = office.replies(shared)

    assert "3 of 4 rows are in" in card_.words
    assert "4 rows = 3 new + 1 failed" in summary.words
    assert "1 bad email address in “Email”" in summary.words
    assert [file["name"] for file in attached.files] == ["leads-problems.csv"]


def test_a_workspace_without_tables_and_charts(office: Office) -> None:
    """Where newer blocks are refused, card and summary come in plain ones."""
    office.sandbox.settings(refused_blocks=["table", "data_visualization"])
    shared = office.ben.share(("leads.csv", LEADS))
    card_ = office.card(shared)
    office.ben.click(card_, "start_import")
    office.work()

    assert "Lovelace" in card_.words
    assert "4 rows = 3 new + 1 failed" in office.replies(shared)[1].words
