"""The OpenAPI 3.1 document, made from the same tables and types that serve the requests."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bot.api.endpoint import Dialect, Endpoint
from core.errors import ImportFailure

Json = dict[str, Any]

_REF = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")
#: What any request may be answered with, beside its own statuses.
_ALWAYS = (400, 401, 403, 404, 413, 429, 500)
_WORDS = {
    200: "Done.",
    201: "Made.",
    202: "Accepted; the work goes on in the background.",
    204: "Done; there is nothing to say.",
    400: "The request is not as documented.",
    401: "The key is missing or not valid.",
    403: "The key does not have the scope that this needs.",
    404: "There is no such thing, or it belongs to another account.",
    409: "It is in a state in which this cannot be done.",
    410: "It is gone.",
    412: "It was changed meanwhile.",
    413: "It is larger than the limit.",
    415: "The file is not a CSV.",
    422: "It cannot be done as it was asked for.",
    429: "Too many requests: wait as long as Retry-After says.",
    500: "Internal error; the answer holds its number in the log.",
}
#: In words and not as a parameter: a tool that fills in parameters would send one key with
#: different requests, which is what the key is there to refuse.
_IDEMPOTENCY_KEY = (
    "Takes the header `Idempotency-Key`, up to 255 printable characters, which makes a second try "
    "harmless: for 24 hours the same request with the same key gets the first one's answer; "
    "another request with it gets 422, and one that comes while the first is still running 409."
)


def document(dialects: Sequence[Dialect], version: str, server: str) -> Json:
    """The whole document. ``server`` is the address people reach the web process at."""
    schemas, refs = _schemas(dialects)
    paths: dict[str, Json] = {}
    for dialect, endpoint in _served(dialects):
        path = paths.setdefault(_path(dialect, endpoint), {})
        path.setdefault(endpoint.method.lower(), _operation(dialect, endpoint, refs))
    return {
        "openapi": "3.1.0",
        "info": {"title": "Leadport", "version": version, "description": _ABOUT},
        "servers": [{"url": server}],
        "security": [{"bearer": []}, {"apiKey": []}],
        "tags": [{"name": name} for name in _names(dialects)],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
            },
            "schemas": schemas,
        },
    }


_ABOUT = (
    "Import CSV files into clean, deduplicated leads. Make a key with `leadport keys create` and "
    "send it as `Authorization: Bearer KEY` or as `X-Api-Key: KEY`."
)


def _served(dialects: Iterable[Dialect]) -> Iterator[tuple[Dialect, Endpoint]]:
    for dialect in dialects:
        for endpoint in () if dialect.hosts else dialect.endpoints:
            yield dialect, endpoint


def _names(dialects: Iterable[Dialect]) -> list[str]:
    """The dialects in the order to read them: what has no prefix is the native API."""
    read_first = sorted(dialects, key=lambda dialect: bool(dialect.prefix))
    return list(dict.fromkeys(dialect.name for dialect in read_first if not dialect.hosts))


def _path(dialect: Dialect, endpoint: Endpoint) -> str:
    return _PARAMETER.sub(r"{\1}", dialect.prefix + endpoint.path)


# ---- one operation -----------------------------------------------------------------------------


def _operation(dialect: Dialect, endpoint: Endpoint, refs: Mapping[Any, Json]) -> Json:
    summary, _, description = (inspect.getdoc(endpoint.handle) or "").partition("\n\n")
    operation: Json = {
        "operationId": f"{dialect.name}_{endpoint.name}",
        "tags": [dialect.name],
        "summary": " ".join(summary.split()).rstrip("."),
        "description": _description(endpoint, description),
        "parameters": _parameters(endpoint),
        "responses": {**_answers(endpoint, refs), **_refusals(dialect, endpoint, refs)},
    }
    if endpoint.open:
        operation["security"] = []
    body = _body(endpoint, refs)
    return {**operation, "requestBody": body} if body else operation


def _description(endpoint: Endpoint, text: str) -> str:
    scope = f"Needs the scope `{endpoint.scope}`."
    needs = "Needs no key: whoever knows the address may call it." if endpoint.open else scope
    return "\n\n".join(filter(None, (text, needs, _IDEMPOTENCY_KEY * endpoint.starts)))


def _parameters(endpoint: Endpoint) -> list[Json]:
    found: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(endpoint.path)
    ]
    schema = endpoint.query.model_json_schema(by_alias=True)
    needed = schema.get("required", ())
    for name, its in schema.get("properties", {}).items():
        described = {k: v for k, v in its.items() if k not in ("description", "title")}
        described = _inlined(described, schema.get("$defs", {}))
        one: Json = {"name": name, "in": "query", "required": name in needed, "schema": described}
        found.append({**one, "description": its["description"]} if "description" in its else one)
    return found


def _inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """The schema with its references to ``$defs`` resolved; a query's types never recur."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _inlined(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
        return {key: _inlined(value, definitions) for key, value in schema.items()}
    return [_inlined(each, definitions) for each in schema] if isinstance(schema, list) else schema


def _body(endpoint: Endpoint, refs: Mapping[Any, Json]) -> Json | None:
    content: Json = {}
    if endpoint.form is not None:
        content["multipart/form-data"] = {"schema": _form(endpoint.form)}
    if endpoint.body is not None:
        content["application/json"] = {"schema": refs[endpoint.body, "validation"]}
    for media_type in endpoint.raw:
        content[media_type] = {"schema": {"type": "object"}}
    return {"required": True, "content": content} if content else None


def _form(model: type[BaseModel]) -> Json:
    """The schema of a form: a file, and the fields beside it."""
    schema = model.model_json_schema(by_alias=True)
    file = {"type": "string", "format": "binary", "description": "The file."}
    schema["properties"] = {"file": file, **schema.get("properties", {})}
    schema["required"] = ["file", *schema.get("required", ())]
    return schema


def _answers(endpoint: Endpoint, refs: Mapping[Any, Json]) -> Json:
    return {
        str(status): {"description": _WORDS[status], **_content(answer, refs)}
        for status, answer in endpoint.answers.items()
    }


def _content(answer: type[BaseModel] | str, refs: Mapping[Any, Json]) -> Json:
    if not isinstance(answer, str):
        return {"content": {"application/json": {"schema": refs[answer, "serialization"]}}}
    return {"content": {answer: {"schema": {"type": "string"}}}} if answer else {}


def _refusals(dialect: Dialect, endpoint: Endpoint, refs: Mapping[Any, Json]) -> Json:
    schema = {} if dialect.error is None else {"schema": refs[dialect.error, "serialization"]}
    content = {dialect.refuse(ImportFailure()).media_type: schema}
    return {
        str(status): {"description": _WORDS[status], "content": content}
        for status in sorted({*_ALWAYS, *endpoint.refusals, *((409, 422) * endpoint.starts)})
        if status not in endpoint.answers
    }


# ---- the types ---------------------------------------------------------------------------------


def _schemas(dialects: Sequence[Dialect]) -> tuple[Json, Mapping[Any, Json]]:
    """Every model's schema by its name, and a reference to each model in each of its modes."""
    wanted: dict[Any, None] = {}
    for dialect, endpoint in _served(dialects):
        if endpoint.body is not None:
            wanted[endpoint.body, "validation"] = None
        for answer in (*endpoint.answers.values(), dialect.error):
            if answer is not None and not isinstance(answer, str):
                wanted[answer, "serialization"] = None
    refs, definitions = models_json_schema(list(wanted), by_alias=True, ref_template=_REF)
    return definitions.get("$defs", {}), refs
