"""Check a mapping against a header, and turn a row of the file into a Candidate by it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from core import columns
from core.batch import Keying
from core.candidate import Candidate, Held, Key
from core.errors import InvalidMapping, NoIdentifier
from core.identifiers import Kind, Refusal, normalise, region_of, split
from core.names import split_name
from core.optouts import OPTED_OUT, opted_out
from core.problems import Problem, ProblemCode, Severity
from core.rules import Blank, ImportRules
from core.sheet import Row
from core.stored import dump
from core.tidying import tidied

__all__ = ["Candidate", "Held", "Key", "Reader", "check"]

_KINDS = {kind.value for kind in Kind}
_MANY = {"skip", "tags", *columns.ALIAS_TARGETS}  # targets that several columns may share
_NO_FIELDS = {*_MANY, *_KINDS, *columns.OPT_OUT_TARGETS}


_new_held = tuple.__new__  # a third of the cost of calling Held, which is felt in a million rows


def check(targets: Sequence[str], header: Sequence[str], rules: ImportRules) -> None:
    """Raise InvalidMapping, naming the columns, unless ``targets`` (one per column) fits."""
    if len(targets) != len(header):
        raise InvalidMapping(f"The file has {len(header)} columns, the mapping {len(targets)}.")
    unknown = [h for h, t in zip(header, targets, strict=True) if not columns.is_target(t)]
    if unknown:
        raise InvalidMapping(f"Unknown field for {_listed(unknown)}.", tuple(unknown))
    for target in dict.fromkeys(targets):
        twice = [h for h, t in zip(header, targets, strict=True) if t == target]
        if len(twice) > 1 and target not in _MANY:
            raise InvalidMapping(
                f"{_listed(twice)} are both mapped to {columns.label(target)}. "
                "Choose one, and make the other a further one, a custom field or skip it.",
                tuple(twice),
            )
    _check_identifier(targets, rules)
    _check_fields(rules)


def _check_identifier(targets: Sequence[str], rules: ImportRules) -> None:
    if not _KINDS.intersection(targets):
        raise NoIdentifier
    if rules.primary not in targets:
        raise NoIdentifier(
            f"Rows are identified by {columns.label(rules.primary)}, "
            f"but no column is mapped to {columns.label(rules.primary)}."
        )


def _check_fields(rules: ImportRules) -> None:
    for field_, value in rules.defaults:
        if not _is_field(field_) or not value.strip():
            raise InvalidMapping(f"“{field_}” cannot have the default “{value}”.")
    for field_ in rules.protected:
        if not (_is_field(field_) or field_ in _KINDS):
            raise InvalidMapping(f"“{field_}” is no field that could be protected.")


def _is_field(target: str) -> bool:
    """Whether the target is a plain field: one text, and nobody is found by it."""
    return columns.is_target(target) and target not in _NO_FIELDS


def _listed(names: Sequence[str]) -> str:
    quoted = [f"“{name}”" for name in names]
    return quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + " and " + quoted[-1]


class Column(NamedTuple):
    """A column of identifiers."""

    at: int
    kind: Kind
    name: str
    main: bool  #: its value is also the lead's own field
    again: bool = False  #: a column before it has the same kind


class Reader:
    """Turns the rows of one file into Candidates by one checked mapping."""

    def __init__(self, targets: Sequence[str], header: Sequence[str], rules: ImportRules) -> None:
        self.targets = tuple(targets)
        self.rules = rules
        self.keying = Keying(
            tuple(dict.fromkeys(kind.value for kind in (rules.primary, *rules.match_on))),
            tuple(kind.value for kind in rules.fallback),
        )
        self._identifiers = _identifier_columns(targets, header)
        #: (index, field) of each column that is one
        self.fields_at = [(i, t) for i, t in enumerate(targets) if t not in _NO_FIELDS]
        self._names = [name for _, name in self.fields_at]
        self._pick = _picker([index for index, _ in self.fields_at])
        self._opt_outs = [
            (i, t, header[i]) for i, t in enumerate(targets) if t in columns.OPT_OUT_TARGETS
        ]
        self.tags_at = [i for i, target in enumerate(targets) if target == "tags"]
        self.country_at = targets.index("country") if "country" in targets else None
        self.clean: Callable[[str], str] = _collapse if rules.cleanup else str.strip
        # Even where blanks clear: an empty cell of a field with a default means the default.
        self._stay = {name for name, _ in rules.defaults} if rules.blank is Blank.CLEAR else set()
        self._main_columns = {c.kind: c.name for c, *_ in self._identifiers if c.main}
        self._clears = rules.blank is Blank.CLEAR
        self._may_make = not (rules.defaults or rules.tags or rules.guarded.intersection(targets))

    def candidate(self, row: Row) -> Candidate:
        """What ``row`` would make of its lead."""
        number, line, _, problems = row
        found = Candidate(number, line, [], [], {}, [], list(problems))
        if problems and any(p.severity is Severity.ERROR for p in problems):
            found.refused = True
            return found
        self._read_identifiers(row, found)
        self._read_fields(row, found)
        if self._opt_outs:
            self._read_opt_outs(row, found)
        if self.rules.tidy:
            found.fields = tidied(found.fields)
        if self.rules.split_name:
            _split_name(found)
        self._choose_keys(found)
        if self._may_make and not (found.problems or found.tags or found.refused):
            self._make(found)
        return found

    @property
    def may_be_plain(self) -> bool:
        """Whether any row can be one that only brings fields and identifiers (``core.batch``)."""
        splits = self.rules.split_name and "name" in self._names
        return self._may_make and not (self.rules.tidy or splits)

    @property
    def identifiers_at(self) -> list[tuple[Column, int, Kind, str, bool]]:
        """Each column of identifiers, its index, kind, the kind's name, and whether it is main."""
        return [each[:5] for each in self._identifiers]

    @property
    def identifier_columns(self) -> int:
        """How many columns hold identifiers."""
        return len(self._identifiers)

    def identifiers(self, row: Row) -> list[Key]:
        """The identifiers that ``candidate`` finds in the row, for a third of its cost."""
        found = Candidate(row.number, row.line)
        if not row.problems or all(p.severity is not Severity.ERROR for p in row.problems):
            self._read_identifiers(row, found)
        return [held[0] for held in found.held]

    def _make(self, found: Candidate) -> None:
        if None not in found.fields.values():
            found.made = dump(found.new_fields(()))

    def _read_identifiers(self, row: Row, found: Candidate) -> None:
        region: str | None = None
        rules, cells, held = self.rules, row.cells, found.held
        mark, level = rules.clear_mark, rules.phone_level
        # Enum members are slow to ask for their values, and a million rows ask.
        for column, index, kind, name, main, again in self._identifiers:
            cell = cells[index].strip()
            if not cell:
                continue
            if cell == mark:
                found.problems.append(_not_cleared(row, column.name, cell))
                continue
            if name == "phone":
                region = region or self._region(row)
            value = normalise(kind, cell, region, level)
            if not isinstance(value, str):
                self._read_several(row, found, column, cell, region, value)
            elif not again or all(one[0] != (name, value) for one in held):
                held.append(_new_held(Held, ((name, value), cell, column.name, main)))

    def _read_several(
        self,
        row: Row,
        found: Candidate,
        column: Column,
        cell: str,
        region: str | None,
        refusal: Refusal,
    ) -> None:
        """A cell that is no identifier as a whole may hold several of them."""
        kind, main = column.kind, column.main
        parts = split(kind, cell)
        values = [normalise(kind, part, region, self.rules.phone_level) for part in parts]
        if len(parts) < 2 or not any(isinstance(value, str) for value in values):
            found.problems.append(_refused(refusal, row, column.name, cell))
            return
        for part, value in zip(parts, values, strict=True):
            if not isinstance(value, str):
                found.problems.append(_refused(value, row, column.name, part))
            elif all(one.key != (kind.value, value) for one in found.held):
                found.held.append(Held((kind.value, value), part, column.name, main))
                main = False  # the first good one is the lead's own, the rest are further ones

    def _region(self, row: Row) -> str | None:
        return self.region(row.cells[self.country_at] if self.country_at is not None else "")

    def region(self, country: str) -> str | None:
        """Where a phone without a + is dialled, given the cell that names the row's country."""
        return (_region_of(country) if country else None) or self.rules.region

    def clearing(self, field_: str) -> tuple[str, ...]:
        """The cleaned cells that would clear a field."""
        blank = self._clears and field_ not in self._stay
        return (self.rules.clear_mark, "") if blank else (self.rules.clear_mark,)

    def _read_fields(self, row: Row, found: Candidate) -> None:
        cells, mark = row.cells, self.rules.clear_mark
        whole = "|".join(cells)
        if is_tidy(whole) and mark not in whole:
            values = self._pick(cells)
            if "" not in values:
                found.fields = dict(zip(self._names, values, strict=True))
            elif self._clears:
                self._read_untidy(cells, found)
            else:
                found.fields = {n: v for n, v in zip(self._names, values, strict=True) if v}
        else:
            self._read_untidy(cells, found)
        if self.tags_at or self.rules.tags:
            self._read_tags(cells, found)

    def _read_untidy(self, cells: list[str], found: Candidate) -> None:
        """Cells that have to be cleaned, or may clear a field."""
        fields, clean, clears = found.fields, self.clean, self._clears
        mark = self.rules.clear_mark
        for index, name in self.fields_at:
            value = clean(cells[index])
            if value == mark or (clears and not value and name not in self._stay):
                fields[name] = None
            elif value:
                fields[name] = value

    def _read_tags(self, cells: list[str], found: Candidate) -> None:
        for index in self.tags_at:
            if cells[index].strip() != self.rules.clear_mark:
                found.tags += _tags(cells[index])
        found.tags += self.rules.tags

    def _read_opt_outs(self, row: Row, found: Candidate) -> None:
        """An empty cell says nothing, whatever the rules say of blanks (X-30)."""
        for index, name, column in self._opt_outs:
            cell = row.cells[index].strip()
            if not cell:
                continue
            out = False if cell == self.rules.clear_mark else opted_out(cell)
            if out is None:
                found.problems.append(_unclear(row, column, cell))
            else:
                found.fields[name] = OPTED_OUT if out else None

    def _choose_keys(self, found: Candidate) -> None:
        """Which of its identifiers the row is looked up by; a row without any is refused (X-5)."""
        mains: dict[str, Key] = {}
        for key, _, _, main in found.held:
            if main:
                mains.setdefault(key[0], key)
        found.keys = self.keying.keys(mains)
        if not found.keys:
            self._refuse(found)
        elif found.problems:
            found.problems = [_softened(problem) for problem in found.problems]

    def _refuse(self, found: Candidate) -> None:
        found.refused = True
        if any(p.severity is Severity.ERROR for p in found.problems):
            return
        names = [self._main_columns[k] for k in self.rules.keyed_by if k in self._main_columns]
        found.problems.append(
            Problem(
                ProblemCode.MISSING_IDENTIFIER,
                f"The row has nothing in {' or '.join(f'“{name}”' for name in names)}.",
                column=names[0],
            ).at(found.row, found.line)
        )


