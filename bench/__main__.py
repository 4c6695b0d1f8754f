"""`python -m bench [ROW...]`: measure, print a table, write bench/results.json."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.figures import Figure, said, table
from bench.ground import ground
from bench.rows import ROWS
from bench.scale import NORMAL, SCALES, Scale

RESULTS = Path(__file__).parent / "results.json"


def main(argv: list[str] | None = None) -> int:
    """Run the rows asked for; 0 however the figures turn out, for they depend on the machine."""
    asked = _arguments(argv)
    scale, console = SCALES[asked.scale], Console(width=None if sys.stdout.isatty() else 200)
    load = os.getloadavg()[0]
    figures: list[Figure] = []
    try:
        with ground() as place:
            for name in asked.rows or ROWS:
                console.print(f"{name} ...", style="dim")
                for figure in ROWS[name](place, scale):
                    console.print(f"  {said(figure)}", style="dim")
                    figures.append(figure)
    finally:  # what was measured before a failure is shown all the same
        _report(console, figures, _about(scale, load), asked.out)
    return 0


def _report(console: Console, figures: list[Figure], about: dict[str, Any], out: Path) -> None:
    console.print(table(figures))
    loads = f"load {about['load_before']:.1f} before and {about['load_after']:.1f} after"
    console.print(f"{about['cpu']}, {loads}, scale “{about['scale']}”")
    out.write_text(json.dumps(about | {"rows": [f.to_json() for f in figures]}, indent=1))
    console.print(f"Written to {out}.")


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "rows", nargs="*", metavar="ROW", help=f"all of them if none is named: {', '.join(ROWS)}"
    )
    sizes = parser.add_mutually_exclusive_group()
    for name in ("quick", "full"):
        words = (
            "small sizes, to see that it runs" if name == "quick" else "the sizes of the targets"
        )
        sizes.add_argument(f"--{name}", dest="scale", action="store_const", const=name, help=words)
    parser.set_defaults(scale=NORMAL.name)
    parser.add_argument("--out", type=Path, default=RESULTS, help="where to write the figures")
    asked = parser.parse_args(argv)
    unknown = [row for row in asked.rows if row not in ROWS]
    if unknown:
        parser.error(f"no such row: {', '.join(unknown)}")
    return asked


def _about(scale: Scale, load: float) -> dict[str, Any]:
    """Where, when and of what the figures are."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True).stdout
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.strip(),
        "scale": scale.name,
        "cpu": f"{os.cpu_count()} cores, {platform.machine()}",
        "load_before": load,
        "load_after": os.getloadavg()[0],
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "psycopg": version("psycopg"),
    }


if __name__ == "__main__":
    sys.exit(main())
