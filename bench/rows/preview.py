"""What a person waits for after dropping a file: one pass over it, and the guess at its columns."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from pathlib import Path

from bench import lists
from bench.figures import Figure, Target
from bench.ground import Ground
from bench.scale import Scale
from core import columns, sheet

TWO_SECONDS = Target(2.0, "under 2 s for 50 MB", most=True)
NAMED_BYTES = 50_000_000


def measure(ground: Ground, scale: Scale) -> Iterator[Figure]:
    """Inspect a file of so many bytes, beside `csv.reader` alone over the same file."""
    path = _list_of(ground, scale.preview_bytes)
    floor, seconds = _csv_alone(path), _preview(path)
    work = f"preview of {path.stat().st_size / 1e6:.0f} MB"
    yield Figure(
        "preview", work, seconds, "s", floor, "s csv.reader alone",
        seconds * NAMED_BYTES / path.stat().st_size, "s for 50 MB", TWO_SECONDS,
    )  # fmt: skip


def _list_of(ground: Ground, size: int) -> Path:
    sample = ground.people(1_000)
    return ground.people(size * 1_000 // sample.stat().st_size)


def _csv_alone(path: Path) -> float:
    began = time.perf_counter()
    with path.open(newline="", encoding="utf-8") as file:
        width = len(lists.HEADER)
        if any(len(row) != width for row in csv.reader(file)):
            raise RuntimeError("the list is ragged")
    return time.perf_counter() - began


def _preview(path: Path) -> float:
    began = time.perf_counter()
    found = sheet.inspect(path)
    cells = [row.cells for row in found.sample]
    columns.guess(found.format.header, cells, "US", found.format.header_line > 0)
    return time.perf_counter() - began
