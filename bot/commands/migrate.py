"""`leadport migrate`: bring the schema up to date."""

from __future__ import annotations

import typer

from core.db import Database, schema_revision, upgrade
from worker.settings import Settings


def run(settings: Settings) -> None:
    """Upgrade, and say whether there was anything to do."""
    database = Database(settings.database)
    try:
        changed = upgrade(database)
        said = "brought to" if changed else "already at"
        typer.echo(f"The database is {said} revision {schema_revision(database)}.")
    finally:
        database.close()
