"""Change one lead by hand: gather, decide, apply, under the rules that imports go by.

An identifier belongs to one lead, an opt-out stays unless somebody takes it back in words, and a
lead's version counts the change, so that undoing an import sees that the lead was touched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType, ModuleType

from sqlmodel import Session

from core import copying, leads, staging, targets, writing
from core.columns import OPT_OUT_TARGETS
from core.db import now
from core.errors import ImportFailure
from core.identifiers import Kind, Refusal, normalise
from core.identifiers import region_of as region_named
from core.intake import region_of
from core.leads import Found
from core.mapping import Key
from core.matching import find_leads, find_owners
from core.optouts import OPTED_OUT, opted_out

#: Characters of a field's value, of a tag.
MOST_VALUE, MOST_TAG = 10_000, 200

_KINDS = {kind.value: kind for kind in Kind}


class InvalidEdit(ImportFailure):
    """The change is not possible as it was asked for."""

    code = "invalid_edit"

    def __init__(self, fields: Mapping[str, str]) -> None:
        """``fields`` says what is wrong with which part of the request."""
        super().__init__("; ".join(f"{name}: {words}" for name, words in fields.items()) + ".")
        self.fields = MappingProxyType(dict(fields))


class IdentifierOwned(ImportFailure):
    """Another lead owns this identifier."""

    code = "identifier_owned"

    def __init__(self, key: Key, lead_id: int) -> None:
        """``lead_id`` is the other lead."""
        super().__init__(f"Another lead owns the {key[0].replace('_', ' ')} {key[1]}.")
        self.key, self.lead_id = key, lead_id


class OptOutKept(ImportFailure):
    """The person opted out, and that stays unless it is taken back in words."""

    code = "opt_out_kept"


class LastIdentifier(ImportFailure):
    """A lead needs an identifier: without one nobody could find it again."""

    code = "last_identifier"


@dataclass(frozen=True)
class Asked:
    """A change as somebody wrote it. Fields are named in any spelling; None clears one."""

    fields: Mapping[str, str | None] = field(default_factory=dict)
    add_tags: Sequence[str] = ()
    remove_tags: Sequence[str] = ()
    add: Sequence[tuple[Kind, str]] = ()  #: identifiers
    remove: Sequence[tuple[Kind, str]] = ()
    resubscribe: bool = False  #: the words that take back an opt-out


@dataclass(frozen=True)
class Edit:
    """The same, understood: fields by their own names, identifiers in their normal form."""

    fields: Mapping[str, str | None] = field(default_factory=dict)
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    add: Mapping[Key, str | None] = field(default_factory=dict)  #: with how each was written
    remove: frozenset[Key] = frozenset()
    resubscribe: bool = False


@dataclass(frozen=True)
class Result:
    """What a lead is to become."""

    fields: dict[str, str]
    tags: list[str]
    added: Mapping[Key, str | None]
    removed: frozenset[Key]


# ---- the use cases -----------------------------------------------------------------------------


def change(
    session: Session,
    account_id: int,
    lead_id: int,
    asked: Asked,
    *,
    versions: Sequence[int] | None = None,
) -> Found:
    """Change a lead; one that is as asked for already stays as it is, version and all.

    ``versions`` are those of the lead that the caller has seen, None for any. Raises NotFound,
    leads.VersionConflict and the failures above. Another writer may take an identifier meanwhile:
    run it in ``Database.transact``.
    """
    before = _locked(session, account_id, lead_id, versions)
    edit = understand(asked, _region(session, account_id, asked, before.fields))
    owners = find_owners(session, account_id, edit.add)
    result = decide(before, owners, edit)
    if (result.fields, result.tags) == (before.fields, before.tags) and not (
        result.added or result.removed
    ):
        return before
    _apply(session, account_id, before, result)
    return leads.get(session, account_id, lead_id)


def delete(
    session: Session,
    account_id: int,
    lead_id: int,
    *,
    versions: Sequence[int] | None = None,
    suppress: bool | None = None,
) -> int:
    """Delete a lead and its identifiers; how many of these went to the suppression list.

    ``suppress`` puts them there. Where it is None they go there if the person opted out: the next
    import would bring them back as somebody who never did. Raises NotFound and VersionConflict.
    """
    found = _locked(session, account_id, lead_id, versions)
    wanted = leads.is_opted_out(found.fields) if suppress is None else suppress
    suppressed = leads.keep_out(session, account_id, found) if wanted else 0
    _way(session).delete_leads(session, account_id, [lead_id])
    return suppressed


def _locked(
    session: Session, account_id: int, lead_id: int, versions: Sequence[int] | None
) -> Found:
    """The lead, held until the commit against imports, undo and other edits."""
    find_leads(session, account_id, 0, [lead_id], lock=True)
    found = leads.get(session, account_id, lead_id)
    leads.check_version(found, versions)
    return found


def _region(
    session: Session, account_id: int, asked: Asked, fields: Mapping[str, str]
) -> str | None:
    """Where phones without a country are from: the lead's own country, else the account's."""
    country = asked.fields.get("country") or fields.get("country") or ""
    return region_named(country) or region_of(session, account_id)


def _apply(session: Session, account_id: int, before: Found, result: Result) -> None:
    way = _way(session)
    gone = [(*key, before.id) for key in sorted(result.removed)]
    way.delete_identifiers(session, account_id, gone)
    rows = [(account_id, *key, before.id, result.added[key]) for key in sorted(result.added)]
    way.insert(session, "identifier", writing.IDENTIFIER, rows)
    fields, tags = writing.dump(result.fields), writing.dump(result.tags)
    row = (before.id, fields, tags, before.version + 1, now(session))
    way.update_leads(session, account_id, [row])


def _way(session: Session) -> ModuleType:
    return staging if session.get_bind().dialect.name == "sqlite" else copying


# ---- understand (pure) -------------------------------------------------------------------------


def understand(asked: Asked, region: str | None) -> Edit:
    """What was asked for, in our own words. Raises InvalidEdit, which names every part at fault."""
    wrong: dict[str, str] = {}
    fields = _fields(asked.fields, region, wrong)
    add = _keys(asked.add, region, "identifiers.add", wrong)
    remove = _keys(asked.remove, region, "identifiers.remove", wrong)
    own = {
        (name, value): _unless_same(written, value)
        for name, (value, written) in fields.items()
        if name in _KINDS and value is not None
    }
    add_tags, remove_tags = (
        _tags(tags, f"tags.{name}", wrong)
        for name, tags in (("add", asked.add_tags), ("remove", asked.remove_tags))
    )
    if add.keys() & remove or own.keys() & remove:
        wrong["identifiers.remove"] = "removes what the same request gives the lead"
    if set(add_tags) & set(remove_tags):
        wrong["tags.remove"] = "removes what the same request adds"
    if wrong:
        raise InvalidEdit(wrong)
    plain = {name: value for name, (value, _) in fields.items()}
    return Edit(plain, add_tags, remove_tags, {**add, **own}, frozenset(remove), asked.resubscribe)


def _fields(
    given: Mapping[str, str | None], region: str | None, wrong: dict[str, str]
) -> dict[str, tuple[str | None, str]]:
    """The fields by their own names, each with its value as stored and as written."""
    found: dict[str, tuple[str | None, str]] = {}
    for name, text in given.items():
        target = targets.target_of(name) or ""
        value, why_not = _value(target, text, region)
        if target in found:
            why_not = f"means {target}, which is in the request under another name too"
        if why_not:
            wrong[f"fields.{name}"] = why_not
        else:
            found[target] = (value, text or "")
    return found


def _value(target: str, text: str | None, region: str | None) -> tuple[str | None, str]:
    """What a field is to hold, and why it cannot; None clears it."""
    if target == "tags":
        return None, "is changed by tags.add and tags.remove"
    if target in ("", "skip") or target.startswith("alias_"):
        return None, "is no field; one of your own is called custom:NAME"
    if text is None:
        return None, ""
    if target in _KINDS:
        return _said(normalise(_KINDS[target], text, region))
    stripped = text.strip()
    if not stripped:
        return None, "is empty; null clears it"
    if len(stripped) > MOST_VALUE:
        return None, f"is longer than {MOST_VALUE:,} characters"
    if target in OPT_OUT_TARGETS:
        out = opted_out(stripped)
        return (OPTED_OUT if out else None), "does not say yes or no" * (out is None)
    return stripped, ""


def _said(value: str | Refusal) -> tuple[str | None, str]:
    return (None, value.message.rstrip(".")) if isinstance(value, Refusal) else (value, "")


def _keys(
    given: Iterable[tuple[Kind, str]], region: str | None, place: str, wrong: dict[str, str]
) -> dict[Key, str | None]:
    found: dict[Key, str | None] = {}
    for kind, text in given:
        value, why_not = _said(normalise(kind, text, region))
        if value is None:
            wrong[place] = why_not
        else:
            found[kind.value, value] = _unless_same(text, value)
    return found


def _tags(given: Iterable[str], place: str, wrong: dict[str, str]) -> tuple[str, ...]:
    tags = tuple(dict.fromkeys(tag.strip() for tag in given))
    if any(not tag or len(tag) > MOST_TAG for tag in tags):
        wrong[place] = f"holds a tag that is empty or longer than {MOST_TAG} characters"
    return tags


def _unless_same(written: str, value: str) -> str | None:
    """How an identifier came, where that differs from its normal form."""
    return written.strip() if written.strip() != value else None


# ---- decide (pure) -----------------------------------------------------------------------------


def decide(before: Found, owners: Mapping[Key, int], edit: Edit) -> Result:
    """What the lead becomes. Raises IdentifierOwned, OptOutKept and LastIdentifier."""
    held = {(owned.kind, owned.value) for owned in before.identifiers}
    for key in edit.add:
        if owners.get(key, before.id) != before.id:
            raise IdentifierOwned(key, owners[key])
    fields = _changed(before.fields, edit)
    # A field that holds an identifier and the identifier say one thing: they go together.
    removed = {
        (name, before.fields[name])
        for name, value in edit.fields.items()
        if name in _KINDS and value is None and name in before.fields
    } | edit.remove
    fields = {name: value for name, value in fields.items() if (name, value) not in removed}
    added = {key: written for key, written in edit.add.items() if key not in held}
    removed = (removed & held) - edit.add.keys()
    if removed and not (held - removed) | added.keys():
        raise LastIdentifier
    return Result(fields, _tagged(before.tags, edit), added, frozenset(removed))


def _changed(fields: Mapping[str, str], edit: Edit) -> dict[str, str]:
    changed = dict(fields)
    for name, value in edit.fields.items():
        if value is not None:
            changed[name] = value
        elif name in changed:
            if name in OPT_OUT_TARGETS and not edit.resubscribe:
                raise OptOutKept
            del changed[name]
    return changed


def _tagged(tags: Collection[str], edit: Edit) -> list[str]:
    kept = [tag for tag in tags if tag not in edit.remove_tags]
    return [*kept, *(tag for tag in edit.add_tags if tag not in kept)]
