"""SendKit's API as its document tells it: the checklist's S-1 to S-26, over a real socket."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import select

from bot.dialects.sendkit import rules
from core import ids
from core.models import Import, Lead
from tests.api.conftest import Api, Customer, running_api
from tests.api.test_clients import node

EXAMPLES = Path(__file__).parent / "fixtures" / "sendkit"
PATH = "/v1/leads/import/csv"
LEAD, JOB = r"lead_[0-9a-z]{13}", r"job_[0-9a-z]{13}"


def example(name: str) -> Any:
    """What the document shows."""
    return json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))


def post(customer: Customer, content: bytes, **fields: str) -> httpx.Response:
    """Send a file, with a worker at work beside."""
    with customer.api.working():
        return customer.http.post(PATH, files={"file": ("leads.csv", content)}, data=fields)


def imported(customer: Customer, content: bytes, **fields: str) -> Any:
    """The results of a file that is imported."""
    answer = post(customer, content, **fields)
    assert answer.status_code == 200, answer.text
    assert answer.json()["success"] is True
    return answer.json()["data"]


def leads(customer: Customer) -> dict[str, Lead]:
    """The account's leads by their email."""
    with customer.api.station.database.reading() as session:
        found = session.exec(select(Lead).where(Lead.account_id == customer.account_id)).all()
    return {lead.fields["email"]: lead for lead in found}


def refused(answer: httpx.Response, name: str) -> None:
    """The answer is the refusal that the document shows."""
    assert (answer.status_code, answer.json()) == (400, example(name))


ANA = b"Email,First Name,Company\nana@example.com,Ana,Ditto\n"

# ---- the examples ------------------------------------------------------------------------------


def table(rows: list[tuple[str, ...]]) -> bytes:
    header = tuple(example("import_csv")["data"]["csvInfo"]["columns"])
    return "\n".join(",".join(row) for row in [header, *rows]).encode()


def people(count: int) -> list[tuple[str, ...]]:
    return [
        (f"p{n}@example.com", f"Ana{n}", "Lee", "Ditto Ltd", "Buyer", "Retail")
        for n in range(count)
    ]


def test_the_documented_answer(customer: Customer) -> None:
    """S-1, S-6, S-10, S-16 to S-19: 200 rows give the counts of the document's example, which add
    up, the ids of the new leads, the failed rows, and the mapping that was used."""
    bad = [(text, "X", "Y", "Z", "T", "I") for text in ("not-an-email", "@", "a b", "x@", "@y")]
    imported(customer, table(people(15)))
    answer = post(customer, table(bad + people(195)))

    shown, found = example("import_csv"), answer.json()
    assert answer.status_code == 200
    counts = ("imported", "updated", "skipped", "failed")
    assert [found["data"][name] for name in counts] == [shown["data"][name] for name in counts]
    assert sum(found["data"][name] for name in counts) == shown["data"]["csvInfo"]["totalRows"]
    assert found["data"]["csvInfo"] == shown["data"]["csvInfo"]
    first = found["data"]["errors"][0]
    assert {name: first[name] for name in ("email", "error")} == shown["data"]["errors"][0]
    assert found.keys() >= shown.keys()
    assert found["data"].keys() >= shown["data"].keys()
    assert len(set(found["data"]["importedLeadIds"])) == 180
    assert all(re.fullmatch(LEAD, one) for one in found["data"]["importedLeadIds"])


def test_no_file(customer: Customer) -> None:
    """S-21: without a file, or with a text in its place, the document's words come back."""
    as_text = httpx.Request("POST", customer.api.url, files={"file": (None, "example_string")})
    for request in (
        {"data": {"tag": "x"}},
        {"json": {"file": "x"}},
        {"content": b""},
        {
            "content": as_text.read(),
            "headers": {"Content-Type": as_text.headers["content-type"]},
        },
    ):
        refused(customer.http.post(PATH, **request), "file_missing")  # type: ignore[arg-type]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"Email,Name\n"])
