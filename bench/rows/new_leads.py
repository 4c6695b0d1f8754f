"""New leads into an empty database, beside the same rows loaded by plain SQL."""

from __future__ import annotations

from collections.abc import Iterator

from bench import floor, subject
from bench.figures import Figure, Pair, Target, middle
from bench.ground import Ground
from bench.scale import Scale

FLOOR = "rows/s plain SQL"
HALF = Target(0.5, "0.5 of the floor")
ONE_WORKER = Target(0.65, "0.65 of the floor")
TWO_WORKERS = Target(1.0, "1.0 of the one-connection floor")


def sqlite(ground: Ground, scale: Scale) -> Iterator[Figure]:
    """A small and a large file into SQLite."""
    for rows in (scale.small, scale.large):
        pairs = [_pair(ground, "sqlite", rows) for _ in range(_repeats(scale, rows))]
        yield _figure("new-sqlite", f"{rows:,} new leads, SQLite", pairs, HALF)


def postgresql(ground: Ground, scale: Scale) -> Iterator[Figure]:
    """A large file into PostgreSQL, by one worker and by two."""
    for workers, target in ((1, ONE_WORKER), (2, TWO_WORKERS)):
        options = ("--workers", str(workers)) if workers > 1 else ()
        repeats = range(_repeats(scale, scale.large))
        pairs = [_pair(ground, "postgresql", scale.large, *options) for _ in repeats]
        words = "one worker" if workers == 1 else f"{workers} workers"
        work = f"{scale.large:,} new leads, PostgreSQL, {words}"
        yield _figure("new-postgresql", work, pairs, target)


def _pair(ground: Ground, kind: str, rows: int, *options: str) -> Pair:
    path = ground.people(rows)
    with ground.database(kind) as ours, ground.database(kind) as plain:
        run = subject.import_file(ours, path, *options)
        return Pair(run.speed, floor.load(ours, plain))


def _repeats(scale: Scale, rows: int) -> int:
    return scale.repeats if rows <= scale.small else max(1, scale.repeats * 200_000 // rows // 2)


def _figure(row: str, work: str, pairs: list[Pair], target: Target) -> Figure:
    pair, note = middle(pairs)
    return Figure(row, work, pair.speed, "rows/s", pair.floor, FLOOR, pair.ratio, "", target, note)
