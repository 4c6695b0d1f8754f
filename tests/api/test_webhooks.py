"""Outgoing webhooks: what an account's own systems hear of its imports, and how surely."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select, update
from standardwebhooks import Webhook

from core import deliveries, ids, imports, webhooks
from core.db import Database
from core.deliveries import PATIENCE_MS, Outcome, Target
from core.models import WebhookDelivery
from tests.api.conftest import Api, Customer, running_api
from tests.api.test_idempotency import lapse, lose_answers
from tests.parts.databases import copied_sqlite
from tests.worker.plant import soon
from worker import outward, sweeper
from worker.outward import BadAddress, Outward, Unreached
from worker.webhooks import MOST_OF_ACCOUNT, Courier, Sender, deliver_next, vault

SECRET_KEY = "a secret key for tests"
CSV = b"Email,First Name\nada@fjord-labs.com,Ada\nnot an address,Bob\n"
SECONDS = 60


@dataclass
class Receiver:
    """Somebody's server: keeps what it gets, and answers as it is told to."""

    url: str
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answer: Callable[[], tuple[int, bytes, dict[str, str]]] = lambda: (200, b"ok", {})

    def events(self) -> list[Any]:
        return [json.loads(body) for _, body in self.got]

    def types(self) -> list[str]:
        return [event["type"] for event in self.events()]


@contextmanager
def receiving() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            status, text, headers = receiver.answer()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(text)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook?x=1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield receiver
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server that takes webhooks."""
    with receiving() as running:
        yield running


@pytest.fixture(scope="module")
def api(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A web process that may send webhooks to this very machine."""
    folder = tmp_path_factory.mktemp("webhooks")
    with (
        copied_sqlite(migrated_sqlite, folder) as database,
        running_api(
            database, folder, secret_key=SECRET_KEY, webhooks_allow_private=True
        ) as running,
    ):
        yield running


@pytest.fixture(autouse=True)
def nothing_is_due(api: Api) -> None:
    """What earlier tests left unsent is none of a courier's business."""
    with api.station.database.writing() as session:
        session.execute(update(WebhookDelivery).values(state="delivered"))


@pytest.fixture
def admin(api: Api) -> Iterator[Customer]:
    """An account, by a key that may manage it."""
    customer = api.customer("admin")
    with customer.http:
        yield customer


def register(customer: Customer, url: str, **wanted: Any) -> Any:
    made = customer.http.post("/webhooks/endpoints", json={"url": url, **wanted})
    assert made.status_code == 201, made.text
    return made.json()


def courier_of(api: Api, seconds: float = 10) -> Courier:
    outgoing = Outward(private=True, seconds=seconds)
    return Courier(api.station.database, Sender(SECRET_KEY, outgoing))


def send_all(api: Api, customer: Customer, rounds: int = 50) -> None:
    """Try everything that is due of an account once."""
    sender = Sender(SECRET_KEY, Outward(private=True))
    for _ in range(rounds):
        with api.station.database.reading() as session:
            due = [t for t in deliveries.due(session, ()) if t.account_id == customer.account_id]
        if not due:
            return
        for target in due:
            deliver_next(api.station.database, sender, target)
    raise AssertionError("there is always something due")


def hurry(api: Api, **values: Any) -> None:
    """As if the pauses were over."""
    waits = col(WebhookDelivery.state) == "pending"
    with api.station.database.writing() as session:
        session.execute(update(WebhookDelivery).where(waits).values(due_at=0, **values))


def run_import(api: Api, customer: Customer, content: bytes = CSV) -> str:
    """Import a file over HTTP, to its end; the job's id."""
    preview = customer.http.post("/leads/import/preview", files={"file": ("x.csv", content)})
    assert preview.status_code == 200, preview.text
    job = customer.http.post(
        "/leads/import/start",
        json={
            "file_id": preview.json()["file_id"],
            "primary_identifier": {"column": "Email", "kind": "email"},
            "field_mappings": {"First Name": "first_name"},
        },
    )
    assert job.status_code == 202, job.text
    api.work()
    return str(job.json()["job_id"])


