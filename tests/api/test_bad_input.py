"""What nobody should send: every kind is a 4xx in the words of the API, and the process goes on."""

from __future__ import annotations

import json
import resource
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from bot.api import arriving, json_text
from tests.api.conftest import Customer
from tests.api.leadvibe import EMAIL, Caller

#: Bytes that the process may grow by at most, whatever is sent: far less than the largest body.
MOST_GROWTH = 100_000_000
BOUNDARY = b"b0undary"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY.decode()}"}


@pytest.fixture
def caller(customer: Customer) -> Iterator[Caller]:
    """Somebody whose process is alive, and not much larger, after the test."""
    before = peak()
    caller = Caller(customer)
    yield caller
    assert customer.http.get("/healthz").status_code == 200
    assert caller.jobs()["total"] == 0
    assert peak() - before < MOST_GROWTH


def peak() -> int:
    """The most memory that this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def refused(answer: httpx.Response, *statuses: int) -> None:
    """A refusal in the shape of LeadVibe's, which tells nothing of how we work."""
    assert answer.status_code in statuses, answer.text[:300]
    body = answer.json()
    assert body["error"] and body["code"] and answer.headers["X-Request-Id"]
    assert "Traceback" not in answer.text and ".py" not in answer.text


# ---- lengths -----------------------------------------------------------------------------------


def spoken(customer: Customer, request: bytes) -> bytes:
    """What the server says to these very bytes."""
    with connected(customer) as connection:
        connection.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer and (more := connection.recv(65_536)):
            answer += more
        return answer


def connected(customer: Customer) -> socket.socket:
    url = urlsplit(customer.api.url)
    assert url.hostname and url.port
    return socket.create_connection((url.hostname, url.port), timeout=60)


def head(customer: Customer, path: str, *lines: str) -> bytes:
    auth = f"Authorization: Bearer {customer.key}"
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: x", auth, *lines, "", ""]).encode()


