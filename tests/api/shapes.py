"""Compare an answer with the one that a document shows: ids and times by their form."""

from __future__ import annotations

import re
from typing import Any

ID = re.compile(r"(job|preview|lead)_\w+")
OURS = re.compile(r"(job|preview|lead)_[0-9a-hjkmnp-tv-z]{13}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def assert_shaped(found: Any, shown: Any, place: str = "answer") -> None:
    """Everything that is shown is there; what is there besides are further keys of objects."""
    if isinstance(shown, dict):
        assert isinstance(found, dict), place
        for name, value in shown.items():
            assert name in found, f"{place}.{name} is missing"
            assert_shaped(found[name], value, f"{place}.{name}")
    elif isinstance(shown, list):
        assert isinstance(found, list) and len(found) == len(shown), place
        for number, (one, other) in enumerate(zip(found, shown, strict=True)):
            assert_shaped(one, other, f"{place}[{number}]")
    elif isinstance(shown, str) and ID.fullmatch(shown):
        assert OURS.fullmatch(found) and found.split("_")[0] == shown.split("_")[0], place
    elif isinstance(shown, str) and TIME.fullmatch(shown):
        assert isinstance(found, str) and TIME.fullmatch(found), place
    else:
        assert type(found) is type(shown) and found == shown, f"{place} is {found!r}"
