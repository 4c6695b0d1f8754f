"""Requests made from the OpenAPI document, right and wrong ones, find nothing untrue in it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.conftest import Api, running_api
from tests.parts.databases import copied_sqlite

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def unlimited(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Api]:
    """A web process that takes any number of requests: 429 would hide what else is wrong."""
    limits = {"rate_address": 0, "rate_key": 0, "rate_account": 0}
    with (
        copied_sqlite(migrated_sqlite, tmp_path) as database,
        running_api(database, tmp_path, **limits) as api,
    ):
        yield api


@pytest.mark.slow
def test_nothing_untrue(unlimited: Api) -> None:
    """Statuses, types and bodies are as documented; wrong requests are refused, none crashes.

    The requests are the same every time. Of two paths to one endpoint one will do.
    """
    key = unlimited.customer("admin").key
    command = [
        sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()",
        "run", f"{unlimited.url}/openapi.json",
        "--header", f"Authorization: Bearer {key}",
        "--exclude-path-regex", "^/kenbun/",
        "--phases", "fuzzing", "--max-examples", "3",
        "--generation-deterministic", "--request-timeout", "60", "--no-color",
    ]  # fmt: skip
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)

    assert run.returncode == 0, run.stdout[-10_000:] + run.stderr[-2_000:]
    assert " generated" in run.stdout and "0 selected" not in run.stdout
