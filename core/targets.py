"""What the words of a mapping mean: one target per column, from {column: field} in any spelling.

Callers name fields as their own documents do: ``First_Name``, ``firstName``, ``_alias_phone``,
``caller_id``. Nothing here looks at the file; ``mapping.check`` says whether the result fits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core import columns
from core.columns import CUSTOM, MOST_NAME, SKIP
from core.errors import InvalidMapping, UnknownColumns
from core.rules import ImportRules, UnknownTarget, UnmappedColumn

_TARGETS = (
    SKIP,
    *columns.IDENTIFIER_TARGETS,
    *columns.ALIAS_TARGETS,
    *columns.PROFILE_TARGETS,
    *columns.OPT_OUT_TARGETS,
)
#: Other names of fields, as vendors spell them (X-14), without case and punctuation.
_SPELLINGS = {
    "emailaddress": "email", "mail": "email",
    "phonenumber": "phone", "telephone": "phone", "phone1": "phone", "callerid": "phone",
    "fullname": "name", "givenname": "first_name", "surname": "last_name",
    "familyname": "last_name", "companyname": "company", "organization": "company",
    "organisation": "company", "jobtitle": "title", "linkedin": "linkedin_url",
    "zip": "postal_code", "zipcode": "postal_code", "postcode": "postal_code",
    "tag": "tags", "url": "website", "note": "notes",
    "optout": "unsubscribed", "optedout": "unsubscribed",
}  # fmt: skip


@dataclass(frozen=True)
class Assigned:
    """What becomes of one column. ``note`` says it in words where it was not asked for."""

    column: str
    target: str
    note: str = ""


def complete(header: Sequence[str], given: Mapping[str, str], rules: ImportRules) -> list[str]:
    """One target per column, in the order of ``header``. Raises as ``assign`` does."""
    return [one.target for one in assign(header, given, rules)]


def assign(
    header: Sequence[str], given: Mapping[str, str], rules: ImportRules
) -> tuple[Assigned, ...]:
    """What becomes of every column of ``header`` by a mapping of columns to fields.

    Fields that nobody knows and columns that are not mentioned go by the rules (X-6). An empty
    field counts as not mentioned. Raises UnknownColumns, naming the columns that the file does not
    have (X-11), and InvalidMapping where the rules refuse an unknown field.
    """
    chosen = _by_column(header, given)
    known = {column: target_of(field) for column, field in chosen.items()}
    unknown = [column for column, target in known.items() if target is None]
    if unknown and rules.unknown_target is UnknownTarget.ERROR:
        listed = ", ".join(f"“{chosen[column]}” for “{column}”" for column in unknown)
        raise InvalidMapping(f"There is no field {listed}.", tuple(unknown))
    found = {column: Assigned(column, target) for column, target in known.items() if target}
    found |= {column: _unknown(column, chosen[column], rules) for column in unknown}
    taken = {one.target.casefold() for one in found.values()}
    return tuple(found.get(column) or _unmapped(column, rules, taken) for column in header)


def target_of(field: str) -> str | None:
    """The target that ``field`` means, whatever its case and spelling (L-50); None for none."""
    prefix, colon, name = field.partition(":")
    if colon and prefix.strip().casefold() == CUSTOM.rstrip(":"):
        target = CUSTOM + " ".join(name.split())
        return target if columns.is_target(target) else None
    return _KNOWN.get(_key(field))


def _key(field: str) -> str:
    return "".join(filter(str.isalnum, field.casefold()))


_KNOWN = {**_SPELLINGS, **{_key(target): target for target in _TARGETS}}


def _by_column(header: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    """The given fields by the header's own names. Raises UnknownColumns."""
    trimmed = {" ".join(name.split()): name for name in reversed(header)}
    trimmed |= {name: name for name in header}
    found = {name: trimmed.get(name) or trimmed.get(" ".join(name.split())) for name in given}
    absent = tuple(name for name, column in found.items() if column is None)
    if absent:
        listed = ", ".join(f"“{name}”" for name in absent)
        raise UnknownColumns(f"The file has no column {listed}.", absent)
    return {column: given[name] for name, column in found.items() if column and given[name].strip()}


def _unknown(column: str, field: str, rules: ImportRules) -> Assigned:
    if rules.unknown_target is UnknownTarget.IGNORE:
        return Assigned(column, SKIP, f"“{field}” is no known field: the column is ignored.")
    name = _cut(field) or _cut(column)
    return Assigned(column, CUSTOM + name, f"“{field}” is no known field: a custom field.")


def _unmapped(column: str, rules: ImportRules, taken: set[str]) -> Assigned:
    """``taken`` holds the targets of other columns, without case, and gets this one's."""
    if rules.unmapped_column is UnmappedColumn.IGNORE:
        return Assigned(column, SKIP, "Not mapped: the column is ignored.")
    target, number = CUSTOM + _cut(column), 1
    while target.casefold() in taken:
        number += 1
        target = f"{CUSTOM}{_cut(column)} {number}"
    taken.add(target.casefold())
    return Assigned(column, target, "Not mapped: a custom field.")


def _cut(text: str) -> str:
    """As the name of a custom field: one line, with room for a number."""
    return " ".join(text.removeprefix(CUSTOM).split())[: MOST_NAME - 5].strip()
