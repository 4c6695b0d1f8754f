"""--map, --primary and --country: what a person wants instead of the guesses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import typer

from core import columns
from core.errors import UnknownColumns
from core.identifiers import Kind
from core.intake import rules_for
from core.models import Import, Upload
from core.rules import ImportRules


@dataclass(frozen=True)
class Choice:
    """Targets by column, the kind to identify rows by, and the country of bare phone numbers."""

    targets: tuple[tuple[str, str], ...] = ()
    primary: Kind | None = None
    region: str | None = None

    @property
    def given(self) -> bool:
        """Whether anything was chosen."""
        return bool(self.targets or self.region)

    def apply(self, drafted: Import, upload: Upload) -> tuple[list[str], ImportRules]:
        """The draft's mapping and rules, changed. Raises UnknownColumns."""
        header = upload.sheet["format"]["header"]
        targets = merge(header, drafted.mapping, self.targets)
        old = ImportRules.from_json(drafted.rules)
        best = rules_for(targets, self.region or old.region, upload.sheet["sample"])
        return targets, _led_by(best, self.primary or best.primary)

    def notes(self, drafted: Import, upload: Upload) -> list[str]:
        """A sentence for each column that makes way for a chosen one. Raises UnknownColumns."""
        header = upload.sheet["format"]["header"]
        merged = merge(header, drafted.mapping, self.targets)
        asked = {_index(header, column): target for column, target in self.targets}
        winners = {target: header[index] for index, target in asked.items()}
        return [
            f"“{header[index]}” was taken for {before} as well, which is “{winners[before]}” now; "
            f"it goes to {after} instead. Choose otherwise with --map."
            for index, (before, after) in enumerate(zip(drafted.mapping, merged, strict=True))
            if index not in asked and before != after
        ]


def _led_by(rules: ImportRules, primary: Kind) -> ImportRules:
    """The rules with another kind to identify rows by; the others stand in where it is empty."""
    others = tuple(kind for kind in (rules.primary, *rules.fallback) if kind != primary)
    return replace(rules, primary=primary, fallback=others)


def choice(mapping: list[str], primary: str | None, country: str | None) -> Choice:
    """What the options say. Raises BadParameter."""
    pairs = [_pair(text) for text in mapping]
    kind = None
    if primary is not None:
        column, _, name = primary.rpartition(":")
        kind = _kind(name)
        pairs.append((column or _missing("--primary COLUMN:KIND", primary), kind.value))
    return Choice(tuple(pairs), kind, _region(country) if country else None)


def _pair(text: str) -> tuple[str, str]:
    # A target holds no "=", a column's name may.
    column, equals, target = text.rpartition("=")
    if not equals:
        raise typer.BadParameter(f"“{text}” names no target; write --map COLUMN=TARGET.")
    if not columns.is_target(target):
        raise typer.BadParameter(
            f"“{target}” in --map “{text}” is not a target; --help names them."
        )
    return column or _missing("--map COLUMN=TARGET", text), target


def _missing(form: str, text: str) -> str:
    raise typer.BadParameter(f"“{text}” names no column; write {form}.")


def _kind(name: str) -> Kind:
    if name not in {kind.value for kind in Kind}:
        known = ", ".join(kind.value for kind in Kind)
        raise typer.BadParameter(f"“{name}” is no kind of identifier; those are {known}.")
    return Kind(name)


def _region(country: str) -> str:
    from core.identifiers import region_of

    region = region_of(country)
    if region is None:
        raise typer.BadParameter(f"“{country}” is not a country; write a code such as US or DE.")
    return region


def merge(
    header: Sequence[str], guessed: Sequence[str], chosen: Sequence[tuple[str, str]]
) -> list[str]:
    """The guesses with what was chosen put over them. Raises UnknownColumns.

    A guess that claims a chosen target for another column makes way, so that nobody has to unmap
    one column to map another.
    """
    asked = {_index(header, column): target for column, target in chosen}
    merged = []
    for index, target in enumerate(guessed):
        if index in asked:
            target = asked[index]
        elif target in asked.values():
            target = _second(header[index], target)
        merged.append(target)
    return merged


def _second(name: str, target: str) -> str:
    """What a column becomes whose target another column was given."""
    if target in columns.ALIAS_TARGETS or target in ("skip", "tags"):
        return target  # several columns may share it
    alias = f"alias_{target}"
    return alias if alias in columns.ALIAS_TARGETS else f"custom:{name}"


def _index(header: Sequence[str], column: str) -> int:
    for same in (str.strip, _normalised):
        names = [same(name) for name in header]
        if same(column) in names:
            return names.index(same(column))
    known = ", ".join(f"“{name}”" for name in header)
    raise UnknownColumns(f"The file has no column “{column}”. It has {known}.", (column,))


def _normalised(name: str) -> str:
    return " ".join(name.split()).casefold()
