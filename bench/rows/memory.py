"""The memory of the process that imports must not grow with the file."""

from __future__ import annotations

from collections.abc import Iterator

from bench import subject
from bench.figures import Figure, Target
from bench.ground import Ground
from bench.rows.again import NAMES
from bench.scale import Scale

FLAT = Target(50, "within 50 MB", most=True)


def measure(ground: Ground, scale: Scale) -> Iterator[Figure]:
    """Peak resident memory with a large file, beside a small one; ``ratio`` is the difference."""
    for kind, name in NAMES.items():
        peaks = [_peak(ground, kind, rows) for rows in (scale.small, scale.large)]
        work = f"memory at {scale.large:,} rows, {name}"
        beside = f"MB at {scale.small:,} rows"
        yield Figure(
            "memory", work, peaks[1], "MB", peaks[0], beside, peaks[1] - peaks[0], "MB more", FLAT,
        )  # fmt: skip


def _peak(ground: Ground, kind: str, rows: int) -> float:
    with ground.database(kind) as url:
        return subject.import_file(url, ground.people(rows)).peak_mb