def _refused(refusal: Refusal, row: Row, column: str, cell: str) -> Problem:
    return Problem(refusal.code, refusal.message).at(row.number, row.line, column, cell.strip())


def _not_cleared(row: Row, column: str, cell: str) -> Problem:
    return Problem(
        ProblemCode.IDENTIFIER_NOT_CLEARED,
        f"“{cell}” takes no identifier off a lead; the cell counts as empty.",
        Severity.WARNING,
    ).at(row.number, row.line, column, cell)


def _unclear(row: Row, column: str, cell: str) -> Problem:
    return Problem(
        ProblemCode.UNCLEAR_OPT_OUT,
        "It does not say yes or no, so nothing was changed.",
        Severity.WARNING,
    ).at(row.number, row.line, column, cell)


def _split_name(found: Candidate) -> None:
    """The full name as first and last name, unless the row says these by itself."""
    fields = found.fields
    if fields.get("first_name") or fields.get("last_name"):
        return
    if parts := split_name(fields.get("name") or ""):
        del fields["name"]
        fields["first_name"], fields["last_name"] = parts


def _softened(problem: Problem) -> Problem:
    """On a row that can be imported all the same, a bad identifier costs only itself (X-20)."""
    if problem.severity is not Severity.ERROR:
        return problem
    return Problem(
        problem.code,
        problem.message,
        Severity.WARNING,
        problem.row,
        problem.line,
        problem.column,
        problem.value,
    )


