"""*Go on*, confirmed: an import that paused because most rows failed runs to its end."""

from __future__ import annotations

from bot.slack.door import Door, Step
from bot.slack.payloads import Click, Reference
from worker.card.resume_import import RESUME


def confirmed(door: Door, account: int, click: Click, about: Reference) -> None:
    """Let the workers go on."""
    door.allow(account, click, about.job, "resume this import")
    door.desk.resume(account, about.job)


STEP = Step("resume_import", actions={RESUME: confirmed})
