"""What every dialect stands on: keys, types, limits, refusals. Tried on a dialect of four lines."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import httpx
import pytest
from pydantic import Field
from starlette.applications import Starlette

from bot.api import serving
from bot.api.endpoint import Answer, Call, Dialect, Endpoint, Refused, Wire
from bot.api.failures import InvalidRequest, status_of
from bot.api.office import Office
from bot.desk import Desk
from bot.metrics import metrics
from core import imports, keys
from core.db import Database
from core.errors import ImportFailure, NotFound
from core.uploads import Files
from tests.parts.databases import copied_sqlite
from tests.sandbox.conftest import serving as serving_on
from worker.counts import Counts
from worker.queue import Bell
from worker.settings import Settings
from worker.station import Station
from worker.workspaces import Workspaces


class Page(Wire):
    page: Annotated[int, Field(ge=1, le=9)] = 1


class Named(Wire):
    name: Annotated[str, Field(max_length=20)]
    size: int = 0


class Told(Wire):
    said: str


def look(call: Call) -> Answer:
    """Look at a thing."""
    if call.path["thing"] != "it":
        raise NotFound
    return Answer(Told(said=f"page {call.query.page}"))


async def put(call: Call) -> Answer:
    """Put a thing."""
    return Answer(Told(said=call.body.name), 201)


def send(call: Call) -> Answer:
    """Send a file."""
    assert call.file is not None
    if call.body.name == "bad":
        raise InvalidRequest("No.")
    return Answer(Told(said=f"{call.file.name} {call.file.stored.size}"))


def crash(call: Call) -> Answer:
    """Crash."""
    raise ZeroDivisionError("a secret of ours")


def refuse(failure: ImportFailure) -> Refused:
    return Refused(status_of(failure), {"error": failure.message, "code": failure.code})


TINY = Dialect(
    "tiny",
    (
        Endpoint("GET", "/things/{thing}", look, keys.READ, {200: Told}, query=Page),
        Endpoint("POST", "/things/{thing}", put, keys.WRITE, {201: Told}, body=Named, limit=1_000),
        Endpoint("POST", "/files", send, keys.IMPORT, {200: Told}, form=Named, limit=100_000),
        Endpoint("POST", "/crash", crash, keys.READ, {200: Told}),
    ),
    refuse,
    prefix="/v0",
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def tiny(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory, files: Files
) -> Iterator[tuple[str, Database]]:
    """The address of the dialect, and its database."""
    with (
        copied_sqlite(migrated_sqlite, tmp_path_factory.mktemp("tiny")) as database,
        socket.create_server(("127.0.0.1", 0)) as listening,
    ):
        bell = Bell(None)
        station = Station(database, files, bell, Workspaces(""))
        office = Office(
            Settings(), database, files, Desk(database, bell), station,
            metrics(database, bell, Counts(None)),
        )  # fmt: skip
        with serving_on(Starlette(routes=serving.routes(TINY, office)), listening):
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/v0", database


def key_of(database: Database, *scopes: str) -> str:
    with database.writing() as session:
        account_id = imports.account(session, "acme").id
        assert account_id is not None
        return keys.create(session, account_id, "", scopes)[1]


@pytest.fixture
def http(tiny: tuple[str, Database]) -> Iterator[httpx.Client]:
    """A client whose key may do everything but manage."""
    url, database = tiny
    headers = {"X-Api-Key": key_of(database, *keys.DEFAULT_SCOPES)}
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        yield client


def test_a_key_in_either_header(tiny: tuple[str, Database]) -> None:
    """X-27: Bearer or X-Api-Key; both only with the same key. Whatever is wrong, the words are."""
    url, database = tiny
    key, other = key_of(database, keys.READ), key_of(database, keys.READ)
    good = [
        {"Authorization": f"Bearer {key}"},
        {"authorization": f"bearer {key}"},
        {"X-API-Key": key},
        {"X-Api-Key": key, "Authorization": f"Bearer {key}"},
    ]
    bad = [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {key}"},
        {"X-Api-Key": key + "x"},
        {"X-Api-Key": "k" * 9_000},
        {"X-Api-Key": key, "Authorization": f"Bearer {other}"},
        {"X-Api-Key": key, "Authorization": "Basic abc"},
    ]

    assert [httpx.get(f"{url}/things/it", headers=h).status_code for h in good] == [200] * 4
    refused = [httpx.get(f"{url}/things/it", headers=h) for h in bad]
    assert {(r.status_code, r.text) for r in refused} == {(401, refused[0].text)}
    assert refused[0].headers["WWW-Authenticate"] == "Bearer"


def test_scopes_are_asked_for(tiny: tuple[str, Database]) -> None:
    """A key without the scope is told which one is needed; admin may do everything."""
    url, database = tiny
    reader = {"X-Api-Key": key_of(database, keys.READ)}
    admin = {"X-Api-Key": key_of(database, keys.ADMIN)}
    body = {"name": "x"}

    refused = httpx.post(f"{url}/things/it", headers=reader, json=body)
    assert refused.status_code == 403 and "leads:write" in refused.json()["error"]
    assert httpx.post(f"{url}/things/it", headers=admin, json=body).status_code == 201


def test_an_unknown_path_and_method(http: httpx.Client) -> None:
    """405 names the methods there are; HEAD is GET without a body."""
    refused = http.delete("/things/it")

    assert refused.status_code == 405 and refused.headers["Allow"] == "GET, POST"
    assert refused.json()["code"] == "bad_method"
    assert http.head("/things/it").status_code == 200
    assert http.get("/things/other").status_code == 404


@pytest.mark.parametrize(
    ("query", "words"), [("page=0", "page"), ("page=x", "page"), ("page=1&page=2", "page")]
)
def test_a_query_that_does_not_fit(http: httpx.Client, query: str, words: str) -> None:
    """The field at fault is named."""
    refused = http.get(f"/things/it?{query}")

    assert refused.status_code == 400 and refused.json()["error"].startswith(words)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no body"),
        (b"{", "not valid JSON (line 1)"),
        (b"[" * 500 + b"]" * 500, "valid"),
        (b"\xff{}", "not UTF-8"),
        (b"[]", "body"),
        (b"{}", "name: is required"),
        (b'{"name": 5}', "name"),
        (b'{"name": "x", "size": true}', "size"),
        (b'{"name": "x", "size": "7"}', "size"),
        (b'{"name": "a\\u0000b"}', "not allowed"),
        (b'{"name": "\\ud800"}', "not allowed"),
        (b'{"\\u0000": 1, "name": "x"}', "not allowed"),
        (b'{"name": "%s"}' % (b"x" * 21), "name"),
    ],
)
def test_a_body_that_does_not_fit(http: httpx.Client, body: bytes, words: str) -> None:
    """Every kind of wrong body is a 400 in plain words."""
    refused = http.post("/things/it", content=body)

    assert refused.status_code == 400 and words in refused.json()["error"]


def test_a_body_that_is_too_large(http: httpx.Client) -> None:
    """413, with and without a Content-Length, whatever the rest of it holds."""
    large = b'{"name": "x"}' + b" " * 5_000_000

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(large), 60_000):
            yield large[start : start + 60_000]

    for content in (large, pieces()):
        refused = http.post("/things/it", content=content)
        assert refused.status_code == 413 and refused.json()["code"] == "file_too_large"


def test_a_file_arrives(http: httpx.Client, files: Files) -> None:
    """A file is stored as it came; its name is a text and never a path."""
    answer = http.post(
        "/files", data={"name": "x"}, files={"file": ("../../étrange.csv", b"a,b\n1,2\n")}
    )

    assert answer.json() == {"said": "../../étrange.csv 8"}
    assert [path.read_bytes() for path in files.root.glob("??/*.csv")] == [b"a,b\n1,2\n"]


def test_a_file_that_was_refused_is_gone(http: httpx.Client, files: Files) -> None:
    """What nobody took in does not stay on the disk."""
    before = sorted(files.root.glob("??/*"))
    assert http.post("/files", data={"name": "bad"}, files={"file": b"x"}).status_code == 400
    assert http.post("/files", data={"nam": "bad"}, files={"file": b"x"}).status_code == 400
    assert (
        http.post("/files", data={"name": "x"}, files={"file": b"x" * 100_001}).status_code == 413
    )

    assert sorted(files.root.glob("??/*")) == before


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{}", 400),
        ("multipart/form-data", b"--x\r\n", 400),
        ("multipart/form-data; boundary=x", b"--y\r\nnothing of a form", 400),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: nonsense\r\n\r\n", 400),
        ("multipart/form-data; boundary=x", b"", 400),
    ],
)
def test_a_form_that_is_none(
    http: httpx.Client, content_type: str, body: bytes, status: int
) -> None:
    """What is no form is a 400."""
    assert (
        http.post("/files", content=body, headers={"Content-Type": content_type}).status_code == 400
    )


def test_a_form_of_too_many_parts(http: httpx.Client) -> None:
    """A form of many fields, many files, or one huge field is refused and kept nowhere."""
    fields = {f"field{n}": "x" for n in range(1_000)}
    many = [("file", (f"{n}.csv", b"x")) for n in range(50)]

    assert http.post("/files", data=fields, files={"file": b"x"}).status_code == 400
    assert http.post("/files", data={"name": "x"}, files=many).status_code == 400
    huge = {"name": "x" * 1_500_000}
    assert http.post("/files", data=huge, files={"file": b"x"}).status_code == 400


def test_a_crash_tells_nothing(http: httpx.Client) -> None:
    """What we did wrong is a 500 with a number for the log, which is the request's."""
    answer = http.post("/crash")

    assert answer.status_code == 500 and "secret" not in answer.text
    assert answer.headers["X-Request-Id"] in answer.json()["error"]
