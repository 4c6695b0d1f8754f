"""Socket Mode: the app opens a WebSocket to Slack, so that Slack need not reach it.

What comes over it goes through the same Bolt app as what comes over HTTP. A request that fails is
not acknowledged, so Slack sends it again, as it does after a 500.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Sequence
from contextlib import suppress
from threading import Event, Thread

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.errors import SlackApiError

from bot.slack.door import AWAY

log = logging.getLogger(__name__)

#: Seconds before the second, third... try to connect for the first time; the last one is kept.
PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
#: Seconds between two looks whether the socket is still alive; Slack's SDK reconnects only then
#: after a socket that was closed without a word before. It gives one up after four without a pong.
_LOOK_SECONDS = 3
#: How long a try that is under way may hold up the end, in seconds.
_PATIENCE = 5.0
_ADVICE = {
    "invalid_auth": "SLACK_APP_TOKEN is not one that Slack knows",
    "not_allowed_token_type": "SLACK_APP_TOKEN must be an app-level token, which begins with xapp-",
    "missing_scope": "SLACK_APP_TOKEN lacks the scope connections:write",
}


class SocketMode:
    """Keeps a socket open from ``start`` to ``stop``, in threads of its own.

    That Slack cannot be reached, or refuses, is no reason for the web process not to serve: it is
    logged and tried again. Once there was a socket, Slack's SDK sees to the next one.
    """

    def __init__(self, bolt: App, app_token: str, pauses: Sequence[float] = PAUSES) -> None:
        self._bolt = bolt
        self._app_token = app_token
        self._pauses = pauses
        self._stopping = Event()
        self._handler: SocketModeHandler | None = None
        self._connecting: Thread | None = None

    @property
    def connected(self) -> bool:
        """Whether a socket is open now."""
        return self._handler is not None and self._handler.client.is_connected()

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._handler = SocketModeHandler(self._bolt, self._app_token, ping_interval=_LOOK_SECONDS)
        # The SDK asks the environment for a proxy anew, past what was decided about this address.
        self._handler.client.proxy = self._bolt.client.proxy
        self._connecting = Thread(target=self._connect, args=(self._handler,), daemon=True)
        self._connecting.start()

    def stop(self) -> None:
        """Close the socket. Slack sends again what was being answered."""
        self._stopping.set()
        if self._connecting:
            self._connecting.join(_PATIENCE)
        if self._handler:
            _wake(self._handler)
            self._handler.close()  # type: ignore[no-untyped-call]  # so in slack_bolt

    def _connect(self, handler: SocketModeHandler) -> None:
        """Try until it works or is no longer wanted."""
        tries = 0
        while not self._stopping.is_set():
            try:
                handler.connect()  # type: ignore[no-untyped-call]  # so in slack_bolt
            except AWAY as error:
                pause = self._pauses[min(tries, len(self._pauses) - 1)]
                log.error("Socket Mode: %s; trying again in %g s", _words(error), pause)  # noqa: TRY400  (no stack trace: it is Slack's doing)
            else:
                return
            tries += 1
            self._stopping.wait(pause)


def _wake(handler: SocketModeHandler) -> None:
    """End the wait for the next message, which would hold up the end by up to three seconds."""
    client = handler.client
    client.auto_reconnect_enabled = False
    waiting = client.current_session.sock if client.current_session else None
    if waiting:
        with suppress(OSError):  # it was closed in this very moment
            waiting.shutdown(socket.SHUT_RDWR)


def _words(error: Exception) -> str:
    """Why there is no socket, without anything secret."""
    if not isinstance(error, SlackApiError):
        return f"Slack cannot be reached ({type(error).__name__})"
    code = str(error.response.get("error", ""))
    return f"{_ADVICE.get(code, 'Slack refuses to open a socket')} ({code or 'no reason given'})"
