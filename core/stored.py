"""JSON as it is stored: sorted, so that a lead that is restored is the same to the byte."""

from __future__ import annotations

from typing import Any

import orjson

_SORTED = orjson.OPT_SORT_KEYS


def dump(value: Any) -> str:
    """JSON text."""
    return orjson.dumps(value, option=_SORTED).decode()