def test_an_empty_file(customer: Customer, content: bytes) -> None:
    """S-22: a file without leads is told to be empty."""
    refused(post(customer, content), "empty_file")


def test_no_more_than_50000_rows(customer: Customer) -> None:
    """S-13, S-23: the 50,001st row is too many, and it is noticed while reading."""
    rows = b"".join(b"p%d@example.com\n" % n for n in range(50_001))

    refused(post(customer, b"Email\n" + rows), "too_many_rows")
    assert rules.MOST_ROWS == 50_000
    assert leads(customer) == {}


def test_no_email_column(customer: Customer) -> None:
    """S-4, S-24: a file without emails is refused, as is a mapping that names none."""
    refused(post(customer, b"Name,City\nAna,Bonn\nBen,Kiel\n"), "no_email_column")
    refused(post(customer, ANA, mapping='{"First Name": "firstName"}'), "no_email_column")


@pytest.mark.parametrize(
    "mapping",
    [
        "example_string", "{", "[]", '"email"', "null", "7", '{"Email": 7}', '{"Email": null}',
        '{"Email": {"a": "b"}}', '{"Email": "custom:a\\u0000b"}', '{"Email": "\\ud800"}',
        "[" * 100_000,
    ],
)  # fmt: skip
def test_a_mapping_that_is_no_json_object(customer: Customer, mapping: str) -> None:
    """S-25: anything but an object of texts is told to be no mapping."""
    refused(post(customer, ANA, mapping=mapping), "invalid_mapping")


# ---- the mapping -------------------------------------------------------------------------------


def test_the_mapping_of_the_document(customer: Customer) -> None:
    """S-5, S-8, S-9: headers are mapped by a JSON text; "skip" leaves a column out, and what is
    not named becomes a custom field."""
    content = b"Email Address,First,Company,Secret,Shoe Size\nana@example.com,Ana,Ditto,x,39\n"
    data = imported(customer, content, mapping=json.dumps(example("mapping") | {"Secret": "skip"}))

    assert data["csvInfo"]["mapping"] == example("mapping") | {
        "Secret": "skip",
        "Shoe Size": "custom:Shoe Size",
    }
    assert leads(customer)["ana@example.com"].fields == {
        "email": "ana@example.com", "first_name": "Ana", "company": "Ditto",
        "custom:Shoe Size": "39",
    }  # fmt: skip


def test_columns_are_recognised(customer: Customer) -> None:
    """S-6, S-7: every field that the document lists is found by a common name of it."""
    found = {
        "E-mail": "email", "First name": "firstName", "Surname": "lastName",
        "Company name": "companyName", "Job Title": "jobTitle", "Phone": "phone",
        "LinkedIn URL": "linkedinUrl", "City": "city", "State": "state", "Country": "country",
        "Timezone": "timezone", "Notes": "notes", "Industry": "custom:Industry",
    }  # fmt: skip
    row = (
        "ana@example.com,Ana,Lee,Ditto,Buyer,+12025550143,https://linkedin.com/in/ana,Austin,TX,"
        "US,America/Chicago,Met in May,Retail"
    )
    data = imported(customer, f"{','.join(found)}\n{row}\n".encode())

    assert data["csvInfo"]["mapping"] == found
    assert leads(customer)["ana@example.com"].fields["custom:Industry"] == "Retail"


@pytest.mark.parametrize("mapping", ["", "  ", "{}"])
def test_an_empty_mapping_is_none(customer: Customer, mapping: str) -> None:
    """S-6: an empty field of a form counts as one that was left out."""
    assert imported(customer, ANA, mapping=mapping)["imported"] == 1