def log(customer: Customer, endpoint: Any) -> list[Any]:
    found = customer.http.get(f"/webhooks/endpoints/{endpoint['id']}/deliveries")
    assert found.status_code == 200, found.text
    return list(found.json()["deliveries"])


def test_an_import_is_told_from_preview_to_undo(
    api: Api, admin: Customer, receiver: Receiver
) -> None:
    """Each event comes once, in order, with a signature that the standard's own code accepts.

    Progress that is not sent before the end is dropped: the end says more.
    """
    endpoint = register(admin, receiver.url)
    job = run_import(api, admin)
    assert admin.http.post(f"/leads/import/jobs/{job}/undo").status_code in (200, 202)
    api.work()
    send_all(api, admin)

    assert receiver.types() == [
        "import.previewed", "import.started", "import.completed", "import.undone"
    ]  # fmt: skip
    for headers, body in receiver.got:
        Webhook(endpoint["secret"]).verify(body, headers)
        assert headers["content-type"] == "application/json"
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 4
    done = receiver.events()[2]["data"]["job"]
    assert done["id"] == job and done["status"] == "completed" and done["file_name"] == "x.csv"
    assert done["counts"]["created"] == 1 and done["counts"]["failed"] == 1
    assert "ada@" not in str(receiver.events())
    shown = [(each["type"], each["state"]) for each in log(admin, endpoint)]
    assert ("import.progress", "superseded") in shown
    assert [state for _, state in shown].count("delivered") == 4
    assert shown[0] == ("import.undone", "delivered")


def test_only_what_was_asked_for(api: Api, admin: Customer, receiver: Receiver) -> None:
    """An endpoint hears of the events it wants; another account's imports it never hears of."""
    register(admin, receiver.url, events=["import.completed", "import.failed"])
    run_import(api, admin)
    other = api.customer()
    with other.http:
        run_import(api, other)
    admin.http.post("/leads/import/preview", files={"file": ("bad.csv", b"\x00\x01\x02")})
    api.work()
    send_all(api, admin)

    assert receiver.types() == ["import.completed", "import.failed"]


def test_a_try_that_fails_is_made_again(api: Api, admin: Customer, receiver: Receiver) -> None:
    """A 500, a redirect and a dropped connection are tried again under the same id."""
    endpoint = register(admin, receiver.url, events=["import.completed"])
    run_import(api, admin)
    answers = iter([
        (500, b"broken " * 1_000, {}),
        (302, b"", {"Location": "http://169.254.169.254/"}),
        (200, b"", {}),
    ])  # fmt: skip
    receiver.answer = lambda: next(answers)

    send_all(api, admin)
    [entry] = log(admin, endpoint)
    assert (entry["state"], entry["status"], entry["attempts"]) == ("pending", 500, 1)
    assert len(entry["answer"]) == 500 and entry["next_attempt_at"]
    hurry(api)
    send_all(api, admin)
    assert log(admin, endpoint)[0]["status"] == 302
    hurry(api)
    send_all(api, admin)

    [entry] = log(admin, endpoint)
    assert (entry["state"], entry["attempts"], entry["failure"]) == ("delivered", 3, "")
    assert {headers["webhook-id"] for headers, _ in receiver.got} == {entry["id"]}
    assert len({body for _, body in receiver.got}) == 1


def test_after_three_days_it_is_given_up(api: Api, admin: Customer, receiver: Receiver) -> None:
    """What failed for three days is not tried again, until somebody asks for it."""
    endpoint = register(admin, receiver.url, events=["import.completed"])
    run_import(api, admin)
    receiver.answer = lambda: (503, b"", {"Retry-After": "5"})
    send_all(api, admin)
    hurry(api, failing_since=imports_now(api) - PATIENCE_MS)
    send_all(api, admin)

    [entry] = log(admin, endpoint)
    assert entry["state"] == "given_up" and entry["next_attempt_at"] is None
    receiver.answer = lambda: (204, b"", {})
    again = admin.http.post(f"/webhooks/endpoints/{endpoint['id']}/deliveries/{entry['id']}/replay")
    assert again.status_code == 202 and again.json()["state"] == "pending"
    send_all(api, admin)
    assert log(admin, endpoint)[0]["state"] == "delivered"
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


