"""*Import*, confirmed: the draft is queued, once, however often it is clicked."""

from __future__ import annotations

from bot.slack.door import Door, Step
from bot.slack.payloads import Click, Reference
from worker.card.start_import import START


def confirmed(door: Door, account: int, click: Click, about: Reference) -> None:
    """Start what was shown. A second click gets WrongState, whose words it is answered with."""
    door.allow(account, click, about.job, "import this file")
    door.desk.start(account, about.job, about.revision)


STEP = Step("start_import", actions={START: confirmed})
