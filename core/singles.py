"""One lead on its own: a file of one row, imported at once by the engine that imports files.

It leaves what an import leaves: a file, a journal, problems, counts. So it can be looked at,
exported and undone as any other.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from core import columns, engine, imports, intake, mapping, matching, tally
from core.batch import Batch
from core.columns import CUSTOM, MOST_NAME, SKIP, Guess
from core.db import now
from core.ids import new_id
from core.intake import Look
from core.models import Import, ImportPart, Upload
from core.problems import Problem
from core.rules import ImportRules
from core.sheet import Format, Position, Row, Sheet
from core.uploads import Stored

_OUTCOMES = dict(zip(b"cu=sf", tally.COUNTS, strict=True))
_MANY = (SKIP, "tags", *columns.ALIAS_TARGETS)  # targets that several fields may share


@dataclass(frozen=True)
class Single:
    """A file of one row: its bytes, and how they are to be read."""

    content: bytes
    sheet: Sheet

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the fields."""
        return self.sheet.format.header

    @property
    def row(self) -> Row:
        """The one row there is."""
        return self.sheet.sample[0]


@dataclass(frozen=True)
class Taken:
    """What became of a lead. ``status`` is one of ``tally.COUNTS``."""

    status: str
    import_id: int
    lead_id: int | None
    problems: Sequence[Problem]


def single(fields: Mapping[str, str]) -> Single:
    """A file with a header row of names, each on one line and unlike the others, and one row."""
    header, cells = tuple(fields), list(fields.values())
    first, second = _line(header), _line(cells)
    start = Position(1, 2, len(first))
    form = Format(
        encoding="utf-8", delimiter=",", quote='"', doublequote=True, escape="", skip_space=False,
        line_ending="\r\n", header=header, raw_header=header, header_line=1, first=start,
    )  # fmt: skip
    sheet = Sheet(
        format=form, row_count=1, marks=(start,), sample=(Row(1, 2, cells, ()),), problems=(),
        byte_size=len(first) + len(second), encoding_name="UTF-8", delimiter_name="comma",
    )  # fmt: skip
    return Single(first + second, sheet)


def take(
    session: Session,
    account_id: int,
    name: str,
    one: Single,
    stored: Stored,
    given: Mapping[str, str],
) -> Taken:
    """Import one row, in the session's transaction.

    ``name`` is shown as the file's, ``stored`` is where its bytes lie. ``given`` is field ->
    target; what it leaves open is remembered or guessed. Raises InvalidMapping where nothing
    identifies the lead.
    """
    about, upload = _begun(session, account_id, name, one, stored, given)
    mapping.check(about.mapping, one.header, ImportRules.from_json(about.rules))
    session.add_all([upload, about])
    session.flush()
    job = engine.job_of(about, upload, Path(stored.location))
    candidate = job.reader.candidate(one.row)
    plan = engine.apply(session, job, Batch(odd=[candidate]))
    tally.count(session, account_id, about.id, plan)
    _close(session, about, one, bytes(plan.outcomes))
    owners = matching.find_owners(session, account_id, candidate.keys)
    status = _OUTCOMES[plan.outcomes[0]]
    known = status in ("created", "updated", "unchanged")
    lead_id = next((owners[key] for key in candidate.keys if key in owners), None)
    return Taken(status, about.id, lead_id if known else None, plan.problems)


def _begun(
    session: Session,
    account_id: int,
    name: str,
    one: Single,
    stored: Stored,
    given: Mapping[str, str],
) -> tuple[Import, Upload]:
    """The rows of an import in progress, which nobody has to read or to confirm."""
    at, region = now(session), intake.region_of(session, account_id)
    upload = Upload(
        account_id=account_id, id=new_id(), name=name, size=stored.size, sha256=stored.sha256,
        location=stored.location, created_at=at,
    )  # fmt: skip
    about = Import(
        account_id=account_id, id=new_id(), upload_id=upload.id, status="in_progress",
        created_at=at, started_at=at,
    )  # fmt: skip
    rows = [one.row.cells]
    guesses = columns.guess(one.header, rows, region)
    look = Look(Path(stored.location), one.sheet, guesses, rows, region)
    intake.fill(session, about, upload, look)
    if given:
        about.mapping = _mapped(one.header, guesses, given)
        about.rules = intake.rules_for(about.mapping, region, rows).to_json()
    return about, upload


def _mapped(header: Sequence[str], guesses: Sequence[Guess], given: Mapping[str, str]) -> list[str]:
    """The given targets, and for the other fields what they seem to be, if that is still free."""
    wanted = {columns.normalised(name): target for name, target in given.items()}
    chosen = [wanted.get(columns.normalised(name)) for name in header]
    taken = {target for target in chosen if target} - {*_MANY}
    return [
        target or (CUSTOM + guess.header[:MOST_NAME] if guess.target in taken else guess.target)
        for target, guess in zip(chosen, guesses, strict=True)
    ]


def _close(session: Session, about: Import, one: Single, outcomes: bytes) -> None:
    """Close the one part and the import, as a worker would have."""
    start = one.sheet.format.first._asdict()
    part = ImportPart(
        account_id=about.account_id, import_id=about.id, kind="write", ordinal=0, state="done",
        start=start, rows=1, outcomes=outcomes,
    )  # fmt: skip
    session.add(part)
    session.flush()
    imports.settle(session, about.account_id, about.id)


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()
