"""``POST /slack/events``: who may speak, and what is done about everything else."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from typing import Any

import httpx

from bot.slack import signature
from core.models import Import
from tests.bot.conftest import LEADS, SECRET, Office

JSON_TYPE, FORM = "application/json", "application/x-www-form-urlencoded"


def signed(body: bytes, timestamp: str | None = None, secret: str = SECRET) -> dict[str, str]:
    stamp = timestamp or str(int(time.time()))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256)
    return {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest.hexdigest()}",
        "Content-Type": JSON_TYPE,
    }


def post(office: Office, body: bytes, headers: dict[str, str]) -> httpx.Response:
    return httpx.post(f"{office.url}/slack/events", content=body, headers=headers, trust_env=False)


def event(inner: dict[str, Any], **more: Any) -> bytes:
    body = {"type": "event_callback", "team_id": "T0SANDBOX", "event_id": "Ev1", "event": inner}
    return json.dumps({**body, **more}).encode()


HELLO = event({"type": "team_rename", "name": "x"})


# ---- signatures --------------------------------------------------------------------------------


def test_a_right_signature_is_let_in(office: Office) -> None:
    """An event nobody listens to is acknowledged, or Slack would send it again."""
    assert post(office, HELLO, signed(HELLO)).status_code == 200


WRONG: list[dict[str, str]] = [
    {},
    {"X-Slack-Signature": "v0=1"},
    {"X-Slack-Request-Timestamp": "1"},
    signed(HELLO, secret="another"),
    signed(HELLO + b" "),
    signed(HELLO, timestamp=str(int(time.time()) - 301)),
    signed(HELLO, timestamp=str(int(time.time()) + 3600)),
    {**signed(HELLO), "X-Slack-Request-Timestamp": "yesterday"},
    {**signed(HELLO), "X-Slack-Request-Timestamp": "1e9"},
    {**signed(HELLO), "X-Slack-Request-Timestamp": "-1"},
    {**signed(HELLO), "X-Slack-Request-Timestamp": "9" * 400},
    {**signed(b"\xff\xfe"), "X-Slack-Signature": "v0=" + "0" * 64},
    {**signed(HELLO), "X-Slack-Signature": ""},
    {**signed(HELLO), "X-Slack-Signature": "v0=\u00e9".encode().decode("latin-1")},
]


def test_a_wrong_signature_is_turned_away(office: Office) -> None:
    """401 for wrong, missing, stale and malformed signatures; never a 500."""
    for headers in WRONG:
        encoded = {name: value.encode("latin-1") for name, value in headers.items()}
        url = f"{office.url}/slack/events"
        answer = httpx.post(url, content=HELLO, headers=encoded, trust_env=False)

        assert answer.status_code == 401, headers
        assert "Traceback" not in answer.text


def test_digits_of_other_scripts_are_no_timestamp() -> None:
    """A timestamp that int() would take but Slack never sends is refused."""
    headers = {"x-slack-request-timestamp": "١٢٣", "x-slack-signature": "v0=1"}

    assert not signature.is_valid(SECRET, b"", headers)


# ---- bodies ------------------------------------------------------------------------------------


NONSENSE = [
    (b"{", JSON_TYPE),
    (b"[1, 2]", JSON_TYPE),
    (b'"text"', JSON_TYPE),
    (b"\xff\xfe\x00", JSON_TYPE),
    (b"payload={", FORM),
    (b"payload=[]", FORM),
    (b"{" * 100_000, JSON_TYPE),
    (b'{"a":' * 100_000, JSON_TYPE),
    (b'{"type": "block_actions", "user": 7, "actions": [{"action_id": "x"}]}', JSON_TYPE),
    (b'{"type": "block_actions", "user": "U", "actions": [{"action_id": "x"}]}', JSON_TYPE),
    (b'{"type": "view_submission"}', JSON_TYPE),
    (event({}), JSON_TYPE),
    (event({"type": "message", "subtype": "file_share"}), JSON_TYPE),
    (event({"type": "message", "subtype": "file_share", "files": "x"}), JSON_TYPE),
    (event({"type": "file_deleted", "file_id": 7}), JSON_TYPE),
    (event({"type": "team_rename"}, team_id="T0OTHER"), JSON_TYPE),
]


def test_what_slack_never_sends_is_refused(office: Office) -> None:
    """Signed nonsense gets a 4xx or is ignored; nothing is written, no stack trace is shown."""
    for body, content_type in NONSENSE:
        answer = post(office, body, signed(body) | {"Content-Type": content_type})

        assert answer.status_code < 500, body[:200]
        assert "Traceback" not in answer.text
    assert office.count(Import) == 0


def test_a_workspace_that_is_not_ours_is_told_so(office: Office) -> None:
    """A command of another workspace is answered in our words, and nothing is written."""
    body = b"team_id=T0OTHER&user_id=U1&channel_id=C1&command=%2Fimport&text=status"
    answer = post(office, body, signed(body) | {"Content-Type": FORM})

    assert answer.status_code == 200
    assert answer.text == (
        "Leadport is not connected to this workspace. Ask the person who runs it to connect it."
    )
    assert office.count(Import) == 0


def test_while_slack_does_not_say_who_we_are_nothing_is_lost(office: Office) -> None:
    """An event that comes while auth.test fails is refused, and taken when Slack sends it again."""
    office.sandbox.fault("auth.test", "error", error="internal_error")
    shared = office.ben.share(("leads.csv", LEADS))

    assert "start_import" in office.card(shared).actions
    assert office.count(Import) == 1


NO_CLICKS: list[list[dict[str, str]]] = [
    [],
    [{"action_id": "start_import"}],
    [{"action_id": "start_import", "value": "job_nonsense"}],
    [{"action_id": "start_import", "value": "job_0000000000001.-1"}],
    [{"action_id": "map_columns.page.1", "value": "job_0000000000001.0.x"}],
]


def test_clicks_that_are_none(office: Office) -> None:
    """Clicks that do not name an import are refused."""
    told = {
        "type": "block_actions",
        "team": {"id": "T0SANDBOX"},
        "user": {"id": "U0BEN", "team_id": "T0SANDBOX"},
    }
    for actions in NO_CLICKS:
        body = f"payload={json.dumps({**told, 'actions': actions})}".encode()
        answer = post(office, body, signed(body) | {"Content-Type": FORM})

        assert answer.status_code == 400, actions


def test_a_body_that_is_too_large(office: Office) -> None:
    """More than two megabytes are not read."""
    body = b"x" * 2_000_001

    assert post(office, body, signed(body)).status_code == 413


def test_the_handshake(office: Office) -> None:
    """url_verification is answered with its challenge."""
    body = json.dumps({"type": "url_verification", "challenge": "c4"}).encode()

    assert post(office, body, signed(body)).text.strip('"') in ("c4", '{"challenge": "c4"}')


def test_an_old_button_is_answered(office: Office) -> None:
    """A button that no version knows any more gets words instead of silence."""
    shared = office.ben.share(("leads.csv", LEADS))
    card = office.card(shared)
    office.ben.click(card, "start_import")
    delivery = office.heard("block_actions start_import")
    old = delivery["body"].replace("start_import", "begin_import_v0")
    office.sandbox.redeliver(delivery=delivery["id"], body=old)

    assert "older version of Leadport" in office.whispers(shared, office.ben)[-1]


def test_of_another_account(office: Office) -> None:
    """An id that is well formed but not ours starts nothing and tells nothing."""
    shared = office.ben.share(("leads.csv", LEADS))
    card = office.card(shared)
    office.ben.click(card, "start_import")
    delivery = office.heard("block_actions start_import")
    job = card.element("start_import")["value"]
    foreign = delivery["body"].replace(job, "job_0000000000001.0")
    office.sandbox.redeliver(delivery=delivery["id"], body=foreign)

    assert office.whispers(shared, office.ben)[-1] == "There is no such import."


# ---- the event loop ----------------------------------------------------------------------------


def test_a_slow_slack_does_not_hold_up_others(office: Office) -> None:
    """While ten requests wait for Slack to answer, the process still answers at once."""
    shared = office.ben.share(("leads.csv", LEADS))
    card = office.card(shared)
    office.sandbox.fault("views.open", "hang", times=8, seconds=1.0)
    clicks = [
        threading.Thread(target=office.ben.click, args=(card, "map_columns")) for _ in range(8)
    ]
    for click in clicks:
        click.start()
    time.sleep(0.2)
    asked = time.monotonic()
    assert httpx.get(f"{office.url}/healthz", trust_env=False).status_code == 200
    waited = time.monotonic() - asked
    for click in clicks:
        click.join()

    assert waited < 0.5
