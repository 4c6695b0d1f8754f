"""What happens around the conversation: a file is deleted before it was imported."""

from __future__ import annotations

from bot.slack.door import Door, Step
from bot.slack.payloads import Event, Malformed


def file_deleted(door: Door, account: int, event: Event) -> None:
    """The drafts made of the file end, with words."""
    file_id = event.body.get("file_id")
    if not isinstance(file_id, str):
        raise Malformed("file_id")
    door.desk.lose_file(account, {"door": "slack", "team": event.team, "file_id": file_id})


STEP = Step("lifecycle", events={"file_deleted": file_deleted})