def _identifier_columns(
    targets: Sequence[str], header: Sequence[str]
) -> list[tuple[Column, int, Kind, str, bool, bool]]:
    """The columns of identifiers, each with what a row asks of it taken apart."""
    found = [
        Column(index, Kind(target.removeprefix("alias_")), header[index], target in _KINDS)
        for index, target in enumerate(targets)
        if target.removeprefix("alias_") in _KINDS
    ]
    # A row's main values come before its further ones, whatever the order of the columns.
    found.sort(key=lambda column: not column.main)
    kinds: set[Kind] = set()
    for at, column in enumerate(found):
        found[at] = column._replace(again=column.kind in kinds)
        kinds.add(column.kind)
    return [(c, c.at, c.kind, c.kind.value, c.main, c.again) for c in found]


def _picker(indexes: Sequence[int]) -> Callable[[list[str]], tuple[str, ...]]:
    """What takes the cells at these places out of a row."""
    if len(indexes) > 1:
        pick: Any = itemgetter(*indexes)
        return pick  # type: ignore[no-any-return]  # with several places it gives a tuple
    return lambda cells: tuple(cells[index] for index in indexes)


def is_tidy(whole: str) -> bool:
    """Whether no cell of a row joined by "|" would be another one if it were cleaned.

    One look at the row instead of one at each cell: true of nearly all rows. The only blanks in
    printable text are spaces; there are none at the edge of a cell, and no two in a row.
    """
    return (
        whole.isprintable()
        and "  " not in whole
        and "| " not in whole
        and " |" not in whole
        and whole[:1] != " "
        and whole[-1:] != " "
    )


def _collapse(text: str) -> str:
    """Trimmed, with runs of blanks made one; texts of several lines keep their lines."""
    if text.isprintable() and "  " not in text:  # the only blanks in it are single spaces
        return text.strip()
    return text.strip() if "\n" in text else " ".join(text.split())


def _tags(cell: str) -> list[str]:
    for mark in ";|":
        cell = cell.replace(mark, ",")
    return [tag for part in cell.split(",") if (tag := part.strip())]


#: Bounded, because the cells are the sender's.
_region_of: Callable[[str], str | None] = lru_cache(maxsize=1024)(region_of)
