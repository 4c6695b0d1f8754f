"""Read a request, check it against an endpoint's types, refuse what does not fit in plain words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from functools import partial
from typing import Any, NamedTuple

import anyio
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from bot.api import json_text
from bot.api.endpoint import Endpoint, Sent
from bot.api.failures import BodyTooLarge, FileMissing, InvalidRequest
from bot.api.office import Office

#: What a form may hold beside its file.
_MAX_FIELDS = 20
_MAX_FIELD_BYTES = 1_000_000
#: Room for the form around a file.
_FORM_BYTES = 2 * _MAX_FIELD_BYTES
#: A body that is too large is read on for so many bytes: a client that is still sending would not
#: see our answer.
_DRAINED = 64_000_000
#: So long in all, and so long for more to come, in seconds: a length that was announced may be a
#: lie, and nobody is waited for who sends nothing.
_DRAIN_SECONDS, _PAUSE_SECONDS = 60.0, 1.0
#: So long a request that is read may pause, in seconds: whoever stops in the middle of it would
#: hold a connection and a file for ever.
_SILENCE_SECONDS = 60.0
#: So many of the fields at fault are named.
_NAMED = 50
_CHUNK = 1 << 20
_MULTIPART = "multipart/form-data"


class Arrived(NamedTuple):
    """What a request brought, checked."""

    query: BaseModel
    body: BaseModel | bytes | None
    file: Sent | None


async def arrived(request: Request, endpoint: Endpoint, office: Office) -> Arrived:
    """Read and check a request. Raises InvalidRequest, FileMissing and BodyTooLarge."""
    query = checked(endpoint.query, _query(request))
    if endpoint.form is not None and not (endpoint.either and _is_json(request)):
        form, file = await _form(request, endpoint, endpoint.form, office)
        return Arrived(query, form, file)
    if endpoint.raw:
        return Arrived(query, await limited(request, endpoint.limit).body(), None)
    if endpoint.body is not None:
        limit = endpoint.either or endpoint.limit
        return Arrived(query, await _json(request, limit, endpoint.body, office), None)
    return Arrived(query, None, None)


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def checked(model: type[BaseModel], values: Any) -> BaseModel:
    """Texts as this model. Raises InvalidRequest, which names the fields at fault."""
    _refuse_nul(values)
    return _valid(model.model_validate, values)


def _valid(validate: Callable[[Any], BaseModel], values: Any) -> BaseModel:
    try:
        return validate(values)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        fields = {_place(e["loc"]): _words(e) for e in found[:_NAMED]}
        raise InvalidRequest(_sentence(fields), fields) from None


def _query(request: Request) -> dict[str, Any]:
    """The query's values; a list where a name comes several times."""
    found: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name in found:
            earlier = found[name]
            found[name] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
        else:
            found[name] = value
    return found


async def _json(request: Request, limit: int, model: type[BaseModel], office: Office) -> BaseModel:
    body = await limited(request, limit).body()
    if not body:
        raise InvalidRequest("The request has no body. Send JSON.")
    return await office.run(_model_of, body, model)


def _model_of(body: bytes, model: type[BaseModel]) -> BaseModel:
    _refuse_nul(json_text.values(body))
    # Strict: in JSON a number is no text and true is no number, as the schema says.
    return _valid(partial(model.model_validate_json, strict=True), body)


async def _form(
    request: Request, endpoint: Endpoint, model: type[BaseModel], office: Office
) -> tuple[BaseModel, Sent]:
    if not request.headers.get("content-type", "").lower().startswith(_MULTIPART):
        raise FileMissing
    bounded = limited(request, endpoint.limit + _FORM_BYTES, of_file=endpoint.limit)
    try:
        async with bounded.form(
            max_files=1, max_fields=_MAX_FIELDS, max_part_size=_MAX_FIELD_BYTES
        ) as form:
            fields = checked(model, _texts(form))
            return fields, await _stored(form, endpoint.limit, office)
    except HTTPException as error:
        raise InvalidRequest(f"The form could not be read: {error.detail}") from None


def _texts(form: FormData) -> dict[str, str]:
    return {name: value for name, value in form.items() if isinstance(value, str)}


async def _stored(form: FormData, limit: int, office: Office) -> Sent:
    upload = form.get("file")
    if not isinstance(upload, UploadFile):
        raise FileMissing
    if (upload.size or 0) > limit:
        raise BodyTooLarge(limit)
    name = (upload.filename or "").replace("\x00", "").strip()[-255:] or "upload.csv"
    chunks = iter(lambda: upload.file.read(_CHUNK), b"")
    stored = await office.run(office.files.put, chunks, limit, _suffix(name))
    return Sent(name, upload.content_type or "", stored)


def _suffix(name: str) -> str:
    """The extension, where it is one that is safe to have on disk."""
    dot, _, tail = name.rpartition(".")
    return f".{tail.lower()}" if dot and tail.isascii() and tail.isalnum() and len(tail) < 8 else ""


# ---- limits ------------------------------------------------------------------------------------


def limited(request: Request, limit: int, *, of_file: int = 0) -> Request:
    """The same request, which raises BodyTooLarge when read past so many bytes."""
    return Request(request.scope, _counted(request.scope, request.receive, limit, of_file or limit))


def _counted(scope: Scope, receive: Receive, limit: int, told: int) -> Receive:
    size = 0

    async def counted() -> Message:
        nonlocal size
        if size == 0 and _declared(scope) > limit:
            await _drain(receive)
            raise BodyTooLarge(told)
        message = await _heard(receive)
        size += len(message.get("body", b""))
        if size > limit:
            await _drain(receive)
            raise BodyTooLarge(told)
        return message

    return counted


async def _heard(receive: Receive) -> Message:
    """What comes next. Raises InvalidRequest where nothing does."""
    with anyio.move_on_after(_SILENCE_SECONDS):
        return await receive()
    raise InvalidRequest(f"The rest of the request did not come within {_SILENCE_SECONDS:.0f} s.")


async def _drain(receive: Receive) -> None:
    left, until = _DRAINED, anyio.current_time() + _DRAIN_SECONDS
    while left > 0 and anyio.current_time() < until:
        message: MutableMapping[str, Any] = {"type": "nothing came"}
        with anyio.move_on_after(_PAUSE_SECONDS):
            message = await receive()
        left -= len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return


def _declared(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and len(value) < 19:
            return int(value)
    return 0


# ---- words -------------------------------------------------------------------------------------


def _refuse_nul(values: Any) -> None:
    """No database takes a NUL in a text, and nobody means one."""
    waiting = [("", values)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, str) and ("\x00" in value or not _encodable(value)):
            words = "holds a character that is not allowed"
            raise InvalidRequest(f"{place or 'The body'} {words}.", {place: words})
        if isinstance(value, Mapping):
            waiting += [(str(key), key) for key in value]
            waiting += [(str(key), each) for key, each in value.items()]
        elif isinstance(value, list):
            waiting += [(place, each) for each in value]


def _encodable(value: str) -> bool:
    """Half of a surrogate pair is JSON, but no text."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(each) for each in location) or "body"


def _words(error: Mapping[str, Any]) -> str:
    if error["type"] == "missing":
        return "is required"
    message = str(error["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _sentence(fields: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {words}" for name, words in fields.items()) + "."
