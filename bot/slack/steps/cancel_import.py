"""*Cancel*, confirmed: the import stops after the rows that are being written."""

from __future__ import annotations

from bot.slack.door import Door, Step
from bot.slack.payloads import Click, Reference
from worker.card.cancel_import import CANCEL


def confirmed(door: Door, account: int, click: Click, about: Reference) -> None:
    """Ask the workers to stop."""
    door.allow(account, click, about.job, "cancel this import")
    door.desk.cancel(account, about.job)


STEP = Step("cancel_import", actions={CANCEL: confirmed})
