"""How large the benchmarks are. The targets are stated for ``FULL``; the others end sooner."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Sizes, in rows unless the name says otherwise."""

    name: str
    small: int
    large: int
    existing: int  #: leads that are there before the import into a full table
    into_existing: int  #: rows imported into it
    preview_bytes: int
    texts: int  #: random texts of each kind that the fast paths are compared on
    seconds: float  #: of asking while an import runs
    others: int  #: rows for the programs that take a millisecond a row
    repeats: int  #: of what takes seconds; the median ratio is reported


QUICK = Scale("quick", 5_000, 20_000, 50_000, 10_000, 5_000_000, 20_000, 4, 500, 1)
NORMAL = Scale("normal", 50_000, 200_000, 500_000, 100_000, 50_000_000, 200_000, 15, 3_000, 3)
FULL = Scale("full", 50_000, 1_000_000, 5_000_000, 500_000, 50_000_000, 3_000_000, 30, 10_000, 3)

SCALES = {scale.name: scale for scale in (QUICK, NORMAL, FULL)}
