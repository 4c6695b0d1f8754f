"""JSON as it is stored, laid out as PostgreSQL gives a jsonb back.

Both databases then return the very text that was written: rows are compared with leads without
either being parsed, and a lead that is restored is the same to the byte. A jsonb has the keys of
an object by their length in bytes, then by their bytes; a space after colons and commas; and no
escapes but JSON's obligatory ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import compress
from typing import Any

_encode = json.JSONEncoder(ensure_ascii=False, separators=(", ", ": ")).encode
_TO_ESCAPE = re.compile(r'[\x00-\x1f"\\]')


def dump(value: Any) -> str:
    """JSON text. Only the keys of the outermost object are put in order."""
    if isinstance(value, dict):
        value = {name: value[name] for name in ordered(value)}
    return _encode(value)


def ordered(names: Iterable[str]) -> list[str]:
    """Keys in their order."""
    return sorted(names, key=_rank)


def _rank(name: str) -> tuple[int, bytes]:
    raw = name.encode("utf-8", "surrogatepass")
    return len(raw), raw


def dump_all(columns: dict[str, Sequence[str]]) -> list[str]:
    """What ``dump`` makes of each row of texts, given in columns; empty ones are left out."""
    names = tuple(ordered(columns))
    whole = _template(names)
    return [
        whole % values if "" not in values else _partly(names, values)
        for values in zip(*(_escaped(columns[name]) for name in names), strict=True)
    ]


def _partly(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    return _template(tuple(compress(names, values))) % tuple(filter(None, values))


@lru_cache(maxsize=1_000)
def _template(names: tuple[str, ...]) -> str:
    """An object with these keys and a place for each of their texts."""
    keys = (_encode(name).replace("%", "%%") for name in names)
    return "{" + ", ".join(f'{key}: "%s"' for key in keys) + "}"


def _escaped(texts: Sequence[str]) -> Sequence[str]:
    """Texts as they stand between quotes. Mostly one look at all of them finds nothing to do."""
    if not _TO_ESCAPE.search("".join(texts)):
        return texts
    return [_encode(text)[1:-1] for text in texts]
