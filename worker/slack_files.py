"""Download a file that was shared in Slack: from Slack's hosts only, and never a login page.

Slack answers a request without the right scope with an HTML page and status 200, so what comes is
looked at before it is taken for the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from pathlib import PurePath
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit

import httpx
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from core.errors import DownloadRefused, FileGone, FileTooLarge, ImportFailure
from core.uploads import Files, Stored
from worker.workspaces import NoWorkspace, Workspaces

HOSTS = frozenset({"files.slack.com"})
_SLACK = ".slack.com"
_TIMEOUT = httpx.Timeout(30, connect=10)
_PAGE = (b"<!doctype html", b"<html")
_CHUNK = 1 << 16
_GONE = frozenset({"file_not_found", "file_deleted"})
_MODES = frozenset({"hosted", "snippet"})


@dataclass(frozen=True)
class Download:
    """What to fetch; ``limit`` in bytes."""

    client: WebClient
    file_id: str
    name: str
    limit: int


class NotYet(Exception):  # noqa: N818  (what Slack in effect says)
    """The file could not be had now; a later try may succeed."""


def way_to(workspaces: Workspaces, team: str, *, last_try: bool = False) -> WebClient:
    """A client for the workspace the file lies in.

    Raises NotYet where it has put us out, for it may let us in again; on the ``last_try``
    DownloadRefused.
    """
    try:
        return workspaces.client(team)
    except (NoWorkspace, SlackApiError, OSError) as closed:
        if not last_try:
            raise NotYet(type(closed).__name__) from closed
        raise DownloadRefused(
            "Leadport was removed from the workspace before it could read the file. "
            "Install it again and share the file again."
        ) from closed


def fetch(download: Download, files: Files, *, last_try: bool = False) -> Stored:
    """Put the file into the store, whole or not at all.

    Raises FileGone, DownloadRefused and FileTooLarge, which are final. Raises NotYet where Slack
    is away or not done with the file, unless it is the ``last_try``: then DownloadRefused.
    """
    try:
        about = _about(download)
        with _response(about, download) as response:
            chunks = content(response, about["size"])
            stored = files.put(chunks, download.limit, PurePath(download.name).suffix)
        return _checked(stored, about["size"], files)
    except (NotYet, httpx.HTTPError) as failure:
        if not last_try:
            raise NotYet(str(failure)) from failure
        raise DownloadRefused(
            f"Slack did not hand over {download.name} in several tries. Share it again."
        ) from failure


def _about(download: Download) -> dict[str, Any]:
    """The file as it is now: a deleted one is a tombstone, a large one need not be fetched."""
    about = _info(download)
    if about.get("mode") == "tombstone":
        raise _gone(download.name)
    if about.get("mode") not in _MODES or about.get("file_access") == "access_denied":
        raise DownloadRefused(f"{download.name} is not a file that Slack holds itself.")
    if about["size"] > download.limit:
        raise _too_large(download)
    return about


def _info(download: Download) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = download.client.files_info(file=download.file_id)["file"]
    except SlackApiError as error:
        code = error.response.get("error")
        if code in _GONE:
            raise _gone(download.name) from error
        if code == "missing_scope":
            raise _scope_missing() from error
        raise NotYet(f"files.info: {code}") from error
    except (OSError, HTTPException) as error:
        raise NotYet(f"files.info: {type(error).__name__}") from error
    return answer


def _gone(name: str) -> ImportFailure:
    return FileGone(f"{name} was deleted before Leadport could read it.")


def _scope_missing() -> ImportFailure:
    return DownloadRefused(
        "Slack did not let Leadport download the file: the app lacks the scope files:read. "
        "Reinstall the app with it and share the file again."
    )


def _too_large(download: Download) -> ImportFailure:
    return FileTooLarge(
        f"{download.name} is larger than {download.limit // 1_000_000} MB, which is the limit."
    )


@cache
def trusted() -> SSLContext:
    """The certificates that httpx trusts, read once: that takes longer than most downloads."""
    return httpx.create_ssl_context()


@contextmanager
def _response(about: dict[str, Any], download: Download) -> Iterator[httpx.Response]:
    """The answer to the download, checked to be neither an error nor a page."""
    url = about.get("url_private_download") or about.get("url_private") or ""
    check_host(url, download.client)
    headers = {"Authorization": f"Bearer {download.client.token}"}
    # A redirect is never followed: the token must not go anywhere else.
    with (
        httpx.Client(timeout=_TIMEOUT, follow_redirects=False, verify=trusted()) as http,
        http.stream("GET", url, headers=headers) as response,
    ):
        _check_status(response, download.name)
        if response.headers.get("content-type", "").startswith("text/html"):
            raise _scope_missing()
        yield response


def check_host(url: str, client: WebClient) -> None:
    """Only Slack's file host may see the token, or the one host of a stand-in for Slack."""
    found, api = urlsplit(url), urlsplit(client.base_url)
    if (found.scheme, found.hostname) in {("https", host) for host in HOSTS}:
        return
    is_slack = f".{api.hostname}".endswith(_SLACK)
    if is_slack or (found.scheme, found.netloc) != (api.scheme, api.netloc):
        raise DownloadRefused("The file lies on a host that Leadport does not download from.")


def _check_status(response: httpx.Response, name: str) -> None:
    if response.status_code in (404, 410):
        raise _gone(name)
    if response.is_redirect:
        raise _redirected(urlsplit(response.headers.get("location", "")).hostname or "")
    if response.status_code in (401, 403):
        raise _scope_missing()
    if response.status_code != httpx.codes.OK:
        raise NotYet(f"status {response.status_code}")


def _redirected(host: str) -> ImportFailure:
    if f".{host}".endswith(_SLACK):
        return _scope_missing()  # the way to the login page
    return DownloadRefused(
        "Slack sent Leadport to another host for the file, which it does not follow."
    )


def content(response: httpx.Response, size: int) -> Iterator[bytes]:
    """The bytes as they come, unless a page comes instead of the file. Raises DownloadRefused."""
    chunks = response.iter_bytes(_CHUNK)
    first = next(chunks, b"")
    declared = response.headers.get("content-length")
    if first.lstrip().lower().startswith(_PAGE) and declared != str(size):
        raise _scope_missing()
    yield first
    yield from chunks


def _checked(stored: Stored, size: int, files: Files) -> Stored:
    """The stored file, if it has the size that Slack named. Raises NotYet."""
    if stored.size == size:
        return stored
    files.delete(stored.location)
    raise NotYet(f"{stored.size} of {size} bytes came")
