"""What the demo prints of a thread: Slack's marks become styles and never stay as signs."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator

import pytest
from rich.text import Text

from tests.parts.processes import ROOT


@pytest.fixture
def formatted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Text]]:
    """The function, from a folder of programs that is no package."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    yield importlib.import_module("transcript").formatted
    sys.modules.pop("transcript")


@pytest.mark.parametrize(
    ("line", "plain", "bold"),
    [
        ("*0* new  ·  *0 updated", "0 new  ·  *0 updated", ["0"]),
        ("*0* new  ·  *0* updated  ·  *7* failed", "0 new  ·  0 updated  ·  7 failed", list("007")),
        ("*Forecast*  954 new", "Forecast  954 new", ["Forecast"]),
        ("*a b* and *c*", "a b and c", ["a b", "c"]),
        ("2*3 and 4*5", "2*3 and 4*5", []),
        ("* not bold *", "* not bold *", []),
    ],
)
def test_bold_ends_where_it_ends(
    formatted: Callable[[str], Text], line: str, plain: str, bold: list[str]
) -> None:
    """A pair of stars makes bold what stands between them, though it be one sign, and no more."""
    text = formatted(line)

    assert text.plain == plain
    assert [plain[span.start : span.end] for span in text.spans] == bold
