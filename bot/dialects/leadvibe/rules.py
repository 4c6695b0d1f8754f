"""LeadVibe's policy, as data: what its document says of files, identifiers, fields and errors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from types import MappingProxyType

from bot.api.failures import InvalidRequest
from core import columns, countries, targets
from core.columns import CUSTOM
from core.errors import InvalidMapping
from core.identifiers import Kind
from core.problems import ProblemCode
from core.rules import ImportRules, UnknownTarget

#: Bytes of a file: 10 MB (L-10, L-44).
MOST_BYTES = 10 << 20
#: A file that was sent can be imported for so long: 1 hour, in milliseconds (L-3, L-45).
LIFETIME_MS = 3_600_000
#: Rows of the sample (L-5).
SAMPLE_ROWS = 5
#: Imports on a page: by default, and at most (L-22).
PAGE, MOST_PAGE = 25, 100
#: Errors in the answer about an import. All of them, as rows to mend, are in errors.csv.
MOST_ERRORS = 1_000
#: Phones without a country are from here where neither the request nor the account says where: the
#: document's own samples ("555-0100") are to be numbers, and this is where they are dialled.
COUNTRY = "US"
#: How the document writes the further identifiers (L-18).
ALIASES: Mapping[str, str] = MappingProxyType({f"_alias_{kind}": f"alias_{kind}" for kind in Kind})
#: One of them in any case, as JSON Schema can say it: its patterns know no flags.
ALIAS_PATTERN = "^[ \\t]*({})[ \\t]*$".format(
    "|".join(re.sub("[a-z]", lambda c: f"[{c[0]}{c[0].upper()}]", alias) for alias in ALIASES)
)
#: The document's texts of what is wrong with a row (L-41); anything else in our own words.
ERRORS: Mapping[str, str] = MappingProxyType(
    {
        ProblemCode.INVALID_EMAIL: "Invalid email format",
        ProblemCode.INVALID_PHONE: "Invalid phone format",
        ProblemCode.PHONE_NEEDS_COUNTRY: "Invalid phone format",
        ProblemCode.PHONE_IN_SCIENTIFIC_NOTATION: "Invalid phone format",
        ProblemCode.MISSING_IDENTIFIER: "Missing required identifier",
    }
)

#: What is wrong with an identifier, whichever it is.
BAD_IDENTIFIERS = frozenset(
    {
        ProblemCode.INVALID_EMAIL, ProblemCode.INVALID_PHONE, ProblemCode.PHONE_NEEDS_COUNTRY,
        ProblemCode.PHONE_IN_SCIENTIFIC_NOTATION, ProblemCode.INVALID_COOKIE,
        ProblemCode.INVALID_EXTERNAL_ID, ProblemCode.INVALID_SOCIAL,
    }
)  # fmt: skip

_CSV_ENDINGS = {".csv", ".tsv"}
_CSV_TYPES = {"text/csv", "application/csv", "text/tab-separated-values"}
#: What programs say of a file whose kind they do not know, or take for a spreadsheet's.
_ANY_TYPES = {"", "text/plain", "application/octet-stream", "application/vnd.ms-excel"}
_BINARY = (
    b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"%PDF", b"\xd0\xcf\x11\xe0", b"\x89PNG",
    b"\xff\xd8\xff", b"GIF8", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\x7fELF", b"{\\rtf", b"PAR1",
)  # fmt: skip


def is_csv(name: str, content_type: str, head: bytes) -> bool:
    """Whether a file says that it is a CSV, and does not begin like something else (L-11, X-12)."""
    ending, kind = PurePath(name).suffix.lower(), content_type.partition(";")[0].strip().lower()
    said = ending in _CSV_ENDINGS or kind in _CSV_TYPES or (not ending and kind in _ANY_TYPES)
    return said and not head.startswith(_BINARY)


def rules(kind: Kind, region: str) -> ImportRules:
    """How LeadVibe treats rows: only the primary identifier finds a lead (L-30), empty cells keep
    what is there (L-34), unknown fields are ignored (L-36), texts stay as they are (L-38).

    Its statuses know no pause, so however many rows fail, the import goes on (L-40).
    """
    return ImportRules(
        primary=kind, region=region, cleanup=False, unknown_target=UnknownTarget.IGNORE,
        budget_share=None,
    )  # fmt: skip


def region(country: str | None, accounts: str | None) -> str:
    """The country of phones that name none: the request's, the account's, or ``COUNTRY``.

    Raises InvalidRequest.
    """
    if country is None:
        return accounts or COUNTRY
    found = countries.region_of(country)
    if found is None:
        raise InvalidRequest(f"There is no country “{country}”.", {"country": "is not known"})
    return found


def mapping(
    primary: tuple[str, str],
    fields: Mapping[str, str],
    aliases: Mapping[str, str],
    customs: Iterable[str],
) -> dict[str, str]:
    """{column: field} of all that a request says of columns, a target wherever a field is known.

    ``primary`` is a column and a kind; ``customs`` are the names of the account's own fields. The
    primary identifier may be mapped as a field or an alias of the same kind as well (X-34).
    Raises InvalidMapping where a column would be two things.
    """
    own = {name.casefold(): CUSTOM + name for name in customs}
    found = {primary[0]: primary[1]}
    for column, alias in aliases.items():
        _add(found, column, ALIASES[alias.strip().casefold()])
    for column, field in fields.items():
        target = targets.target_of(field) or own.get(field.strip().casefold())
        if target:
            _add(found, column, target)
        else:
            found.setdefault(column, field)
    return found


def unknown(mapped: Mapping[str, str]) -> list[str]:
    """The columns of a mapping whose field nobody knows: they are ignored (L-36)."""
    return [
        name for name, field in mapped.items() if field.strip() and not targets.target_of(field)
    ]


def _add(found: dict[str, str], column: str, target: str) -> None:
    earlier = found.get(column, target)
    if target != f"alias_{earlier}":
        found[column] = target
    if target not in (earlier, f"alias_{earlier}") and earlier != f"alias_{target}":
        words = f"{columns.label(earlier)} and {columns.label(target)}"
        raise InvalidMapping(f"“{column}” is mapped to both {words}. Choose one.", (column,))