def test_a_replay_whose_answer_was_lost(
    api: Api, admin: Customer, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an Idempotency-Key the second try is told how the first one's replay goes on."""
    endpoint = register(admin, receiver.url, events=["import.completed"])
    run_import(api, admin)
    send_all(api, admin)
    [entry] = log(admin, endpoint)
    path = f"/webhooks/endpoints/{endpoint['id']}/deliveries/{entry['id']}/replay"
    with monkeypatch.context() as patched:
        lose_answers(patched)
        lost = admin.http.post(path, headers={"Idempotency-Key": "r"})
    assert lost.json()["state"] == "pending"
    send_all(api, admin)
    lapse(admin)
    again = admin.http.post(path, headers={"Idempotency-Key": "r"})

    assert (again.status_code, again.json()["state"]) == (202, "delivered")
    send_all(api, admin)
    assert len(receiver.got) == 2


def imports_now(api: Api) -> int:
    with api.station.database.reading() as session:
        return imports.now(session)


def test_410_disables(api: Api, admin: Customer, receiver: Receiver) -> None:
    """Gone means gone: nothing more is sent until the endpoint is enabled again."""
    endpoint = register(admin, receiver.url, events=["import.started", "import.completed"])
    run_import(api, admin)
    receiver.answer = lambda: (410, b"", {})
    send_all(api, admin)

    shown = admin.http.get(f"/webhooks/endpoints/{endpoint['id']}").json()
    assert not shown["enabled"] and "410" in shown["disabled_reason"]
    assert len(receiver.got) == 1
    assert {each["state"] for each in log(admin, endpoint)} == {"given_up"}
    message = log(admin, endpoint)[0]["id"]
    replay = f"/webhooks/endpoints/{endpoint['id']}/deliveries/{message}/replay"
    assert admin.http.post(replay).status_code == 409
    run_import(api, admin)
    admin.http.patch(f"/webhooks/endpoints/{endpoint['id']}", json={"enabled": True})
    receiver.answer = lambda: (200, b"", {})
    run_import(api, admin)
    send_all(api, admin)
    assert receiver.types()[1:] == ["import.started", "import.completed"]


def test_progress_comes_at_most_every_five_seconds(
    api: Api, admin: Customer, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts that end in one breath make one event; old progress that did not arrive is dropped."""
    endpoint = register(admin, receiver.url, events=["import.progress"])
    monkeypatch.setattr(imports, "PART_ROWS", (1, 1))
    marks = b"".join(b"p%d@fjord-labs.com,P\n" % n for n in range(3_000))
    run_import(api, admin, b"Email,First Name\n" + marks)
    assert [each["type"] for each in log(admin, endpoint)] == ["import.progress"]

    monkeypatch.setattr(webhooks, "PROGRESS_MS", 0)
    run_import(api, admin, b"Email,First Name\n" + marks)
    states = [each["state"] for each in log(admin, endpoint)]
    assert len(states) > 2 and set(states) <= {"pending", "superseded"}
    send_all(api, admin)
    assert len(receiver.got) <= 2


def test_a_slow_endpoint_waits_alone(api: Api, admin: Customer, receiver: Receiver) -> None:
    """While one endpoint does not answer, another is served; nothing is sent twice at once."""
    release = threading.Event()
    entered = threading.Event()

    def slow() -> tuple[int, bytes, dict[str, str]]:
        entered.set()
        release.wait(SECONDS)
        return 200, b"", {}

    receiver.answer = slow
    slow_one = register(admin, receiver.url, events=["import.completed"])
    run_import(api, admin)
    courier = courier_of(api, seconds=SECONDS)
    first = courier.send_due()
    assert entered.wait(SECONDS)
    assert courier.send_due() == []  # it is being sent to

    with receiving() as quick:
        other = api.customer("admin")
        with other.http:
            register(other, quick.url, events=["import.completed"])
            run_import(api, other)
            for thread in courier.send_due():
                thread.join(SECONDS)
        assert quick.types() == ["import.completed"]
    assert log(admin, slow_one)[0]["state"] == "sending"
    release.set()
    for thread in first:
        thread.join(SECONDS)
    assert log(admin, slow_one)[0]["state"] == "delivered" and len(receiver.got) == 1


# ---- killed at any moment ----------------------------------------------------------------------


def test_a_killed_delivery_is_made_again(api: Api, admin: Customer, receiver: Receiver) -> None:
    """What a dead process was sending is free after its lease, under the same id; a late word of
    the dead one counts for nothing."""
    register(admin, receiver.url, events=["import.completed"])
    run_import(api, admin)
    database = api.station.database
    with database.reading() as session:
        [target] = [t for t in deliveries.due(session, ()) if t.account_id == admin.account_id]
    dead = database.transact(lambda session: deliveries.claim(session, target))
    assert dead is not None
    assert database.transact(lambda session: deliveries.claim(session, target)) is None
    send_all(api, admin)
    assert receiver.got == []

    with database.writing() as session:
        session.execute(update(WebhookDelivery).values(lease_until=0))
    send_all(api, admin)
    assert database.transact(lambda s: deliveries.record(s, dead, Outcome(500))) == ""
    [(headers, _)] = receiver.got
    assert headers["webhook-id"] == ids.show("msg", dead.id)


def test_the_end_is_told_once(database: Database) -> None:
    """However often and by whomever an import is ended, each endpoint has one event of it."""
    with database.writing() as session:
        account_id = imports.account(session, "acme").id or 0
        locked = vault(SECRET_KEY).lock("whsec_AAAA")
        for _ in range(2):
            url = "https://example.com/"
            webhooks.create(session, account_id, webhooks.Wanted(url=url), locked)
        draft = imports.draft(session, account_id, "x.csv")
    for _ in range(3):
        with database.writing() as session:
            webhooks.happened(session, imports.get(session, account_id, draft.id), webhooks.FAILED)

    with database.reading() as session:
        written = list(session.scalars(select(WebhookDelivery)))
        assert len({each.endpoint_id for each in written}) == len(written) == 2
        assert len(deliveries.due(session, ())) == 2
        busy = {written[0].endpoint_id}
        assert deliveries.due(session, busy) == [Target(account_id, written[1].endpoint_id)]


def test_the_sweeper_sends_them(api: Api, admin: Customer, receiver: Receiver) -> None:
    """A worker's sweeper delivers what is due by itself, beside all else that it does."""
    endpoint = register(admin, receiver.url, events=["import.completed"])
    arrived = threading.Event()

    def answer() -> tuple[int, bytes, dict[str, str]]:
        arrived.set()
        return 200, b"", {}

    receiver.answer = answer
    run_import(api, admin)
    stop, station = threading.Event(), replace(api.station, courier=courier_of(api))
    sweeping = threading.Thread(target=sweeper.run, args=(station, stop, 60.0, 0.02))
    sweeping.start()
    try:
        assert arrived.wait(SECONDS)
        soon(lambda: log(admin, endpoint)[0]["state"] == "delivered", "it is written down")
    finally:
        stop.set()
        sweeping.join(SECONDS)
    assert receiver.types() == ["import.completed"]


def test_pauses_grow_to_hours_and_end_after_three_days() -> None:
    """About as long as it has been failing for, so some thirty tries fill three days."""
    failing, tries = 0, 1
    while failing < PATIENCE_MS:
        pause = deliveries.pause_ms(failing)
        assert 4_000 <= pause <= 5 * 3_600_000
        failing, tries = failing + pause, tries + 1
    assert 20 <= tries <= 50


def test_one_account_leaves_room_for_the_others(
    api: Api, admin: Customer, receiver: Receiver
) -> None:
    """However many endpoints of one account stand still, only a few are waited for at a time."""
    release = threading.Event()

    def slow() -> tuple[int, bytes, dict[str, str]]:
        release.wait(SECONDS)
        return 200, b"", {}

    receiver.answer = slow
    for _ in range(MOST_OF_ACCOUNT + 2):
        register(admin, receiver.url, events=["import.completed"])
    run_import(api, admin)
    courier = courier_of(api, seconds=SECONDS)

    threads = courier.send_due()
    assert len(threads) == MOST_OF_ACCOUNT
    assert courier.send_due() == []
    release.set()
    for thread in threads:
        thread.join(SECONDS)
    for thread in courier.send_due():
        thread.join(SECONDS)
    assert len(receiver.got) == MOST_OF_ACCOUNT + 2


# ---- where it may go ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "255.255.255.255", "198.51.100.7", "::1", "::", "fe80::1",
        "fc00::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1",
        "192.0.0.8", "::127.0.0.1", "64:ff9b:1::7f00:1", "fec0::1", "3fff::1", "4000::1",
    ],
)  # fmt: skip
def test_no_address_of_our_own(address: str) -> None:
    """Loopback, private, link-local, shared, multicast and reserved addresses are not public."""
    host = f"[{address}]" if ":" in address else address

    assert not outward.is_public(outward.ipaddress.ip_address(address))
    with pytest.raises(BadAddress):
        outward.check(f"https://{host}/", private=False)


