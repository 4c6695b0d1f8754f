"""The leads of an account over HTTP: found, read, changed, deleted; suppressions and mappings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from core import keys
from core.models import Account, SavedMapping
from tests.api.conftest import Api, Customer
from tests.api.leadvibe import Caller

FILE = (
    b"Email,First Name,Company,Phone,Tags\n"
    b"Jane@Example.com,Jane,Acme,+1 202-555-0143,vip;new\n"
    b"john@example.com,John,Acme,,vip\n"
    b"joe@example.com,Joe,,,\n"
)
MAPPED: dict[str, Any] = {
    "field_mappings": {"First Name": "first_name", "Company": "company", "Tags": "tags"},
    "alias_mappings": {"Phone": "_alias_phone"},
}


def imported(customer: Customer, content: bytes = FILE, **mapped: Any) -> str:
    """The id of a job that is done."""
    caller = Caller(customer)
    job = caller.start(caller.send(content)["file_id"], **(mapped or MAPPED))
    customer.api.work()
    return str(job["job_id"])


@pytest.fixture(scope="module")
def shelf(api: Api) -> Iterator[tuple[Customer, str]]:
    """An account with three leads, for tests that only read; and the job that made them."""
    customer = api.customer()
    with customer.http:
        yield customer, imported(customer)


def found(http: httpx.Client, **query: Any) -> list[str]:
    """The first names on the one page that there is."""
    answer = http.get("/leads", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.json()["next_cursor"] is None
    return [lead["fields"]["first_name"] for lead in answer.json()["leads"]]


def by_email(http: httpx.Client, email: str) -> Any:
    answer = http.get("/lead/by-alias", params={"value": email})
    assert answer.status_code == 200, answer.text
    return answer.json()


def problem(answer: httpx.Response, status: int, code: str) -> Any:
    """The body of a refusal, which is as RFC 9457 has it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, "about:blank")
    assert body["title"] and body["detail"]
    return body


# ---- find --------------------------------------------------------------------------------------


def test_found_by_each_filter(shelf: tuple[Customer, str]) -> None:
    """Sp-4: by batch, tag, identifier, text and time; all that is given has to be true."""
    customer, job_id = shelf
    http = customer.http

    assert found(http) == found(http, batch=job_id) == ["Joe", "John", "Jane"]
    assert found(http, tag="vip") == found(http, q="ACME") == ["John", "Jane"]
    assert found(http, tag="new", batch=job_id, q="acm") == ["Jane"]
    assert found(http, value="JANE@example.com ") == ["Jane"]
    assert found(http, kind="phone", value="+1 (202) 555 0143") == ["Jane"]
    assert found(http, q="+1 (202) 555 0143") == found(http, q="ane@example") == ["Jane"]
    assert found(http, updated_since="2020-01-01T00:00:00Z", tag="vip") == ["John", "Jane"]
    for none in ({"tag": "vi"}, {"q": "nobody"}, {"value": "nobody@example.com"}):
        assert found(http, **none) == []
    assert found(http, updated_since="2999-01-01T00:00:00+02:00") == []


