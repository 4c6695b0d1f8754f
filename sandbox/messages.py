"""Messages: what was posted, edited and deleted, where, and who may see it."""

from dataclasses import dataclass, field, replace

from sandbox.errors import Json, SlackError
from sandbox.files import Files
from sandbox.identity import APP_ID, BOT_ID, BOT_USER
from sandbox.stamps import Stamps


@dataclass(frozen=True)
class Message:
    """One message. `only_for` makes it ephemeral; `blocks` already carry their ids."""

    ts: str
    channel: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    file_ids: tuple[str, ...] = ()
    thread_ts: str | None = None
    subtype: str | None = None
    only_for: str | None = None
    edited_at: str | None = None
    metadata: Json | None = None
    attachments: list[Json] = field(default_factory=list)
    broadcast: bool = False

    @property
    def by_bot(self) -> bool:
        """Whether the app wrote it."""
        return self.user == BOT_USER

    @property
    def root(self) -> str:
        """The `ts` of the thread it is in or would start."""
        return self.thread_ts or self.ts


class Messages:
    """All messages of the workspace in the order they came."""

    def __init__(self, stamps: Stamps, files: Files, team: str) -> None:
        self._stamps = stamps
        self._team = team
        self._files = files
        self._by_key: dict[tuple[str, str], Message] = {}
        self._earlier: dict[tuple[str, str], list[Message]] = {}

    def add(self, message: Message) -> Message:
        """Store a message, giving ids to blocks and elements that have none."""
        message = replace(message, blocks=with_ids(message.blocks, self._stamps))
        self._by_key[message.channel, message.ts] = message
        return message

    def change(self, message: Message) -> Message:
        """Store a new version of a message; the old one stays known for stale clicks."""
        key = message.channel, message.ts
        self._earlier.setdefault(key, []).append(self._by_key[key])
        return self.add(message)

    def remove(self, message: Message) -> None:
        """Forget a message."""
        self._by_key.pop((message.channel, message.ts), None)

    def get(self, channel: str, ts: str) -> Message:
        """One message; raises SlackError message_not_found."""
        try:
            return self._by_key[channel, ts]
        except KeyError:
            raise SlackError("message_not_found") from None

    def versions(self, message: Message) -> list[Message]:
        """This message as it is, then as it was, newest first."""
        return [message, *reversed(self._earlier.get((message.channel, message.ts), []))]

    def in_channel(self, channel: str, viewer: str) -> list[Message]:
        """All a person sees in a channel, replies included, oldest first."""
        return [
            message
            for message in self._by_key.values()
            if message.channel == channel and message.only_for in (None, viewer)
        ]

    def thread(self, channel: str, root: str, viewer: str = BOT_USER) -> list[Message]:
        """A thread with its parent, oldest first."""
        return [m for m in self.in_channel(channel, viewer) if m.root == root]

    def holding(self, file_id: str) -> list[Message]:
        """The messages a file was shared in."""
        return [m for m in self._by_key.values() if file_id in m.file_ids]

    def as_slack(self, message: Message) -> Json:
        """The message object of `conversations.history` and of events."""
        body: Json = {
            "type": "message",
            "user": message.user,
            "text": message.text,
            "ts": message.ts,
            "team": self._team,
        }
        if message.by_bot:
            body |= {"bot_id": BOT_ID, "app_id": APP_ID}
        body |= self._optional(message)
        return body | self._thread_facts(message)

    def _optional(self, message: Message) -> Json:
        body: Json = {}
        if message.subtype:
            body["subtype"] = message.subtype
        if message.blocks:
            body["blocks"] = message.blocks
        if message.attachments:
            body["attachments"] = message.attachments
        if message.file_ids:
            files = [self._files.describe(file_id) for file_id in message.file_ids]
            body |= {"files": files, "upload": not message.by_bot}
        if message.edited_at:
            body["edited"] = {"user": message.user, "ts": message.edited_at}
        if message.metadata:
            body["metadata"] = message.metadata
        return body

    def _thread_facts(self, message: Message) -> Json:
        if message.thread_ts and message.thread_ts != message.ts:
            return {"thread_ts": message.thread_ts}
        replies = [
            m for m in self.thread(message.channel, message.ts)
            if m.ts != message.ts and m.only_for is None
        ]  # fmt: skip
        if not replies:
            return {}
        people = sorted({reply.user for reply in replies})
        return {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users": people,
            "reply_users_count": len(people),
            "latest_reply": replies[-1].ts,
        }


def with_ids(blocks: list[Json], stamps: Stamps) -> list[Json]:
    """Blocks and elements with the `block_id` and `action_id` that Slack makes up if absent."""
    return [_block_with_ids(block, stamps) for block in blocks]


def _block_with_ids(block: Json, stamps: Stamps) -> Json:
    block = {**block, "block_id": block.get("block_id") or stamps.id("b")}
    for key in ("accessory", "element"):
        if isinstance(block.get(key), dict):
            block[key] = _element_with_id(block[key], stamps)
    if block["type"] in ("actions", "context_actions"):
        block["elements"] = [_element_with_id(element, stamps) for element in block["elements"]]
    if block["type"] == "container":
        block["child_blocks"] = with_ids(block["child_blocks"], stamps)
    return block


def _element_with_id(element: Json, stamps: Stamps) -> Json:
    if element.get("type") == "image":
        return element
    return {**element, "action_id": element.get("action_id") or stamps.id("a")}