def test_public_addresses_are_fine() -> None:
    """An address on the internet is allowed, by name and by number."""
    for url in ("https://example.com/x?y=1", "https://8.8.8.8/", "https://[2606:4700::1111]:8443/"):
        outward.check(url, private=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "https://", "example.com", "https:///x",
        "https://user:word@example.com/", "https://example.com/#part", "https://localhost/",
        "https://a.localhost./", "https://exa mple.com/", "https://example.com:99999/",
        "https://example.com/" + "x" * 2_000, "https://2130706433/", "https://0x7f000001/",
        "https://127.1/", "https://0/", "https://0x7f.1./", "https://10.0.0.1./",
    ],
)  # fmt: skip
def test_a_url_that_is_not_for_webhooks(url: str) -> None:
    """Only https, without a user and a fragment, to a host that may be elsewhere."""
    with pytest.raises(BadAddress):
        outward.check(url, private=False)


def test_the_address_connected_to_is_the_one_checked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that stands for one of our own addresses is refused, and asked for only once."""
    asked = []

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", port)), (10, 1, 6, "", ("::1", port, 0, 0))]

    monkeypatch.setattr(outward.socket, "getaddrinfo", resolve)
    url = receiver.url.replace("http://127.0.0.1", "https://rebound.example")
    with pytest.raises(BadAddress):
        Outward().post(url, {}, b"{}")
    assert asked == ["rebound.example"] and receiver.got == []


def test_a_server_that_never_comes_to_an_end(receiver: Receiver) -> None:
    """Bytes that drip in extend nothing; nor does a server that speaks no TLS, or no HTTP."""
    stop = threading.Event()

    def drip() -> None:
        connection, _ = listening.accept()
        with connection:
            while not stop.wait(0.02):
                try:
                    connection.sendall(b"H")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=drip)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        with pytest.raises(Unreached):
            Outward(private=True, seconds=0.5).post(url, {}, b"{}")
        stop.set()
        socket.create_connection(listening.getsockname()).close()  # should it never have come
        thread.join(SECONDS)
    with pytest.raises(Unreached):  # nobody listens there any more
        Outward(private=True).post(url, {}, b"{}")
    with pytest.raises(Unreached):
        url = receiver.url.replace("http:", "https:")
        Outward(private=True, seconds=0.5).post(url, {}, b"{}")


def test_a_huge_answer_is_not_read(receiver: Receiver) -> None:
    """Of an answer's body only the beginning is read."""
    receiver.answer = lambda: (200, b"x\x00" * 5_000_000, {})

    assert Outward(private=True).post(receiver.url, {}, b"{}").text == "x" * 500


