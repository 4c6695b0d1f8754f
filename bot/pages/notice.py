"""A page that says one thing to a person, and where to go from here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, Template
from starlette.responses import HTMLResponse

#: Nothing is loaded, framed or told to the next site: the address may hold what is nobody's.
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class Notice:
    """What is said; ``link`` is an address and its words. ``status`` is that of HTTP."""

    title: str
    words: str
    link: tuple[str, str] | None = None
    status: int = 200


def response(notice: Notice) -> HTMLResponse:
    """The page."""
    return HTMLResponse(_template().render(notice=notice), notice.status, _HEADERS)


@cache
def _template() -> Template:
    environment = Environment(loader=PackageLoader("bot", "pages"), autoescape=True)
    return environment.get_template("notice.html")
