"""The `leadport` command: everything there is to type. What a command does is in bot/commands.

A command's own module is imported when it runs, so that `--help` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot import terminal
from bot.cli_access import Account, Json, hooks_app, keys_app, webhooks_app
from bot.cli_access import private_settings as _settings
from core.errors import ImportFailure

if TYPE_CHECKING:
    from worker.settings import Settings

app = typer.Typer(
    help="Drop a CSV of leads in a Slack channel; get clean, deduplicated leads.",
    epilog="Settings come from the environment: DATABASE_URL, REDIS_URL, PORT, LEADPORT_DATA_DIR, "
    "SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET and others; see README.md.",
    no_args_is_help=True,
    rich_markup_mode="markdown",  # the one mode that wraps all paragraphs of a docstring
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

RUN, LOOK = "Run it", "Import and look"

app.add_typer(keys_app, name="keys", rich_help_panel=RUN)
app.add_typer(webhooks_app, name="webhooks", rich_help_panel=RUN)
app.add_typer(hooks_app, name="hooks", rich_help_panel=RUN)

Port = Annotated[
    int | None,
    typer.Option(
        min=1, max=65_535, show_default=False, help="Listen there. By default PORT, or 3000."
    ),
]
Host = Annotated[str, typer.Option(metavar="ADDRESS", help="Listen on this address only.")]
Mapping = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="COLUMN=TARGET",
        show_default=False,
        help="What a column means, instead of the guess; can be given several times. "
        "See `leadport inspect FILE` for the columns and the guesses.",
    ),
]
Primary = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN:KIND",
        show_default=False,
        help="The column that rows are identified by, and its kind: "
        "email, phone, external_id, social or cookie.",
    ),
]
Country = Annotated[
    str | None,
    typer.Option(
        "--country",
        metavar="CODE",
        show_default=False,
        help="Where phone numbers without a country code are from, such as US or DE.",
    ),
]


def _serving(settings: Settings) -> Settings:
    """The settings, if they are enough for web and worker."""
    from worker.settings import NoSecretKey

    try:
        settings.check_secret_key()
    except NoSecretKey as missing:
        raise typer.BadParameter(str(missing)) from None
    return settings


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"leadport {version('leadport')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_say_version, help="Show the version."),
    ] = False,
) -> None:
    """What may stand before a command's name; ``_say_version`` has done it by now."""


# ---- serving -----------------------------------------------------------------------------------


@app.command(rich_help_panel=RUN)
def up(port: Port = None, host: Host = "127.0.0.1") -> None:
    """Run it all in this terminal: web, worker and, without REDIS_URL, a Valkey of its own.

    Data lies in LEADPORT_DATA_DIR (./var). What crashes is started again; Ctrl-C ends everything.
    Without Slack settings the API and the pages are served all the same.
    """
    from bot.commands import up as command

    raise typer.Exit(command.run(_settings(port=port), host))


@app.command(rich_help_panel=RUN)
def web(port: Port = None, host: Host = "0.0.0.0") -> None:  # noqa: S104  (a server's default)
    """Run the web process alone: Slack's requests, the API, the pages."""
    from bot.main import serve

    serve(_serving(_settings(port=port)), host)


@app.command(rich_help_panel=RUN)
def worker() -> None:
    """Run the background work alone: reading, importing, posting to Slack.

    Run as many as you like, on any machines that share the database, REDIS_URL and the files.
    """
    from worker.main import run

    settings = _settings()
    if not settings.redis_url:
        raise typer.BadParameter("REDIS_URL is not set. `leadport up` brings a Valkey of its own.")
    raise typer.Exit(run(_serving(settings)))


@app.command(rich_help_panel=RUN)
def sandbox(
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Listen there.")] = 3100,
    app_url: Annotated[
        str, typer.Option(metavar="URL", help="Where the app takes Slack's requests.")
    ] = "http://127.0.0.1:3000/slack/events",
    socket_mode: Annotated[
        bool, typer.Option("--socket-mode", help="Let the app connect, with SLACK_APP_TOKEN.")
    ] = False,
) -> None:
    """Run a local Slack look-alike, to try Leadport without a workspace.

    It needs the same SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET as the web process; give that one,
    and the worker, SLACK_API_URL=http://127.0.0.1:3100/api/ as well. `make demo` does it all.
    """
    from bot.commands import sandbox as command

    command.run(port, app_url, socket_mode)


@app.command(rich_help_panel=RUN)
def migrate() -> None:
    """Bring the database's schema up to date. Every other command does so by itself."""
    from bot.commands import migrate as command

    command.run(_settings())


# ---- importing and looking ---------------------------------------------------------------------


