"""``/docs``: the API to read, made from its OpenAPI document and the dialects' own pages.

One page of HTML that fetches nothing from anywhere and needs no script.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, Template
from markdown_it import MarkdownIt
from markupsafe import Markup

Json = dict[str, Any]

#: How deep the fields of a body are listed.
_DEEPEST = 3


class Field(NamedTuple):
    """One line of a table of fields."""

    name: str
    kind: str
    required: bool
    words: str


class Operation(NamedTuple):
    """One method of one path, as it is shown."""

    id: str
    method: str
    path: str
    summary: str
    words: Markup
    parameters: list[Field]
    body_type: str
    body: list[Field]
    answers: list[tuple[str, str, list[Field]]]  #: status, words, fields of the body


class Section(NamedTuple):
    """One dialect."""

    name: str
    guide: Markup
    operations: list[Operation]


def page(document: Json) -> str:
    """HTML of an OpenAPI document."""
    return _template().render(
        info=document["info"],
        server=document["servers"][0]["url"],
        about=_markdown(document["info"]["description"]),
        sections=[_section(document, tag["name"]) for tag in document["tags"]],
    )


def _section(document: Json, name: str) -> Section:
    found = [
        _operation(document, method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if name in operation["tags"]
    ]
    return Section(name, _markdown(_guide(name)), found)


def _guide(name: str) -> str:
    guide = files("bot.dialects").joinpath(name, "doc.md")
    return guide.read_text("utf-8") if guide.is_file() else ""


def _operation(document: Json, method: str, path: str, operation: Json) -> Operation:
    content: Json = operation.get("requestBody", {}).get("content", {})
    body_type = next(iter(content), "")
    return Operation(
        operation["operationId"],
        method.upper(),
        path,
        operation["summary"],
        _markdown(operation["description"]),
        [_parameter(document, each) for each in operation["parameters"]],
        body_type,
        list(_fields(document, content[body_type]["schema"])) if body_type else [],
        [
            (status, answer["description"], list(_answer(document, answer)))
            for status, answer in operation["responses"].items()
        ],
    )


def _parameter(document: Json, its: Json) -> Field:
    kind = f"{_kind(document, its['schema'])}, in the {its['in']}"
    return Field(its["name"], kind, its["required"], its.get("description", ""))


def _answer(document: Json, answer: Json) -> Iterator[Field]:
    for of_type, its in answer.get("content", {}).items():
        if of_type == "application/json":
            yield from _fields(document, its.get("schema", {}))


def _fields(document: Json, schema: Json, before: str = "", depth: int = 0) -> Iterator[Field]:
    """The fields of an object, and those of the objects in it, by their dotted names."""
    schema = _resolved(document, schema)
    needed = schema.get("required", ())
    for name, its in schema.get("properties", {}).items():
        words = its.get("description", "") or _resolved(document, its).get("description", "")
        yield Field(before + name, _kind(document, its), name in needed, words)
        inner = _resolved(document, its)
        many = inner.get("type") == "array"
        if depth + 1 < _DEEPEST:
            inside = inner.get("items", {}) if many else inner
            more = "[]." if many else "."
            yield from _fields(document, inside, before + name + more, depth + 1)


def _resolved(document: Json, schema: Json) -> Json:
    """The schema behind a reference, or the one beside null."""
    if "$ref" in schema:
        found: Json = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
        return found
    others = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    return _resolved(document, others[0]) if len(others) == 1 else schema


def _kind(document: Json, schema: Json) -> str:
    """A type in words, such as ``list of string`` or ``"email" or "phone"``."""
    if "anyOf" in schema:
        return " or ".join(_kind(document, each) for each in schema["anyOf"])
    its = _resolved(document, schema)
    if "const" in its:
        return f'"{its["const"]}"'
    if "enum" in its:
        return " or ".join(f'"{each}"' for each in its["enum"])
    if its.get("type") == "array":
        return f"list of {_kind(document, its.get('items', {}))}"
    if its.get("format") == "binary":
        return "file"
    if its.get("additionalProperties") and not its.get("properties"):
        return "object by name"
    kind = str(its.get("type", "anything"))
    bounds = [
        f"{words} {its[key]}"
        for key, words in (("minimum", "from"), ("maximum", "to"), ("maxLength", "up to"))
        if key in its
    ]
    return " ".join([kind, *bounds])


def _markdown(text: str) -> Markup:
    # Our own texts; raw HTML in them is shown as it is written all the same.
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    return Markup(html)  # noqa: S704


@cache
def _template() -> Template:
    environment = Environment(loader=PackageLoader("bot", "pages"), autoescape=True)
    return environment.get_template("docs.html")
