"""The same file a second time: nothing changes, and that should be found out fast."""

from __future__ import annotations

from collections.abc import Iterator

from bench import subject
from bench.figures import Figure, Pair, Target, middle
from bench.ground import Ground
from bench.scale import Scale

THREEFOLD = Target(3.0, "3 times the first import")
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def measure(ground: Ground, scale: Scale) -> Iterator[Figure]:
    """On both databases."""
    for kind, name in NAMES.items():
        pair, note = middle([_pair(ground, kind, scale.large)])
        work = f"the same {scale.large:,} rows again, {name}"
        yield Figure(
            "again", work, pair.speed, "rows/s", pair.floor, "rows/s the first time",
            pair.ratio, "", THREEFOLD, note,
        )  # fmt: skip


def _pair(ground: Ground, kind: str, rows: int) -> Pair:
    path = ground.people(rows)
    with ground.database(kind) as url:
        first, second = subject.import_file(url, path), subject.import_file(url, path)
    if second.report["unchanged"] != rows:
        raise RuntimeError(f"only {second.report['unchanged']:,} rows were unchanged")
    return Pair(second.speed, first.speed)
