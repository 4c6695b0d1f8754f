"""The first page: what this is and whether its parts are there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, Template


def page(version: str, parts: Sequence[tuple[str, str, bool]]) -> str:
    """HTML. ``parts`` are name, words and health."""
    return _template().render(version=version, parts=parts)


@cache
def _template() -> Template:
    environment = Environment(loader=PackageLoader("bot", "pages"), autoescape=True)
    return environment.get_template("status.html")
