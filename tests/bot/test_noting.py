"""Notes on what may not have been meant."""

from __future__ import annotations

from pathlib import Path

from tests.bot.commandline import Leadport, data_dir, leadport

__all__ = ["data_dir", "leadport"]  # fixtures

FILE = b"First Name,Email\nAda,ada@example.com\n"


def test_a_column_that_makes_way_is_named(leadport: Leadport, tmp_path: Path) -> None:
    """Who gives email to another column hears what becomes of the one that was taken for it."""
    path = tmp_path / "leads.csv"
    path.write_bytes(FILE)
    made = leadport("import", path, "--map", "First Name=email", "--json").json
    told = leadport("status", made["job_id"], "--json").json
    shown = leadport("status", made["job_id"]).out
    note = (
        "“Email” was taken for email as well, which is “First Name” now; it goes to alias_email "
        "instead. Choose otherwise with --map."
    )

    assert made["mapping"] == {"First Name": "email", "Email": "alias_email"}
    assert made["notes"] == told["notes"] == [note]
    assert note in " ".join(shown.split())


def test_what_was_chosen_for_both_needs_no_note(leadport: Leadport, tmp_path: Path) -> None:
    """Nothing is said of columns that somebody has chosen himself."""
    path = tmp_path / "leads.csv"
    path.write_bytes(FILE)
    wish = ("--map", "First Name=email", "--map", "Email=skip")

    assert leadport("import", path, *wish, "--json").json["notes"] == []


def test_a_new_account_is_named(leadport: Leadport, tmp_path: Path) -> None:
    """The first import into an account says that it is new, the second does not."""
    path = tmp_path / "leads.csv"
    path.write_bytes(FILE)
    asked = ("import", path, "--account", "acmee", "--json")
    foreseen = leadport("forecast", path, "--account", "acmee", "--json").json
    first, second = leadport(*asked).json, leadport(*asked).json
    usual = leadport("import", path, "--json").json

    assert first["notes"] == foreseen["notes"] == ["“acmee” is a new account: it has no leads yet."]
    assert second["notes"] == usual["notes"] == []
