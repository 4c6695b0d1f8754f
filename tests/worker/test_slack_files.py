"""Downloading: the whole file or a clear reason, and the token goes nowhere but to Slack."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from slack_sdk import WebClient

from core.errors import DownloadRefused, FileGone, FileTooLarge, ImportFailure
from core.uploads import Files
from sandbox.client import Message
from tests.worker.conftest import Slack
from worker import slack_files
from worker.slack_files import Download, NotYet

CONTENT = b"Email\nada@fjord-labs.com\n" * 2_000


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files")


@pytest.fixture
def shared(slack: Slack) -> Message:
    return slack.share(CONTENT)


def download(slack: Slack, shared: Message, limit: int = 1_000_000) -> Download:
    client = slack.workspaces().client("T")
    return Download(client, str(shared.files[0]["id"]), "leads.csv", limit)


def stored(files: Files) -> list[Path]:
    return [path for path in files.root.rglob("*") if path.is_file()]


def test_a_file_arrives_whole(slack: Slack, shared: Message, files: Files) -> None:
    """The stored bytes are those that were shared, under a name of ours with the file's ending."""
    found = slack_files.fetch(download(slack, shared), files)

    assert files.path(found.location).read_bytes() == CONTENT
    assert found.size == len(CONTENT)
    assert found.location.endswith(".csv")
    assert "leads" not in found.location


@pytest.mark.parametrize(
    ("fault", "reason", "words"),
    [
        ("html", DownloadRefused, "files:read"),
        ("redirect", DownloadRefused, "another host"),
        ("gone", FileGone, "leads.csv was deleted"),
    ],
)
def test_a_final_refusal(
    slack: Slack, shared: Message, files: Files, fault: str, reason: type[ImportFailure], words: str
) -> None:
    """A login page, a redirect and a vanished file end it at once, in words; nothing is stored."""
    slack.ana.sandbox.spoil_file(str(shared.files[0]["id"]), fault)

    with pytest.raises(reason, match=words):
        slack_files.fetch(download(slack, shared), files)
    assert stored(files) == []


@pytest.mark.parametrize("fault", ["truncated", "error"])
def test_another_try_may_succeed(slack: Slack, shared: Message, files: Files, fault: str) -> None:
    """Half a file is not taken for a file, nor an error; the next try gets it whole."""
    slack.ana.sandbox.spoil_file(str(shared.files[0]["id"]), fault)

    with pytest.raises(NotYet):
        slack_files.fetch(download(slack, shared), files)
    assert stored(files) == []
    assert slack_files.fetch(download(slack, shared), files).size == len(CONTENT)


def test_the_last_try_says_so(slack: Slack, shared: Message, files: Files) -> None:
    """When no further try will come, the reason is one to show to a person."""
    slack.ana.sandbox.spoil_file(str(shared.files[0]["id"]), "error")

    with pytest.raises(DownloadRefused, match="several tries"):
        slack_files.fetch(download(slack, shared), files, last_try=True)


def test_slack_away_is_not_final(files: Files) -> None:
    """A Slack that does not answer at all is asked again later."""
    nowhere = WebClient("xoxb", base_url="http://127.0.0.1:9/api/", retry_handlers=[])

    with pytest.raises(NotYet):
        slack_files.fetch(Download(nowhere, "F1", "leads.csv", 1_000), files)


def test_a_deleted_file(slack: Slack, shared: Message, files: Files) -> None:
    """A file that its owner deleted meanwhile is gone, by name."""
    slack.ana.sandbox.do("/delete_file", file=shared.files[0]["id"], user="ana")

    with pytest.raises(FileGone, match=r"leads\.csv was deleted"):
        slack_files.fetch(download(slack, shared), files)


def test_a_missing_scope(slack: Slack, shared: Message, files: Files) -> None:
    """Without files:read the reason names the scope."""
    slack.ana.sandbox.settings(scopes=["chat:write"])

    with pytest.raises(DownloadRefused, match="files:read"):
        slack_files.fetch(download(slack, shared), files)


def test_a_large_file_is_not_fetched(slack: Slack, shared: Message, files: Files) -> None:
    """A file over the limit is refused by its announced size, before any byte of it comes."""
    with pytest.raises(FileTooLarge, match="limit"):
        slack_files.fetch(download(slack, shared, limit=1_000), files)
    assert stored(files) == []


@pytest.mark.parametrize(
    "url",
    [
        "https://files.slack.com.example.com/x",
        "https://example.com/files.slack.com",
        "http://files.slack.com/x",
        "https://files.slack.com@example.com/x",
        "",
    ],
)
def test_the_token_goes_to_slack_only(url: str) -> None:
    """Any host but Slack's file host is refused before a request is made."""
    client = WebClient("xoxb-secret")

    with pytest.raises(DownloadRefused, match="host"):
        slack_files.check_host(url, client)


def test_the_real_host_is_allowed() -> None:
    """Slack's own download addresses pass."""
    slack_files.check_host("https://files.slack.com/files-pri/T1-F1/leads.csv", WebClient("x"))


def test_a_page_without_a_content_type() -> None:
    """A login page is recognised by its first bytes where nothing else gives it away."""
    page = httpx.Response(200, content=b"\n <!DOCTYPE html><html><body>Sign in</body></html>")

    with pytest.raises(DownloadRefused, match="files:read"):
        list(slack_files.content(page, size=5_000))


def test_a_file_that_looks_like_a_page() -> None:
    """A shared file that itself begins like a page is a file: its size is the announced one."""
    body = b"<html>,b\n1,2\n"

    assert b"".join(slack_files.content(httpx.Response(200, content=body), len(body))) == body
