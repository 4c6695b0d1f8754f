"""At the end the worker posts the summary; there is nothing here to listen to."""

from __future__ import annotations

from bot.slack.door import Step

STEP = Step("summary")
