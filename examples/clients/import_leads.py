"""Preview, start, watch and undo an import with httpx.

export LEADPORT_URL=http://127.0.0.1:3000 LEADPORT_KEY=lp_live_...
python import_leads.py ../tradeshow.csv [--undo]
"""

from __future__ import annotations

import os
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import httpx

IDENTIFIERS = ("email", "phone", "cookie", "external_id", "social")


def main(path: Path, *, undo: bool) -> None:
    """Import a file as Leadport understands its columns; with ``undo``, take it back."""
    headers = {"Authorization": f"Bearer {os.environ['LEADPORT_KEY']}"}
    url = os.environ.get("LEADPORT_URL", "http://127.0.0.1:3000")
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        preview = answer(client.post("/leads/import/preview", files={"file": path.open("rb")}))
        print(f"{preview['file_name']}: {preview['row_count']} rows")
        # Safe to send again after a connection that broke: the same key starts one job.
        once = {"Idempotency-Key": str(uuid.uuid4())}
        started = client.post("/leads/import/start", json=mapped(preview), headers=once)
        job = watch(client, answer(started)["job_id"], "status", ("queued", "in_progress"))
        show(job)
        if undo:
            answer(client.post(f"/leads/import/jobs/{job['job_id']}/undo"))
            undone = watch(client, job["job_id"], "undo", ("undoing",))["undo"]
            print(f"undone: {undone['deleted']} leads deleted, {undone['restored']} restored")


def mapped(preview: dict[str, Any]) -> dict[str, Any]:
    """The mapping that the preview suggests."""
    targets = {each["name"]: each["target"] for each in preview["columns"]}
    primary = next(name for kind in IDENTIFIERS for name, t in targets.items() if t == kind)
    others = {
        name: target for name, target in targets.items() if target != "skip" and name != primary
    }
    aliases = {
        name: f"_alias_{target.removeprefix('alias_')}"
        for name, target in others.items()
        if target.removeprefix("alias_") in IDENTIFIERS
    }
    return {
        "file_id": preview["file_id"],
        "primary_identifier": {"column": primary, "kind": targets[primary]},
        "field_mappings": {name: t for name, t in others.items() if name not in aliases},
        "alias_mappings": aliases,
    }


def watch(client: httpx.Client, job_id: str, key: str, running: tuple[str, ...]) -> dict[str, Any]:
    """Ask until the job, or its undoing, has ended."""
    while True:
        job = answer(client.get(f"/leads/import/jobs/{job_id}"))
        state = job["undo"]["state"] if key == "undo" else job["status"]
        if state not in running:
            return job
        time.sleep(0.5)


def show(job: dict[str, Any]) -> None:
    """Print what became of the rows; the counts add up."""
    names = ("created", "updated", "skipped", "failed", "unprocessed")
    counts = " + ".join(f"{job[f'{name}_count']} {name}" for name in names)
    # Rows that were right already are among the updated ones.
    print(f"{job['status']}: {job['total_rows']} rows = {counts}")
    print(f"  {job['unchanged_count']} of the updated ones brought nothing new")
    for error in job["errors"][:3]:
        print(f"  row {error['row']}: {error['error']} {error['value']!r}")


def answer(response: httpx.Response) -> dict[str, Any]:
    """The JSON, or the end with Leadport's own words."""
    if response.is_error:
        sys.exit(f"{response.status_code}: {response.text}")
    found: dict[str, Any] = response.json()
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), undo="--undo" in sys.argv[2:])
