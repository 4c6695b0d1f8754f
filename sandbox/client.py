"""A person at the keyboard, for demos and tests: acts and looks through the control API.

ana = Person("http://127.0.0.1:3100", "ana")
shared = ana.share("leads.csv", channel="leads")
card = ana.wait_for(shared, lambda message: "Import" in message.words)
ana.click(card, "start_import")
"""

import time
from collections.abc import Callable
from itertools import chain, repeat
from pathlib import Path
from typing import Any, Self

from sandbox.errors import Json
from sandbox.remote import RefusedError, Sandbox
from sandbox.seen import Message, Reaction, Shown, View

__all__ = [
    "Message",
    "Person",
    "Reaction",
    "RefusedError",
    "Sandbox",
    "Shown",
    "StillWaitingError",
    "View",
]

#: The pauses between two looks, in seconds: short at first, and then as the last one.
LOOKS = (0.005, 0.01, 0.02, 0.05)


class StillWaitingError(Exception):
    """What was waited for did not come in time; the message shows what was there instead."""


class Person:
    """One person in front of the workspace, in one channel unless told otherwise."""

    def __init__(
        self, base_url: str, user: str, *, channel: str = "leads", timeout: float = 20.0
    ) -> None:
        self.sandbox = Sandbox(base_url)
        self.user = user
        self.channel = channel
        self.timeout = timeout

    def close(self) -> None:
        """Leave."""
        self.sandbox.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def share(
        self,
        *files: Path | str | tuple[str, bytes],
        channel: str | None = None,
        thread: Message | None = None,
        text: str = "",
        **more: str,
    ) -> Message:
        """Share files, by path or as (name, bytes), in a channel or in a thread of it."""
        fields = {"user": self.user, "channel": channel or self.channel, "text": text, **more}
        if thread is not None:
            fields |= {"channel": thread.channel, "thread_ts": thread.root}
        return Message(self.sandbox.upload(fields, [_file(file) for file in files])["message"])

    def upload(self, *files: Path | str | tuple[str, bytes]) -> list[str]:
        """Upload files for a modal's file input; returns their ids."""
        told = self.sandbox.upload({"user": self.user}, [_file(file) for file in files])
        return [str(file["id"]) for file in told["files"]]

    def say(
        self, text: str, *, channel: str | None = None, thread: Message | None = None
    ) -> Message:
        """Write a message."""
        where = thread.channel if thread else channel or self.channel
        root = thread.root if thread else None
        told = self.sandbox.do("/say", user=self.user, channel=where, text=text, thread_ts=root)
        return Message(told["message"])

    def messages(self, channel: str | None = None) -> list[Message]:
        """All this person sees in a channel, replies and ephemeral messages included."""
        told = self.sandbox.get("/messages", user=self.user, channel=channel or self.channel)
        return [Message(raw) for raw in told["messages"]]

    def thread(self, message: Message) -> list[Message]:
        """The thread a message is in or has started, parent first."""
        told = self.sandbox.get(
            "/messages", user=self.user, channel=message.channel, thread_ts=message.root
        )
        return [Message(raw) for raw in told["messages"]]

    def again(self, message: Message) -> Message:
        """A message as it is now; raises KeyError if it is gone."""
        for current in self.thread(message):
            if current.ts == message.ts:
                return current
        raise KeyError(message.ts)

    def wait_for(
        self,
        thread: Message,
        predicate: Callable[[Message], bool],
        timeout: float | None = None,
    ) -> Message:
        """The first message of a thread that fits; raises StillWaitingError."""
        return self._wait(lambda: self.thread(thread), predicate, timeout)

    def wait_in_channel(
        self,
        predicate: Callable[[Message], bool],
        channel: str | None = None,
        timeout: float | None = None,
    ) -> Message:
        """The first message of a channel that fits; raises StillWaitingError."""
        return self._wait(lambda: self.messages(channel), predicate, timeout)

    def _end(self, timeout: float | None) -> float:
        return time.monotonic() + (self.timeout if timeout is None else timeout)

    def _wait(
        self,
        look: Callable[[], list[Message]],
        predicate: Callable[[Message], bool],
        timeout: float | None,
    ) -> Message:
        until, pauses = self._end(timeout), chain(LOOKS, repeat(LOOKS[-1]))
        while True:
            seen = look()
            found = next((message for message in seen if predicate(message)), None)
            if found:
                return found
            if time.monotonic() > until:
                shown = "\n---\n".join(message.words for message in seen)
                raise StillWaitingError(f"nothing fits among:\n{shown}")
            time.sleep(next(pauses))

    def click(
        self,
        where: Shown,
        action_id: str,
        value: Any = None,
        *,
        block_id: str | None = None,
        confirmed: bool = True,
        stale: bool = False,
        values: Json | None = None,
    ) -> Reaction:
        """Click a button, or choose `value` in a menu, of a message or an open view.

        `confirmed=False` stops at a confirm dialog; `stale` clicks what an earlier version of the
        message showed; `values` fills in other inputs first.
        """
        act: Json = {"action_id": action_id, "block_id": block_id, "value": value}
        act |= {"confirmed": confirmed, "stale": stale, "values": values}
        return Reaction(self.sandbox.do("/click", user=self.user, **_place(where), **act))

    def choose(self, where: Shown, action_id: str, value: Any, **more: Any) -> Reaction:
        """Choose in a menu; the same as `click` with a value."""
        return self.click(where, action_id, value, **more)

    def suggest(self, where: Shown, action_id: str, query: str) -> list[Json]:
        """Type into an external menu; the options that appear."""
        act = {"action_id": action_id, "query": query}
        told = self.sandbox.do("/suggest", user=self.user, **_place(where), **act)
        return list(told["options"])

    def views(self) -> list[View]:
        """The open modals, root first."""
        return [View(raw) for raw in self.sandbox.get("/views", user=self.user)["views"]]

    def open_view(
        self, predicate: Callable[[View], bool] = lambda view: True, timeout: float | None = None
    ) -> View:
        """The modal on top, once one is open that fits; raises StillWaitingError."""
        until, pauses = self._end(timeout), chain(LOOKS, repeat(LOOKS[-1]))
        while True:
            views = self.views()
            if views and predicate(views[-1]):
                return views[-1]
            if time.monotonic() > until:
                shown = [view.words for view in views]
                raise StillWaitingError(f"no such view is open; open are: {shown}")
            time.sleep(next(pauses))

    def submit(self, view: View, values: Json | None = None) -> Reaction:
        """Submit a modal with {block_id: {action_id: value}}; options go by their value."""
        told = {"view_id": view.id, "values": values or {}}
        return Reaction(self.sandbox.do("/submit", user=self.user, **told))

    def dismiss(self, view: View) -> None:
        """Close a modal without submitting."""
        self.sandbox.do("/close", user=self.user, view_id=view.id)

    def command(self, name: str, text: str = "", *, channel: str | None = None) -> Reaction:
        """Run a slash command."""
        where = channel or self.channel
        told = self.sandbox.do("/command", user=self.user, channel=where, command=name, text=text)
        return Reaction(told)

    def shortcut(self, message: Message, callback_id: str) -> Reaction:
        """Choose a shortcut in a message's menu."""
        act = {**_place(message), "callback_id": callback_id}
        return Reaction(self.sandbox.do("/shortcut", user=self.user, **act))

    def delete_file(self, file_id: str) -> None:
        """Delete a file."""
        self.sandbox.do("/delete_file", user=self.user, file=file_id)

    def delete(self, message: Message) -> None:
        """Delete a message."""
        self.sandbox.do("/delete_message", user=self.user, **_place(message))

    def let_app_in(self, channel: str) -> None:
        """Invite the app to a channel."""
        self.sandbox.do("/members", user=self.user, channel=channel, app=True)

    def put_app_out(self, channel: str) -> None:
        """Remove the app from a channel."""
        self.sandbox.do("/members", user=self.user, channel=channel, app=False)

    def visit_home(self) -> None:
        """Open the app's Home tab."""
        self.sandbox.do("/home", user=self.user)

    def home(self) -> View | None:
        """The app's Home tab as published for this person."""
        raw = self.sandbox.get("/views", user=self.user)["home"]
        return View(raw) if raw else None


def _file(file: Path | str | tuple[str, bytes]) -> tuple[str, bytes]:
    return file if isinstance(file, tuple) else (Path(file).name, Path(file).read_bytes())


def _place(where: Shown) -> Json:
    if isinstance(where, Message):
        return {"channel": where.channel, "ts": where.ts}
    return {"view_id": where.raw["id"]}
