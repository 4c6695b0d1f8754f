"""The page, in a real browser: what people see and do."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.client import Person
from tests.sandbox.conftest import TinyApp, visit
from tests.sandbox.test_blocks import (
    WORKS,
    actions,
    button,
    cells,
    chart,
    data_table,
    labelled,
    modal,
    options,
    plain,
    section,
    select,
    table,
    task,
)

pytestmark = pytest.mark.browser

CSV = "email,name\nana@example.com,Ana\n"
CONFIRM = {
    "title": plain("Import?"),
    "text": plain("812 leads"),
    "confirm": plain("Import"),
    "deny": plain("Not yet"),
}
DROP = """(zone, [name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name, {type: "text/csv"}));
  for (const kind of ["dragenter", "dragover", "drop"])
    zone.dispatchEvent(new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: data}));
}"""


def post(web: WebClient, *blocks: dict[str, Any], **more: Any) -> str:
    told = web.chat_postMessage(channel="C0LEADS", text="card", blocks=list(blocks), **more)
    return str(told["ts"])


def test_a_dropped_file_is_shared(page: Page, tiny_app: TinyApp) -> None:
    """Dropping a file on the channel shares it: the app hears of it and the page shows it."""
    page.locator("#room").evaluate(DROP, ["leads.csv", CSV])
    expect(page.locator("#room .file strong")).to_have_text("leads.csv")
    assert tiny_app.wait_for("message")[0].told["event"]["files"][0]["size"] == len(CSV)
    with page.expect_download() as download:
        page.locator("#room .file").click()
    assert download.value.suggested_filename == "leads.csv"


def test_a_picked_file_can_go_into_a_thread(page: Page, ana: Person, tiny_app: TinyApp) -> None:
    """The file picker of the thread shares there, with the words typed beside it."""
    said = ana.say("the list?")
    page.locator(f"[data-ts='{said.ts}']").hover()
    page.get_by_role("button", name="Reply in thread").click()
    page.get_by_placeholder("Reply…").fill("here it is")
    file = {"name": "leads.csv", "mimeType": "text/csv", "buffer": CSV.encode()}
    page.locator("[data-file-input=thread]").set_input_files(file)  # type: ignore[arg-type]
    expect(page.locator("#thread .file strong")).to_have_text("leads.csv")
    event = tiny_app.wait_for("message", 2)[1].told["event"]
    assert (event["thread_ts"], event["text"]) == (said.ts, "here it is")
    expect(page.locator("#room .thread-link")).to_contain_text("1 reply")


def test_a_click_is_confirmed_first(page: Page, web: WebClient, tiny_app: TinyApp) -> None:
    """The confirm dialog can be declined, which sends nothing, and accepted, which does."""
    post(web, actions(button(action_id="start_import", confirm=CONFIRM)))
    page.locator("[data-action-id=start_import]").click()
    page.get_by_role("button", name="Not yet").click()
    expect(page.locator("dialog")).to_have_count(0)
    assert not tiny_app.of("block_actions")
    page.locator("[data-action-id=start_import]").click()
    page.get_by_role("button", name="Import", exact=True).click()
    assert tiny_app.wait_for("block_actions")[0].told["actions"][0]["action_id"] == "start_import"


def test_a_card_changes_while_one_looks(page: Page, web: WebClient) -> None:
    """Edits appear in place without a reload, and a deleted message goes."""
    ts = post(web, section("*420* of 1,000 rows"))
    expect(page.locator(f"[data-ts='{ts}'] strong").last).to_have_text("420")
    web.chat_update(channel="C0LEADS", ts=ts, text="done", blocks=[section("*1,000* rows")])
    expect(page.locator(f"[data-ts='{ts}'] strong").last).to_have_text("1,000")
    web.chat_delete(channel="C0LEADS", ts=ts)
    expect(page.locator(f"[data-ts='{ts}']")).to_have_count(0)


def test_a_modal_is_filled_in_corrected_and_gone(
    page: Page, web: WebClient, tiny_app: TinyApp
) -> None:
    """Errors appear beside their field with what was typed still there; then it goes through."""
    email = labelled(select(action_id="in", options=options(3)), block_id="email")
    tags = labelled({"type": "plain_text_input", "action_id": "in"}, block_id="tags")
    view = modal(email, tags, submit=plain("Save"))

    def opens(told: dict[str, Any]) -> tuple[int, Any, float]:
        web.views_open(trigger_id=told["trigger_id"], view=view)
        return 200, None, 0

    tiny_app.answers["block_actions"] = opens
    post(web, actions(button(action_id="map_columns")))
    page.locator("[data-action-id=map_columns]").click()
    page.locator("select[data-block-id=email]").select_option("2")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-error=tags]")).to_have_text("Please complete this required field.")
    expect(page.locator("[data-block-id=tags][data-action-id=in]")).to_be_focused()
    page.locator("[data-block-id=tags][data-action-id=in]").fill("spring")
    wrong = {"response_action": "errors", "errors": {"email": "One target twice"}}
    tiny_app.answer("view_submission", wrong)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-error=email]")).to_have_text("One target twice")
    expect(page.locator("select[data-block-id=email]")).to_have_value("2")
    tiny_app.answer("view_submission")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("dialog")).to_have_count(0)
    state = tiny_app.of("view_submission")[-1].told["view"]["state"]["values"]
    assert state["tags"]["in"]["value"] == "spring"


def test_a_modal_that_changes_keeps_the_place(
    page: Page, web: WebClient, tiny_app: TinyApp
) -> None:
    """After an update the menu that was used has the focus, and nothing has moved, although every
    menu has the same action and a field has appeared."""
    menus = [
        labelled(select(action_id="target", options=options(3)), block_id=f"menu_{n}")
        | {"dispatch_action": True}
        for n in range(20)
    ]
    more = labelled({"type": "plain_text_input", "action_id": "name"}, block_id="name")
    post(web, actions(button(action_id="open")))
    page.locator("[data-action-id=open]").click()
    trigger_id = tiny_app.wait_for("block_actions")[0].told["trigger_id"]
    view = web.views_open(trigger_id=trigger_id, view=modal(*menus, submit=plain("Save")))["view"]
    chosen = page.locator("select[data-block-id=menu_15]")
    chosen.focus()
    chosen.select_option("2")
    before = page.evaluate("document.querySelector('.modal-body').scrollTop")
    changed = modal(*menus[:17], more, *menus[17:], submit=plain("Save"))
    web.views_update(view_id=view["id"], view=changed)
    expect(page.locator("[data-block-id=name][data-action-id=name]")).to_be_attached()

    expect(chosen).to_be_focused()
    expect(chosen).to_have_value("2")
    assert before > 0
    assert page.evaluate("document.querySelector('.modal-body').scrollTop") == before


def test_a_modal_closes_with_escape(page: Page, web: WebClient, tiny_app: TinyApp) -> None:
    """Escape dismisses it, and the app hears of it if it asked to."""
    view = modal(section("hello"), notify_on_close=True)
    post(web, actions(button(action_id="open")))
    page.locator("[data-action-id=open]").click()
    trigger_id = tiny_app.wait_for("block_actions")[0].told["trigger_id"]
    web.views_open(trigger_id=trigger_id, view=view)
    expect(page.get_by_role("dialog", name="Title")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    tiny_app.wait_for("view_closed")


def test_commands_and_whispers(page: Page, tiny_app: TinyApp, url: str) -> None:
    """A command typed in the composer is answered to that person alone."""
    tiny_app.answer("/import", {"text": "*nothing* is running"})
    page.get_by_placeholder("Message #leads").fill("/import status")
    page.get_by_placeholder("Message #leads").press("Enter")
    expect(page.locator(".message.whisper strong").last).to_have_text("nothing")
    visit(page, url, user="ben", channel="leads")
    expect(page.locator(".message")).to_have_count(0)


def test_a_shortcut_in_the_menu_of_a_message(page: Page, ana: Person, tiny_app: TinyApp) -> None:
    """The menu of a message offers the app's shortcuts."""
    shared = ana.share(("leads.csv", CSV.encode()))
    page.locator(f"[data-ts='{shared.ts}']").hover()
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Import leads from this file").click()
    assert tiny_app.wait_for("message_action")[0].told["message_ts"] == shared.ts


