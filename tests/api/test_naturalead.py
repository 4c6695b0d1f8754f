"""Naturalead's API as its documents tell it: the checklist's N-1 to N-27, over a real socket."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import select, update

from bot.dialects.naturalead import rules
from core import ids
from core.models import Import, Lead, Upload
from tests.api.conftest import Api, Customer, running_api

EXAMPLES = Path(__file__).parent / "fixtures" / "naturalead"
PREVIEW, CONFIRM = "/api/leads/upload/preview", "/api/leads/upload/confirm"
BATCH = r"job_[0-9a-z]{13}"

HEADER = "Phone Number,Full Name,Email Address,Lead Source,Company"
ANA = f"{HEADER}\n+12025550143,Ana Lee,ana@example.com,website,Ditto\n".encode()


def example(name: str) -> Any:
    """What the documents show."""
    return json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))


MAPPING: dict[str, str] = example("confirm")["mapping"]


def preview(customer: Customer, content: bytes, name: str = "leads.csv") -> httpx.Response:
    return customer.http.post(PREVIEW, files={"file": (name, content)})


def confirm(customer: Customer, **body: Any) -> httpx.Response:
    """Confirm with a worker at work beside."""
    with customer.api.working():
        return customer.http.post(CONFIRM, json=body)


def imported(customer: Customer, content: bytes, name: str = "leads.csv", **body: Any) -> Any:
    """The answer about a file that is imported in two steps."""
    upload_id = preview(customer, content, name).json()["uploadId"]
    answer = confirm(customer, **{"uploadId": upload_id, "mapping": MAPPING, **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


def leads(customer: Customer) -> list[Lead]:
    """The account's leads, by their phones."""
    with customer.api.station.database.reading() as session:
        found = session.exec(select(Lead).where(Lead.account_id == customer.account_id)).all()
    return sorted(found, key=lambda lead: lead.fields["phone"])


def like(answer: Any, shown: Any) -> bool:
    """Whether an answer holds all that is shown, ids by their prefix; it may hold more."""
    if isinstance(shown, dict):
        return answer.keys() >= shown.keys() and all(like(answer[k], shown[k]) for k in shown)
    if isinstance(shown, list):
        return len(answer) == len(shown) and all(map(like, answer, shown))
    if isinstance(shown, str) and shown.endswith("_abc123"):
        return bool(re.fullmatch(shown.replace("abc123", "[0-9a-z]{13}"), answer))
    return bool(answer == shown)


# ---- preview -----------------------------------------------------------------------------------


def test_preview(customer: Customer) -> None:
    """N-1, N-3 to N-6, X-9: a form with a file gives columns, rows and an uploadId, beside the
    reference's names for them, and nothing is written."""
    answer = preview(customer, ANA)

    assert answer.status_code == 200
    assert like(answer.json(), example("preview"))
    assert leads(customer) == []


def test_preview_of_a_text(customer: Customer) -> None:
    """Np-2: the reference sends the CSV as a text in JSON and gets the same answer."""
    answer = customer.http.post(PREVIEW, json={"content": ANA.decode()})

    assert answer.status_code == 200
    assert like(answer.json(), example("preview"))


def test_the_sample_is_small(customer: Customer) -> None:
    """N-5: of many rows a few are shown; how many there are is told."""
    rows = "".join(f"+1202555{n:04},A,,,\n" for n in range(100, 199))
    found = preview(customer, f"{HEADER}\n{rows}".encode()).json()

    assert len(found["rows"]) == rules.SAMPLE_ROWS
    assert found["totalRows"] == 99


def test_a_suggestion_can_be_confirmed(customer: Customer) -> None:
    """N-27: the preview suggests a mapping; confirmed as it is, no column is lost."""
    content = b"Phone,Name,Notes,Notes 2,Shoe Size,Zip\n+12025550143,Ana,a,b,39,53111\n"
    suggested = preview(customer, content).json()["suggestedMapping"]
    imported(customer, content, mapping=suggested)

    assert suggested["Phone"] == "phone" and suggested["Shoe Size"] == "Shoe Size"
    assert len(leads(customer)[0].fields) == 6


