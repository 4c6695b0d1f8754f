"""Which cells belong to which columns, where a row has too many or too few of them.

Every way is found in which each value fits its column, and no way is begun that comes to no end:
the time grows with the size of the row, never with how many ways there might be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from core.profile import Column, contradicts

#: Values that are held against a column for one row; a row that needs more is not looked at.
LOOKS = 10_000

#: After a column, so many cells are used up, and the column holds this value.
Step = tuple[int, str]


def joins(cells: list[str], delimiter: str, profile: Sequence[Column]) -> Iterator[list[str]]:
    """Every way to join neighbouring cells so that each column gets a value that fits it."""
    width, spare = len(profile), len(cells) - len(profile)

    def steps(column: int, used: int) -> Iterator[Step]:
        for end in range(used + 1, column + spare + 2):
            head = cells[used:end]
            value = delimiter.join(head)
            whole = len(head) == 1 or (head[0].strip() and head[-1].strip())
            if whole and profile[column].fits(value):
                yield end, value

    return _ways(width, len(cells), steps) if width * (spare + 1) ** 2 <= LOOKS else iter(())


def spreads(cells: list[str], profile: Sequence[Column]) -> Iterator[list[str]]:
    """Every way to leave columns empty so that the cells come to stand where they fit."""
    width, missing = len(profile), len(profile) - len(cells)

    def steps(column: int, used: int) -> Iterator[Step]:
        if column - used < missing:
            yield used, ""
        if used < len(cells) and not contradicts([cells[used]], [profile[column]]):
            yield used + 1, cells[used]

    return _ways(width, len(cells), steps) if width * (missing + 1) <= LOOKS else iter(())


def _ways(
    width: int, count: int, steps: Callable[[int, int], Iterator[Step]]
) -> Iterator[list[str]]:
    """The values of every way by which ``width`` columns use up ``count`` cells."""
    onwards = _leading_on(width, count, steps)
    values = [""] * width
    ahead = [iter(onwards[0][0])] if onwards else []
    while ahead:
        step = next(ahead[-1], None)
        if step is None:
            ahead.pop()
            continue
        values[len(ahead) - 1] = step[1]
        if len(ahead) == width:
            yield values.copy()
        else:
            ahead.append(iter(onwards[len(ahead)][step[0]]))


def _leading_on(
    width: int, count: int, steps: Callable[[int, int], Iterator[Step]]
) -> list[dict[int, list[Step]]]:
    """By column and cells used before it, the steps from which the end can be reached."""
    found: list[dict[int, list[Step]]] = []
    reached = {0}
    for column in range(width):
        found.append({used: list(steps(column, used)) for used in reached})
        reached = {after for options in found[-1].values() for after, _ in options}
    leading = {count}
    for taken in reversed(found):
        for used, options in taken.items():
            taken[used] = [step for step in options if step[0] in leading]
        leading = {used for used, options in taken.items() if options}
    return found if 0 in leading else []