# ---- the endpoints -----------------------------------------------------------------------------


def test_endpoints_are_made_changed_and_deleted(
    api: Api, admin: Customer, receiver: Receiver
) -> None:
    """The secret is shown once and stored encrypted; a change leaves alone what it names not."""
    made = register(admin, receiver.url, description="ours", events=["import.failed"])
    path = f"/webhooks/endpoints/{made['id']}"
    with api.station.database.reading() as session:
        stored = webhooks.get(session, admin.account_id, ids.read("ep", made["id"]) or 0).secret
    assert made["secret"].startswith("whsec_") and made["secret"] not in stored
    assert vault(SECRET_KEY).unlock(stored) == made["secret"]

    changed = admin.http.patch(path, json={"events": [], "enabled": False}).json()
    assert changed["description"] == "ours" and changed["events"] == [] and not changed["enabled"]
    assert "secret" not in changed
    assert admin.http.get("/webhooks/endpoints").json() == {"endpoints": [changed]}
    run_import(api, admin)
    assert log(admin, made) == []
    assert admin.http.delete(path).status_code == 204
    assert admin.http.get(path).status_code == 404


def test_what_is_refused(api: Api, admin: Customer, receiver: Receiver) -> None:
    """Bad addresses, unknown events and ids, too many endpoints: a problem that says so."""
    post = admin.http.post
    for body in (
        {}, {"url": 5}, {"url": "ftp://x.example/"}, {"url": receiver.url, "events": ["lead.new"]},
        {"url": receiver.url, "description": "x" * 201},
    ):  # fmt: skip
        refused = post("/webhooks/endpoints", json=body)
        assert refused.status_code == 400
        assert refused.headers["content-type"] == "application/problem+json"
    made = register(admin, receiver.url)
    assert admin.http.patch("/webhooks/endpoints/ep_0", json={}).status_code == 404
    log_path = f"/webhooks/endpoints/{made['id']}/deliveries"
    assert admin.http.get(log_path, params={"cursor": "msg_x"}).status_code == 404
    assert post(f"{log_path}/{ids.show('msg', 5)}/replay").status_code == 404
    for _ in range(webhooks.MOST_ENDPOINTS - 1):
        register(admin, receiver.url)
    assert post("/webhooks/endpoints", json={"url": receiver.url}).status_code == 409