@pytest.mark.parametrize("path", ["/leads/import/preview", "/leads/import/start"])
def test_a_length_that_is_a_lie(caller: Caller, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """200 MB are announced and never come: 413 at once, without waiting for them."""
    monkeypatch.setattr(arriving, "_PAUSE_SECONDS", 0.05)
    kind = f"Content-Type: {FORM['Content-Type']}"
    request = head(caller.customer, path, "Content-Length: 200000000", kind) + b"--b0undary\r\n"

    assert spoken(caller.customer, request).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("length", ["-1", "1e9", "9" * 30, "0x10", "1, 2"])
def test_a_length_that_is_none(caller: Caller, length: str) -> None:
    """A Content-Length that is no number, or beyond all numbers, is a 4xx or closes the line."""
    request = head(caller.customer, "/leads/import/start", f"Content-Length: {length}") + b"{}"
    status = spoken(caller.customer, request)[:13]

    assert status == b"" or status.startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize(
    "rest", [("Content-Length: 100",), ("Transfer-Encoding: chunked",)], ids=["length", "chunks"]
)
@pytest.mark.parametrize("path", ["/leads/import/preview", "/leads/import/start"])
def test_a_body_that_stops(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, path: str, rest: tuple[str]
) -> None:
    """Nobody is waited for without end who stops in the middle of a body, whatever its length."""
    monkeypatch.setattr(arriving, "_SILENCE_SECONDS", 0.05)
    kind = f"Content-Type: {FORM['Content-Type']}"
    answer = spoken(caller.customer, head(caller.customer, path, *rest, kind) + b"1\r\n-\r\n")

    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("path", ["/leads/import/preview", "/leads/import/start"])
def test_who_hangs_up(caller: Caller, caplog: pytest.LogCaptureFixture, path: str) -> None:
    """Who hangs up in the middle of a body is no error of ours, and is counted for what it is."""
    lines = "Content-Length: 100", f"Content-Type: {FORM['Content-Type']}"
    connection = connected(caller.customer)
    connection.sendall(head(caller.customer, path, *lines) + b"--b0undary\r\n")
    connection.close()
    name = path.rpartition("/")[2]
    count = f'leadport_http_seconds_count{{operation="leadvibe_{name}",status="499"}} '
    patience = time.monotonic() + 60
    while count not in caller.http.get("/metrics").text:
        assert time.monotonic() < patience
        time.sleep(0.02)

    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def form_of(size: int) -> Iterator[bytes]:
    """A form with a file of so many bytes."""
    yield b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="file"; filename="a.csv"'
    yield b"\r\n\r\nEmail\n"
    for _ in range(size // 1_000_000):
        yield b"ana@example.com\n" * 62_500
    yield b"\r\n--" + BOUNDARY + b"--\r\n"


def test_200_megabytes(caller: Caller) -> None:
    """A body of 200 MB whose length nobody announced: 413, and it is never in memory."""
    try:
        answer = caller.http.post(
            "/leads/import/preview", content=form_of(200_000_000), headers=FORM
        )
    except httpx.TransportError:  # it would not hear of more, which is an answer too
        return
    refused(answer, 413)


# ---- forms -------------------------------------------------------------------------------------


def part(name: str, content: bytes = b"x", headers: bytes = b"") -> bytes:
    told = f'Content-Disposition: form-data; name="{name}"'.encode()
    return b"--" + BOUNDARY + b"\r\n" + told + headers + b"\r\n\r\n" + content + b"\r\n"


def ended(parts: bytes) -> bytes:
    return parts + b"--" + BOUNDARY + b"--\r\n"


BOMBS = {
    "many fields": ended(b"".join(part(f"f{n}") for n in range(20_000))),
    "many files": ended(part("file", b"Email\n", b'; filename="a.csv"') * 1_000),
    "a long field": ended(part("x", b"x" * 2_000_000)),
    "many headers": ended(part("file", b"x", b"".join(b"\r\nX-%d: y" % n for n in range(20_000)))),
    "a long header": ended(part("file", b"x", b"\r\nX: " + b"y" * 1_000_000)),
    "no end": part("file", b"Email\nana@example.com\n", b'; filename="a.csv"') * 2,
    "another boundary": b"--other\r\n" * 1_000,
    "nothing but boundaries": (b"--" + BOUNDARY + b"\r\n") * 10_000,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_forms_that_are_bombs(caller: Caller, bomb: str) -> None:
    """Too many parts, headers or bytes around a file are a 4xx, whatever else is in the form."""
    refused(caller.http.post("/leads/import/preview", content=BOMBS[bomb], headers=FORM), 400, 413)


# ---- files -------------------------------------------------------------------------------------


def test_ten_thousand_columns(caller: Caller) -> None:
    """A file of 10,000 columns is refused with the limit, and so is a mapping of as many."""
    names = [f"c{n}" for n in range(10_000)]
    content = ",".join(names) + "\n" + ",".join("x" for _ in names) + "\n"
    refused(caller.try_to_send(content.encode()), 400)
    file_id = caller.send(b"Email,Name\nana@example.com,Ana\n")["file_id"]

    refused(caller.try_to_start(file_id=file_id, field_mappings=dict.fromkeys(names, "notes")), 400)


# ---- JSON --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe{}",
        b'{"file_id": "\xe9"}',
        b'{"file_id": "\\ud800"}',
        b'{"file_id": "a\\u0000b"}',
        b"[" * 100_000,
        b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
        b'{"file_id": ' + b"9" * 5_000 + b"}",
        b"null",
        b"NaN",
        b'{"file_id": "a", "file_id": "b"}',
        b"file_id=a&kind=b",
    ],
)
def test_json_that_is_none(caller: Caller, body: bytes) -> None:
    """Broken UTF-8, broken JSON and values without end are a 400."""
    refused(caller.http.post("/leads/import/start", content=body), 400)


@pytest.mark.parametrize(
    "crowd",
    [b"[]," * 3_000_000, b"1," * 4_500_000, b'"",' * 3_000_000, b'"\\\\",[],' * 1_200_000],
    ids=["lists", "numbers", "texts", "texts that end in a backslash"],
)
def test_json_of_too_many_values(caller: Caller, crowd: bytes) -> None:
    """Ten megabytes of JSON may be a CSV, but not millions of values: those are a 400 at once, and
    never in memory."""
    body = b'{"content": "Phone\\n1", "mapping": {"Phone": "phone"}, "more": [' + crowd + b"1]}"
    told = {"Content-Type": "application/json"}
    answer = caller.http.post("/api/leads/upload/confirm", content=body, headers=told)

    assert (answer.status_code, answer.json()["error"]) == (400, "The body holds too many values.")


def test_a_mapping_of_too_many_values(caller: Caller) -> None:
    """Neither may the JSON within a form hold them."""
    files, mapping = {"file": ("a.csv", b"Email\n")}, '{"a": [' + "[]," * 320_000 + "1]}"
    answer = caller.http.post("/v1/leads/import/csv", files=files, data={"mapping": mapping})

    assert answer.json()["error"]["message"] == "Invalid mapping JSON"


def test_commas_in_a_text_are_not_values() -> None:
    """A CSV within JSON has commas, brackets and quotes as it likes."""
    text = 'a,[{"b\\",\n' * json_text.MOST_TOKENS

    assert json_text.values(json.dumps({"content": text}).encode()) == {"content": text}


def test_a_thousand_mistakes(caller: Caller) -> None:
    """Of very many fields at fault the first ones are named."""
    wrong = {f"column {n}": 7 for n in range(9_000)}
    answer = caller.try_to_start(file_id="x", field_mappings=wrong)

    refused(answer, 400)
    assert len(answer.json()["fields"]) == 50


@pytest.mark.parametrize(
    "file_id", ["", "x" * 100, "preview_" + "z" * 13, "../../etc/passwd", "%00"]
)
def test_ids_that_are_none(caller: Caller, file_id: str) -> None:
    """An id that cannot be is as unknown as one that could."""
    refused(caller.try_to_start(file_id=file_id, primary_identifier=EMAIL), 400, 404)
    if "/" not in file_id:  # that would be another address
        refused(caller.http.get(f"/leads/import/jobs/{file_id or 'x'}"), 404)
