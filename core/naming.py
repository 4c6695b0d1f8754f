"""What columns are called where names are shown: each has one, and no two share it."""

from __future__ import annotations

from collections.abc import Sequence


def column_names(cells: Sequence[str]) -> tuple[str, ...]:
    """Names to show and tell apart: ``column_N`` for an empty one, ``Email_2`` for a repeat."""
    names: list[str] = []
    clean = [_clean(cell) for cell in cells]
    if len(clean) > 1 and all(len(cell) > 2 and cell[0] == cell[-1] == "'" for cell in clean):
        clean = [cell[1:-1] for cell in clean]
    taken = set(clean)
    seen: set[str] = set()
    for position, cell in enumerate(clean, 1):
        name = cell or _free(f"column_{position}", taken)
        if name in seen:
            name = _free(name, taken | seen, numbered=True)
        seen.add(name)
        names.append(name)
    return tuple(names)


def _clean(cell: str) -> str:
    """On one line, without marks of the byte order, and without a lone quote at its edge."""
    name = " ".join(cell.replace("\N{ZERO WIDTH NO-BREAK SPACE}", "").split())
    return name.strip('"') if name.count('"') == 1 else name


def _free(name: str, taken: set[str], numbered: bool = False) -> str:
    if not numbered and name not in taken:
        return name
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"
