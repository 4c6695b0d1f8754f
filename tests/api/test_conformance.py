"""What holds for every API that Leadport speaks, whatever its words: one suite over all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.api import serving
from bot.api.endpoint import Call, Dialect, Endpoint
from bot.dialects import DIALECTS
from core import ids, keys
from core.models import SavedMapping
from tests.api.conftest import Api, Customer, running_api
from tests.api.leadvibe import FIXTURES, Caller
from tests.core import dump
from tests.parts.databases import copied_sqlite

_PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")

Line = tuple[Dialect, Endpoint]


def every(wanted: Callable[[Endpoint], bool]) -> pytest.MarkDecorator:
    """Run a test for each such line of the tables; one that needs no key has tests of its own."""
    lines = [(d, e) for d in DIALECTS for e in d.endpoints if wanted(e) and not e.open]
    return pytest.mark.parametrize(("dialect", "endpoint"), lines, ids=map(called, lines))


def called(line: Line) -> str:
    dialect, endpoint = line
    return f"{dialect.name}{'-host' * bool(dialect.hosts)}-{endpoint.method}-{endpoint.name}"


def takes_nothing(endpoint: Endpoint) -> bool:
    return endpoint.body is None and endpoint.form is None


def names_a_thing(endpoint: Endpoint) -> bool:
    return bool(_PARAMETER.search(endpoint.path))


#: What to send to endpoints that name a thing and want a body beside it.
BODIES: dict[str, Any] = {"change_lead": {"fields": {"title": "X"}}, "change_endpoint": {}}


def asked(
    http: httpx.Client, dialect: Dialect, endpoint: Endpoint, path: dict[str, str] | None = None
) -> httpx.Response:
    """The answer to a request that brings nothing but what its path needs, and ``BODIES``."""
    filled = _PARAMETER.sub(lambda m: path[m[1]] if path else "x", endpoint.path)
    headers = {"Host": dialect.hosts[0]} if dialect.hosts else {}
    body = {"json": BODIES[endpoint.name]} if endpoint.name in BODIES else {}
    return http.request(endpoint.method, dialect.prefix + filled, headers=headers, **body)


def assert_refused(answer: httpx.Response, dialect: Dialect, status: int) -> None:
    """A refusal in the dialect's own shape."""
    assert answer.status_code == status, answer.text
    assert dialect.error is not None
    dialect.error.model_validate(answer.json(), strict=True)
    assert answer.headers["X-Request-Id"]


