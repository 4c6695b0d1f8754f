"""Telling a thread: each thing once, whatever Slack answers, and never for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from threading import Thread
from typing import Any

import httpx
import pytest

from core import imports, outbox, parts, results
from core.models import Outbox
from core.outbox import OutboxKey
from sandbox.client import Message
from tests.worker.conftest import Slack
from tests.worker.plant import TOKEN
from worker import attachment, thread
from worker.jobs import do_part
from worker.station import Station

CONTENT = b"Email,Name\nada@fjord-labs.com,Ada\nnobody,Bo\n"


@pytest.fixture
def shared(slack: Slack) -> Message:
    return slack.share(CONTENT)


@pytest.fixture
def card(station: Station, shared: Message) -> OutboxKey:
    """The card of a file that was taken in from the thread."""
    origin = {"door": "slack", "team": "T", "channel": shared.channel, "thread_ts": shared.ts}
    source = {"slack_file": shared.files[0]["id"]}
    with station.database.writing() as session:
        account = imports.account(session, "default").id or 0
        draft = imports.draft(session, account, "leads.csv", source=source, origin=origin)
        imports.tell(session, draft, "card")
    return OutboxKey(account, draft.id, "card")


def row(station: Station, key: OutboxKey) -> Outbox:
    with station.database.reading() as session:
        return session.get_one(Outbox, tuple(key))


def ask(station: Station, key: OutboxKey) -> None:
    station.database.transact(lambda session: outbox.request(session, key, soon=True))


def change(station: Station, key: OutboxKey, **values: Any) -> None:
    """Put the row in another state than it is in."""
    with station.database.writing() as session:
        found = session.get_one(Outbox, tuple(key))
        for name, value in values.items():
            setattr(found, name, value)


def waiting(station: Station) -> list[parts.PartKey]:
    with station.database.reading() as session:
        return parts.waiting(session)


def work(station: Station) -> None:
    """All that waits, but for pauses."""
    while True:
        with station.database.reading() as session:
            waiting, due = parts.waiting(session), outbox.due(session)
        for key in waiting:
            do_part(station, key)
        for message in due:
            thread.deliver(station, message)
        if not waiting and not due:
            return


def test_posted_once_and_edited_after(
    station: Station, slack: Slack, shared: Message, card: OutboxKey
) -> None:
    """A card is one message, however often it is told anew."""
    work(station)
    ask(station, card)
    work(station)

    assert len(slack.replies(shared)) == 1
    posted = slack.ana.sandbox.calls("chat.postMessage")
    assert len(posted) == 1
    assert len(slack.ana.sandbox.calls("chat.update")) >= 2


def test_a_hidden_post_is_found_again(
    station: Station, slack: Slack, shared: Message, card: OutboxKey
) -> None:
    """A card whose ts was lost in a crash is found in the thread by what it carries unseen."""
    thread.deliver(station, card)
    before = row(station, card).result
    # As if the process had died after Slack took it and before its ts was written down.
    change(station, card, result={}, state="pending", due_at=0)

    thread.deliver(station, card)

    assert row(station, card).result == before
    assert len(slack.replies(shared)) == 1


def test_a_message_of_somebody_else_is_not_ours(
    station: Station, slack: Slack, shared: Message, card: OutboxKey
) -> None:
    """Looking for a lost card, messages of people and other cards of ours are passed over."""
    client = slack.workspaces().client("T")
    about = {"event_type": "leadport", "event_payload": {"import": "job_other", "kind": "card"}}
    client.chat_postMessage(
        channel=shared.channel, thread_ts=shared.ts, text="another card", metadata=about
    )
    slack.ana.say("mine", thread=shared)
    station.database.transact(lambda s: outbox.claim(s, card, 1))  # an earlier try, now dead
    time.sleep(0.01)

    thread.deliver(station, card)

    texts = [m.text for m in slack.ana.thread(shared)[1:]]
    assert texts[:2] == ["another card", "mine"]
    assert len(texts) == 3


def test_retry_after_is_kept(station: Station, slack: Slack, card: OutboxKey) -> None:
    """After 429 nothing is sent before the time that Slack named, even if there is news."""
    slack.ana.sandbox.fault("chat.postMessage", "ratelimited", retry_after=30)
    thread.deliver(station, card)
    ask(station, card)

    thread.deliver(station, card)

    found = row(station, card)
    assert found.failure == "ratelimited"
    with station.database.reading() as session:
        assert 28_000 < found.due_at - imports.now(session) <= 30_000
    assert len(slack.ana.sandbox.calls("chat.postMessage")) == 1


def test_refused_blocks_are_said_plainly(
    station: Station, slack: Slack, shared: Message, card: OutboxKey
) -> None:
    """A workspace that does not know tables gets the same card without one."""
    slack.ana.sandbox.settings(refused_blocks=["table"])

    work(station)

    [shown] = slack.replies(shared)
    assert "ada@fjord-labs.com" in shown.words
    assert "table" not in [block["type"] for block in shown.blocks]
    assert row(station, card).state == "sent"


@pytest.mark.parametrize("error", ["channel_not_found", "not_in_channel", "is_archived"])
def test_a_closed_place_is_left_alone(
    station: Station, slack: Slack, card: OutboxKey, error: str
) -> None:
    """Where we may not post no further try is made."""
    slack.ana.sandbox.fault("chat.postMessage", "error", error=error)

    thread.deliver(station, card)

    found = row(station, card)
    assert (found.state, found.failure) == ("given_up", error)


def test_a_card_that_was_deleted_stays_deleted(
    station: Station, slack: Slack, shared: Message, card: OutboxKey
) -> None:
    """Somebody who may delete the card has the last word."""
    work(station)
    client = slack.workspaces().client("T")
    client.chat_delete(channel=shared.channel, ts=row(station, card).result["ts"])
    ask(station, card)

    thread.deliver(station, card)

    assert slack.replies(shared) == []
    assert row(station, card).failure == "message_not_found"


@pytest.mark.parametrize("fault", ["http_500", "ratelimited"])
def test_a_long_outage_loses_nothing(
    station: Station, slack: Slack, shared: Message, card: OutboxKey, fault: str
) -> None:
    """However often Slack refuses for now, the message comes once Slack takes it."""
    slack.ana.sandbox.fault("chat.postMessage", fault, times=20)
    for _ in range(21):
        thread.deliver(station, card)
        change(station, card, due_at=0)

    assert row(station, card).state == "sent"
    assert len(slack.replies(shared)) == 1


def test_what_always_fails_is_given_up(station: Station, slack: Slack, card: OutboxKey) -> None:
    """A message is not tried for ever: after days of refusals, or if each try ends the process."""
    slack.ana.sandbox.fault("chat.postMessage", "http_500")
    with station.database.reading() as session:
        long_ago = imports.now(session) - outbox.PATIENCE_MS
    change(station, card, failing_since=long_ago)
    thread.deliver(station, card)
    assert row(station, card).state == "given_up"

    ask(station, card)
    change(station, card, attempts=outbox.MAX_ATTEMPTS, due_at=0)
    thread.deliver(station, card)
    assert row(station, card).failure == "no try came to an end"


def start(station: Station, card: OutboxKey) -> None:
    station.database.transact(lambda s: imports.start(s, card.account_id, card.import_id))


def files_of(slack: Slack, shared: Message) -> list[str]:
    return [f["name"] for m in slack.replies(shared) for f in m.files]


def test_failed_rows_are_attached(
    station: Station, slack: Slack, shared: Message, card: OutboxKey
) -> None:
    """The summary brings the failed rows as a file, with the reason beside each."""
    work(station)
    start(station, card)
    work(station)

    reply = slack.ana.wait_for(shared, lambda m: m.by_app and bool(m.files))
    url = str(reply.files[0]["url_private_download"])
    file = httpx.get(url, headers={"Authorization": f"Bearer {TOKEN}"}).content
    header, failed = file.decode("utf-8-sig").splitlines()
    assert header.startswith("Email,Name,leadport_row")
    assert failed.startswith("nobody,Bo,2,Email,")
    assert row(station, card._replace(kind="summary")).result["attached"] is True


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
def test_a_file_that_may_not_be_attached(
    station: Station, slack: Slack, shared: Message, card: OutboxKey, method: str
) -> None:
    """Without files:write the summary stands, and a word says why the file is missing."""
    work(station)
    start(station, card)
    slack.ana.sandbox.fault(method, "error", error="missing_scope")
    work(station)

    said = slack.replies(shared)
    assert len(said) == 3
    assert "could not be attached (missing_scope)" in said[2].text
    assert row(station, card._replace(kind="summary")).state == "sent"


def test_a_long_attachment_keeps_its_lease(
    station: Station,
    slack: Slack,
    shared: Message,
    card: OutboxKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However long the file takes to write, nobody takes the delivery over, and it comes once."""
    work(station)
    start(station, card)
    for key in waiting(station):
        do_part(station, key)
    problems_csv, tries = results.problems_csv, []

    def slow(*about: Any) -> Iterator[bytes]:
        tries.append(about)
        time.sleep(station.pace.delivery_lease_ms / 1_000 * 2)
        return problems_csv(*about)

    monkeypatch.setattr(attachment.results, "problems_csv", slow)
    summary = card._replace(kind="summary")
    writing = Thread(target=thread.deliver, args=(station, summary))
    writing.start()
    while writing.is_alive():
        time.sleep(0.1)
        thread.deliver(station, summary)
    writing.join()

    slack.ana.wait_for(shared, lambda m: m.by_app and bool(m.files))
    assert len(tries) == 1
    assert files_of(slack, shared) == ["leads-problems.csv"]
    assert row(station, summary).result["attached"] is True