def test_pages(shelf: tuple[Customer, str]) -> None:
    """Sp-4: pages by cursor, the last one without a next; a lead shows all that it holds."""
    customer, job_id = shelf
    first = customer.http.get("/leads", params={"batch": job_id, "limit": 2}).json()
    last = customer.http.get(
        "/leads", params={"batch": job_id, "limit": 2, "cursor": first["next_cursor"]}
    ).json()

    assert [lead["fields"]["first_name"] for lead in first["leads"]] == ["Joe", "John"]
    [jane] = last["leads"]
    assert last["next_cursor"] is None
    assert jane.pop("lead_id").startswith("lead_")
    assert jane.pop("created_at") == jane.pop("updated_at")
    assert jane == {
        "fields": {"first_name": "Jane", "company": "Acme", "email": "jane@example.com"},
        "tags": ["vip", "new"],
        "identifiers": [
            {"kind": "email", "value": "jane@example.com", "main": True,
             "written": "Jane@Example.com"},
            {"kind": "phone", "value": "+12025550143", "main": False,
             "written": "+1 202-555-0143"},
        ],
        "version": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("limit=0", 400, "invalid_request"),
        ("limit=101", 400, "invalid_request"),
        ("limit=x", 400, "invalid_request"),
        ("cursor=x", 400, "invalid_request"),
        ("cursor=", 400, "invalid_request"),
        ("kind=phone", 400, "invalid_request"),
        ("kind=shoe&value=7", 400, "invalid_request"),
        ("tag=a&tag=b", 400, "invalid_request"),
        ("q=%00", 400, "invalid_request"),
        ("q=" + "x" * 2_001, 400, "invalid_request"),
        ("updated_since=yesterday", 400, "invalid_request"),
        ("updated_since=2026-01-01T00:00:00", 400, "invalid_request"),
        ("value=nonsense", 400, "unusable_value"),
        ("batch=job_0000000000000", 404, "not_found"),
        ("batch=x", 404, "not_found"),
    ],
)
def test_a_query_that_does_not_fit(
    shelf: tuple[Customer, str], query: str, status: int, code: str
) -> None:
    """What cannot be looked for is refused in plain words."""
    problem(shelf[0].http.get(f"/leads?{query}"), status, code)


def test_by_alias(shelf: tuple[Customer, str]) -> None:
    """Lp-4: {lead_id, email, metadata} by any identifier; 400 without a value, 404 where none."""
    http = shelf[0].http
    jane = by_email(http, "jane@example.com")

    assert jane["email"] == jane["metadata"]["email"] == "jane@example.com"
    assert jane["metadata"] == jane["fields"]
    by_phone = http.get("/lead/by-alias", params={"kind": "phone", "value": "+12025550143"})
    assert by_phone.json() == jane
    assert {k: v for k, v in jane.items() if k not in ("email", "metadata")} == http.get(
        f"/leads/{jane['lead_id']}"
    ).json()
    assert "value" in problem(http.get("/lead/by-alias"), 400, "invalid_request")["fields"]
    problem(http.get("/lead/by-alias", params={"value": "no@example.com"}), 404, "not_found")
    problem(http.get("/lead/by-alias", params={"value": "nonsense"}), 400, "unusable_value")


# ---- whose -------------------------------------------------------------------------------------


def test_other_accounts_see_nothing(shelf: tuple[Customer, str], other: Customer) -> None:
    """Another account's ids look like ids that do not exist, whatever is asked for."""
    customer, job_id = shelf
    jane = by_email(customer.http, "jane@example.com")["lead_id"]
    tries = {
        "GET": (f"/leads/{jane}", "/leads/lead_0000000000000", "/leads/x"),
        "PATCH": (f"/leads/{jane}", "/leads/lead_0000000000000", "/leads/%00"),
        "DELETE": (f"/leads/{jane}", "/leads/lead_0000000000000", f"/leads/{job_id}"),
    }

    for method, paths in tries.items():
        json = {"fields": {"title": "x"}} if method == "PATCH" else None
        told = [problem(other.http.request(method, path, json=json), 404, "not_found")
                for path in paths]  # fmt: skip
        assert all(body == told[0] for body in told)
    assert found(other.http) == found(other.http, q="jane") == []
    assert found(other.http, value="jane@example.com") == []
    problem(other.http.get("/leads", params={"batch": job_id}), 404, "not_found")
    assert by_email(customer.http, "jane@example.com")["version"] == 1


def test_scopes(api: Api) -> None:
    """Reading needs leads:read, changing leads:write; without a key there is nothing."""
    reader, writer = api.customer(keys.READ), api.customer(keys.WRITE)
    lead, entry = "/leads/lead_0000000000000", {"value": "a@example.com"}
    reads = ["/leads", lead, "/leads/suppressions", "/leads/import/mappings", "/lead/by-alias"]
    writes = [("PATCH", lead), ("DELETE", lead), ("PUT", "/leads/suppressions"),
              ("DELETE", "/leads/suppressions"), ("DELETE", "/leads/import/mappings/x"),
              ("PATCH", "/lead/by-alias/metadata")]  # fmt: skip

    with reader.http as can_read, writer.http as can_write:
        for path in reads:
            assert can_read.get(path, params=entry).status_code in (200, 404)
            assert "leads:read" in problem(can_write.get(path), 403, "forbidden")["detail"]
            problem(httpx.get(api.url + path), 401, "unauthenticated")
        for method, path in writes:
            refused = problem(can_read.request(method, path, params=entry), 403, "forbidden")
            assert "leads:write" in refused["detail"]


