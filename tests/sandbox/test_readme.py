"""The sandbox's README is true."""

import re
from pathlib import Path

import pytest

import sandbox
from sandbox import faults, files, signing
from sandbox.client import Person
from sandbox.control.routes import DO, READ
from sandbox.identity import Channels

README = (Path(sandbox.__file__).parent / "README.md").read_text()


@pytest.mark.parametrize("path", [*DO, *READ])
def test_every_control_request_is_listed(path: str) -> None:
    """Each path of the control API has its place in a table."""
    assert re.search(rf"`(GET /control/)?{path.removeprefix('/')}`", README)


@pytest.mark.parametrize("word", [*faults.KINDS, *files.FAULTS, *signing.MANNERS])
def test_every_way_to_go_wrong_is_listed(word: str) -> None:
    """Kinds of faults, spoiled downloads and spoiled signatures are all named."""
    assert f"`{word}`" in README


def test_the_channels_are_those_of_the_table() -> None:
    """The table of channels names every channel that is not a direct message."""
    rooms = [room.name for room in Channels("T0SANDBOX").by_id.values() if room.kind != "im"]
    assert re.findall(r"^\| `#([a-z-]+)`", README, re.M) == rooms


def test_the_example_uses_what_there_is() -> None:
    """Each method the example calls on a person exists."""
    called = re.findall(r"\bana\.(\w+)\(", README)
    assert called
    assert all(hasattr(Person, name) for name in called)
