"""What the cell of an opt-out column says: "unsubscribed", "blocked"."""

from __future__ import annotations

import re

#: What a lead's field holds once it is opted out; otherwise it has no such field.
OPTED_OUT = "yes"

_YES = {
    "yes", "y", "true", "t", "1", "x", "✓", "✔", "on", "ja", "oui", "sí", "si", "sim", "sì", "tak",
    "unsubscribed", "unsubscribe", "opted out", "opt out", "optout", "out", "blocked", "block",
    "suppressed", "do not contact", "do not email", "do not call", "dnc", "stop",
}  # fmt: skip
_NO = {
    "no", "n", "false", "f", "0", "off", "nein", "non", "não", "nie", "nee", "nej",
    "subscribed", "subscribe", "opted in", "opt in", "optin", "in", "unblocked", "active",
}  # fmt: skip
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}")


def opted_out(cell: str) -> bool | None:
    """Whether the cell says so; None where that is anybody's guess.

    A date is when it happened.
    """
    words = " ".join(cell.replace("-", " ").replace("_", " ").split()).casefold()
    if words in _YES or _DATE.match(cell.strip()):
        return True
    return False if words in _NO else None
