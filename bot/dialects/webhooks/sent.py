"""What forms and other tools send to a hook, as the fields of one lead (pure)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from bot.api.failures import InvalidRequest, UnsupportedType

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
SIGNATURE = "Typeform-Signature"

MOST_FIELDS = 200
_MOST_NAME = 200  # characters
_DEEPEST = 20
#: Where a Typeform answer of a type keeps its value, if not under the type's own name.
_LABELS = ("labels", "label", "other")


@dataclass(frozen=True)
class Sent:
    """The fields of one lead, in the order they came, and what tells this delivery from others."""

    fields: Mapping[str, str]
    event: str = ""


def read(body: bytes, content_type: str) -> Sent:
    """The lead in a request's body. Raises InvalidRequest and UnsupportedType."""
    try:
        return _read(body.decode("utf-8"), content_type.partition(";")[0].strip().lower())
    except UnicodeError:
        raise InvalidRequest("The body is not UTF-8.") from None


def _read(text: str, kind: str) -> Sent:
    if kind == FORM:
        return Sent(_fields(_pairs(text)))
    if kind and kind not in (JSON, "text/json", "text/plain") and not kind.endswith("+json"):
        raise UnsupportedType("Send JSON, or a form.")
    found = _object(text)
    response = found.get("form_response")
    if isinstance(response, dict):
        return Sent(_fields(_typeform(response)), _event(found))
    return Sent(_fields(_leaves(found)))


def is_signed(body: bytes, signature: str, secret: str) -> bool:
    """Whether a Typeform-Signature is that of the body."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    expected = b"sha256=" + base64.b64encode(digest)
    return hmac.compare_digest(expected, signature.strip().encode())


# ---- forms and JSON ----------------------------------------------------------------------------

#: A name by its parts, the outermost first, and a value.
Leaf = tuple[tuple[str, ...], str]


def _pairs(text: str) -> Iterator[Leaf]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except UnicodeError:
        raise
    except ValueError:
        raise InvalidRequest(f"A lead may have {MOST_FIELDS} fields at most.") from None
    several: dict[str, list[str]] = {}
    for name, value in pairs:
        several.setdefault(name, []).append(value)
    yield from (((name,), ", ".join(filter(None, values))) for name, values in several.items())


def _object(text: str) -> dict[str, Any]:
    try:
        # Numbers stay as they were written: a phone or an ID is no number to us.
        found = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        raise InvalidRequest("The body is not valid JSON.") from None
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict):
        raise InvalidRequest("The body must be one JSON object: the fields of one lead.")
    return found


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Every text within, by the names that lead to it; lists of texts are joined."""
    if len(path) > _DEEPEST:
        raise InvalidRequest(f"The JSON is more than {_DEEPEST} levels deep.")
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, (*path, str(name)))
    elif isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
        for number, inner in enumerate(value, 1):
            yield from _leaves(inner, (*path, str(number)))
    else:
        yield path, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(filter(None, map(_text, value)))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


# ---- Typeform ----------------------------------------------------------------------------------


def _typeform(response: Mapping[str, Any]) -> Iterator[Leaf]:
    """Answers by the titles of their questions, then hidden fields and variables."""
    titles = {
        str(field.get("id", "")): str(field.get("title") or "")
        for field in _dicts(_dict(response.get("definition")).get("fields"))
    }
    for answer in _dicts(response.get("answers")):
        field = _dict(answer.get("field"))
        title = titles.get(str(field.get("id", "")), "") or str(field.get("ref") or "Answer")
        yield (title,), _answer(answer)
    yield from _leaves(_dict(response.get("hidden")))


def _answer(answer: Mapping[str, Any]) -> str:
    value = answer.get(str(answer.get("type", "")))
    if isinstance(value, dict):
        return ", ".join(filter(None, (_text(value.get(name)) for name in _LABELS)))
    return _text(value)


def _event(found: Mapping[str, Any]) -> str:
    event = found.get("event_id")
    return event if isinstance(event, str) else ""


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


# ---- names -------------------------------------------------------------------------------------


def _fields(leaves: Iterator[Leaf]) -> dict[str, str]:
    """Values by short names: the last part alone, where no other value has the same."""
    found: list[Leaf] = []
    for path, value in leaves:
        found.append((tuple(map(_clean, path)), _whole(value)))
        if len(found) > MOST_FIELDS:
            raise InvalidRequest(f"A lead may have {MOST_FIELDS} fields at most.")
    last = Counter(path[-1].casefold() for path, _ in found if path)
    fields: dict[str, str] = {}
    for path, value in found:
        alone = path and last[path[-1].casefold()] == 1
        name = (path[-1] if alone else " ".join(path))[:_MOST_NAME].strip() or "Field"
        fields[_unlike(name, fields)] = value
    if not any(value.strip() for value in fields.values()):
        raise InvalidRequest("There is nothing in the request to make a lead of.")
    return fields


def _unlike(name: str, others: Mapping[str, str]) -> str:
    known = {other.casefold() for other in others}
    number, changed = 1, name
    while changed.casefold() in known:
        number += 1
        changed = f"{name} {number}"
    return changed


def _clean(name: str) -> str:
    """A name on one line."""
    return " ".join(_whole(name).split())


def _whole(text: str) -> str:
    """A text that any database takes. Raises UnicodeError for half of a surrogate pair."""
    text.encode()
    return text.replace("\x00", "")
