"""Values in order: names, LinkedIn addresses, characters that nobody sees."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.mapping import Reader
from core.rules import ImportRules
from core.sheet import Row
from core.tidying import tidy


@pytest.mark.parametrize(
    ("field", "text", "tidied"),
    [
        ("first_name", "ANA", "Ana"),
        ("last_name", "o'neil-smith", "O'Neil-Smith"),
        ("name", "JOHN SMITH III", "John Smith III"),
        ("name", "Ana de la Cruz", "Ana de la Cruz"),
        ("name", "★ ana lee 🚀", "Ana Lee"),
        ("first_name", "AJ", "AJ"),
        ("first_name", "👩🏽‍💻 Ana", "Ana"),
        ("first_name", "🚀", "🚀"),
        ("last_name", "می‌خواهم", "می‌خواهم"),
        ("company", "IBM\u200b", "IBM"),
        ("company", "ditto ★", "ditto ★"),
        ("linkedin_url", "linkedin.com/in/Ana/?trk=x", "https://www.linkedin.com/in/ana"),
        ("linkedin_url", "https://de.linkedin.com/in/ana", "https://www.linkedin.com/in/ana"),
        ("linkedin_url", "ask me", "ask me"),
    ],
)
def test_tidy(field: str, text: str, tidied: str) -> None:
    """Names get their usual case and lose symbols, profiles get one address, companies keep their
    letters; nothing becomes empty."""
    assert tidy(field, text) == tidied


@given(
    st.sampled_from(["name", "first_name", "company", "linkedin_url", "custom:X"]),
    st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: text == text.strip()),
)
def test_twice_is_once(field: str, text: str) -> None:
    """What is in order stays as it is, and there is always something left."""
    once = tidy(field, text)

    assert once
    assert tidy(field, once) == once


@pytest.mark.parametrize("asked", [True, False])
def test_only_where_it_is_asked_for(asked: bool) -> None:
    """The rule decides; identifiers are left to their own normal form."""
    rules = ImportRules(tidy=asked)
    reader = Reader(["email", "first_name"], ["Email", "Name"], rules)
    found = reader.candidate(Row(1, 2, ["ana@example.com", "ANA"], ()))

    assert found.wanted()["first_name"] == ("Ana" if asked else "ANA")
    assert found.keys == [("email", "ana@example.com")]
    assert ImportRules.from_json(rules.to_json()) == rules
