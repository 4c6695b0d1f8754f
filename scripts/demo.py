"""The whole road on this machine alone: a file dropped in a channel becomes leads.

Starts Valkey, worker, web and the sandbox, a local Slack look-alike, drops the example file in its
channel as a person would, answers the mapping and the confirmation, and prints the thread as it
happens. Everything a person does here goes through the sandbox, which sends the app the same signed
requests as Slack. It stays up until Ctrl-C; with --once it ends with the import.
"""

from __future__ import annotations

import argparse
import logging
import os
import re
import secrets
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from rich.console import Console
from transcript import Transcript

from bot.commands import report, status
from bot.commands.up import answers, bring_up
from bot.embedded import AlreadyRunning, free_port, sole_use
from bot.family import Program
from bot.supervisor import NotStarted, Supervisor, stopped_by_signals
from bot.terminal import PRIVATE
from core.db import Database
from core.models import Import
from sandbox.__main__ import main as sandbox_main
from sandbox.client import Message, Person, Reaction, RefusedError, Sandbox, StillWaitingError
from worker.settings import Settings

EXAMPLE = Path(__file__).parent.parent / "examples" / "tradeshow.csv"
#: The whole conversation may take this long, in seconds.
BOUND = 120.0
#: The demo has a database, a queue and a workspace of its own, whatever the shell points at.
NOT_OURS = (
    "DATABASE_URL", "REDIS_URL", "LEADPORT_BASE_URL", "LEADPORT_FILES_URL", "SLACK_API_URL",
    "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN", "SLACK_CLIENT_ID",
    "SLACK_CLIENT_SECRET",
)  # fmt: skip
PROBLEMS_FILE = "leads-problems.csv"
#: How long the last message may take to be printed, in seconds.
PRINTING = 0.3
LAST_WORDS = 25  # lines of the log that are shown after a failure


class NotDone(Exception):  # noqa: N818  (what happened, told to the person at the terminal)
    """The conversation went wrong; the message says where."""


@dataclass
class Talk:
    """Ana's side of the conversation."""

    ana: Person
    transcript: Transcript
    until: float = field(default_factory=lambda: time.monotonic() + BOUND)

    def run(self) -> str:
        """Drop the file, answer the questions, wait for the summary; the public id of the job."""
        self.transcript.note("drops tradeshow.csv in #leads")
        shared = self.ana.share(EXAMPLE)
        card = self._wait(shared, _offers)
        card = self._map(shared, card)
        if "forecast.region" in card.actions:
            card = self._choose_country(shared, card)
        self._confirm(card)
        summary = self._wait(shared, lambda m: _job(m) and m.ts != card.ts)
        if PROBLEMS_FILE in summary.words:
            self._wait(shared, lambda m: m.by_app and m.files)
        time.sleep(PRINTING)
        return _job(summary)

    def _map(self, shared: Message, card: Message) -> Message:
        """The visitors' rating becomes a tag, so that hot leads can be picked out."""
        self.transcript.note("presses “Edit mapping”, makes the column “Rating” a tag, and saves")
        self._took(self.ana.click(card, "map_columns"))
        form = self.ana.open_view(lambda view: "map_columns.target" in view.actions, self._left())
        rating = next(b for b in form.blocks if b.get("label", {}).get("text") == "Rating")
        choice = {rating["block_id"]: {"map_columns.target": "tags"}}
        self._took(self.ana.submit(form, choice))
        return self._offered_anew(shared, card)

    def _choose_country(self, shared: Message, card: Message) -> Message:
        self.transcript.note("says that phones without a country are from the United States")
        self._took(self.ana.choose(card, "forecast.region", "US"))
        return self._offered_anew(shared, card)

    def _confirm(self, card: Message) -> None:
        """Press the button, read the dialog, and say yes."""
        dialog = self.ana.click(card, "start_import", confirmed=False).confirm
        if dialog is None:
            raise NotDone("Nobody asked whether to import.")
        self.transcript.note("presses “Import”, and is asked:")
        self.transcript.quote(dialog["title"]["text"], dialog["text"]["text"])
        self.transcript.note("presses “Import” once more")
        self._took(self.ana.click(card, "start_import"))

    def _offered_anew(self, shared: Message, before: Message) -> Message:
        old = before.element("start_import")["value"]
        return self._wait(
            shared, lambda m: _offers(m) and m.element("start_import")["value"] != old
        )

    def _wait(self, shared: Message, fits: Callable[[Message], object]) -> Message:
        def look(message: Message) -> bool:
            if message.by_app and "was not imported" in message.text:
                raise NotDone(message.text)
            return bool(fits(message))

        return self.ana.wait_for(shared, look, self._left())

    def _took(self, reaction: Reaction) -> None:
        if not reaction.ok or reaction.errors:
            raise NotDone(f"Leadport did not take that: {reaction.raw}")

    def _left(self) -> float:
        return max(0.0, self.until - time.monotonic())