# ---- confirm -----------------------------------------------------------------------------------


def test_confirm(customer: Customer) -> None:
    """N-7, N-8, N-10 to N-12, N-16, N-17, Np-1: the mapping and the uploadId import the file; the
    answer holds the counts and an importBatchId of its own."""
    upload_id = preview(customer, ANA).json()["uploadId"]
    answer = confirm(customer, **{**example("confirm"), "uploadId": upload_id})

    assert answer.status_code == 200
    assert like(answer.json(), example("confirmed"))
    [lead] = leads(customer)
    assert lead.fields == {
        "phone": "+12025550143", "name": "Ana Lee", "email": "ana@example.com",
        "source": "website", "company": "Ditto",
    }  # fmt: skip
    assert lead.tags == ["csv-import", "q1-2026"]


def test_confirm_a_text(customer: Customer) -> None:
    """Np-2: the reference confirms with the CSV itself, without a preview."""
    answer = confirm(customer, content=ANA.decode(), mapping=MAPPING)

    assert answer.status_code == 200
    assert like(answer.json(), example("confirmed"))


def test_each_confirmation_is_an_import(customer: Customer) -> None:
    """N-17: an upload that is confirmed twice gives two importBatchIds; the second changes
    nothing."""
    upload_id = preview(customer, ANA).json()["uploadId"]
    first, second = (
        confirm(customer, uploadId=upload_id, mapping=MAPPING).json() for _ in range(2)
    )

    assert first["importBatchId"] != second["importBatchId"]
    assert (second["imported"], second["duplicatesSkipped"], second["errors"]) == (0, 1, 0)


def test_the_phone_decides(customer: Customer, other: Customer) -> None:
    """N-2, N-9, N-14, N-15: in every spelling of it the phone finds the lead, which is updated,
    whatever its email; another account's leads are not looked at."""
    imported(customer, ANA)
    rows = "(202) 555-0143,Ana Maria Lee,am@example.net,,\n202-555-0144,Ben,ana@example.com,,\n"
    mine = imported(customer, f"{HEADER}\n{rows}".encode(), country="US")
    theirs = imported(other, ANA)

    assert (mine["created"], mine["updated"]) == (1, 1)
    assert (theirs["created"], theirs["updated"]) == (1, 0)
    ana, ben = leads(customer)
    assert (ana.fields["name"], ana.fields["company"]) == ("Ana Maria Lee", "Ditto")
    assert ben.fields["name"] == "Ben"


def test_counts_add_up(customer: Customer) -> None:
    """Np-2, X-15: imported, skipped duplicates and errors are the total; a second row of a person
    is a duplicate, one without a phone an error, which is told with its row."""
    rows = "+12025550143,A,,,\n+12025550144,B,,,\n+12025550143,A,,,\n,C,,,\nnone,D,,,\n"
    found = imported(customer, f"{HEADER}\n{rows}".encode())

    assert [found[name] for name in ("total", "imported", "duplicatesSkipped", "errors")] == [
        5, 2, 1, 2,
    ]  # fmt: skip
    assert [(one["row"], one["code"]) for one in found["errorDetails"]] == [
        (4, "missing_identifier"),
        (5, "invalid_phone"),
    ]


def test_other_targets_are_custom_fields(customer: Customer) -> None:
    """N-13: a target that is no lead field becomes a custom field of that name on each lead, and a
    column that nobody named is told to be ignored."""
    content = b"Phone,Company,Shoes,Secret\n+12025550143,Ditto,39,x\n"
    mapping = {"Phone": "phone", "Company": "company", "Shoes": "shoe size"}
    found = imported(customer, content, mapping=mapping)
    [lead] = customer.http.get("/api/leads").json()["data"]

    assert lead["customFields"] == {"company": "Ditto", "shoe size": "39"}
    assert found["ignoredColumns"] == ["Secret"]


