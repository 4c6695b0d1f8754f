"""What is made in a fresh checkout and kept in files: made by one test process for all of them.

Every process imports every test and would compile it; together they would do so at the same time.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]


def make_ready(config: pytest.Config) -> None:
    """Do this process's share, if there are several and the whole suite is to run."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker and config.args_source == config.ArgsSource.TESTPATHS:
        number = int(worker.removeprefix("gw"))
        if number == 0:
            _know_characters()
        import_tests(number, int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))


def import_tests(number: int, processes: int) -> None:
    """Import all tests; process ``number`` begins where the share of the one before it ends.

    What it comes to later has been compiled by another, and lies there to be read.
    """
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    start = len(files) * number // processes
    for file in files[start:] + files[:start]:
        importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))


@settings(max_examples=1, database=None)
@given(st.text(min_size=1))
def _know_characters(text: str) -> None:
    """Hypothesis makes a table of all characters with the first text; it takes some seconds."""
    assert text
