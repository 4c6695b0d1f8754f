"""Files: shared by people, downloaded by the app, uploaded by the app."""

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.client import Person, Sandbox
from tests.sandbox.conftest import TOKEN, TinyApp

CSV = b"email,name\nana@example.com,Ana\n"
SIGNED_IN = {"Authorization": f"Bearer {TOKEN}"}


def fetch(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, headers=headers, trust_env=False)


def test_a_share_reaches_the_app_as_a_file_message_in_its_thread(
    ana: Person, tiny_app: TinyApp
) -> None:
    """A shared file arrives as a signed `file_share` message with the whole file object."""
    shared = ana.share(("leads.csv", CSV), text="our list")
    heard = tiny_app.wait_for("message")[0]
    event = heard.told["event"]
    assert (event["subtype"], event["ts"], event["channel"]) == ("file_share", shared.ts, "C0LEADS")
    assert event["channel_type"] == "channel"
    assert event["files"][0]["size"] == len(CSV)
    assert heard.told["event_id"].startswith("Ev")
    assert tiny_app.wait_for("file_shared")[0].told["event"]["file_id"] == event["files"][0]["id"]


def test_the_token_opens_a_private_download(ana: Person) -> None:
    """The bytes come with the bot token; without it a login page comes, with status 200."""
    file = ana.share(("leads.csv", CSV)).files[0]
    assert fetch(file["url_private_download"], **SIGNED_IN).content == CSV
    stranger = fetch(file["url_private_download"])
    assert stranger.status_code == 200
    assert stranger.headers["content-type"].startswith("text/html")
    assert stranger.text.startswith("<!DOCTYPE")


def test_a_missing_scope_shows_as_a_login_page(ana: Person, sandbox: Sandbox) -> None:
    """Without files:read the token opens nothing, and Slack does not say so."""
    file = ana.share(("leads.csv", CSV)).files[0]
    sandbox.settings(scopes=["chat:write"])
    assert "Sign in" in fetch(file["url_private"], **SIGNED_IN).text


@pytest.mark.parametrize(
    ("fault", "status", "length"),
    [
        ("gone", 404, None),
        ("truncated", 200, len(CSV) // 2),
        ("redirect", 302, 0),
        ("error", 503, None),
    ],
)
def test_a_spoiled_download_is_spoiled_once(
    ana: Person, fault: str, status: int, length: int | None
) -> None:
    """A fault laid on a file spoils as many downloads as asked, then the file is whole again."""
    file = ana.share(("leads.csv", CSV), fault=fault).files[0]
    spoiled = fetch(file["url_private_download"], **SIGNED_IN)
    assert spoiled.status_code == status
    assert length in (None, len(spoiled.content))
    assert fetch(file["url_private_download"], **SIGNED_IN).content == CSV


def test_a_deleted_file_is_gone_everywhere(ana: Person, web: WebClient, tiny_app: TinyApp) -> None:
    """Deleting a file ends its download and files.info, tells the app, leaves a tombstone."""
    shared = ana.share(("leads.csv", CSV))
    file = shared.files[0]
    ana.delete_file(file["id"])
    assert fetch(file["url_private_download"], **SIGNED_IN).status_code == 404
    with pytest.raises(SlackApiError, match="file_not_found"):
        web.files_info(file=file["id"])
    assert tiny_app.wait_for("file_deleted")[0].told["event"]["file_id"] == file["id"]
    assert ana.again(shared).files[0]["mode"] == "tombstone"


def test_files_upload_v2_shares_into_the_thread(ana: Person, web: WebClient) -> None:
    """The SDK's upload ends as a file message in the thread, with its comment and bytes."""
    shared = ana.share(("leads.csv", CSV))
    answer = web.files_upload_v2(
        channel=shared.channel,
        thread_ts=shared.ts,
        filename="leads-problems.csv",
        content=CSV,
        initial_comment="2 rows failed",
    )
    reply = ana.wait_for(shared, lambda message: message.text == "2 rows failed")
    assert reply.by_app
    assert reply.files[0]["id"] == answer["files"][0]["id"]
    assert web.files_info(file=reply.files[0]["id"])["file"]["shares"]
    assert fetch(reply.files[0]["url_private_download"], **SIGNED_IN).content == CSV


def test_an_upload_of_other_bytes_than_announced_is_refused(web: WebClient) -> None:
    """The upload URL takes exactly the announced number of bytes, and only then a file exists."""
    begun = web.files_getUploadURLExternal(filename="a.csv", length=5)
    assert httpx.post(begun["upload_url"], content=b"1234", trust_env=False).status_code == 400
    with pytest.raises(SlackApiError, match="file_not_found"):
        web.files_completeUploadExternal(files=[{"id": begun["file_id"], "title": "a"}])


def test_a_guest_and_a_channel_without_the_app(ana: Person, tiny_app: TinyApp) -> None:
    """Nothing said in a channel without the app reaches it; once let in, it hears everything."""
    ana.share(("a.csv", CSV), channel="random")
    ana.let_app_in("random")
    assert tiny_app.wait_for("member_joined_channel")[0].told["event"]["channel"] == "C0RANDOM"
    assert not tiny_app.of("message")
    ana.share(("b.csv", CSV), channel="random")
    assert tiny_app.wait_for("message")[0].told["event"]["files"][0]["name"] == "b.csv"