def test_a_data_table_turns_pages_and_sorts(page: Page, web: WebClient) -> None:
    """Five rows a page unless told otherwise, sorted by a click on a column's name."""
    post(web, data_table(cells("Name"), *[cells(f"row {n}") for n in range(1, 8)]))
    rows = page.locator("tbody th")
    expect(rows).to_have_text([f"row {n}" for n in range(1, 6)])
    page.get_by_role("button", name="Next rows").click()
    expect(rows).to_have_text(["row 6", "row 7"])
    page.get_by_role("button", name="Name", exact=True).click()
    expect(rows.first).to_have_text("row 1")
    page.get_by_role("button", name="Name", exact=True).click()
    expect(rows.first).to_have_text("row 7")
    expect(page.get_by_role("columnheader")).to_have_attribute("aria-sort", "descending")


def test_nothing_an_app_sends_is_read_as_html(page: Page, web: WebClient) -> None:
    """Markup in texts, cells and links stays text; script addresses are no links."""
    evil = "<img src=x onerror=alert(1)> <javascript:alert(1)|click>"
    post(
        web,
        section(evil),
        table(1, 1, evil),
        {"type": "markdown", "text": f"[x](javascript:1) {evil}"},
    )
    expect(page.locator("td")).to_have_text(evil)
    assert page.locator(".message img").count() == 0
    assert page.locator(".message a").count() == 0


