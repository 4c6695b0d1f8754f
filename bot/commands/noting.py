"""What a person at the command line may not have meant: said beside the notes on the file."""

from __future__ import annotations

from sqlmodel import Session

from bot.commands import status
from core import imports

#: The account of whoever names none; that it is new surprises nobody.
_USUAL = "default"


def new_account(session: Session, name: str) -> list[str]:
    """A note where no account of that name is there yet, which a slip of the pen makes too."""
    if name == _USUAL or status.account_id(session, name):
        return []
    return [f"“{name}” is a new account: it has no leads yet."]


def remark(session: Session, account_id: int, import_id: int, notes: list[str]) -> None:
    """Add to the notes of an import's file. Raises NotFound."""
    upload = imports.upload_of(session, account_id, import_id)
    upload.sheet = added(upload.sheet, notes)


def added(sheet: dict[str, object], notes: list[str]) -> dict[str, object]:
    """What is known of a file, with more notes."""
    before = sheet.get("notes")
    return {**sheet, "notes": [*(before if isinstance(before, list) else []), *notes]}
