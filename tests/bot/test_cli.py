"""The command line, run as a person or a script runs it."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from sqlmodel import select

from bot import terminal
from core import parts
from core.db import Database
from core.models import Import
from tests.bot.commandline import Leadport, data_dir, first_time, leadport

__all__ = ["data_dir", "first_time", "leadport"]  # fixtures

ROOT = Path(__file__).parent.parent.parent
TRADESHOW = ROOT / "examples" / "tradeshow.csv"
LAW = ("created", "updated", "unchanged", "skipped", "failed", "unprocessed")
LEADS = "Name,Email,Phone\nAda,ada@fjord-labs.example,\nBen,ben@fjord-labs.example,030 23125012\n"


def started(*arguments: object, **env: str) -> subprocess.Popen[str]:
    """`leadport` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "bot.cli", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    path = tmp_path / "leads.csv"
    path.write_text(LEADS)
    return path


def many_leads(path: Path, rows: int) -> Path:
    with path.open("w") as file:
        file.write("Name,Email\n")
        file.writelines(f"Lead {n},lead{n}@fjord-labs.example\n" for n in range(rows))
    return path


# ---- import ------------------------------------------------------------------------------------


def test_import_prints_one_object_whose_counts_add_up(leadport: Leadport) -> None:
    """`import --json` prints the documented keys, and the law holds: the counts sum to total."""
    ran = leadport("import", TRADESHOW, "--json")

    told = ran.json
    assert ran.code == 0, ran.err
    assert told["total"] == sum(told[name] for name in LAW) == 1_000
    assert told["created"] > 900 and told["failed"] > 0
    assert told["job_id"].startswith("job_") and told["status"] == "completed"
    assert told["seconds"] > 0 and told["rows_per_second"] > 0
    keys = {"row", "line", "column", "code", "message", "value", "severity"}
    assert 0 < len(told["problems"]) <= 100
    assert all(set(problem) == keys for problem in told["problems"])


def test_importing_again_changes_nothing(leadport: Leadport) -> None:
    """The same file a second time is all unchanged, but for the rows that fail again."""
    first = leadport("import", TRADESHOW, "--json").json
    again = leadport("import", TRADESHOW, "--json").json

    assert again["created"] == again["updated"] == 0
    assert again["unchanged"] == 1_000 - first["failed"]


def test_import_tells_people_the_same_in_words(leadport: Leadport) -> None:
    """Without --json the counts stand in a column that ends in the total, problems under it."""
    ran = leadport("import", TRADESHOW)

    lines = [line.split() for line in ran.out.splitlines()]
    counts = {line[0]: int(line[1].replace(",", "")) for line in lines if line and line[0] in LAW}
    assert set(counts) == set(LAW)
    assert ["total", f"{sum(counts.values()):,}"] in lines
    assert "invalid_email" in ran.out
    assert ran.code == 0


def test_what_is_stored_is_for_its_owner_alone(
    first_time: None, leadport: Leadport, leads: Path, data_dir: Path, tmp_path: Path
) -> None:
    """Database, uploads and folders are closed to others; what `inspect` writes is as usual."""
    assert leadport("inspect", leads, "--csv", "--out", tmp_path / "out").code == 0
    assert leadport("import", leads).code == 0

    kept = [data_dir, *data_dir.rglob("*")]
    assert {"leadport.db", "files"} <= {path.name for path in kept}
    assert [path for path in kept if path.stat().st_mode & 0o077] == []
    assert (tmp_path / "out" / "leads.csv.csv").stat().st_mode & 0o777 == 0o644


def test_problems_are_told_apart_without_colour(leadport: Leadport, tmp_path: Path) -> None:
    """One code in one column, as an error and as a warning: each line says which it is."""
    path = tmp_path / "leads.csv"
    path.write_text(
        "Name,Email,Phone\nAda,no-address,\nBen,nor-this,+44 20 7946 0018\nCy,cy@example.org,\n"
    )
    ran = leadport("import", path, "--map", "Email=email", "--primary", "Email:email")

    lines = [line.split() for line in ran.out.splitlines() if "invalid_email" in line]
    assert sorted(line[:4] for line in lines) == [
        ["error", "invalid_email", "Email", "1"],
        ["warning", "invalid_email", "Email", "1"],
    ]


