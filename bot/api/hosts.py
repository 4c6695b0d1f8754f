"""Answer at one path for certain hosts only, so that two APIs can have the same paths."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.routing import Match, Route
from starlette.types import Scope


class HostRoute(Route):
    """A route that may be for requests to certain hosts only."""

    hosts: tuple[str, ...] = ()  #: in lower case; empty for all

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """No match where the request names none of the hosts."""
        host = Headers(scope=scope).get("host", "").partition(":")[0].lower()
        return super().matches(scope) if host in (self.hosts or (host,)) else (Match.NONE, {})