def test_kenbun_has_them_too(shelf: tuple[Customer, str]) -> None:
    """The same paths are there below kenbun's prefix."""
    http = shelf[0].http

    assert http.get("/kenbun/leads").json() == http.get("/leads").json()


# ---- change ------------------------------------------------------------------------------------


def test_change_a_lead(customer: Customer) -> None:
    """Np-6: what is mentioned changes, the rest stays; the version is the ETag."""
    imported(customer)
    http = customer.http
    jane = by_email(http, "jane@example.com")
    path = f"/leads/{jane['lead_id']}"
    change = {
        "fields": {"jobTitle": "CEO", "company": None, "custom:Booth": "7"},
        "tags": {"add": ["gold"], "remove": ["new"]},
        "identifiers": {
            "add": [{"kind": "email", "value": "Jane@Work.example"}],
            "remove": [{"kind": "phone", "value": "+1 202 555 0143"}],
        },
    }

    answer = http.patch(path, json=change)

    assert answer.status_code == 200, answer.text
    lead = answer.json()
    assert answer.headers["ETag"] == '"2"' and lead["version"] == 2
    assert lead["fields"] == {
        "first_name": "Jane", "email": "jane@example.com", "title": "CEO", "custom:Booth": "7",
    }  # fmt: skip
    assert lead["tags"] == ["vip", "gold"]
    assert [each["value"] for each in lead["identifiers"]] == [
        "jane@example.com", "jane@work.example",
    ]  # fmt: skip
    assert http.get(path).json() == http.patch(path, json=change).json() == lead
    assert by_email(http, "JANE@work.example")["lead_id"] == jane["lead_id"]
    problem(
        http.get("/lead/by-alias", params={"kind": "phone", "value": "+12025550143"}),
        404, "not_found",
    )  # fmt: skip


def test_only_the_version_that_was_seen(customer: Customer) -> None:
    """If-Match with another version changes and deletes nothing: 412."""
    imported(customer)
    http = customer.http
    path = f"/leads/{by_email(http, 'joe@example.com')['lead_id']}"
    seen = {"If-Match": http.get(path).headers["ETag"]}

    def title(words: str, headers: dict[str, str]) -> httpx.Response:
        return http.patch(path, json={"fields": {"title": words}}, headers=headers)

    assert title("one", seen).status_code == 200
    problem(title("two", seen), 412, "version_conflict")
    problem(title("two", {"If-Match": "nonsense"}), 412, "version_conflict")
    problem(http.delete(path, headers=seen), 412, "version_conflict")
    assert http.get(path).json()["fields"]["title"] == "one"
    assert title("three", {"If-Match": 'W/"2", "7"'}).status_code == 200
    assert title("four", {"If-Match": "*"}).status_code == 200
    assert http.delete(path, headers={"If-Match": '"4"'}).status_code == 200


def test_what_is_refused_is_named(customer: Customer) -> None:
    """X-22, X-30: an owner, an opt-out and a last identifier stay; the refusal says which."""
    imported(customer)
    http = customer.http
    jane, joe = (by_email(http, f"{name}@example.com") for name in ("jane", "joe"))
    path = f"/leads/{joe['lead_id']}"

    owned = http.patch(path, json={"fields": {"phone": "+1 202 555 0143", "title": "x"}})
    body = problem(owned, 409, "identifier_owned")
    assert (body["lead_id"], body["kind"], body["value"]) == (
        jane["lead_id"], "phone", "+12025550143",
    )  # fmt: skip
    problem(http.patch(path, json={"fields": {"email": None}}), 409, "last_identifier")
    wrong = problem(http.patch(path, json={"fields": {"shoe": "7"}}), 400, "invalid_edit")
    assert list(wrong["fields"]) == ["fields.shoe"]
    assert http.get(path).json() == {k: joe[k] for k in joe if k not in ("email", "metadata")}

    out = http.patch(path, json={"fields": {"unsubscribed": "true"}}).json()
    assert out["fields"]["unsubscribed"] == "yes"
    back = {"fields": {"unsubscribed": None}}
    problem(http.patch(path, json=back), 409, "opt_out_kept")
    again = http.patch(path, json={**back, "resubscribe": True})
    assert "unsubscribed" not in again.json()["fields"]