def test_where_phones_are_from(customer: Customer) -> None:
    """X-21: a country makes numbers without one whole; one that does not exist is refused."""
    content = b"Phone,Name\n(0)30 23125 014,Ana\n"
    mapping = {"Phone": "phone", "Name": "name"}
    imported(customer, content, mapping=mapping, country="Germany")
    upload_id = preview(customer, content).json()["uploadId"]
    wrong = confirm(customer, uploadId=upload_id, mapping=mapping, country="Atlantis")

    assert [lead.fields["phone"] for lead in leads(customer)] == ["+493023125014"]
    assert (wrong.status_code, wrong.json()["error"]) == (400, "country is invalid")


# ---- what an import did ------------------------------------------------------------------------


def test_leads_of_an_import(customer: Customer) -> None:
    """N-18, N-21, Np-4: importBatchId keeps the list to one import's leads, whether it created or
    updated them; skip and limit go through the list."""
    imported(customer, f"{HEADER}\n+12025550143,A,,,\n+12025550144,B,,,\n".encode())
    second = imported(customer, f"{HEADER}\n+12025550144,Ben,,,\n+12025550145,C,,,\n".encode())

    def listed(**query: Any) -> Any:
        return customer.http.get("/api/leads", params=query).json()

    batch = listed(importBatchId=second["importBatchId"])
    assert sorted(lead["name"] for lead in batch["data"]) == ["Ben", "C"]
    assert [batch[name] for name in ("total", "skip", "limit")] == [2, 0, 50]
    pages = [listed(skip=skip, limit=2) for skip in (0, 2, 4)]
    assert [len(page["data"]) for page in pages] == [2, 1, 0]
    assert [page["total"] for page in pages] == [3] * 3
    assert len({lead["id"] for page in pages for lead in page["data"]}) == 3


def test_history(customer: Customer) -> None:
    """N-19: the imports are listed with the file each came from, the newest first."""
    first = imported(customer, ANA, "may.csv")
    second = imported(customer, ANA, "june.csv")
    found = customer.http.get("/api/leads/imports").json()
    older = customer.http.get("/api/leads/imports", params={"skip": 1, "limit": 1}).json()
    one = customer.http.get(f"/api/leads/imports/{first['importBatchId']}").json()

    assert [(job["fileName"], job["importBatchId"]) for job in found["data"]] == [
        ("june.csv", second["importBatchId"]),
        ("may.csv", first["importBatchId"]),
    ]
    assert [job["fileName"] for job in older["data"]] == ["may.csv"]
    assert older["total"] == 2
    assert one == first


def test_roll_back_by_deleting(customer: Customer) -> None:
    """N-20: a client can find all leads of an import and delete them one by one."""
    batch = imported(customer, ANA)["importBatchId"]
    found = customer.http.get("/api/leads", params={"importBatchId": batch}).json()["data"]
    gone = [customer.http.delete(f"/api/leads/{lead['id']}") for lead in found]
    again = customer.http.delete(f"/api/leads/{found[0]['id']}")

    assert [answer.status_code for answer in gone] == [200]
    assert again.status_code == 404
    assert customer.http.get("/api/leads", params={"importBatchId": batch}).json()["data"] == []


def test_roll_back(customer: Customer) -> None:
    """N-20, X-23: rolling back deletes whom the import created, and restores whom it changed
    instead of deleting people who were there before; it tells so before and after."""
    imported(customer, ANA)
    rows = "+12025550143,Someone Else,,,\n+12025550144,Ben,,,\n"
    batch = imported(customer, f"{HEADER}\n{rows}".encode())["importBatchId"]
    path = f"/api/leads/imports/{batch}/rollback"
    foretold = customer.http.post(path, params={"dryRun": "true"}).json()
    assert [lead.fields["name"] for lead in leads(customer)] == ["Someone Else", "Ben"]
    with customer.api.working():
        done = customer.http.post(path)
    again = customer.http.post(path)

    counts = {"deleted": 1, "restored": 1, "kept": 0, "gone": 0, "importBatchId": batch}
    assert foretold == {**counts, "state": "not_undone"}
    assert (done.status_code, done.json()) == (200, {**counts, "state": "undone"})
    assert again.json() == done.json()
    assert [lead.fields["name"] for lead in leads(customer)] == ["Ana Lee"]
    assert customer.http.get(f"/api/leads/imports/{batch}").json()["rolledBack"] is True
    assert customer.http.get("/api/leads", params={"importBatchId": batch}).json()["total"] == 0