def test_the_log_has_pages(api: Api, admin: Customer, receiver: Receiver) -> None:
    """Every delivery is on one page, the newest first."""
    endpoint = register(admin, receiver.url)
    run_import(api, admin)
    run_import(api, admin)
    path, seen, cursor = f"/webhooks/endpoints/{endpoint['id']}/deliveries", [], None
    while True:
        page = admin.http.get(path, params={"limit": 3, **({"cursor": cursor} if cursor else {})})
        seen += [each["id"] for each in page.json()["deliveries"]]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            break
    assert seen == [each["id"] for each in log(admin, endpoint)] and len(set(seen)) == 8


def test_another_account_s_endpoints_do_not_exist(
    api: Api, admin: Customer, receiver: Receiver
) -> None:
    """Another account's ids look like ids that do not exist; and it takes an admin's key."""
    made = register(admin, receiver.url)
    run_import(api, admin)
    path = f"/webhooks/endpoints/{made['id']}"
    replay = f"{path}/deliveries/{log(admin, made)[0]['id']}/replay"
    stranger, plain = api.customer("admin"), api.customer()
    with stranger.http, plain.http:
        own = register(stranger, receiver.url)
        crossed = replay.replace(made["id"], own["id"])
        for method, at in (
            ("GET", path), ("PATCH", path), ("DELETE", path), ("GET", f"{path}/deliveries"),
            ("POST", replay), ("POST", crossed),
        ):  # fmt: skip
            body = {"json": {}} if method == "PATCH" else {}
            assert stranger.http.request(method, at, **body).status_code == 404, at
        assert plain.http.get(path).status_code == 403
    assert admin.http.get(path).status_code == 200


def test_without_a_secret_key_there_are_no_webhooks(migrated_sqlite: Path, tmp_path: Path) -> None:
    """Secrets are never stored in the clear: without a key to encrypt them there are none."""
    with (
        copied_sqlite(migrated_sqlite, tmp_path) as database,
        running_api(database, tmp_path) as running,
    ):
        customer = running.customer("admin")
        with customer.http:
            refused = customer.http.post("/webhooks/endpoints", json={"url": "https://example.com"})
    assert refused.status_code == 409 and "LEADPORT_SECRET_KEY" in refused.json()["detail"]
