"""Email addresses: email-validator decides, a regular expression answers the common case.

The canonical address is the library's normal form (domain by UTS 46, letters composed) with the
part before the @ in lower case too: the standard lets a server tell ``Ana@`` from ``ana@``, but
none in use does, and a person typed twice must be one lead. Tags (``ana+shop@``) and dots are kept:
what they mean differs between providers. DNS is never asked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from types import ModuleType

from core.problems import ProblemCode
from core.refusal import Refusal, quoted

#: In a text this short no label of a domain is over its 63 octets: the pattern need not count.
_FAST_LENGTH = 64

MAX_LENGTH = 1000  #: of a text that is looked at, with the name around the address

_ATOM = r"[a-z0-9_!#$%&'*+\-/=?^`{|}~]+"
_LABEL = r"[a-z0-9]+(?:-[a-z0-9]+)*"  # never "--": those are Punycode or refused

_INVISIBLE: dict[int, str | None] = {
    **dict.fromkeys([0xAD, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF], None),
    **dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)], None),  # writing direction
    0xFF20: "@",
}
_NAMED = re.compile(r"[^<>]*<\s*([^<>]*@[^<>]*?)\s*>[\s,;.]*")
_SAID = re.compile(r"(?:e-?mail|mail)\s*:\s*", re.I)
_COMMENT = re.compile(r"\s+\([^()@]*\)\Z")
_SUBJECT = re.compile(r"^(?:The|An) email address")
_WRAPPING = "'\"‘’“” \t\r\n\u00a0"


@cache
def _library() -> ModuleType:
    # With the first address, not with this module: it compiles its patterns for as long as all of
    # our own modules take to import, and most commands meet no address.
    import email_validator

    return email_validator


@cache
def _common() -> re.Pattern[str]:
    """What most addresses look like, and nothing that the library would change or refuse."""
    reserved = "|".join(re.escape(name) for name in _library().SPECIAL_USE_DOMAIN_NAMES)
    return re.compile(
        rf"(?!'){_ATOM}(?:\.{_ATOM})*@(?!(?:[^@]*\.)?(?:{reserved})\Z)(?:{_LABEL}\.)+[a-z]+"
    )


def normalise(text: str) -> str | Refusal:
    """The canonical address, at most 254 characters, or why there is none."""
    lowered = text.strip().lower()
    if len(lowered) <= _FAST_LENGTH and text.isascii() and _common().fullmatch(lowered):
        return lowered
    return by_library(text)


def common(texts: Sequence[str]) -> Sequence[str | None]:
    """What ``normalise`` says of many texts, empty for an empty one; None where it may say more.

    It costs a quarter of asking for them one by one.
    """
    whole = "\n".join(texts)
    lowered = whole.lower().split("\n") if whole.isascii() else []
    if len(lowered) != len(texts):
        return [None] * len(texts)
    is_common = _common().fullmatch
    return [
        text if not text or (len(text) <= _FAST_LENGTH and is_common(text)) else None
        for text in lowered
    ]


def by_library(text: str) -> str | Refusal:
    """The same answer as ``normalise``, always by email-validator."""
    if len(text) > MAX_LENGTH:
        return Refusal(
            ProblemCode.INVALID_EMAIL, f"{quoted(text)} is too long for an email address."
        )
    address = _unwrapped(text)
    try:
        found = _library().validate_email(
            address, check_deliverability=False, allow_display_name=True
        )
    except _library().EmailNotValidError as error:
        return Refusal(ProblemCode.INVALID_EMAIL, _words(address or text, error))
    return unicodedata.normalize("NFC", str(found.normalized).lower())


def _unwrapped(text: str) -> str:
    """Without what mail programs, spreadsheets and people put around an address."""
    bare = text.translate(_INVISIBLE)
    if named := _NAMED.fullmatch(bare):
        bare = named[1]
    bare = bare.strip(_WRAPPING) if '"@' not in bare else bare.strip()
    bare = _COMMENT.sub("", bare).rstrip(_WRAPPING + ".,;")
    if bare[:7].lower() == "mailto:":
        return bare[7:].partition("?")[0].strip(_WRAPPING)
    return _SAID.sub("", bare, count=1) if _SAID.match(bare) else bare


def _words(address: str, error: ValueError) -> str:
    if not address.strip(_WRAPPING):
        return "The email address is empty."
    said = f"{quoted(address)} is not an email address: "
    if "@" not in address:
        return said + "it has no @."
    if not isinstance(error, _library().EmailSyntaxError):
        return said + "it cannot receive mail."
    if address.count("@") > 1 and re.search(r"[;,\s]", address):
        return said + "it holds more than one."
    reason = _SUBJECT.sub("it", str(error).strip().rstrip("."))
    return f"{said}{reason[:1].lower()}{reason[1:]}."