def test_names_that_are_echoed_can_be_sent(customer: Customer) -> None:
    """S-19: the mapping of an answer, sent back, is the same mapping."""
    content = b"Mail,Second mail,Who,What,Zip\nana@example.com,a@example.net,Ana Lee,x,53111\n"
    first = imported(customer, content)["csvInfo"]["mapping"]
    second = imported(customer, content, mapping=json.dumps(first))["csvInfo"]["mapping"]

    assert second == first


def test_every_field_of_ours_has_a_name_that_comes_back() -> None:
    """S-5: each name that the document's reader may send means one target of ours."""
    from core import targets

    for name in rules.FIELDS:
        target = targets.target_of(name)
        assert target and rules.field(target) == name


@pytest.mark.parametrize(
    ("mapping", "named"),
    [
        ('{"Mail": "email"}', "“Mail”"),
        ('{"Email": "email", "First Name": "email"}', "“Email” and “First Name”"),
    ],
)
def test_a_mapping_that_does_not_fit(customer: Customer, mapping: str, named: str) -> None:
    """X-11: columns that are not there, and two columns for one field, are named."""
    answer = post(customer, ANA, mapping=mapping)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert named in answer.json()["error"]["message"]
    assert leads(customer) == {}


# ---- duplicates, cleanup, tags -----------------------------------------------------------------

LATER = b"Email,First Name,Company\nana@example.com,Anna,Ditto\nben@example.com,Ben,Ditto\n"


def test_duplicates_are_skipped_by_default(customer: Customer) -> None:
    """S-10: a lead whose email exists is left alone, in another case too, and the row is skipped;
    a second row of a person in one file is a duplicate as well."""
    imported(customer, ANA)
    data = imported(customer, LATER + b"ANA@Example.com,A,B\nben@example.com,B,C\n")

    assert [data[name] for name in ("imported", "updated", "skipped", "failed")] == [1, 0, 3, 0]
    assert leads(customer)["ana@example.com"].fields["first_name"] == "Ana"
    assert leads(customer)["ben@example.com"].fields["first_name"] == "Ben"


def test_duplicates_can_be_updated(customer: Customer) -> None:
    """S-10, S-17, X-15: with skipDuplicates=false the lead is updated; rows that change nothing
    count as updated too, and are told apart beside it."""
    imported(customer, ANA)
    first = imported(customer, LATER, skipDuplicates="false")
    second = imported(customer, LATER, skipDuplicates="false")

    assert [first[name] for name in ("imported", "updated", "unchanged")] == [1, 1, 0]
    assert [second[name] for name in ("imported", "updated", "unchanged")] == [0, 2, 2]
    assert leads(customer)["ana@example.com"].fields["first_name"] == "Anna"
    assert first["importedLeadIds"] == [ids.show("lead", leads(customer)["ben@example.com"].id)]


def test_a_tag_for_all(customer: Customer) -> None:
    """S-12: one tag is added to every imported lead."""
    imported(customer, LATER, tag=" Spring fair ")

    assert [lead.tags for lead in leads(customer).values()] == [["Spring fair"]] * 2


UNTIDY = "Email,First Name,LinkedIn,Phone\n ANA@Example.com ,ana  ★,de.linkedin.com/in/Ana/,{}\n"


def test_cleanup(customer: Customer) -> None:
    """S-11: emails, phones, LinkedIn addresses and names are put in order, and symbols go."""
    imported(customer, UNTIDY.format("(202) 555-0143").encode())

    assert leads(customer)["ana@example.com"].fields == {
        "email": "ana@example.com", "first_name": "Ana", "phone": "+12025550143",
        "linkedin_url": "https://www.linkedin.com/in/ana",
    }  # fmt: skip


def test_no_cleanup(customer: Customer) -> None:
    """S-11, X-19: with dataCleanup=false texts stay as they are; what leads are found by is
    compared in its normal form all the same. A country makes phones whole."""
    content = UNTIDY.format("030 23125 014").encode()
    imported(customer, content, dataCleanup="false", country="DE")

    assert leads(customer)["ana@example.com"].fields == {
        "email": "ana@example.com", "first_name": "ana  ★", "phone": "+493023125014",
        "linkedin_url": "de.linkedin.com/in/Ana/",
    }  # fmt: skip


