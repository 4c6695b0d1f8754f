"""Stored JSON is laid out as both databases give it back."""

from __future__ import annotations

import json

import hypothesis.strategies as st
from hypothesis import given
from sqlalchemy import text

from core.db import Database
from core.stored import dump, dump_all
from tests.parts.examples import examples

_signs = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
_texts = st.one_of(
    st.text(_signs, max_size=6),
    st.sampled_from(
        [
            "",
            "%s",
            "50 %",
            'say "hi"',
            "a\\b",
            "one\ntwo\tthree",
            "\x01\x1f\x7f",
            "\b\f",
            "é",
            "日本",
            "/",
        ]
    ),
)
_columns = st.dictionaries(_texts, st.lists(_texts, min_size=4, max_size=4), min_size=1, max_size=6)


@examples(100)
@given(_columns)
def test_columns_are_dumped_as_rows_are(columns: dict[str, list[str]]) -> None:
    """Each row of texts gives what it gives by itself, and that is JSON of what is not empty."""
    rows = [{name: cells[at] for name, cells in columns.items() if cells[at]} for at in range(4)]
    assert dump_all(columns) == [dump(row) for row in rows]
    assert [json.loads(found) for found in dump_all(columns)] == rows


def test_postgresql_gives_back_the_very_text(postgres_database: Database) -> None:
    """A jsonb comes back to the byte, or all unchanged rows would have to be parsed."""
    cast = text("SELECT CAST(CAST(:json AS jsonb) AS text)")

    @examples(100)
    @given(st.one_of(st.dictionaries(_texts, _texts), st.lists(_texts)))
    def comes_back(value: dict[str, str] | list[str]) -> None:
        stored = dump(value)
        assert session.connection().execute(cast, {"json": stored}).scalar_one() == stored

    with postgres_database.reading() as session:
        comes_back()