def test_every_block_has_a_picture(page: Page, web: WebClient) -> None:
    """Nothing that passes the checks falls back to a placeholder."""
    for blocks in [*WORKS[:16], [task("complete") | {"type": "task_card"}], [chart()]]:
        post(web, *blocks)
    expect(page.locator("[data-block-type=data_visualization] svg").first).to_be_visible()
    assert page.locator(".unknown").count() == 0


def test_another_person_another_view(page: Page, ben: Person) -> None:
    """Switching the person shows their channels; what happens elsewhere is marked unread."""
    assert page.locator("[data-channel-name=board]").is_visible()
    page.locator("[data-person]").select_option("guest")
    expect(page.locator("[data-channel-name=board]")).to_have_count(0)
    page.locator("[data-person]").select_option("ana")
    page.wait_for_selector("body[data-ready]")
    ben.say("psst", channel="sales-private")
    expect(page.locator("[data-channel-name=sales-private].unread")).to_be_visible()
    page.locator("[data-channel-name=sales-private]").click()
    expect(page.locator("#room .message .text")).to_have_text("psst")


def test_the_developer_log(page: Page, ana: Person, web: WebClient, tiny_app: TinyApp) -> None:
    """It shows deliveries and calls with their bodies, sends again, and breaks things."""
    ana.say("hello")
    tiny_app.wait_for("message")
    page.locator("[data-toggle-log]").click()
    page.locator("#log .entry summary").first.click()
    expect(page.locator("#log pre").first).to_contain_text('"event_callback"')
    page.get_by_role("button", name="Send four at once").click()
    tiny_app.wait_for("message", 5)
    page.get_by_role("tab", name="Break something").click()
    page.get_by_role("button", name="Break", exact=True).nth(1).click()
    expect(page.locator(".toast")).to_contain_text("happens once")
    with pytest.raises(SlackApiError, match="non-JSON"):
        web.api_call("chat.postMessage", json={"channel": "C0LEADS", "text": "posted"})
    expect(page.locator("#room .message .text").last).to_have_text("posted")
