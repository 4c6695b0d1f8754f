"""The forecast follows by itself; choosing a country mends its phones and forecasts anew."""

from __future__ import annotations

from dataclasses import replace

from bot.slack.door import Door, Step
from bot.slack.payloads import Click, Malformed, Reference
from core.identifiers import regions
from worker.card.forecast import REGION


def region_chosen(door: Door, account: int, click: Click, about: Reference) -> None:
    """Take phones without a country as of the chosen one."""
    door.allow(account, click, about.job, "change this import")
    if click.value not in dict(regions()):
        raise Malformed("region")
    state = door.desk.state(account, about.job)
    rules = replace(state.rules, region=click.value)
    door.desk.remap(account, about.job, state.mapping, rules)


STEP = Step("forecast", actions={REGION: region_chosen})