@pytest.mark.parametrize(
    ("row", "called"),
    [
        ("ada{}@fjord-labs.example", "the column is called column_1."),
        (
            "ada{}@fjord-labs.example,+44 20 7946 00{}0",
            "the columns are called column_1 to column_2.",
        ),
    ],
)
def test_columns_without_names_are_counted_right(
    leadport: Leadport, tmp_path: Path, row: str, called: str
) -> None:
    """One column without a name is not said to be several."""
    path = tmp_path / "leads.csv"
    path.write_text("".join(row.format(n, n) + "\n" for n in range(1, 10)))
    told = leadport("inspect", path, "--json").json

    assert called in str(told["problems"])


def test_both_encodings_of_the_example_hold_the_same_leads(leadport: Leadport) -> None:
    """After the UTF-8 file its Windows-1252 twin changes nothing: the accents were read right."""
    leadport("import", TRADESHOW)
    twin = leadport("import", ROOT / "examples" / "tradeshow-windows-1252.csv", "--json").json

    assert twin["created"] == twin["updated"] == 0


def test_import_on_postgresql(
    leadport: Leadport, postgres_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With DATABASE_URL naming a PostgreSQL the counts are those of SQLite."""
    here = leadport("import", TRADESHOW, "--json").json
    url = postgres_database.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)
    there = leadport("import", TRADESHOW, "--json").json

    assert {name: there[name] for name in LAW} == {name: here[name] for name in LAW}


def test_map_primary_and_country_overrule_the_guesses(leadport: Leadport, leads: Path) -> None:
    """--map and --primary say what columns mean, --country where bare phone numbers are from."""
    chosen = ("--map", "Name=custom:Nickname", "--primary", "Phone:phone", "--country", "DE")
    told = leadport("import", leads, *chosen, "--json").json

    assert told["mapping"] == {"Name": "custom:Nickname", "Email": "email", "Phone": "phone"}
    assert told["created"] == 2
    assert [p["code"] for p in told["problems"]] == []


def test_a_guess_makes_way_for_what_was_chosen(leadport: Leadport, tmp_path: Path) -> None:
    """Mapping a second column to email turns the guessed one into a further address."""
    path = tmp_path / "two.csv"
    path.write_text("Email,Work mail\nada@fjord-labs.example,ada@orrin-vale.example\n")
    told = leadport("import", path, "--map", "work mail=email", "--json").json

    assert told["mapping"] == {"Email": "alias_email", "Work mail": "email"}


def test_accounts_are_apart(leadport: Leadport, leads: Path) -> None:
    """What one account imports is neither seen nor matched by another."""
    leadport("import", leads, "--account", "north")
    south = leadport("import", leads, "--account", "south", "--json").json

    assert south["created"] == 2
    assert leadport("status", "--account", "north", "--json").json["total"] == 1
    assert leadport("status", south["job_id"], "--account", "north").code == 1


def test_import_leaves_no_work_behind(leadport: Leadport, leads: Path, data_dir: Path) -> None:
    """After `import` every part is closed: a worker that starts later finds nothing to do."""
    leadport("import", leads, "--map", "Name=skip")
    database = Database(f"sqlite:///{data_dir / 'leadport.db'}")
    with database.reading() as session:
        assert parts.waiting(session) == []
    database.close()


# ---- refusals ----------------------------------------------------------------------------------

BAD_FILES = {
    "empty.csv": (b"", "empty"),
    "header.csv": (b"Name,Email\n", "no rows"),
    "picture.csv": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)), ""),
    "nobody.csv": (b"Colour,Size\nred,1\nblue,2\n", "identifies"),
    "blank.csv": (b"\n\n\n", ""),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_hopeless_file_is_refused_in_words(leadport: Leadport, tmp_path: Path, name: str) -> None:
    """A file that cannot be imported ends with code 1 and a sentence; nothing of it is kept."""
    content, words = BAD_FILES[name]
    path = tmp_path / name
    path.write_bytes(content)
    ran = leadport("import", path)

    assert ran.code == 1
    assert ran.out == ""
    assert words in ran.err and len(ran.err) > 10
    assert "Traceback" not in ran.err
    assert leadport("status", "--json").json == {"imports": [], "total": 0}
    files = Path(os.environ["LEADPORT_DATA_DIR"]) / "files"
    assert [path for path in files.rglob("*") if path.is_file()] == []


def test_a_file_over_the_limit_is_refused(
    leadport: Leadport, leads: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file larger than LEADPORT_MAX_FILE_BYTES is not taken in, and nothing of it is kept."""
    monkeypatch.setenv("LEADPORT_MAX_FILE_BYTES", "20")
    ran = leadport("import", leads, "--json")

    assert ran.code == 1
    assert ran.json["error"]["code"] == "file_too_large"
    files = Path(os.environ["LEADPORT_DATA_DIR"]) / "files"
    assert [path for path in files.rglob("*") if path.is_file()] == []


def test_an_unknown_column_is_named_with_those_there_are(leadport: Leadport, leads: Path) -> None:
    """--map of a column that the file lacks says which columns it has."""
    ran = leadport("import", leads, "--map", "Mail=email")

    assert ran.code == 1
    assert "“Mail”" in ran.err and "“Email”" in ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["import", "nosuch.csv"], "does not exist"),
        (["inspect", "nosuch.csv", "--json"], "nosuch.csv does not exist"),
        (["inspect", "."], "is a folder"),
        (["import", "."], "is a folder"),
        (["import"], "FILE or --resume"),
        (["import", "{leads}", "--resume", "job_1"], "FILE or --resume"),
        (["import", "{leads}", "--map", "Email=colour"], "not a target"),
        (["import", "{leads}", "--map", "Email"], "names no target"),
        (["import", "{leads}", "--map", "=email"], "names no column"),
        (["import", "{leads}", "--primary", "Email:colour"], "no kind of identifier"),
        (["import", "{leads}", "--country", "Atlantis"], "not a country"),
        (["inspect", "{leads}", "--json", "--csv"], "not both"),
        (["inspect", "{leads}", "--out", "x"], "--json or --csv"),
        (["inspect", "{leads}", "{leads}", "--csv"], "need --out"),
        (["worker"], "REDIS_URL"),
        (["imprt"], "No such command"),
    ],
)
def test_a_wrong_call_is_a_usage_error(
    leadport: Leadport, leads: Path, arguments: list[str], words: str
) -> None:
    """What is wrong with the call itself ends with code 2 and says what."""
    ran = leadport(*[argument.format(leads=leads) for argument in arguments])

    assert ran.code == 2
    assert words in " ".join(ran.err.replace("│", " ").split())