@pytest.mark.parametrize(
    "body",
    [
        {"fields": {"title": 7}},
        {"fields": []},
        {"fields": {"": "x"}},
        {"tags": ["vip"]},
        {"tags": {"add": [""]}},
        {"tags": {"add": ["x"] * 101}},
        {"identifiers": {"add": [{"kind": "shoe", "value": "7"}]}},
        {"identifiers": {"add": [{"kind": "email"}]}},
        {"resubscribe": "yes"},
        [],
        None,
    ],
)
def test_a_change_that_does_not_fit(shelf: tuple[Customer, str], body: Any) -> None:
    """A change of the wrong shape is a 400."""
    problem(shelf[0].http.patch("/leads/lead_0000000000000", json=body), 400, "invalid_request")


def test_metadata_by_alias(customer: Customer) -> None:
    """Lp-4: fields are changed by alias; what names nobody is 404."""
    imported(customer)
    path, of_jane = "/lead/by-alias/metadata", {"kind": "phone", "value": "+12025550143"}

    answer = customer.http.patch(path, params=of_jane, json={"metadata": {"company": None}})
    assert answer.json()["metadata"] == {"first_name": "Jane", "email": "jane@example.com"}
    assert answer.headers["ETag"] == '"2"'
    nobody = {"value": "nobody@example.com"}
    refused = customer.http.patch(path, params=nobody, json={"metadata": {}})
    problem(refused, 404, "not_found")
    problem(customer.http.patch(path, params=of_jane, json={}), 400, "invalid_request")


def test_undo_keeps_what_was_touched(customer: Customer) -> None:
    """X-23: undoing keeps a lead that was changed since; one that was deleted since is gone."""
    job_id = imported(customer)
    http = customer.http
    jane, joe = (by_email(http, f"{name}@example.com")["lead_id"] for name in ("jane", "joe"))
    http.patch(f"/leads/{jane}", json={"fields": {"title": "CEO"}})
    gone = http.delete(f"/leads/{joe}")
    assert gone.json() == {"lead_id": joe, "deleted": True, "suppressed": 0}
    problem(http.get(f"/leads/{joe}"), 404, "not_found")
    problem(http.delete(f"/leads/{joe}"), 404, "not_found")

    assert http.post(f"/leads/import/jobs/{job_id}/undo").status_code == 202
    customer.api.work()

    undone = http.get(f"/leads/import/jobs/{job_id}").json()["undo"]
    counts = {name: undone[name] for name in ("deleted", "restored", "kept", "gone")}
    assert counts == {"deleted": 1, "restored": 0, "kept": 1, "gone": 1}
    assert found(http) == found(http, batch=job_id) == ["Jane"]


# ---- the suppression list ----------------------------------------------------------------------


def test_suppressions(customer: Customer, other: Customer) -> None:
    """X-30: entries are put, listed in pages and taken off; imports skip their rows."""
    http, path = customer.http, "/leads/suppressions"
    with customer.api.station.database.writing() as session:
        session.get_one(Account, customer.account_id).settings = {"default_region": "US"}
    entries = [
        {"kind": "email", "value": "Jane@Example.com"},
        {"kind": "phone", "value": "(202) 555-0199"},
        {"kind": "email", "value": "nonsense"},
        {"kind": "external_id", "value": "é/7"},
    ]

    put = http.put(path, json={"entries": entries, "reason": "asked to"}).json()
    assert (put["added"], put["unchanged"]) == (3, 0)
    assert [(one["kind"], one["value"]) for one in put["refused"]] == [("email", "nonsense")]
    assert "nonsense" in put["refused"][0]["message"]
    assert http.put(path, json={"entries": entries}).json()["unchanged"] == 3

    shown, cursor = [], {}
    for _ in range(3):
        page = http.get(path, params={"limit": 1, **cursor}).json()
        shown += page["suppressions"]
        cursor = {"cursor": page["next_cursor"]}
    assert page["next_cursor"] is None
    assert [(one["kind"], one["value"], one["reason"]) for one in shown] == [
        ("email", "jane@example.com", "asked to"),
        ("external_id", "é/7", "asked to"),
        ("phone", "+12025550199", "asked to"),
    ]
    assert all(one["created_at"].endswith("Z") for one in shown)
    assert other.http.get(path).json() == {"suppressions": [], "next_cursor": None}

    imported(customer)
    assert found(http) == ["Joe", "John"]
    off = {"kind": "external_id", "value": "é/7"}
    problem(other.http.delete(path, params=off), 404, "not_found")
    assert http.delete(path, params=off).json() == {"removed": 1}
    problem(http.delete(path, params=off), 404, "not_found")
    assert len(http.get(path).json()["suppressions"]) == 2