@app.command("import", rich_help_panel=LOOK)
def import_(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", show_default=False, help="What to import.")
    ] = None,
    account: Account = "default",
    mapping: Mapping = None,
    primary: Primary = None,
    country: Country = None,
    resume: Annotated[
        str | None,
        typer.Option(
            metavar="JOB",
            show_default=False,
            help="Finish an import that was begun here or anywhere and has stopped, not a FILE.",
        ),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            min=1,
            max=64,
            metavar="N",
            help="Share the work out over so many processes. The outcome is the same; on SQLite "
            "one process does it, for there is one writer at a time.",
        ),
    ] = 1,
    as_json: Json = False,
) -> None:
    """Import a file in this process. It needs the database only: no server, no Redis.

    Ctrl-C cancels the import and says what was kept. Killed, it can be finished with --resume, or
    by any worker. Exit codes: 0 completed, even if rows failed; 1 refused or failed; 2 usage;
    130 cancelled.

    Targets: email, phone, external_id, social, cookie; alias_email and the like for a further one;
    profile fields such as first_name, company, country; tags; custom:NAME; skip.
    """
    from bot.commands import importing

    if (file is None) == (resume is None):
        raise typer.BadParameter("give either a FILE or --resume JOB.")
    wish = importing.Wish.asked(account, file, mapping or [], primary, country, resume, workers)
    raise typer.Exit(importing.run(_settings(), wish, as_json))


@app.command(rich_help_panel=LOOK)
def forecast(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", show_default=False, help="What would be imported.")
    ],
    account: Account = "default",
    mapping: Mapping = None,
    primary: Primary = None,
    country: Country = None,
    as_json: Json = False,
) -> None:
    """Tell what `leadport import` would do with a file now. Stores nothing, not even the file.

    A true dry run against the leads that are there: importing at once, with the same options, gives
    exactly these counts and problems. Exit codes: 0 done; 1 the file would be refused; 2 usage.
    """
    from bot.commands import forecasting, importing

    wish = importing.Wish.asked(account, file, mapping or [], primary, country, None)
    raise typer.Exit(forecasting.run(_settings(), file, wish, as_json))


@app.command(rich_help_panel=LOOK)
def inspect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="What to read.")],
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="Print an object per file: encoding, delimiter, header_row, columns, row_count, "
            "problems.",
        ),
    ] = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print the table as it is read, as UTF-8 (RFC 4180).")
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            show_default=False,
            help="Write a file each, named FILE.json or FILE.csv, there.",
        ),
    ] = None,
    country: Country = None,
) -> None:
    """Show how a file is read and what its columns are taken for. Imports nothing.

    Exit codes: 0 all files were read, 1 at least one is not a table, 2 usage.
    """
    from bot.commands import inspecting

    if as_json and as_csv:
        raise typer.BadParameter("give --json or --csv, not both.")
    if to and not (as_json or as_csv):
        raise typer.BadParameter("--out needs --json or --csv.")
    if as_csv and not to and len(files) > 1:
        raise typer.BadParameter("several files as --csv need --out.")
    raise typer.Exit(
        inspecting.run(files, "json" if as_json else "csv" if as_csv else "", to, country)
    )


@app.command("undo", rich_help_panel=LOOK)
def undo_(
    job: Annotated[str, typer.Argument(metavar="JOB", show_default=False, help="The import's id.")],
    account: Account = "default",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be undone.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Restore what an import changed. What was touched since stays.

    Leads that it created are deleted, and those that it updated get back what they held before.
    An undo that was stopped goes on when it is called again.
    """
    from bot.commands import undoing

    raise typer.Exit(undoing.run(_settings(), account, job, dry_run, as_json))


@app.command(rich_help_panel=LOOK)
def results(
    job: Annotated[str, typer.Argument(metavar="JOB", show_default=False, help="The import's id.")],
    account: Account = "default",
    problems: Annotated[
        bool,
        typer.Option("--problems", help="Only the rows that failed, as they came, to be mended."),
    ] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="What undoing did, lead by lead, and what it kept.")
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", show_default=False, help="Write there, not to the terminal."
        ),
    ] = None,
) -> None:
    """Write what became of an import as CSV: every row with its outcome, its lead and its problems.

    Outcomes are created, updated, unchanged, skipped, failed and unprocessed; they add up to the
    counts of the import.
    """
    from bot.commands import results as command

    if problems and undo:
        raise typer.BadParameter("give --problems or --undo, not both.")
    what = command.What.UNDO if undo else command.What.PROBLEMS if problems else command.What.ROWS
    raise typer.Exit(command.run(_settings(), account, job, what, to))


@app.command(rich_help_panel=LOOK)
def status(
    job: Annotated[
        str | None,
        typer.Argument(metavar="JOB", show_default=False, help="An import's id, job_..."),
    ] = None,
    account: Account = "default",
    as_json: Json = False,
) -> None:
    """List the newest imports, or tell all about one."""
    from bot.commands import status as command

    command.run(_settings(), account, job, as_json)


def main() -> None:
    """The entry point: known failures in words, anything else as a log id."""
    sys.excepthook = terminal.unexpected
    try:
        # Not ``app()``, which would put typer's own exception hook in place of ours.
        typer.main.get_command(app)(prog_name="leadport")
    except ImportFailure as failure:
        raise SystemExit(terminal.refused(failure).exit_code) from None


if __name__ == "__main__":
    main()
