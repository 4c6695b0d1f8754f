"""While the import runs the worker edits the card; there is nothing here to listen to."""

from __future__ import annotations

from bot.slack.door import Step

STEP = Step("progress")
