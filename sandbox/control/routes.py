"""The control API as a table."""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from sandbox.control import people, reading, trouble
from sandbox.control.asked import doing
from sandbox.workspace import Workspace


async def stream(request: Request) -> StreamingResponse:
    """Everything that happens, as server-sent events, for one person (`?user=`) or for all."""
    workspace: Workspace = request.app.state.workspace
    name = request.query_params.get("user")
    viewer = workspace.people.find(name) if name else None
    watching: AsyncIterator[str] = workspace.feed.watch(viewer.id if viewer else None)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(watching, media_type="text/event-stream", headers=headers)


READ = {
    "/workspace": reading.workspace,
    "/messages": reading.messages,
    "/views": reading.views,
    "/deliveries": reading.deliveries,
    "/calls": reading.calls,
}
DO = {
    "/say": people.say,
    "/click": people.click,
    "/suggest": people.suggest,
    "/submit": people.submit,
    "/close": people.close,
    "/command": people.command,
    "/shortcut": people.shortcut,
    "/delete_file": people.delete_file,
    "/delete_message": people.delete_message,
    "/members": people.members,
    "/home": people.home,
    "/faults": trouble.lay_fault,
    "/clear_faults": trouble.clear_faults,
    "/file_faults": trouble.spoil_file,
    "/settings": trouble.settings,
    "/redeliver": trouble.redeliver,
    "/disconnect": trouble.disconnect,
    "/challenge": trouble.challenge,
    "/uninstall": trouble.uninstall,
    "/reset": trouble.reset,
}

CONTROL = [
    Route("/stream", stream),
    Route("/share", people.share, methods=["POST"]),
    Route("/files/{file_id}", people.file_content),
    *(Route(path, doing(handler), methods=["GET"]) for path, handler in READ.items()),
    *(Route(path, doing(handler), methods=["POST"]) for path, handler in DO.items()),
]
