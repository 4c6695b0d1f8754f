"""What a person sees: messages, views, and what came of their acts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.errors import Json


@dataclass(frozen=True)
class Shown:
    """Something on the screen: its blocks and all its words."""

    raw: Json

    @property
    def blocks(self) -> list[Json]:
        """The blocks as the app sent them, with ids."""
        return list(self.raw.get("blocks") or [])

    @property
    def words(self) -> str:
        """Every text a reader sees, one per line."""
        return "\n".join(_words(self.raw))

    @property
    def actions(self) -> list[str]:
        """The action_id of everything that can be clicked or filled in."""
        return [str(element["action_id"]) for element in _elements(self.blocks)]

    def element(self, action_id: str) -> Json:
        """One interactive element; raises KeyError."""
        for element in _elements(self.blocks):
            if element["action_id"] == action_id:
                return element
        raise KeyError(action_id)


@dataclass(frozen=True)
class Message(Shown):
    """A message in a channel or thread."""

    @property
    def ts(self) -> str:
        """Its timestamp, which is its id."""
        return str(self.raw["ts"])

    @property
    def channel(self) -> str:
        """The id of its channel."""
        return str(self.raw["channel"])

    @property
    def root(self) -> str:
        """The timestamp of its thread's first message."""
        return str(self.raw.get("thread_ts") or self.ts)

    @property
    def text(self) -> str:
        """Its plain text."""
        return str(self.raw.get("text", ""))

    @property
    def by_app(self) -> bool:
        """Whether the app wrote it."""
        return "bot_id" in self.raw

    @property
    def ephemeral(self) -> bool:
        """Whether only this person sees it."""
        return bool(self.raw.get("ephemeral"))

    @property
    def files(self) -> list[Json]:
        """The file objects shared in it."""
        return list(self.raw.get("files") or [])


@dataclass(frozen=True)
class View(Shown):
    """An open modal, or a Home tab."""

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.raw["id"])

    @property
    def title(self) -> str:
        """Its title, '' for a Home tab."""
        return str((self.raw.get("title") or {}).get("text", ""))

    @property
    def callback_id(self) -> str:
        """The app's name for it."""
        return str(self.raw.get("callback_id", ""))

    @property
    def errors(self) -> dict[str, str]:
        """Errors shown beside its inputs, by block_id."""
        return dict(self.raw.get("errors") or {})


@dataclass(frozen=True)
class Reaction:
    """What came of an act: `ok`, errors in a modal, a dialog in between, the delivery."""

    raw: Json

    @property
    def ok(self) -> bool:
        """Whether the app took it in time."""
        return bool(self.raw["ok"])

    @property
    def errors(self) -> dict[str, str]:
        """Errors beside the inputs of a modal, by block_id."""
        return dict(self.raw.get("errors") or {})

    @property
    def confirm(self) -> Json | None:
        """The confirm dialog that waits for an answer."""
        return self.raw.get("confirm")

    @property
    def status(self) -> int | None:
        """The app's HTTP status, None if it did not answer in time."""
        delivery = self.raw.get("delivery") or {}
        return delivery.get("status")


def _elements(blocks: list[Json]) -> Iterator[Json]:
    for block in blocks:
        yield from _elements(block.get("child_blocks") or [])
        parts = [block.get("accessory"), block.get("element"), *(block.get("elements") or [])]
        yield from (part for part in parts if isinstance(part, dict) and "action_id" in part)


def _words(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for item in part:
            yield from _words(item)
    elif isinstance(part, dict):
        for name in ("title", "text", "caption"):
            if isinstance(part.get(name), str) and part[name]:
                yield part[name]
        for name, value in part.items():
            if name not in ("files", "metadata", "confirm") and isinstance(value, dict | list):
                yield from _words(value)