def test_search_and_read(customer: Customer) -> None:
    """Np-6: leads are found by a part of their name, and read by their id."""
    imported(customer, ANA)
    found = customer.http.get("/api/leads/search", params={"q": "ana l"}).json()
    none = customer.http.get("/api/leads/search", params={"q": "nobody"}).json()
    [lead] = found["leads"]

    assert (found["total"], none) == (1, {"leads": [], "total": 0})
    assert customer.http.get(f"/api/leads/{lead['id']}").json() == lead
    assert (lead["phone"], lead["source"]) == ("+12025550143", "website")


def test_a_name_in_two_parts(customer: Customer) -> None:
    """N-10: a lead that has a first and a last name shows them as its full name."""
    content = b"Phone,First,Last\n+12025550143,Ana,Lee\n"
    mapping = {"Phone": "phone", "First": "first_name", "Last": "last_name"}
    imported(customer, content, mapping=mapping)

    assert customer.http.get("/api/leads").json()["data"][0]["name"] == "Ana Lee"


# ---- refusals ----------------------------------------------------------------------------------


def refused(answer: httpx.Response, status: int, name: str) -> None:
    """The answer is the refusal that is shown; it may say more of it in ``details``."""
    assert answer.status_code == status, answer.text
    assert like(answer.json(), example(name))


@pytest.mark.parametrize(
    "content",
    [b"", HEADER.encode(), b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, b"PK\x03\x04 no workbook",
     ",".join(f"c{n}" for n in range(10_000)).encode() + b"\n" + b"," * 9_999],
    ids=["empty", "header only", "picture", "broken workbook", "10,000 columns"],
)  # fmt: skip
def test_400_for_what_is_no_csv(customer: Customer, content: bytes) -> None:
    """N-22, X-12: a file that is no table is 400, and the details say why."""
    answer = preview(customer, content)

    assert (answer.status_code, answer.json()["error"]) == (400, "Invalid CSV format")
    assert answer.json()["details"]


def test_400_without_a_phone(customer: Customer) -> None:
    """N-9, N-22: a mapping that maps nothing to phone is refused, and nothing is imported."""
    upload_id = preview(customer, ANA).json()["uploadId"]
    for mapping in ({}, {"Email Address": "email"}, {"Phone Number": ""}):
        refused(confirm(customer, uploadId=upload_id, mapping=mapping), 400, "phone_required")
    assert leads(customer) == []
    assert confirm(customer, uploadId=upload_id, mapping=MAPPING).json()["imported"] == 1


def test_400_for_two_phones(customer: Customer) -> None:
    """Two columns for one field are named."""
    upload_id = preview(customer, ANA).json()["uploadId"]
    mapping = {"Phone Number": "phone", "Full Name": "phone"}
    answer = confirm(customer, uploadId=upload_id, mapping=mapping)

    assert (answer.status_code, answer.json()["error"]) == (400, "Invalid column mapping")
    assert answer.json()["columns"] == ["Phone Number", "Full Name"]


def test_400_for_an_expired_upload(customer: Customer, other: Customer) -> None:
    """N-6, N-22, X-10: an expired uploadId is 400; so is one that never was, or another's."""
    theirs = preview(other, ANA).json()["uploadId"]
    old = preview(customer, ANA).json()["uploadId"]

    def expire(session: Any) -> None:
        mine = Upload.account_id == customer.account_id
        session.exec(update(Upload).where(mine).values(expires_at=1))

    customer.api.station.database.transact(expire)
    unknown = ids.show("upload", ids.new_id())
    answers = [
        confirm(customer, uploadId=one, mapping=MAPPING)
        for one in (old, theirs, unknown, "upload_abc123", "")
    ]

    assert {answer.status_code for answer in answers} == {400}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].json()["error"] == "Invalid or expired uploadId"
    assert leads(customer) == leads(other) == []


