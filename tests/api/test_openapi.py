"""The OpenAPI document and the page made from it are true."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from playwright.sync_api import Browser
from pydantic import ValidationError
from starlette.routing import Route

from bot.api.endpoint import Dialect, Endpoint
from bot.dialects import DIALECTS
from bot.dialects.leadvibe.bodies import Mapped
from tests.api.conftest import Api
from worker import outward

ENDPOINTS = [(d, e) for d in DIALECTS if not d.hosts for e in d.endpoints]


@pytest.fixture(scope="module")
def document(api: Api) -> dict[str, Any]:
    """The document as it is served."""
    found: dict[str, Any] = httpx.get(f"{api.url}/openapi.json", timeout=30).json()
    return found


def test_its_schemas_are_schemas(document: dict[str, Any]) -> None:
    """Every type in it is valid JSON Schema, and every reference leads somewhere."""
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    referred = set(re.findall(r'#/components/schemas/([^"\']+)', str(document)))

    assert document["openapi"] == "3.1.0"
    assert referred <= set(schemas)


@pytest.mark.parametrize(
    ("dialect", "endpoint"), ENDPOINTS, ids=[f"{d.name}-{e.name}" for d, e in ENDPOINTS]
)
def test_every_endpoint_is_in_it(
    document: dict[str, Any], dialect: Dialect, endpoint: Endpoint
) -> None:
    """Each line of each table is described: what it does, what it takes, what it answers."""
    path = re.sub(r"{(\w+):\w+}", r"{\1}", dialect.prefix + endpoint.path)
    operation = document["paths"][path][endpoint.method.lower()]

    assert operation["summary"]
    assert {str(status) for status in endpoint.answers} <= set(operation["responses"])
    assert ("requestBody" in operation) == bool(endpoint.body or endpoint.form or endpoint.raw)
    named = {each["name"] for each in operation["parameters"]}
    assert set(Route(path, lambda request: None).param_convertors) <= named
    assert not endpoint.starts or "Idempotency-Key" in operation["description"]


def test_operations_have_names_of_their_own(document: dict[str, Any]) -> None:
    """No two operations share an id."""
    ids = [op["operationId"] for methods in document["paths"].values() for op in methods.values()]

    assert len(ids) == len(set(ids))


@pytest.mark.browser
def test_the_page_fetches_nothing(api: Api, browser: Browser) -> None:
    """/docs shows every operation, from one request, and nothing is wider than the window."""
    page = browser.new_page(viewport={"width": 1200, "height": 800})
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(f"{api.url}/docs")

    assert fetched == [f"{api.url}/docs"]
    assert page.locator("article").count() == len(ENDPOINTS)
    for width in (1200, 400):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize(
    "alias",
    ["_alias_email", " _ALIAS_Phone\t", "_alias_external_id", "_alias_fax", "alias_email", "",
     "_alias_email\n", "_alias_\u017focial", "x_alias_email", "_alias_emailx"],
)  # fmt: skip
def test_the_pattern_of_aliases_is_what_is_checked(document: dict[str, Any], alias: str) -> None:
    """A request with a further identifier is taken exactly where its schema says so."""
    body = {
        "file_id": "preview_1",
        "primary_identifier": {"column": "Email", "kind": "email"},
        "alias_mappings": {"Second": alias},
    }
    schema = {"$ref": "#/components/schemas/Mapped", "components": document["components"]}
    try:
        Mapped.model_validate(body)
        taken = True
    except ValidationError:
        taken = False

    assert Draft202012Validator(schema).is_valid(body) == taken


@pytest.mark.parametrize(
    "url",
    ["https://hooks.example.com/x", "HTTPS://hooks.example.com", "http://10.0.0.1:8080?a=b",
     "https://[::1]/", "https://h.example/#", "ftp://h.example", "https://", "https:///x",
     " https://h.example", "https//h.example", "hooks.example.com", "https://?x"],
)  # fmt: skip
def test_the_pattern_of_urls_refuses_no_usable_one(document: dict[str, Any], url: str) -> None:
    """An address that webhooks can be sent to fits the schema; one of another shape does not."""
    schema = {"$ref": "#/components/schemas/EndpointNew", "components": document["components"]}
    try:
        outward.check(url, private=True)
        usable = True
    except outward.BadAddress:
        usable = False

    assert Draft202012Validator(schema).is_valid({"url": url}) == usable