@pytest.mark.parametrize(
    "cursor", ["x", "é", "e30=", "WzEsMl0=", "WyJlbWFpbCIsIlx1MDAwMCJd", "WyJlbWFpbCIsIlx1ZDgwMCJd"]
)
def test_a_cursor_that_is_none(shelf: tuple[Customer, str], cursor: str) -> None:
    """What is no cursor of the suppression list is a 400."""
    answer = shelf[0].http.get("/leads/suppressions", params={"cursor": cursor})
    problem(answer, 400, "invalid_request")


def test_too_many_entries(shelf: tuple[Customer, str]) -> None:
    """A list that is too long for one request is a 400; the wrong kind is named."""
    http, entry = shelf[0].http, {"kind": "email", "value": "a@example.com"}

    for entries in ([entry] * 5_001, [{**entry, "kind": "shoe"}], "a@example.com"):
        answer = http.put("/leads/suppressions", json={"entries": entries})
        assert "entries" in problem(answer, 400, "invalid_request")["detail"]


def test_who_opted_out_does_not_come_back(customer: Customer) -> None:
    """X-30: a lead that opted out and is deleted is suppressed, unless told otherwise."""
    imported(customer)
    http = customer.http
    jane = f"/leads/{by_email(http, 'jane@example.com')['lead_id']}"
    http.patch(jane, json={"fields": {"blocked": "yes"}})

    assert http.delete(jane).json()["suppressed"] == 2
    imported(customer)

    assert found(http) == ["Joe", "John"]
    john = f"/leads/{by_email(http, 'john@example.com')['lead_id']}"
    assert http.delete(john, params={"suppress": "true"}).json()["suppressed"] == 1
    problem(http.delete(john, params={"suppress": "perhaps"}), 400, "invalid_request")


# ---- saved mappings ----------------------------------------------------------------------------


def test_saved_mappings(customer: Customer, other: Customer) -> None:
    """The mappings that an account's files get again are listed, and forgotten one by one."""
    with customer.api.station.database.writing() as session:
        for digit in "abc":
            session.add(
                SavedMapping(
                    account_id=customer.account_id, fingerprint=digit * 64,
                    targets={"e mail": "email"}, used_at=1_700_000_000_000,
                )
            )  # fmt: skip
    http, path = customer.http, "/leads/import/mappings"

    first = http.get(path, params={"limit": 2}).json()
    assert first["mappings"][0] == {
        "mapping_id": "a" * 64,
        "columns": {"e mail": "email"},
        "used_at": "2023-11-14T22:13:20.000Z",
    }
    last = http.get(path, params={"limit": 2, "cursor": first["next_cursor"]}).json()
    shown = [one["mapping_id"][0] for page in (first, last) for one in page["mappings"]]
    assert shown == ["a", "b", "c"] and last["next_cursor"] is None

    problem(other.http.delete(f"{path}/{'b' * 64}"), 404, "not_found")
    assert http.delete(f"{path}/{'b' * 64}").json() == {"removed": 1}
    for gone in ("b" * 64, "x", "%00"):
        problem(http.delete(f"{path}/{gone}"), 404, "not_found")
    assert len(http.get(path).json()["mappings"]) == 2