def test_errors_name_the_email(customer: Customer) -> None:
    """S-18: an error holds the row's email and the reason, and a row without one an empty text."""
    data = imported(customer, b"Email,Name\nana@example.com,Ana\nnope,Ben\n,Cy\n")

    found = [(one["email"], one["error"], one["row"], one["line"]) for one in data["errors"]]
    assert found == [("nope", "Invalid email format", 2, 3), ("", "Email is required", 3, 4)]
    assert data["failed"] == 2


# ---- who may -----------------------------------------------------------------------------------


def test_either_header_and_both(customer: Customer, other: Customer) -> None:
    """S-2, S-3, X-27: the key comes in either header, or in both if it is the same."""
    files = {"file": ("leads.csv", ANA)}
    key, bearer = {"X-Api-Key": customer.key}, {"Authorization": f"Bearer {customer.key}"}
    with customer.api.working():
        for headers in (key, bearer, {**key, **bearer}):
            sent = httpx.post(
                customer.api.url + PATH, files=files, headers=headers, timeout=60, verify=False
            )
            assert sent.status_code == 200
        for headers in ({}, {**key, "Authorization": f"Bearer {other.key}"}, {"X-Api-Key": "sk_"}):
            sent = httpx.post(
                customer.api.url + PATH, files=files, headers=headers, timeout=60, verify=False
            )
            assert (sent.status_code, sent.json()["success"]) == (401, False)
            assert sent.json()["error"]["code"] == "UNAUTHORIZED"


def test_a_key_needs_the_scope(api: Api) -> None:
    """Whoever may only read is refused in the envelope of S-20, and nothing is imported."""
    reader = api.customer("leads:read")
    with reader.http:
        answer = post(reader, ANA)

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FORBIDDEN")
    assert leads(reader) == {}


# ---- when it takes longer ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def hasty(api: Api) -> Iterator[Api]:
    """The same data, served by a process that waits for no import."""
    folder = api.station.files.root.parent
    with running_api(api.station.database, folder, wait_seconds=0) as hasty:
        yield hasty


def test_an_import_that_goes_on(hasty: Api, other: Customer) -> None:
    """X-7, S-26: what does not end in time is answered with 202 and a job id, and goes on in
    the background; its results come at the address in the answer, and to nobody else."""
    customer = hasty.customer()
    with customer.http as http:
        first = http.post(PATH, files={"file": ("leads.csv", ANA)})
        url = first.json()["data"]["statusUrl"]
        second = http.get(url)
        customer.api.work()
        third = http.get(url)
        strange = other.http.get(url.replace(hasty.url, other.api.url))

    assert [first.status_code, second.status_code, third.status_code] == [202, 202, 200]
    assert first.json()["success"] is True
    assert first.headers["Location"] == url and "Retry-After" in first.headers
    assert re.fullmatch(JOB, first.json()["data"]["jobId"])
    assert second.json()["data"]["processedRows"] == 0
    assert third.json()["data"]["imported"] == 1
    assert third.json()["data"]["jobId"] == first.json()["data"]["jobId"]
    unknown = other.http.get(f"{PATH}/{ids.show('job', ids.new_id())}")
    assert strange.status_code == unknown.status_code == 404
    assert strange.json() == unknown.json()


def test_many_workers_at_once(customer: Customer) -> None:
    """S-15, X-31: batches of a file are done by several workers at a time, in any order, and the
    answer is that of one after the other: a person's first row is imported, the others are not."""
    rows = [f"p{number % 2_300}@example.com,Ana{number}\n" for number in range(2_500)]
    content = "".join(["Email,First Name\n", *rows]).encode()
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(customer.api.working())
        data = imported(customer, content)

    counts = [data[name] for name in ("imported", "updated", "skipped", "failed")]
    assert counts == [2_300, 0, 200, 0] and len(set(data["importedLeadIds"])) == 2_300
    names = {email: lead.fields["first_name"] for email, lead in leads(customer).items()}
    assert names == {f"p{number}@example.com": f"Ana{number}" for number in range(2_300)}


