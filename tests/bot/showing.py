"""What cards are shown of in tests, what they must look like, and what Slack says to them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from slackblocks.blocks import Block

from core.identifiers import Kind
from core.rules import ImportRules
from sandbox.blocks.surfaces import check_message, check_view
from worker.card import CardState, Message
from worker.card.state import Counts, Example, FileFacts, Forecast, Problems

GOLDEN = Path(__file__).parent / "golden"
JOB = "job_4gmnc2qrjmc1b"
#: What slackblocks can read back in; the rest is held to its limits by the sandbox's own tests.
READABLE = ("section", "context", "divider", "header")

HEADER = ("First Name", "Last Name", "Email", "Mobile", "Company", "Function", "Booth")
SAMPLE = (
    ("Ada", "Lovelace", "ada@fjord-labs.com", "+44 20 7946 0018", "Fjord Labs", "CTO", "A1"),
    ("Alan", "Turing", "alan@fjord-labs.com", "020 7946 0019", "Fjord Labs", "", "A2"),
    ("Grace", "Hopper", "grace-at-navy", "", "Navy", "Admiral", "B1"),
)
MAPPING = ("first_name", "last_name", "email", "phone", "company", "title", "custom:Booth")


def guess(target: str, confidence: float = 1.0, reason: str = "named like this") -> dict[str, Any]:
    return {"target": target, "confidence": confidence, "reason": reason}


FILE = FileFacts(
    header=HEADER,
    rows=1000,
    sample=SAMPLE,
    guesses=(
        *(guess(target) for target in MAPPING[:5]),
        guess("title", 0.6, "“Function” often means the job title"),
        guess("custom:Booth", 0.3, "no field is named like this"),
    ),
)
PROBLEMS = (
    Problems("invalid_email", "Email", "error", 18, (
        Example(3, "“grace-at-navy” is not an email address: it has no @.", "grace-at-navy", 4),
        Example(9, "“x@” is not an email address: it has no domain.", "x@"),
        Example(12, "“no” is not an email address: it has no @.", "no"),
    )),
    Problems("phone_needs_country", "Mobile", "warning", 12, (
        Example(2, "“020 7946 0019” needs a country.", "020 7946 0019"),
    )),
    Problems("duplicate_in_file", "", "info", 4, (
        Example(77, "The same lead as row 4; the two were merged.", ""),
    )),
)  # fmt: skip
COUNTS = Counts(created=812, updated=170, failed=18)
DRAFT = CardState(
    job=JOB,
    status="draft",
    name="leads.csv",
    uploader="U0ANA",
    read=True,
    file=FILE,
    mapping=MAPPING,
    rules=ImportRules(fallback=(Kind.PHONE,)),
    total=1000,
    now=1_790_000_060_000,
)
FORECAST = replace(DRAFT, forecast=Forecast(COUNTS, 1000, True, PROBLEMS))
STARTED = 1_790_000_000_000
RUNNING = replace(
    FORECAST,
    status="in_progress",
    counts=Counts(created=480, updated=110, failed=10),
    started_at=STARTED,
    now=STARTED + 3_000,
)
ENDED = replace(
    RUNNING,
    status="completed",
    counts=COUNTS,
    problems=PROBLEMS,
    completed_at=STARTED + 4_200,
)


def is_golden(name: str, shown: Any) -> None:
    """What is shown is what the golden file holds; ``GOLDEN=write pytest`` writes it anew."""
    path = GOLDEN / f"{name}.json"
    if isinstance(shown, Message):
        shown = {"text": shown.text, "blocks": shown.blocks}
    if os.environ.get("GOLDEN") == "write":
        path.write_text(json.dumps(shown, indent=1, ensure_ascii=False) + "\n", "utf-8")

    assert shown == json.loads(path.read_text("utf-8"))


def fits_slack(message: Message) -> None:
    """The message is within Slack's limits, as the sandbox and slackblocks know them."""
    assert 0 < len(message.text) <= 4000
    check_message(message.blocks, set())
    accepted(message.blocks)


def view_fits_slack(view: dict[str, Any]) -> None:
    """The modal is within Slack's limits, and its JSON below the 250 kB that a view may have."""
    check_view(view, "modal", set())
    accepted(view["blocks"])
    assert len(json.dumps(view)) < 250_000


def accepted(blocks: list[dict[str, Any]]) -> None:
    for block in blocks:
        if block["type"] in READABLE and "accessory" not in block:
            Block.from_dict(block)


def words(blocks: Any) -> str:
    """All that is written in blocks."""
    if isinstance(blocks, list):
        return "\n".join(words(part) for part in blocks)
    if not isinstance(blocks, dict):
        return ""
    own = blocks.get("text")
    inner = words([part for part in blocks.values() if isinstance(part, list | dict)])
    return f"{own}\n{inner}" if isinstance(own, str) else inner


def mrkdwn(part: Any) -> Iterator[str]:
    """Every text that Slack looks for mentions, links and formatting in."""
    if isinstance(part, dict) and part.get("type") == "mrkdwn":
        yield part["text"]
    elif isinstance(part, dict | list):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from mrkdwn(inner)
