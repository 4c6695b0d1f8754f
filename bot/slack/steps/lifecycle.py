"""What happens around the conversation: a file is deleted, a workspace puts the app out."""

from __future__ import annotations

import logging

from bot.slack.door import Door, Step
from bot.slack.payloads import Event, Malformed

log = logging.getLogger(__name__)


def file_deleted(door: Door, account: int, event: Event) -> None:
    """The drafts made of the file end, with words."""
    file_id = event.body.get("file_id")
    if not isinstance(file_id, str):
        raise Malformed("file_id")
    door.desk.lose_file(account, {"door": "slack", "team": event.team, "file_id": file_id})


def tokens_revoked(door: Door, event: Event) -> None:
    """Our token in the workspace opens nothing any more; people's own tokens we never had."""
    tokens = event.body.get("tokens")
    if isinstance(tokens, dict) and tokens.get("bot"):
        app_uninstalled(door, event)


def app_uninstalled(door: Door, event: Event) -> None:
    """Forget the workspace's token. Its leads stay, for it may install the app again."""
    installations = door.workspaces.installations
    if installations and installations.revoke(event.team, event.at):
        log.info("workspace %s has removed the app", event.team)


STEP = Step(
    "lifecycle",
    events={"file_deleted": file_deleted},
    partings={"app_uninstalled": app_uninstalled, "tokens_revoked": tokens_revoked},
)
