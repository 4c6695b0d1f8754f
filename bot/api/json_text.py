"""JSON that arrived, as values; what no document asks for is refused before it costs anything.

Ten megabytes of ``[],`` would become half a gigabyte of lists, and a minute of looking at each.
"""

from __future__ import annotations

import json
from typing import Any

from bot.api.failures import InvalidRequest

#: Commas and opening brackets outside of texts. The largest mapping has a fifth of that.
MOST_TOKENS = 200_000
_TOKENS = (b",", b"[", b"{")


def values(body: bytes) -> Any:
    """What JSON in UTF-8 stands for. Raises InvalidRequest. It may take a while: use a thread."""
    if _tokens(body) > MOST_TOKENS and _is_crowded(body):
        raise InvalidRequest("The body holds too many values.")
    try:
        return json.loads(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise InvalidRequest("The body is not UTF-8.") from None
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise InvalidRequest(f"The body is not valid JSON{where}.") from None


def _tokens(text: bytes) -> int:
    return sum(map(text.count, _TOKENS))


def _is_crowded(body: bytes) -> bool:
    """Whether the tokens are too many without those in texts, such as the commas of a CSV.

    A backslash outside of a text could mislead this, but any parser ends there.
    """
    bare = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    if bare.count(b'"') > 2 * MOST_TOKENS:
        return True
    return _tokens(b"".join(bare.split(b'"')[::2])) > MOST_TOKENS