def _offers(message: Message) -> bool:
    """Whether it is the card with its forecast counted to the end."""
    return "start_import" in message.actions and "An import now would" in message.text


def _job(message: Message) -> str:
    """The job that a message by the app names in its last line."""
    found = re.findall(r"\bjob_\w+", message.words) if message.by_app else []
    return found[-1] if found else ""


@dataclass
class Demo:
    """What runs, and how it ended."""

    settings: Settings
    sandbox_url: str
    once: bool
    console: Console = field(default_factory=lambda: Console(highlight=False, markup=False))
    supervisor: Supervisor = field(init=False)
    done: bool = False

    def __post_init__(self) -> None:
        self.log = self.settings.data_dir / "demo.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_text("")
        self.supervisor = Supervisor(self._write_down)

    def run(self) -> int:
        """Start everything, hold the conversation, and stay up or not; the exit code."""
        with stopped_by_signals(self.supervisor), self.supervisor:
            self._start()
            if not self.supervisor.stopping:
                threading.Thread(target=self._talk, daemon=True).start()
            self.supervisor.run()
        return 0 if self.done or not self.once else 1

    def _start(self) -> None:
        slack = {
            "SLACK_BOT_TOKEN": f"xoxb-demo-{secrets.token_hex(12)}",
            "SLACK_SIGNING_SECRET": secrets.token_hex(16),
        }
        app = f"http://127.0.0.1:{self.settings.port}/slack/events"
        port = self.sandbox_url.rpartition(":")[2]
        argv = (sys.executable, "-m", "sandbox", "--port", port, "--app-url", app)
        self.console.print("Starting Valkey, worker, web and the sandbox ...")
        sandbox = Program("sandbox", argv, slack, main=sandbox_main)
        self.supervisor.start(sandbox, answers(self.sandbox_url))
        env = slack | {"SLACK_API_URL": f"{self.sandbox_url}/api/"}
        bring_up(self.supervisor, self.settings, env=env)

    def _talk(self) -> None:
        """The conversation, in a thread of its own: the supervisor needs the main one."""
        transcript, listening = Transcript(self.console), threading.Event()
        listener = threading.Thread(target=self._listen, args=(transcript, listening), daemon=True)
        listener.start()
        listening.wait(BOUND)
        try:
            with Person(self.sandbox_url, "ana") as ana:
                job = Talk(ana, transcript).run()
            self._finish(job)
        except (NotDone, StillWaitingError, RefusedError, httpx.HTTPError) as failure:
            if not self.supervisor.stopping:
                self._give_up(str(failure))
        finally:
            if self.once:
                self.supervisor.stop()

    def _listen(self, transcript: Transcript, listening: threading.Event) -> None:
        """Print the thread as it happens, for as long as the sandbox runs."""
        with (
            suppress(httpx.HTTPError),
            Sandbox(self.sandbox_url) as sandbox,
            sandbox.watching("ana") as changes,
        ):
            listening.set()
            for change in changes:
                transcript.tell(change)

    def _finish(self, job: str) -> None:
        """Print what the database says, and where to look at it."""
        ended = self._outcome(job)
        self.console.print(f"\nThe import is {ended.status}. In the database:", style="bold")
        self.console.print(report.sums(report.counts(ended)))
        self.done = ended.status == "completed"
        if self.once:
            return
        self.console.print(f"\nOpen {self.sandbox_url} to see the thread and drop a file yourself.")
        self.console.print(f"The web process is at {self.settings.public_url}. Ctrl-C ends it all.")

    def _outcome(self, job: str) -> Import:
        database = Database(self.settings.database)
        try:
            with database.reading() as session:
                return status.find(session, "default", job)
        finally:
            database.close()

    def _give_up(self, why: str) -> None:
        self.console.print(f"\nThe import was not completed. {why}", style="red")
        for line in self.log.read_text().splitlines()[-LAST_WORDS:]:
            self.console.print(f"  {line}", style="dim")
        self.console.print(f"The whole log is {self.log}.")

    def _write_down(self, name: str, line: str) -> None:
        with self.log.open("a") as file:
            file.write(f"{name:>8} | {line}\n")
        if name == "leadport":
            self.console.print(line, style="yellow")


def main() -> int:
    """Read the command line, choose ports, run."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--once", action="store_true", help="end with the import")
    once = asked.parse_args().once
    logging.getLogger("httpx").setLevel(logging.WARNING)
    os.umask(PRIVATE)
    for name in NOT_OURS:
        os.environ.pop(name, None)
    settings = Settings(port=free_port(Settings().port))
    sandbox_url = f"http://127.0.0.1:{free_port(3100)}"
    try:
        with sole_use(settings.data_dir):
            return Demo(settings, sandbox_url, once).run()
    except (AlreadyRunning, NotStarted) as failure:
        print(failure, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
