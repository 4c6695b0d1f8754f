"""Socket Mode: the app's WebSockets, the tickets that open them, and the envelopes they carry."""

import asyncio
import json
import secrets
import uuid
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.config import Config
from sandbox.errors import Json, NotPossibleError
from sandbox.http_line import Reply
from sandbox.identity import APP_ID
from sandbox.parcels import JSON_TYPE, Parcel, envelope_of
from sandbox.stamps import Clock

MOST_SOCKETS = 10
HOST = "applink-sandbox"
#: Why Slack ends a socket: its time is over, or soon will be; or Socket Mode was switched off.
REASONS = ("refresh_requested", "warning", "link_disabled", "too_many_websockets")


class Tickets:
    """What `apps.connections.open` hands out: each opens one socket, once, and soon."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._given: dict[str, float] = {}

    def give(self) -> str:
        """One more ticket."""
        ticket = secrets.token_urlsafe(24)
        self._given[ticket] = self._clock()
        return ticket

    def take(self, ticket: str) -> bool:
        """Whether a ticket opens a socket now; it never will again."""
        given = self._given.pop(ticket, None)
        return given is not None and self._clock() - given <= self._seconds


class Socket:
    """One open WebSocket, and the envelopes that wait for their acknowledgement."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._waiting: dict[str, asyncio.Future[Json | None]] = {}

    async def tell(self, message: Json) -> bool:
        """Send a message; False if the other side is gone."""
        try:
            await self._websocket.send_text(json.dumps(message))
        except (WebSocketDisconnect, RuntimeError):  # Starlette's words for a socket that is closed
            return False
        return True

    async def carry(self, envelope: Json, seconds: float) -> Reply:
        """Send an envelope and wait for its acknowledgement."""
        waiting: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = waiting
        try:
            if not await self.tell(envelope):
                return Reply(problem="connection_failed")
            told = await asyncio.wait_for(waiting, seconds)
        except TimeoutError:
            return Reply(problem="timeout")
        finally:
            self._waiting.pop(envelope["envelope_id"], None)
        if told is None:
            return Reply(problem="connection_failed")
        payload = told.get("payload") if envelope["accepts_response_payload"] else None
        return Reply(200, None, json.dumps(payload) if payload else "", JSON_TYPE)

    async def listen(self) -> None:
        """Take acknowledgements until the other side is gone."""
        with suppress(WebSocketDisconnect):
            while True:
                self._acknowledged(await self._websocket.receive_text())

    def _acknowledged(self, text: str) -> None:
        """Envelopes of another socket, or that came too late, are let be."""
        try:
            told = json.loads(text)
        except ValueError:
            return
        waiting = self._waiting.get(told.get("envelope_id", "")) if isinstance(told, dict) else None
        if waiting and not waiting.done():
            waiting.set_result(told)

    async def part(self, reason: str, seconds: float) -> None:
        """Say why it ends, wait up to so long for what is under way, and end it."""
        if reason:
            await self.tell({"type": "disconnect", "reason": reason, "debug_info": {"host": HOST}})
        if self._waiting and seconds:
            await asyncio.wait(self._waiting.values(), timeout=seconds)
        with suppress(WebSocketDisconnect, RuntimeError):
            await self._websocket.close()
        self.gone()

    def gone(self) -> None:
        """What was not acknowledged by now never will be."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(None)


class Sockets:
    """All sockets of the app; each takes its turn. `on` is the switch in the app's settings."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._config = config
        self.on = config.socket_mode
        self.tickets = Tickets(clock, config.ticket_seconds)
        self.open: list[Socket] = []

    def address(self) -> str:
        """Where the next socket can be opened."""
        base = self._config.public_url.replace("http", "ws", 1)
        return f"{base}/link/?ticket={self.tickets.give()}&app_id={APP_ID}"

    async def deliver(self, parcel: Parcel, attempt: int, reason: str | None) -> Reply:
        """Send a parcel over one of the sockets; raises NotPossibleError for what is not JSON."""
        envelope = envelope_of(parcel, str(uuid.uuid4()), attempt, reason)
        if not self.open:
            return Reply(problem="connection_failed")
        self.open.append(self.open.pop(0))
        return await self.open[-1].carry(envelope, self._config.deadline_seconds)

    async def serve(self, websocket: WebSocket) -> None:
        """Keep a socket that was accepted, for as long as both sides want it."""
        socket = Socket(websocket)
        refusal = self._refusal()
        if refusal:
            await socket.part(refusal, 0)
            return
        self.open.append(socket)
        await socket.tell(self._hello())
        ending = asyncio.get_running_loop().create_task(self._in_time(socket))
        try:
            await socket.listen()
        finally:
            ending.cancel()
            self._leave(socket)
            socket.gone()

    async def disconnect(self, reason: str, abruptly: bool = False) -> int:
        """End every socket for a reason of REASONS; `abruptly` without a word. How many it was."""
        if reason not in REASONS:
            raise NotPossibleError(f"reason must be one of {', '.join(REASONS)}")
        ending, self.open = self.open, []  # nothing new goes over these
        seconds, word = (0.0, "") if abruptly else (self._config.parting_seconds, reason)
        await asyncio.gather(*(socket.part(word, seconds) for socket in ending))
        return len(ending)

    async def switch(self, on: bool) -> None:
        """Turn Socket Mode on or off; off ends what is open."""
        self.on = on
        if not on:
            await self.disconnect("link_disabled")

    def _refusal(self) -> str:
        if not self.on:
            return "link_disabled"
        return "too_many_websockets" if len(self.open) >= MOST_SOCKETS else ""

    def _hello(self) -> Json:
        about = {
            "host": HOST,
            "build_number": 1,
            "approximate_connection_time": round(self._config.socket_seconds),
        }
        return {
            "type": "hello",
            "num_connections": len(self.open),
            "debug_info": about,
            "connection_info": {"app_id": APP_ID},
        }

    async def _in_time(self, socket: Socket) -> None:
        """End a socket when its time is over, as Slack does with each after some hours."""
        await asyncio.sleep(self._config.socket_seconds)
        self._leave(socket)
        await socket.part("refresh_requested", self._config.parting_seconds)

    def _leave(self, socket: Socket) -> None:
        if socket in self.open:
            self.open.remove(socket)


async def link(websocket: WebSocket) -> None:
    """`/link/`: where a ticket opens a socket. Without one that is good the handshake is a 403."""
    sockets: Sockets = websocket.app.state.town.sockets
    if not sockets.tickets.take(websocket.query_params.get("ticket", "")):
        await websocket.close()
        return
    await websocket.accept()
    await sockets.serve(websocket)