@pytest.fixture(scope="module")
def api(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The web process of this module, which can keep secrets of webhooks too."""
    folder = tmp_path_factory.mktemp("api")
    with (
        copied_sqlite(migrated_sqlite, folder) as database,
        running_api(database, folder, secret_key="a secret key for tests") as api,
    ):
        yield api


# ---- who may ask -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def strangers(api: Api) -> Iterator[dict[str, httpx.Client]]:
    """Clients without a key, with a wrong one, and with a key for each single scope."""
    found = {"": {}, "wrong": {"Authorization": "Bearer lp_live_" + "x" * 43}}
    for scope in (keys.IMPORT, keys.READ):
        customer = api.customer(scope)
        customer.http.close()
        found[scope] = {"Authorization": f"Bearer {customer.key}"}
    clients = {
        name: httpx.Client(base_url=api.url, headers=h, timeout=60, verify=False, trust_env=False)
        for name, h in found.items()
    }
    yield clients
    for client in clients.values():
        client.close()


@every(lambda endpoint: True)
def test_who_may_not_ask(
    strangers: dict[str, httpx.Client], dialect: Dialect, endpoint: Endpoint
) -> None:
    """Without a key, or with a wrong one, it is 401; without the scope 403; and no data."""
    for name in ("", "wrong"):
        assert_refused(asked(strangers[name], dialect, endpoint), dialect, 401)
    other = keys.READ if endpoint.scope == keys.IMPORT else keys.IMPORT
    assert_refused(asked(strangers[other], dialect, endpoint), dialect, 403)


# ---- nothing leaks -----------------------------------------------------------------------------

CSV = b"""Email,Phone,First Name,Company
jane@example.com,+1 212 555 0100,Jane,Acme
ben@example.com,+1 212 555 0101,Ben,
ana@example.com,+1 212 555 0102,Ana,Ditto
"""


@dataclass
class Neighbours:
    """Two accounts that may do everything. ``owned`` are ids of what the second one has, by the
    names that paths give them."""

    me: Customer
    owner: Customer
    owned: dict[str, str]
    had: Any  #: all that the second one has, as it is told of itself


@pytest.fixture(scope="module")
def neighbours(api: Api) -> Iterator[Neighbours]:
    """Two accounts; one of them has one of everything."""
    me, owner = api.customer(keys.ADMIN), api.customer(keys.ADMIN)
    owned = filled(owner)
    yield Neighbours(me, owner, owned, everything(owner))
    me.http.close()
    owner.http.close()


@every(names_a_thing)
def test_what_belongs_to_others(
    neighbours: Neighbours, dialect: Dialect, endpoint: Endpoint
) -> None:
    """Another account's ids look like ids that do not exist, and what it has stays as it is."""
    theirs = asked(neighbours.me.http, dialect, endpoint, neighbours.owned)
    unknown = asked(neighbours.me.http, dialect, endpoint, nobodys())
    assert everything(neighbours.owner) == neighbours.had

    assert_refused(theirs, dialect, theirs.status_code)
    assert theirs.status_code == unknown.status_code == 404
    assert shown(theirs) == shown(unknown)


def shown(answer: httpx.Response) -> str:
    """What an answer says, without the number of the request."""
    return answer.text.replace(answer.headers["X-Request-Id"], "")


def filled(owner: Customer) -> dict[str, str]:
    """Ids of what an account has, by the names that paths give them, once it has everything."""
    http = owner.http
    url = {"url": "https://example.com/", "events": ["import.completed"]}
    webhook = http.post("/webhooks/endpoints", json=url).json()["id"]
    hook = http.post("/webhooks/incoming", json={}).json()["id"]
    job = Caller(owner).run(CSV)["job_id"]
    [delivery] = http.get(f"/webhooks/endpoints/{webhook}/deliveries").json()["deliveries"]
    lead = http.get("/leads", params={"limit": 1}).json()["leads"][0]["lead_id"]
    with owner.api.station.database.writing() as session:
        saved = {"fingerprint": "a" * 64, "targets": {"e mail": "email"}, "used_at": 1}
        session.add(SavedMapping(account_id=owner.account_id, **saved))
    return {
        "job_id": job, "importBatchId": job, "file_id": Caller(owner).send(CSV)["file_id"],
        "lead_id": lead, "id": lead, "endpoint_id": webhook, "delivery_id": delivery["id"],
        "hook_id": hook, "mapping_id": "a" * 64,
    }  # fmt: skip


def nobodys() -> dict[str, str]:
    """Ids that could be, and are not."""
    prefixes = {
        "job_id": "job", "importBatchId": "job", "file_id": "preview", "lead_id": "lead",
        "id": "lead", "endpoint_id": "ep", "delivery_id": "msg", "hook_id": "hook",
    }  # fmt: skip
    found = {name: ids.show(prefix, ids.new_id()) for name, prefix in prefixes.items()}
    return {**found, "mapping_id": "b" * 64}


def everything(owner: Customer) -> Any:
    """What an account has, as it is told of itself."""
    paths = (
        "/leads", "/leads/import/jobs", "/leads/import/mappings", "/webhooks/endpoints",
        "/webhooks/incoming",
    )  # fmt: skip
    with owner.api.station.database.reading() as session:
        leads = dump.leads(session, owner.account_id)
    return leads, [owner.http.get(path).text for path in paths]


@every(takes_nothing)
def test_what_we_did_wrong(
    neighbours: Neighbours,
    dialect: Dialect,
    endpoint: Endpoint,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An error of our own is a 500 in the dialect's shape: a number for the log, and no more."""

    async def fail(handle: Callable[..., Any], call: Call) -> None:
        raise ZeroDivisionError("a secret of ours")

    monkeypatch.setattr(serving, "handled", fail)
    answer = asked(neighbours.me.http, dialect, endpoint, neighbours.owned)
    if answer.status_code == 400:  # it needs more than its path, and was never begun
        assert_refused(answer, dialect, 400)
        return
    assert_refused(answer, dialect, 500)
    assert answer.headers["X-Request-Id"] in answer.text
    assert "secret" not in answer.text and "ZeroDivision" not in answer.text


# ---- one engine --------------------------------------------------------------------------------


def by_leadvibe(customer: Customer, content: bytes, prefix: str = "") -> None:
    Caller(customer, prefix).run(
        content,
        field_mappings={"First Name": "first_name", "Company": "company"},
        alias_mappings={"Phone": "_alias_phone"},
    )


def by_kenbun(customer: Customer, content: bytes) -> None:
    by_leadvibe(customer, content, "/kenbun")


def by_naturalead(customer: Customer, content: bytes) -> None:
    sent = customer.http.post("/api/leads/upload/preview", files={"file": ("a.csv", content)})
    mapping = {"Email": "email", "Phone": "phone", "First Name": "first_name", "Company": "company"}
    body = {"uploadId": sent.json()["uploadId"], "mapping": mapping}
    with customer.api.working():
        answer = customer.http.post("/api/leads/upload/confirm", json=body)
    assert answer.is_success, answer.text


def by_sendkit(customer: Customer, content: bytes) -> None:
    with customer.api.working():
        answer = customer.http.post(
            "/v1/leads/import/csv",
            files={"file": ("a.csv", content)},
            data={"skipDuplicates": "false"},
        )
    assert answer.status_code == 200, answer.text


#: How to import a file by each API that has a way to.
WAYS = {
    "leadvibe": by_leadvibe, "kenbun": by_kenbun, "naturalead": by_naturalead,
    "sendkit": by_sendkit,
}  # fmt: skip
every_way = pytest.mark.parametrize("way", WAYS)


def people(customer: Customer) -> list[Any]:
    """Who an account has: what all APIs store alike of them."""
    with customer.api.station.database.reading() as session:
        found = dump.leads(session, customer.account_id)
    names = ("first_name", "company")
    return sorted((lead["ids"], [lead["fields"].get(name) for name in names]) for lead in found)


def test_every_way_is_tried() -> None:
    """Every dialect that takes a file in has its line here."""
    taking = {d.name for d in DIALECTS if any(e.form is not None for e in d.endpoints)}

    assert taking == set(WAYS)


@every_way
def test_the_same_leads(customer: Customer, way: str) -> None:
    """The same CSV gives the same people by every API: those it names, with all it says."""
    WAYS[way](customer, CSV)

    assert people(customer) == [
        ([["email", "ana@example.com"], ["phone", "+12125550102"]], ["Ana", "Ditto"]),
        ([["email", "ben@example.com"], ["phone", "+12125550101"]], ["Ben", None]),
        ([["email", "jane@example.com"], ["phone", "+12125550100"]], ["Jane", "Acme"]),
    ]


@every_way
def test_undo_restores(customer: Customer, way: str) -> None:
    """Whichever API an import came by, undoing it leaves the account as it was before."""
    WAYS[way](customer, CSV)
    with customer.api.station.database.reading() as session:
        before = dump.leads(session, customer.account_id)
    WAYS[way](customer, CSV.replace(b"Ben,\n", b"Benny,New\n").replace(b"ana@", b"new@", 1))
    job = Caller(customer).jobs()["jobs"][0]
    customer.http.post(f"/leads/import/jobs/{job['job_id']}/undo")
    customer.api.work()

    assert Caller(customer).job(job["job_id"])["undo"]["state"] == "undone"
    with customer.api.station.database.reading() as session:
        assert dump.leads(session, customer.account_id) == before


@every_way
def test_twice_is_as_good_as_once(customer: Customer, way: str) -> None:
    """The same file again changes nothing, by any API, and all APIs see each other's people."""
    by_leadvibe(customer, CSV)
    before = people(customer)
    WAYS[way](customer, CSV)

    assert people(customer) == before
    job = Caller(customer).jobs()["jobs"][0]
    assert (job["created_count"], job["updated_count"], job["failed_count"]) == (0, 3, 0)


# ---- fixtures ----------------------------------------------------------------------------------


def test_every_fixture_is_used() -> None:
    """Whatever a document shows and lies here is sent or compared by a test."""
    tests = "\n".join(
        path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("*.py")
    )
    files = [path for path in FIXTURES.rglob("*") if path.is_file()]
    unused = [
        str(path.relative_to(FIXTURES))
        for path in files
        if f'"{path.name}"' not in tests and f'"{path.name.removesuffix(".json")}"' not in tests
    ]

    assert len(files) > 10 and unused == []