def test_a_cancelled_import_still_adds_up(hasty: Api) -> None:
    """S-17: rows that a cancelled import did not come to count among the failed ones."""
    customer = hasty.customer()
    with customer.http as http:
        url = http.post(PATH, files={"file": ("leads.csv", LATER)}).json()["data"]["statusUrl"]
        with hasty.station.database.reading() as session:
            mine = select(Import).where(Import.account_id == customer.account_id)
            job = session.exec(mine).one()
        from bot.desk import Desk

        Desk(hasty.station.database, hasty.station.bell).cancel(customer.account_id, job.id)
        data = http.get(url).json()["data"]

    assert (data["status"], data["failed"], data["unprocessed"]) == ("cancelled", 2, 2)


@pytest.mark.parametrize("name", ["nonsense", "job_", "job_0000000000000", "lead_0000000000001"])
def test_results_of_nothing(customer: Customer, name: str) -> None:
    """S-26: an id that names no import is 404."""
    answer = customer.http.get(f"{PATH}/{name}")

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


def test_results_of_a_larger_import(customer: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    """S-13: an import by another API, of more rows than this one takes, is not told of here."""
    url = f"{PATH}/{imported(customer, LATER)['jobId']}"
    assert customer.http.get(url).status_code == 200
    monkeypatch.setattr(rules, "MOST_ROWS", 1)

    assert customer.http.get(url).status_code == 404


# ---- what nobody should send -------------------------------------------------------------------


def test_no_more_than_50_megabytes(customer: Customer) -> None:
    """S-14: a larger file is refused by its size alone, and the limit is named."""
    answer = customer.http.post(PATH, files={"file": ("leads.csv", b"x" * (rules.MOST_BYTES + 1))})

    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "VALIDATION_ERROR")
    assert "50 MB" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("skipDuplicates", "perhaps"),
        ("dataCleanup", "2"),
        ("tag", "x" * 101),
        ("country", "Atlantis"),
    ],
)
def test_fields_of_the_wrong_kind(customer: Customer, name: str, value: str) -> None:
    """A field that is not as documented is named."""
    answer = post(customer, ANA, **{name: value})

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert name in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20,
        b"PK\x03\x04 this is no workbook",
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) * 4,
        ",".join(f"c{n}" for n in range(10_000)).encode() + b"\n" + b"," * 9_999,
    ],
    ids=["picture", "broken workbook", "pdf", "10,000 columns"],
)
def test_files_that_are_no_table(customer: Customer, content: bytes) -> None:
    """What cannot be read as a table is refused in the envelope, and the process lives on."""
    answer = post(customer, content)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert imported(customer, ANA)["imported"] == 1


def test_a_refused_file_leaves_nothing(customer: Customer) -> None:
    """A file whose mapping was refused cannot be started later, and its bytes are let go."""
    from core.disposal import drop_unwanted

    post(customer, ANA, mapping='{"Mail": "email"}')
    station = customer.api.station
    with station.database.reading() as session:
        mine = select(Import).where(Import.account_id == customer.account_id)
        assert session.exec(mine).one().status == "cancelled"
    assert drop_unwanted(station.database, station.files) >= 1


# ---- the document's own clients ----------------------------------------------------------------


def sample(customer: Customer, name: str, replaced: dict[str, str]) -> str:
    """A sample of the document for our server, with these values in place of its own."""
    script = (EXAMPLES / name).read_text(encoding="utf-8")
    ours = {
        "https://api.sendkit.ai": customer.api.url, "YOUR_API_KEY": customer.key,
        "YOUR_API_TOKEN": customer.key,
    }  # fmt: skip
    for old, new in (ours | replaced).items():
        assert old in script
        script = script.replace(old, new)
    return script