def test_401(api: Api) -> None:
    """N-23, Np-3: without a key and with a wrong one the documents' words come back."""
    none = httpx.get(f"{api.url}/api/leads", verify=False)
    wrong = httpx.get(f"{api.url}/api/leads", headers={"X-API-Key": "nl_live_abc"}, verify=False)

    refused(none, 401, "no_key")
    refused(wrong, 401, "wrong_key")


def test_either_header(customer: Customer, other: Customer) -> None:
    """Np-4, X-27: the key comes in either header; two different ones are refused."""
    key, bearer = {"X-API-Key": customer.key}, {"Authorization": f"Bearer {customer.key}"}
    theirs = {"X-API-Key": other.key}
    statuses = [
        httpx.get(f"{customer.api.url}/api/leads", headers=headers, verify=False).status_code
        for headers in (key, bearer, {**key, **bearer}, {**bearer, **theirs})
    ]

    assert statuses == [200, 200, 200, 401]


def test_403(api: Api) -> None:
    """Np-2, Np-3: without the permission leads:import nothing can be imported."""
    reader = api.customer("leads:read")
    with reader.http:
        refused(preview(reader, ANA), 403, "forbidden")
        assert reader.http.get("/api/leads").status_code == 200


def test_413(customer: Customer) -> None:
    """N-24, X-1: a file above 50 MB is refused by its size, as is a long text in JSON."""
    file = preview(customer, b"x" * (rules.MOST_BYTES + 1))
    text = customer.http.post(PREVIEW, json={"content": "x" * rules.MOST_JSON_BYTES})

    for answer, most in ((file, "50 MB"), (text, "10 MB")):
        assert answer.status_code == 413
        assert answer.json()["error"] == "CSV file exceeds the maximum upload size"
        assert most in answer.json()["details"]


def test_422(customer: Customer) -> None:
    """N-25, X-11: columns that the CSV does not have are named."""
    upload_id = preview(customer, ANA).json()["uploadId"]
    answer = confirm(customer, uploadId=upload_id, mapping={**MAPPING, "Mobile": "phone"})

    assert answer.status_code == 422
    assert answer.json()["error"] == "Column mapping references columns not found in the CSV"
    assert answer.json()["columns"] == ["Mobile"]
    assert leads(customer) == []


