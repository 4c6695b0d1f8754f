"""Addresses in the environment: each is checked before anything tries to connect to it.

Every check raises ValueError with words that go on after the variable's name, and that never hold
the address, for a password may be part of it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

_PORTS = range(1, 65_536)
_DATABASES = ("sqlite", "sqlite+pysqlite", "postgres", "postgresql", "postgresql+psycopg")


def database(url: str) -> None:
    """A database that Leadport has a driver for, as a SQLAlchemy URL."""
    wrong = ValueError(
        "must name a SQLite or PostgreSQL database, such as postgresql://user@host:5432/leads "
        "or sqlite:////srv/leadport.db."
    )
    try:
        named = make_url(url)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise wrong from None
    if named.drivername not in _DATABASES or named.port not in (None, *_PORTS):
        raise wrong


def queue(url: str) -> None:
    """A Redis or Valkey."""
    wrong = ValueError(
        "must name a Redis or Valkey, such as redis://host:6379/0; rediss:// and unix:// work too."
    )
    if not _leads_somewhere(url, ("redis", "rediss", "unix")):
        raise wrong


def web(url: str) -> None:
    """A web address."""
    if not _leads_somewhere(url, ("http", "https")):
        raise ValueError("must be a web address, such as https://leads.example.com.")


def _leads_somewhere(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        port_fits = parts.port is None or parts.port in _PORTS
    except ValueError:  # a port that is no number, or brackets that do not match
        return False
    place = parts.path if parts.scheme == "unix" else parts.hostname
    if parts.scheme in ("redis", "rediss"):
        place = place or "localhost"  # as the client takes it
    return "://" in url and parts.scheme in schemes and bool(place) and port_fits
