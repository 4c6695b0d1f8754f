"""What a control request asks for: the person, the place, the thing pointed at."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox import acting
from sandbox.clicking import Spot
from sandbox.errors import Json, NotPossibleError, SlackError
from sandbox.identity import Channel, User
from sandbox.views import View
from sandbox.workspace import Workspace

Handler = Callable[["Asked"], Awaitable[Json]]


@dataclass(frozen=True)
class Asked:
    """A control request with its JSON body (or query)."""

    workspace: Workspace
    told: Json

    def get(self, name: str, usual: Any = None) -> Any:
        """An optional part of the body."""
        return self.told.get(name, usual)

    def need(self, name: str) -> Any:
        """A part that must be there; raises NotPossibleError."""
        if self.told.get(name) in (None, ""):
            raise NotPossibleError(f"{name} is missing")
        return self.told[name]

    @property
    def user(self) -> User:
        """The person who acts."""
        return self.workspace.people.person(str(self.need("user")))

    @property
    def room(self) -> Channel:
        """The channel they are in."""
        return acting.enter(self.workspace, str(self.need("channel")), self.user)

    @property
    def spot(self) -> Spot:
        """The message or view they point at; raises NotPossibleError."""
        if self.get("view_id"):
            return Spot(view=self.view)
        message = self.workspace.messages.get(self.room.id, str(self.need("ts")))
        if message.only_for not in (None, self.user.id):
            raise NotPossibleError("this message is for someone else")
        return Spot(room=self.room, message=message)

    @property
    def view(self) -> View:
        """The view they have open (a modal or their Home); raises NotPossibleError."""
        view = self.workspace.views.find(str(self.need("view_id")))
        if view.user != self.user.id:
            raise NotPossibleError("this view is someone else's")
        return view


def doing(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """A route for a handler; what a person could not do is answered with 409 and why."""

    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(await handler(await _asked(request)))
        except NotPossibleError as why:
            return JSONResponse({"ok": False, "error": str(why)}, 409)
        except SlackError as why:
            return JSONResponse({"ok": False, "error": why.code}, 409)

    return endpoint


async def _asked(request: Request) -> Asked:
    workspace: Workspace = request.app.state.workspace
    if request.method == "GET":
        return Asked(workspace, dict(request.query_params))
    try:
        told = json.loads(await request.body() or b"{}")
    except ValueError:
        raise NotPossibleError("the body is not JSON") from None
    if not isinstance(told, dict):
        raise NotPossibleError("the body is not a JSON object")
    return Asked(workspace, told)