def test_an_attachment_that_never_comes_is_told(
    station: Station, slack: Slack, shared: Message, card: OutboxKey
) -> None:
    """Where the summary stands and its file is given up, a word says so."""
    work(station)
    start(station, card)
    slack.ana.sandbox.fault("files.getUploadURLExternal", "http_500", times=2)
    work(station)
    summary = card._replace(kind="summary")
    with station.database.reading() as session:
        long_ago = imports.now(session) - outbox.PATIENCE_MS
    change(station, summary, failing_since=long_ago, due_at=0)

    thread.deliver(station, summary)

    assert "leads-problems.csv could not be attached" in slack.replies(shared)[-1].text
    assert row(station, summary).state == "given_up"
    assert row(station, summary).result["attached"] is False


def test_a_delivery_that_ends_the_process_is_told_of_once(
    station: Station, slack: Slack, shared: Message, card: OutboxKey
) -> None:
    """A file at which each try has died is not tried again, and the thread hears of it."""
    work(station)
    start(station, card)
    slack.ana.sandbox.fault("files.getUploadURLExternal", "http_500")
    work(station)
    summary = card._replace(kind="summary")
    change(station, summary, attempts=outbox.MAX_ATTEMPTS, due_at=0)

    thread.deliver(station, summary)
    thread.deliver(station, summary)

    said = [m.text for m in slack.replies(shared) if "could not be attached" in m.text]
    assert len(said) == 1


def test_an_import_of_another_door(station: Station, slack: Slack) -> None:
    """A message that belongs to no thread of Slack is dropped, not tried again."""
    with station.database.writing() as session:
        account = imports.account(session, "default").id or 0
        draft = imports.draft(session, account, "a.csv", origin={"door": "api"})
        imports.tell(session, draft, "card")
    key = OutboxKey(account, draft.id, "card")

    thread.deliver(station, key)

    assert row(station, key).state == "given_up"
    assert slack.ana.sandbox.calls("chat.postMessage") == []


def test_imports_share_the_edits_of_a_workspace(station: Station, card: OutboxKey) -> None:
    """The more imports run at once, the longer a card rests between two edits."""
    slow = replace(station, pace=replace(station.pace, edit_ms=10_000))
    with slow.database.writing() as session:
        for n in range(3):
            other = imports.draft(session, card.account_id, f"{n}.csv")
            other.status = "in_progress"
            session.add(other)

    thread.deliver(slow, card)

    with slow.database.reading() as session:
        rests = row(slow, card).due_at - imports.now(session)
    assert 25_000 < rests <= 30_000