def answered(customer: Customer, command: list[str], folder: Path) -> Any:
    """The JSON that a sample prints, with a worker at work beside."""
    with customer.api.working():
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def curl(customer: Customer, tmp_path: Path, **replaced: str) -> Any:
    """Run the document's command."""
    script = sample(customer, "curl.sh", replaced)
    command = ["sh", "-c", script.replace("curl ", "curl -sS --noproxy '*' ", 1)]
    return answered(customer, command, tmp_path)


def javascript(customer: Customer, tmp_path: Path, **replaced: str) -> Any:
    """Run the document's script in Node, which has all of it since version 18."""
    # Printed as JSON, for what Node shows of an object is for people.
    printed = {"console.log(data)": "console.log(JSON.stringify(data))"}
    script = tmp_path / "sample.mjs"
    script.write_text(sample(customer, "javascript.mjs", printed | replaced), encoding="utf-8")
    return answered(customer, [node(), str(script)], tmp_path)


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_documents_curl(customer: Customer, tmp_path: Path) -> None:
    """S-1, S-2: the document's command works with its host, key and placeholders replaced; as it
    stands, it names no file and is told so."""
    (tmp_path / "leads.csv").write_bytes(ANA)

    assert curl(customer, tmp_path) == example("file_missing")
    found = curl(
        customer, tmp_path,
        **{"file=example_string": "file=@leads.csv", "mapping=example_string": "mapping="},
    )  # fmt: skip
    assert (found["success"], found["data"]["imported"]) == (True, 1)
    assert leads(customer)["ana@example.com"].tags == ["example_string"]


def test_the_documents_javascript(customer: Customer, tmp_path: Path) -> None:
    """S-1, S-2: the document's JavaScript works as its command does."""
    file = 'new Blob(["Email,Name\\nana@example.com,Ana\\n"]), "leads.csv"'

    assert javascript(customer, tmp_path) == example("file_missing")
    found = javascript(
        customer, tmp_path,
        **{
            '"file", "example_string"': f'"file", {file}',
            '"mapping", "example_string"': '"mapping", ""',
        },
    )  # fmt: skip
    assert (found["success"], found["data"]["imported"]) == (True, 1)
    assert leads(customer)["ana@example.com"].tags == ["example_string"]


def test_the_documents_python(customer: Customer, tmp_path: Path) -> None:
    """S-1, S-2: the document's Python sends no form with a file, only fields, and is told so."""
    (tmp_path / "sample.py").write_text(
        sample(customer, "python.txt", {"response.json()": "json.dumps(response.json())"}),
        encoding="utf-8",
    )

    found = answered(customer, [sys.executable, "sample.py"], tmp_path)
    assert found == example("file_missing")


@pytest.mark.parametrize(
    ("name", "field"),
    [("go.txt", r'WriteField\("(\w+)", "(\w+)"\)'), ("ruby.txt", r'\["(\w+)", "(\w+)"\]')],
)
def test_the_documents_other_languages(customer: Customer, name: str, field: str) -> None:
    """S-1, S-2: what its Go and its Ruby send, a form of texts and both headers, is answered so."""
    script = sample(customer, name, {})
    headers = dict(re.findall(r'"?(X-Api-Key|Authorization)[\'"\], =]+[\'"](.+?)[\'"]', script))
    form = [(one, (None, text)) for one, text in re.findall(field, script)]
    answer = httpx.post(
        re.findall(r"https?://[^\s\"']+", script)[0], headers=headers, files=form, verify=False
    )

    assert headers == {"X-Api-Key": customer.key, "Authorization": f"Bearer {customer.key}"}
    assert [one for one, _ in form] == ["file", "mapping", "skipDuplicates", "dataCleanup", "tag"]
    refused(answer, "file_missing")