def test_429(api: Api) -> None:
    """N-26, Np-5: whoever asks too often is told to wait, and for how long."""
    folder = api.station.files.root.parent
    with running_api(api.station.database, folder, rate_key=2) as strict:
        customer = strict.customer()
        with customer.http as http:
            answers = [http.get("/api/leads") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["error"] == "Rate limit exceeded"
    assert int(answers[2].headers["Retry-After"]) > 0


def test_documented_texts(customer: Customer) -> None:
    """Np-3: what is missing or of the wrong kind is told in the reference's words."""
    upload_id = preview(customer, ANA).json()["uploadId"]
    for body in ({}, {"content": ""}, {"content": 7}, {"content": None}):
        refused(customer.http.post(PREVIEW, json=body), 400, "content_required")
    for body in (
        {"mapping": MAPPING},
        {"uploadId": upload_id},
        {"content": "", "mapping": MAPPING},
        {"content": ANA.decode()},
        {"uploadId": upload_id, "mapping": []},
    ):
        refused(customer.http.post(CONFIRM, json=body), 400, "content_and_mapping_required")
    tags = {"uploadId": upload_id, "mapping": MAPPING, "tags": "csv-import"}
    refused(customer.http.post(CONFIRM, json=tags), 400, "tags_must_be_an_array")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"7", b"\xff\xfe{}", b'{"uploadId": "\\ud800", "mapping": {}}',
        b'{"uploadId": "x", "mapping": {"a": 7}}', b'{"uploadId": "a\\u0000", "mapping": {}}',
        b'{"uploadId": 7, "mapping": {}}', b'{"uploadId": "x", "mapping": {}, "tags": [7]}',
        b"[" * 100_000,
    ],
)  # fmt: skip
def test_bodies_that_are_not_as_documented(customer: Customer, body: bytes) -> None:
    """Nonsense is 400 in the envelope, and tells nothing of the inside."""
    answer = customer.http.post(CONFIRM, content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 400
    assert set(answer.json()) <= {"error", "details"}
    assert "Traceback" not in answer.text and "pydantic" not in answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/leads/{lead}"), ("DELETE", "/api/leads/{lead}"),
        ("GET", "/api/leads/imports/{job}"), ("POST", "/api/leads/imports/{job}/rollback"),
        ("GET", "/api/leads?importBatchId={job}"),
    ],
)  # fmt: skip
def test_what_is_not_yours_does_not_exist(
    customer: Customer, other: Customer, method: str, path: str
) -> None:
    """N-14: ids of another account look like ids that do not exist."""
    job = imported(other, ANA)["importBatchId"]
    lead = other.http.get("/api/leads").json()["data"][0]["id"]
    theirs = customer.http.request(method, path.format(lead=lead, job=job))
    unknown = [
        customer.http.request(method, path.format(lead=lead_id, job=job_id))
        for lead_id, job_id in (
            (ids.show("lead", ids.new_id()), ids.show("job", ids.new_id())),
            ("nonsense", "nonsense"),
        )
    ]

    assert theirs.status_code == 404
    assert {answer.text for answer in unknown} == {theirs.text}
    assert len(leads(other)) == 1


# ---- when it takes longer ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def hasty(api: Api) -> Iterator[Api]:
    """The same data, served by a process that waits for no import."""
    folder = api.station.files.root.parent
    with running_api(api.station.database, folder, wait_seconds=0) as hasty:
        yield hasty


def test_an_import_that_goes_on(hasty: Api) -> None:
    """N-17, X-7: what does not end in time is answered with 202 and its importBatchId; so is a
    rollback, which cannot begin before the import has ended."""
    customer = hasty.customer()
    with customer.http as http:
        upload_id = preview(customer, ANA).json()["uploadId"]
        first = http.post(CONFIRM, json={"uploadId": upload_id, "mapping": MAPPING})
        path = f"/api/leads/imports/{first.json()['importBatchId']}"
        early = http.post(f"{path}/rollback")
        hasty.work()
        done = http.get(path)
        begun = http.post(f"{path}/rollback")
        hasty.work()
        undone = http.post(f"{path}/rollback")

    assert (first.status_code, first.json()["status"]) == (202, "queued")
    assert re.fullmatch(BATCH, first.json()["importBatchId"])
    assert early.status_code == 409
    assert (done.json()["status"], done.json()["imported"]) == ("completed", 1)
    assert (begun.status_code, begun.json()["state"]) == (202, "undoing")
    assert (undone.status_code, undone.json()["deleted"]) == (200, 1)


def test_a_refused_text_leaves_nothing(customer: Customer) -> None:
    """A CSV that came with a mapping that was refused is dropped."""
    assert confirm(customer, content=ANA.decode(), mapping={"X": "phone"}).status_code == 422
    with customer.api.station.database.reading() as session:
        mine = select(Import).where(Import.account_id == customer.account_id)
        assert session.exec(mine).one().status == "cancelled"


# ---- the document's own clients ----------------------------------------------------------------


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_documents_curl(customer: Customer, tmp_path: Path) -> None:
    """Np-1: the document's command works with its host and key replaced."""
    (tmp_path / "leads.csv").write_bytes(ANA)
    script = (EXAMPLES / "curl.sh").read_text(encoding="utf-8")
    script = script.replace("https://api.naturalead.ai", customer.api.url)
    script = script.replace("nl_live_YOUR_API_KEY", customer.key)
    command = ["sh", "-c", script.replace("curl ", "curl -sS --noproxy '*' ", 1)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stderr
    assert like(json.loads(done.stdout), example("preview"))
