"""The web page: one HTML file and its styles and scripts, all served from here."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

STATIC = Path(__file__).parent / "static"


async def index(request: Request) -> Response:
    """The workspace to look at and to click in."""
    return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-store"})
