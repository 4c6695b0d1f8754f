"""Where a page begins: what ``next_cursor`` holds, and what it means when it comes back (pure)."""

from __future__ import annotations

import base64
import json

from bot.api.failures import InvalidRequest
from core import ids
from core.identifiers import Kind
from core.mapping import Key


def of_lead(lead_id: int) -> str:
    """The cursor behind a lead."""
    return ids.show("page", lead_id)


def lead(cursor: str | None) -> int | None:
    """Where a page of leads begins. Raises InvalidRequest."""
    if cursor is None:
        return None
    lead_id = ids.read("page", cursor)
    if lead_id is None:
        raise _no_cursor()
    return lead_id


def key(cursor: str | None) -> Key | None:
    """Where a page of the suppression list begins. Raises InvalidRequest."""
    if cursor is None:
        return None
    try:
        kind, value = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
        known = Kind(kind), f"{value}"
        known[1].encode()  # half of a surrogate pair is JSON, but no text
    except (ValueError, TypeError, RecursionError):
        raise _no_cursor() from None
    if "\x00" in known[1]:
        raise _no_cursor()
    return known


def of_key(key: Key) -> str:
    """The cursor behind an entry of the suppression list."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _no_cursor() -> InvalidRequest:
    words = "is no next_cursor of a page"
    return InvalidRequest(f"cursor {words}.", {"cursor": words})
