"""The rows of the table, in its order: one module each, one subcommand each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bench.figures import Figure
from bench.ground import Ground
from bench.rows import (
    acknowledgement,
    again,
    existing,
    identifiers,
    jobs,
    memory,
    new_leads,
    others,
    preview,
)
from bench.scale import Scale

Measure = Callable[[Ground, Scale], Iterator[Figure]]

#: Name on the command line -> what measures it.
ROWS: dict[str, Measure] = {
    "new-sqlite": new_leads.sqlite,
    "new-postgresql": new_leads.postgresql,
    "again": again.measure,
    "memory": memory.measure,
    "existing": existing.measure,
    "preview": preview.measure,
    "acknowledgement": acknowledgement.measure,
    "jobs": jobs.measure,
    "identifiers": identifiers.measure,
    "others": others.measure,
}