def test_a_setting_that_makes_no_sense_is_named(
    leadport: Leadport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that cannot be understood is named on stderr; the code is 2."""
    monkeypatch.setenv("PORT", "many")
    ran = leadport("status")

    assert ran.code == 2
    assert ran.err.startswith("PORT:")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://nobody@127.0.0.1:1/x", "The database could not be used"),
        ("sqlite:///{leads}", "not a database"),
    ],
)
def test_a_database_that_is_away_is_told_in_words(
    url: str, words: str, leads: Path, tmp_path: Path
) -> None:
    """A database that cannot be used ends a command with code 1 and one line, not a trace."""
    url = url.format(leads=leads)
    env = {"DATABASE_URL": url, "LEADPORT_DATA_DIR": str(tmp_path / "data")}
    with started("status", **env) as process:
        out, err = process.communicate(timeout=30)

    assert process.returncode == 1
    assert words in err and err.count("\n") == 1
    assert out == ""


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("REDIS_URL", "http://:hush@x", "REDIS_URL must name a Redis or Valkey, such as "),
        ("REDIS_URL", "redis://:hu/sh@x", "REDIS_URL must name a Redis or Valkey, such as "),
        ("DATABASE_URL", "mysql://me:hush@x/y", "DATABASE_URL must name a SQLite or PostgreSQL "),
        ("LEADPORT_EDIT_SECONDS", "inf", "LEADPORT_EDIT_SECONDS: Input should be less than "),
        ("SLACK_API_URL", "notaurl", "SLACK_API_URL must be a web address, such as "),
        ("LEADPORT_SLACK_TIMEOUT_SECONDS", "99", "LEADPORT_SLACK_TIMEOUT_SECONDS must be less "),
    ],
)
def test_a_wrong_variable_ends_every_command(
    leadport: Leadport, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    """One sentence that begins with the variable, code 2, and no password in it."""
    monkeypatch.setenv(name, value)
    for command in ("worker", "web", "up", "migrate", "status"):
        ran = leadport(command)

        assert ran.code == 2
        assert ran.err.startswith(said) and ran.err.count("\n") == 1
        assert "hu" not in ran.err


def test_a_fault_of_ours_gets_a_log_id(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An unexpected exception shows an id; its trace goes to a file that only its owner reads."""
    try:
        raise KeyError("a fault of ours")
    except KeyError as error:
        terminal.unexpected(type(error), error, error.__traceback__)

    said = capsys.readouterr().err
    log = data_dir / "errors.log"
    log_id = said.partition("log id is ")[2].partition(";")[0]
    assert "Traceback" not in said and "a fault of ours" not in said
    assert len(log_id) == 8 and log_id in log.read_text()
    assert "a fault of ours" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


# ---- stopping ----------------------------------------------------------------------------------


def stopped_midway(process: subprocess.Popen[str], data_dir: Path, how: signal.Signals) -> None:
    """Send the signal when some rows are in and others are not.

    The process goes on for a moment at a time, so that it is not through before anybody looks.
    """
    database = Database(f"sqlite:///{data_dir / 'leadport.db'}")
    until = time.monotonic() + 60
    while not _begun(database):
        assert time.monotonic() < until, "the import never began"
        process.send_signal(signal.SIGCONT)
        time.sleep(0.02)
        process.send_signal(signal.SIGSTOP)
    database.close()
    process.send_signal(how)
    process.send_signal(signal.SIGCONT)


def _begun(database: Database) -> bool:
    with database.reading() as session:
        found = session.exec(select(Import)).first()
    assert found is None or found.status != "completed"
    return found is not None and found.created > 0


def test_ctrl_c_cancels_and_says_what_was_kept(data_dir: Path, tmp_path: Path) -> None:
    """Ctrl-C ends an import after the rows at hand: 130, cancelled, and the counts add up."""
    with started("import", many_leads(tmp_path / "many.csv", 30_000), "--json") as process:
        stopped_midway(process, data_dir, signal.SIGINT)
        out, err = process.communicate(timeout=60)

    told = json.loads(out)
    assert process.returncode == 130, err
    assert "Stopping" in err
    assert told["job_id"].startswith("job_") and told["status"] == "cancelled"
    assert told["created"] > 0 and told["unprocessed"] > 0
    assert told["total"] == sum(told[name] for name in LAW) == 30_000


def test_a_killed_import_can_be_finished(
    leadport: Leadport, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After SIGKILL the import is still in progress, and --resume imports just what is left."""
    monkeypatch.setenv("LEADPORT_LEASE_SECONDS", "1")
    with started("import", many_leads(tmp_path / "many.csv", 30_000)) as process:
        stopped_midway(process, data_dir, signal.SIGKILL)

    [left] = leadport("status", "--json").json["imports"]
    job = left["job_id"]
    assert left["status"] == "in_progress" and left["remaining"] > 0
    told = leadport("import", "--resume", job, "--json").json
    assert told["status"] == "completed" and told["created"] == 30_000
    assert leadport("import", "--resume", job).code == 1


# ---- looking -----------------------------------------------------------------------------------


def test_an_import_most_of_whose_rows_fail_pauses(leadport: Leadport, tmp_path: Path) -> None:
    """It ends with code 1 and says how to go on, and goes on to its end when told to."""
    path = tmp_path / "hopeless.csv"
    body = "".join(f"P{n},{'x' if n > 400 else f'p{n}@example.com'}\n" for n in range(2_000))
    path.write_text(f"Name,Email\n{body}", "utf-8")
    paused = leadport("import", path)

    assert paused.code == 1
    words = paused.out.split()
    assert words[words.index("--resume") - 3 : words.index("--resume")] == [
        "rest:",
        "leadport",
        "import",
    ]
    job = words[words.index("--resume") + 1]
    assert leadport("status", job, "--json").json["remaining"] == 1_000
    done = leadport("import", "--resume", job, "--json")
    assert done.code == 0
    assert (done.json["status"], done.json["created"], done.json["failed"]) == (
        "completed", 401, 1_599,
    )  # fmt: skip


def test_inspect_prints_what_the_engine_takes_the_file_for(leadport: Leadport) -> None:
    """`inspect --json` holds encoding, delimiter, header_row, columns with reasons, row_count."""
    told = leadport("inspect", TRADESHOW, "--json").json

    assert told["encoding"] == "utf-8" and told["delimiter"] == ","
    assert told["header_row"] == 1 and told["row_count"] == 1_000
    email = next(column for column in told["columns"] if column["name"] == "Email")
    assert email["target"] == "email" and email["confidence"] > 0.9 and email["reason"]
    assert {problem["code"] for problem in told["problems"]} == {"too_few_cells"}


def test_inspect_csv_prints_the_table_as_it_is_read(leadport: Leadport, tmp_path: Path) -> None:
    """`inspect --csv` turns any table into RFC 4180: header first, CRLF, quotes where needed."""
    path = tmp_path / "odd.csv"
    path.write_bytes('Name;Mail\r\n\r\n"Bär; Ünal";b@x.example\nAda;a@x.example\n'.encode("cp1252"))
    ran = leadport("inspect", path, "--csv")

    assert list(csv.reader(io.StringIO(ran.out))) == [
        ["Name", "Mail"],
        ["Bär; Ünal", "b@x.example"],
        ["Ada", "a@x.example"],
    ]


def test_inspect_writes_a_file_each_and_goes_on_after_a_bad_one(
    leadport: Leadport, leads: Path, tmp_path: Path
) -> None:
    """With --out every file gets its own result, a hopeless one its error; the code is then 1."""
    bad = tmp_path / "bad.csv"
    bad.write_bytes(b"")
    ran = leadport("inspect", bad, leads, "--json", "--out", tmp_path / "out")

    assert ran.code == 1 and "bad.csv" in ran.err
    assert json.loads((tmp_path / "out" / "leads.csv.json").read_text())["row_count"] == 2
    assert "error" in json.loads((tmp_path / "out" / "bad.csv.json").read_text())
    assert leadport("inspect", leads, "--csv", "--out", tmp_path / "out").code == 0
    assert (tmp_path / "out" / "leads.csv.csv").read_bytes().startswith(b"Name,Email,Phone\r\n")


def test_inspect_needs_no_database_and_shows_people_a_table(
    first_time: None, leadport: Leadport, leads: Path, data_dir: Path
) -> None:
    """Looking at a file leaves nothing behind, and names each column's target and why."""
    ran = leadport("inspect", leads)

    assert ran.code == 0 and not data_dir.exists()
    assert "2 rows x 3 columns" in ran.out and "named “Email”" in ran.out


def test_control_characters_do_not_reach_the_terminal(leadport: Leadport, tmp_path: Path) -> None:
    """A cell cannot move the cursor or colour the screen of whoever looks at the file."""
    path = tmp_path / "leads.csv"
    path.write_bytes(
        b"Name,Email\n\x1b[2J\x1b[31mAda,a@fjord-labs.example\n[red]Ben,\x1b]0;x\x07\n"
    )
    shown = leadport("inspect", path).out + leadport("import", path).out

    assert "\x1b" not in shown and "\x07" not in shown


def test_status_lists_the_newest_first_and_tells_all_about_one(
    leadport: Leadport, leads: Path
) -> None:
    """`status` lists imports, `status JOB` has what `import` printed; looking makes no account."""
    assert "no imports yet" in leadport("status").out
    first, second = (leadport("import", leads, "--json").json["job_id"] for _ in range(2))
    listed = leadport("status", "--json").json

    assert [found["job_id"] for found in listed["imports"]] == [second, first]
    assert first in leadport("status").out
    one = leadport("status", first, "--json").json
    assert one["created"] == one["total"] == 2
    assert "total" in leadport("status", first).out
    for wrong in ("job_0000000000000", "nonsense"):
        assert leadport("status", wrong).code == 1


def test_migrate_says_whether_there_was_anything_to_do(
    first_time: None, leadport: Leadport
) -> None:
    """The first run brings the schema up to date, the second finds it so."""
    assert "brought to revision" in leadport("migrate").out
    assert "already at revision" in leadport("migrate").out


def test_help_loads_nothing_heavy() -> None:
    """`leadport --help` answers at once, for it imports neither database, queue nor Slack."""
    heavy = "{'sqlalchemy', 'sqlmodel', 'slack_bolt', 'rq', 'redis', 'pydantic', 'phonenumbers'}"
    code = f"import sys, bot.cli; sys.exit(', '.join({heavy} & set(sys.modules)) or 0)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)

    assert ran.returncode == 0, ran.stderr


def test_every_command_explains_itself(leadport: Leadport) -> None:
    """Each command has a help text of at least a sentence."""
    names = ("up", "web", "worker", "sandbox", "migrate", "import", "forecast", "inspect", "status")
    overview = leadport("--help").out

    for name in names:
        assert f" {name} " in overview
        assert len(leadport(name, "--help").out) > 300


# ---- undo --------------------------------------------------------------------------------------


def test_undo(leadport: Leadport, tmp_path: Path) -> None:
    """An import is previewed and undone once; what it created is gone, and a repeat says so."""
    path = tmp_path / "leads.csv"
    path.write_text(LEADS)
    job = leadport("import", path, "--json").json["job_id"]

    foreseen = leadport("undo", job, "--dry-run", "--json").json
    undone = leadport("undo", job, "--json")

    counts = {"deleted": 2, "restored": 0, "kept": 0, "gone": 0}
    assert foreseen == {"job_id": job, "undo_state": "", **counts}
    assert (undone.code, undone.json) == (0, {"job_id": job, "undo_state": "undone", **counts})
    assert "completed, undone" in leadport("status").out
    assert leadport("status", job, "--json").json["undo_state"] == "undone"
    again = leadport("undo", job)
    assert (again.code, again.err) == (1, "The import has been undone already.\n")
    assert leadport("import", path, "--json").json["created"] == 2


def test_undo_of_nothing(leadport: Leadport) -> None:
    """What is no import of this account cannot be undone, in words and as JSON."""
    refused = leadport("undo", "job_0000000000000", "--json")

    assert refused.code == 1
    assert refused.json["error"]["code"] == "not_found"
    assert "Traceback" not in leadport("undo", "nonsense").err


def test_its_version(leadport: Leadport) -> None:
    """`leadport --version` says what pyproject.toml says, whatever is installed beside it."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

    assert leadport("--version").out == f"leadport {declared}\n"
