"""An import rehearsed from beginning to end: read, mapped and forecast, and nothing is stored.

The rows that stand for it are made but never added to a session, so that every step is the very
code that an import runs, and there is nothing to clean up afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from core import engine, forecast, imports, intake, mapping
from core.db import Database
from core.deciding import FAILED, Plan
from core.errors import FileTooLarge
from core.ids import new_id
from core.models import Import, Upload
from core.problems import Problem
from core.rules import ImportRules
from core.sheet import Limits
from core.tally import Tally

#: Problems that are kept one by one.
PROBLEMS = 100


@dataclass
class Rehearsal:
    """A draft that is in no database. Its mapping and rules may still be changed."""

    drafted: Import
    upload: Upload
    path: Path  #: where the file's text lies


@dataclass
class Foreseen:
    """What the import would come to."""

    tally: Tally = field(default_factory=Tally)
    problems: list[Problem] = field(default_factory=list)  #: the first ``PROBLEMS``, in file order
    #: After so many rows the import would pause, because most of them fail; 0 if it would not.
    pauses_after: int = 0


def prepare(
    database: Database, account_id: int, path: Path, folder: Path, limits: Limits
) -> Rehearsal:
    """Read a file where it lies, and map it as the account would; ``account_id`` 0 is a new one.

    What has to be written goes into ``folder``. Raises the UnreadableFile family.
    """
    if path.stat().st_size > limits.bytes:
        most = limits.bytes // 1_000_000
        raise FileTooLarge(f"The file is larger than {most} MB, which is the limit.")
    with database.reading() as session:
        region = intake.region_of(session, account_id)
    look = intake.look_at(path, folder, path.name, region, limits)
    upload = Upload(account_id=account_id, id=new_id(), name=path.name)
    drafted = Import(account_id=account_id, id=new_id(), upload_id=upload.id)
    with database.reading() as session:
        intake.fill(session, drafted, upload, look)
    return Rehearsal(drafted, upload, look.path)


def run(database: Database, about: Rehearsal, seen: Callable[[int], None]) -> Foreseen:
    """What importing would do now; ``seen`` is told how many rows were looked at so far.

    Raises InvalidMapping where it could not even be started.
    """
    job = engine.job_of(about.drafted, about.upload, about.path)
    mapping.check(about.drafted.mapping, job.format.header, job.rules)
    foreseen, outcomes = Foreseen(), bytearray()
    for plan in forecast.plans(database, job):
        _add(foreseen, plan)
        outcomes += plan.outcomes
        seen(len(outcomes))
    parts = [rows for _, rows in imports.cut(about.upload.sheet, sqlite=database.is_sqlite)]
    foreseen.pauses_after = pause(job.rules, outcomes, parts)
    return foreseen


def _add(foreseen: Foreseen, plan: Plan) -> None:
    foreseen.tally.add(plan)
    foreseen.problems += plan.problems[: PROBLEMS - len(foreseen.problems)]


def pause(rules: ImportRules, outcomes: bytes | bytearray, parts: list[int]) -> int:
    """After how many rows the import pauses, given the rows of its parts; 0 if it never does."""
    if rules.budget_share is None:
        return 0
    done = failed = 0
    for rows in parts[:-1]:  # with its last part an import has ended
        failed += outcomes.count(FAILED, done, done + rows)
        done += rows
        if done >= rules.budget_rows and failed >= rules.budget_share * done:
            return done
    return 0
