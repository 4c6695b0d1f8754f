"""The shape of the code, read from its syntax trees: who imports whom, and how long things are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent

#: What each of our packages may import of the others: bot -> worker -> core and bot -> core.
MAY_IMPORT = {
    "core": {"core"},
    "worker": {"worker", "core"},
    "bot": {"bot", "worker", "core"},
    "sandbox": {"sandbox"},
}
MEND = {
    "core": "core knows nothing of its callers: let them pass a value in or turn an answer around.",
    "worker": "a job may not know who asked for it: move what both need to worker or core.",
    "bot": "the bot reaches the sandbox as it reaches Slack, over HTTP; `leadport sandbox` starts "
    "it as a process of its own.",
    "sandbox": "the sandbox stands in for Slack: it learns about us only over HTTP.",
}
#: Front doors and queues. The engine has to run with none of them.
NOT_IN_CORE = {"slack_sdk", "slack_bolt", "starlette", "httpx", "uvicorn", "rq", "redis"}
MEND_OUTSIDE = "core is CSV and SQL only: do this in worker or bot and hand core plain values."

SHAPELESS = {"utils", "util", "common", "helpers", "helper", "service", "services", "manager"}
MODULE_LINES = 400
FUNCTION_LINES = 60
GENERATED = ROOT / "core" / "migrations"


def ours(package: str) -> list[str]:
    """Every module of a package, as a path from the root."""
    return sorted(str(path.relative_to(ROOT)) for path in (ROOT / package).rglob("*.py"))


def written_by_hand(package: str) -> list[str]:
    return [path for path in ours(package) if not (ROOT / path).is_relative_to(GENERATED)]


class Facts(NamedTuple):
    """What the rules ask of a module: no more of its tree is kept."""

    imports: tuple[ast.Import | ast.ImportFrom, ...]
    functions: tuple[tuple[int, str, int], ...]  #: line, name, lines


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """All statements below a node, and what holds them. They are a tenth of the tree, and what the
    rules ask about is among them."""
    for blocks in ("body", "orelse", "handlers", "finalbody", "cases"):
        for below in getattr(node, blocks, ()):
            yield below
            yield from statements(below)


@cache
def facts(source: str) -> Facts:
    """The facts of a module, which several rules ask for."""
    nodes = list(statements(ast.parse(source)))
    return Facts(
        tuple(node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)),
        tuple(
            (node.lineno, node.name, node.end_lineno - node.lineno + 1)
            for node in nodes
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
        ),
    )


@cache
def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def imported(path: str, source: str) -> Iterator[tuple[int, str]]:
    """Line and absolute name of everything a module imports, wherever in the module it does."""
    folders = Path(path).parts[:-1]
    for node in facts(source).imports:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        else:
            above = folders[: len(folders) - node.level + 1] if node.level else ()
            yield node.lineno, ".".join((*above, *filter(None, [node.module])))


def breaches(path: str, source: str) -> list[str]:
    """The imports that break a rule, each with the way to mend it."""
    package = Path(path).parts[0]
    found = []
    for line, name in imported(path, source):
        top = name.partition(".")[0]
        if top in MAY_IMPORT and top not in MAY_IMPORT[package]:
            found.append(f"{path}:{line} imports {name}: {MEND[package]}")
        if package == "core" and top in NOT_IN_CORE:
            found.append(f"{path}:{line} imports {name}: {MEND_OUTSIDE}")
    return found


def long_functions(path: str, source: str) -> list[str]:
    return [
        f"{path}:{line} {name} has {lines} lines, {FUNCTION_LINES} are the most: "
        "give the steps in it names of their own."
        for line, name, lines in facts(source).functions
        if lines > FUNCTION_LINES
    ]


def too_long(path: str, source: str) -> list[str]:
    found = long_functions(path, source)
    if (lines := len(source.splitlines())) > MODULE_LINES:
        found.append(
            f"{path} has {lines} lines, {MODULE_LINES} are the most: find the second noun in it "
            "and move that to a module of its own."
        )
    return found


def shapeless(path: str) -> list[str]:
    named = SHAPELESS & {part.removesuffix(".py") for part in Path(path).parts}
    return [f"{path}: name it after what it holds (sheet, mapping, card...)."] if named else []


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_follow_the_arrows(package: str) -> None:
    """bot -> worker -> core and bot -> core; nothing points back, and the sandbox stands alone."""
    found = [breach for path in ours(package) for breach in breaches(path, text(path))]

    assert not found, "\n".join(found)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_modules_and_functions_stay_small(package: str) -> None:
    """No module is longer than 400 lines and no function longer than 60."""
    found = [fault for path in written_by_hand(package) for fault in too_long(path, text(path))]

    assert not found, "\n".join(found)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_modules_are_named_after_things(package: str) -> None:
    """A module is named after a thing of the domain, not after nothing in particular."""
    found = [fault for path in ours(package) for fault in shapeless(path)]

    assert ours(package)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("core/imports.py", "from worker.queue import ring"),
        ("core/imports.py", "def late():\n    import redis"),
        ("core/imports.py", "from slack_sdk.errors import SlackApiError"),
        ("worker/jobs.py", "import bot.slack"),
        ("worker/jobs.py", "from ..bot import desk"),
        ("bot/cli.py", "from sandbox import main"),
        ("sandbox/events.py", "import core.errors as e"),
    ],
)
def test_a_wrong_arrow_is_noticed(path: str, source: str) -> None:
    """Each kind of forbidden import is found, and the message says how to mend it."""
    [message] = breaches(path, source)

    assert message.startswith(f"{path}:")
    assert len(message.partition(": ")[2]) > 40


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("bot/desk.py", "from core import imports\nfrom worker import queue\nimport httpx"),
        (
            "worker/jobs.py",
            "from . import card\nfrom .queue import ring\nfrom core.db import Database",
        ),
        ("core/sheet.py", "import csv\nfrom .errors import EmptyFile"),
    ],
)
def test_a_right_arrow_is_left_alone(path: str, source: str) -> None:
    """Allowed imports, relative ones included, are not complained about."""
    assert breaches(path, source) == []


@pytest.mark.parametrize("where", ["if x:", "try:", "class A:", "with x:", "match x:\n  case 1:"])
def test_a_long_function_is_noticed(where: str) -> None:
    """61 lines are one too many, wherever the function is."""
    body = "    x = 1\n" * FUNCTION_LINES
    rest = " finally:\n  pass\n" if where == "try:" else ""
    source = f"class B:\n {where}\n   def a():\n{body}{rest}"

    assert len(long_functions("core/a.py", source)) == 1
    assert long_functions("core/a.py", source.replace("    x = 1\n", "", 1)) == []


def test_a_long_module_is_noticed() -> None:
    """401 lines are one too many."""
    source = "x = 1\n" * MODULE_LINES

    assert too_long("core/a.py", source) == []
    assert len(too_long("core/a.py", source + "x = 1\n")) == 1


def test_a_shapeless_name_is_noticed() -> None:
    """A folder counts as a module does."""
    assert shapeless("core/utils.py")
    assert shapeless("bot/helpers/sheet.py")
    assert not shapeless("core/sheet.py")
