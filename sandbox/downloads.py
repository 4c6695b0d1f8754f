"""Private downloads and upload URLs: bytes for whoever shows the token, a login page for others."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from sandbox.errors import SlackError
from sandbox.files import File
from sandbox.workspace import Workspace

LOGIN_PAGE = """<!DOCTYPE html>
<html lang="en"><head><title>Sign in | Sandbox</title></head>
<body><h1>Sign in to your workspace</h1><p>You need to sign in to see this page.</p></body></html>
"""


async def download(request: Request) -> Response:
    """`/files-pri/<team>-<file>/[download/]<name>`.

    Without the token or the files:read scope Slack answers a login page, with status 200.
    """
    workspace: Workspace = request.app.state.workspace
    header = request.headers.get("authorization", "")
    opens = workspace.keys.opens(header.removeprefix("Bearer "))
    if not opens or "files:read" not in workspace.scopes:
        return HTMLResponse(LOGIN_PAGE)
    try:
        file = workspace.files.get(
            request.path_params["key"].removeprefix(f"{workspace.config.team.id}-")
        )
    except SlackError:
        return PlainTextResponse("File not found", 404)
    return _spoiled(file, workspace.files.take_fault(file.id))


def _spoiled(file: File, fault: str | None) -> Response:
    if fault == "gone":
        return PlainTextResponse("File not found", 404)
    if fault == "html":
        return HTMLResponse(LOGIN_PAGE)
    if fault == "redirect":
        return RedirectResponse("http://files.example.invalid/elsewhere", 302)
    if fault == "error":
        return PlainTextResponse("Service unavailable", 503)
    content = file.content[: len(file.content) // 2] if fault == "truncated" else file.content
    return Response(content, media_type=file.mimetype)


async def receive_upload(request: Request) -> Response:
    """`POST /upload/v1/<file>`: step two of an upload, raw bytes or a form with one file."""
    workspace: Workspace = request.app.state.workspace
    content = await _uploaded(request)
    if not workspace.files.receive(request.path_params["file_id"], content):
        return PlainTextResponse("the bytes are not those that were announced", 400)
    return PlainTextResponse(f"OK - {len(content)}")


async def _uploaded(request: Request) -> bytes:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.body()
    async with request.form() as form:
        for part in form.values():
            if not isinstance(part, str):
                return await part.read()
    return b""
