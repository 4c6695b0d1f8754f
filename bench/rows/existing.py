"""New leads into a database that is full already, beside the same file into an empty one."""

from __future__ import annotations

from collections.abc import Iterator

from bench import filling, subject
from bench.figures import Figure, Target
from bench.ground import Ground, opened
from bench.rows.again import NAMES
from bench.scale import Scale

NEARLY = Target(0.7, "0.7 of the speed into an empty table")


def measure(ground: Ground, scale: Scale) -> Iterator[Figure]:
    """On both databases."""
    path = ground.people(scale.into_existing)
    for kind, name in NAMES.items():
        with ground.database(kind) as empty, ground.database(kind) as full:
            with opened(full) as database:
                filling.fill(database, scale.existing)
            into_full = subject.import_file(full, path).speed
            into_empty = subject.import_file(empty, path).speed
        work = f"{scale.into_existing:,} new leads into {scale.existing:,}, {name}"
        yield Figure(
            "existing", work, into_full, "rows/s", into_empty, "rows/s into none",
            into_full / into_empty, target=NEARLY,
        )  # fmt: skip
