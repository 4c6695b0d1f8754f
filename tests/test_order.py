"""The order in which several test processes do their tests."""

from __future__ import annotations

import pytest

from tests.parts.order import in_shares

OTHERS = list(range(97))
GROUPS = [[-1], [-11, -12, -13], [-2]]


def shares(order: list[int], workers: int) -> list[list[int]]:
    """What each process has to do at first: xdist gives the idle ones equal parts of what waits."""
    found = []
    for left in range(workers, 0, -1):
        size = len(order) // left
        found.append(order[:size])
        order = order[size:]
    return found


def test_slow_tests_come_first_in_half_of_the_shares() -> None:
    """Groups stay together, the longest in a share of its own, and the others keep their order."""
    order = in_shares(OTHERS, GROUPS, 4)
    first, second, third, fourth = shares(order, 4)

    assert first[:4] == [-11, -12, -13, 0]
    assert second[:3] == [-1, -2, len(first) - 3]
    assert min(third + fourth) > 0
    assert [test for test in order if test >= 0] == OTHERS


@pytest.mark.parametrize("workers", range(1, 7))
@pytest.mark.parametrize("others", [[], [1], OTHERS])
@pytest.mark.parametrize("groups", [[], GROUPS, [list(range(-50, 0))]])
def test_no_test_is_lost(workers: int, others: list[int], groups: list[list[int]]) -> None:
    """Each is there once, however few there are."""
    order = in_shares(others, groups, workers)

    assert sorted(order) == sorted([*others, *(test for group in groups for test in group)])
