"""A row of a file, understood: what it would make of its lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from orjson import loads

from core.problems import Problem

#: An identifier as it is looked up: (kind, normalised value).
Key = tuple[str, str]


class Held(NamedTuple):
    """An identifier that a row brings."""

    key: Key
    written: str  #: as it came
    column: str
    main: bool  #: it is also the lead's own email, phone... (X-34), not only a further one

    @property
    def kind(self) -> str:
        """What it is."""
        return self.key[0]

    @property
    def value(self) -> str:
        """Its normal form."""
        return self.key[1]


@dataclass(slots=True)
class Candidate:
    """A row, understood: what it would make of its lead. ``refused`` rows carry an error."""

    row: int
    line: int
    keys: list[Key] = field(default_factory=list)  #: what to look the lead up by
    held: list[Held] = field(default_factory=list)
    fields: dict[str, str | None] = field(default_factory=dict)  #: None clears the field
    tags: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    refused: bool = False
    #: The stored fields of the lead that the row makes where nobody has its identifiers; None where
    #: that takes more than its fields, or something has to be said about the row.
    made: str | None = None

    def wanted(self) -> dict[str, str | None]:
        """The fields it gives a lead; a row that came from another process may only have ``made``,
        which holds its own identifiers too."""
        if self.made is None or self.fields:
            return self.fields
        found: dict[str, str | None] = loads(self.made)
        return found

    def new_fields(self, defaults: Sequence[tuple[str, str]]) -> dict[str, str]:
        """The fields of the lead it makes, if it may have all its identifiers or not."""
        fields = {name: value for name, value in self.fields.items() if value is not None}
        # A cell that clears the field asks for no default.
        fields |= {name: value for name, value in defaults if name not in self.fields}
        for key, _, _, main in self.held:
            if main:
                fields.setdefault(*key)
        return fields
