"""In which order the test processes do their tests.

``--dist worksteal`` cuts the list into as many shares as there are processes, and whoever has done
its share takes from the end of another's. Slow tests mostly wait, for processes to start, leases to
run out, faults to heal. Were they the end of the list, every process would wait at the same time
and the cores would idle; so they come first, in half of the shares.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Sequence
from itertools import islice
from typing import TypeVar

import pytest

T = TypeVar("T")


def slow_first(items: list[pytest.Item]) -> None:
    """Put the tests in order, in place, if there are several test processes.

    Those of pages too, for each process that opens one starts a browser; and those that start
    programs, for each process starts another to fork them from (``tests.parts.programs``).
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1:
        slow = [item for item in items if _is_slow(item)]
        others = [item for item in items if not _is_slow(item)]
        items[:] = in_shares(others, grouped(slow), workers)


def is_of_pages(item: pytest.Item) -> bool:
    """Whether the test needs a browser."""
    return item.get_closest_marker("browser") is not None


def _is_slow(item: pytest.Item) -> bool:
    return is_of_pages(item) or item.get_closest_marker("slow") is not None


def grouped(items: Iterable[pytest.Item]) -> list[list[pytest.Item]]:
    """Those that share what is made for a module, for each database or for pages, together."""
    groups: dict[Hashable, list[pytest.Item]] = {}
    for item in items:
        callspec = getattr(item, "callspec", None)
        database = callspec and callspec.params.get("plants")
        key = "pages" if is_of_pages(item) else (item.path, database)
        groups.setdefault(key, []).append(item)
    return list(groups.values())


def in_shares(others: Sequence[T], groups: Iterable[Sequence[T]], workers: int) -> list[T]:
    """All of them, cut into shares as xdist will do it; half of the shares begin with groups."""
    heads: list[list[T]] = [[] for _ in range((workers + 1) // 2)]
    for group in sorted(groups, key=len, reverse=True):
        min(heads, key=len).extend(group)
    heads += [[] for _ in range(workers - len(heads))]
    rest, total = iter(others), len(others) + sum(map(len, heads))
    result: list[T] = []
    for place, head in enumerate(heads):
        size = (total - len(result)) // (workers - place)
        result += head
        result += islice(rest, max(0, size - len(head)))
    return [*result, *rest]
