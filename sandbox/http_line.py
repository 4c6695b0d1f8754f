"""The way to the app over HTTP: signed requests with one deadline, and what was answered."""

import asyncio
import ssl
from dataclasses import dataclass

import httpx

from sandbox.config import Config


@dataclass(frozen=True)
class Reply:
    """What the app said to one request, whatever way it went. `problem` is Slack's retry reason.

    `status` is None where nothing came in time; an acknowledgement over a socket counts as 200.
    """

    status: int | None = None
    problem: str | None = None
    answer: str = ""
    content_type: str = ""
    no_retry: bool = False


def certificates(url: str) -> ssl.SSLContext:
    """The certificates to trust. Plain HTTP needs none, and reading them takes long."""
    https = url.startswith("https:")
    return ssl.create_default_context() if https else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class HttpLine:
    """Posts to the app's address."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._client: httpx.AsyncClient | None = None

    async def start(self) -> None:
        """Open the connections. The app is asked directly, past any proxy of the environment."""
        self._client = httpx.AsyncClient(
            timeout=self._config.deadline_seconds,
            trust_env=False,
            verify=certificates(self._config.app_url),
        )

    async def stop(self) -> None:
        """Close the connections."""
        if self._client:
            await self._client.aclose()

    async def post(self, body: bytes, headers: dict[str, str]) -> Reply:
        """One request."""
        if self._client is None:
            raise RuntimeError("the courier has not been started")
        post = self._client.post(self._config.app_url, content=body, headers=headers)
        try:
            # One deadline for the whole answer; httpx's own timeouts start anew with each step.
            response = await asyncio.wait_for(post, self._config.deadline_seconds)
        except (TimeoutError, httpx.TimeoutException):
            return Reply(problem="http_timeout")
        except httpx.TransportError:
            return Reply(problem="connection_failed")
        return Reply(
            status=response.status_code,
            problem=None if response.is_success else "http_error",
            answer=response.text,
            content_type=response.headers.get("content-type", ""),
            no_retry=response.headers.get("x-slack-no-retry") == "1",
        )
