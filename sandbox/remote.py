"""The control API of a running sandbox, called over HTTP."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import httpx

from sandbox.errors import Json
from sandbox.http_line import certificates

#: A server closes a line on which nothing was said for 5 s. A request sent in that very moment
#: would be lost, so no line is used again that has been silent for longer than 2 s.
_LIMITS = httpx.Limits(keepalive_expiry=2.0)


class RefusedError(Exception):
    """The sandbox says a person could not do that; the message says why."""


class Sandbox:
    """The control API of a sandbox: what no person can do in the client, and raw reading."""

    def __init__(self, base_url: str, *, timeout: float = 30.0) -> None:
        self.base_url = base_url.rstrip("/")
        self._client = httpx.Client(
            base_url=f"{self.base_url}/control",
            timeout=timeout,
            trust_env=False,
            verify=certificates(self.base_url),
            limits=_LIMITS,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, path: str, **query: Any) -> Json:
        """Read; raises RefusedError."""
        wanted = {name: value for name, value in query.items() if value is not None}
        return _answer(self._client.get(path, params=wanted))

    def do(self, path: str, **body: Any) -> Json:
        """Act; raises RefusedError."""
        told = {name: value for name, value in body.items() if value is not None}
        return _answer(self._client.post(path, json=told))

    def upload(self, fields: dict[str, str], files: list[tuple[str, bytes]]) -> Json:
        """Share or upload files; raises RefusedError."""
        parts = [("file", (name, content)) for name, content in files]
        return _answer(self._client.post("/share", data=fields, files=parts))

    def deliveries(self, kind: str | None = None) -> list[Json]:
        """What was sent to the app: event, interaction, options or command."""
        return list(self.get("/deliveries", kind=kind)["deliveries"])

    def calls(self, method: str | None = None) -> list[Json]:
        """What the app called."""
        return list(self.get("/calls", method=method)["calls"])

    def fault(self, method: str, kind: str, times: int = 1, **more: Any) -> None:
        """Spoil the next Web API calls (kinds: `sandbox.faults.KINDS`)."""
        self.do("/faults", method=method, kind=kind, times=times, **more)

    def spoil_file(self, file_id: str, fault: str, times: int = 1) -> None:
        """Spoil the next downloads of a file (faults: `sandbox.files.FAULTS`)."""
        self.do("/file_faults", file=file_id, fault=fault, times=times)

    def settings(self, **settings: list[str] | bool) -> Json:
        """Change `scopes`, `refused_blocks` or `socket_mode`."""
        return self.do("/settings", **settings)

    def redeliver(self, **wanted: Any) -> list[Json]:
        """Deliver something again (see `sandbox.control.trouble.redeliver`)."""
        return list(self.do("/redeliver", **wanted)["deliveries"])

    def disconnect(self, reason: str = "refresh_requested", *, abruptly: bool = False) -> int:
        """End the app's sockets (reasons: `sandbox.sockets.REASONS`); how many there were."""
        return int(self.do("/disconnect", reason=reason, abruptly=abruptly)["ended"])

    def reset(self) -> None:
        """Start over."""
        self.do("/reset")

    @contextmanager
    def watching(self, user: str | None = None) -> Iterator[Iterator[Json]]:
        """Everything that happens from now on, as it happens, while the context is open."""
        query = {"user": user} if user else {}
        with self._client.stream("GET", "/stream", params=query) as response:
            lines = response.iter_lines()
            next(lines)
            yield (json.loads(line[6:]) for line in lines if line.startswith("data: "))


def _answer(response: httpx.Response) -> Json:
    told: Json = response.json()
    if response.status_code >= 400:
        raise RefusedError(told.get("error", response.text))
    return told
