"""One call of a Web API method: its arguments, whatever way they were sent."""

import json
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from sandbox.errors import InputRefusedError, Json, SlackError
from sandbox.workspace import Workspace

# Arguments that are JSON even when the body is a form, and the refusal when they are not.
JSON_ARGUMENTS = {
    "attachments": "invalid_attachments",
    "blocks": "invalid_blocks_format",
    "files": "invalid_arguments",
    "message": "invalid_arguments",
    "metadata": "invalid_metadata_format",
    "view": "invalid_arguments",
}


@dataclass(frozen=True)
class Call:
    """A call by the app. Missing and empty arguments are the same thing, as in Slack."""

    workspace: Workspace
    method: str
    arguments: Json

    def text(self, name: str) -> str:
        """An argument as a string, '' if absent."""
        value = self.arguments.get(name)
        return "" if value is None else str(value)

    def need(self, name: str) -> str:
        """A required argument; raises InputRefusedError invalid_arguments."""
        value = self.text(name)
        if not value:
            missing = f"missing required field: {name} [json-pointer:]"
            raise InputRefusedError("invalid_arguments", [missing])
        return value

    def flag(self, name: str, usual: bool = False) -> bool:
        """A boolean argument: forms say 1, 0, true or false."""
        value = self.arguments.get(name, usual)
        return value if isinstance(value, bool) else str(value).lower() in ("1", "true")

    def number(self, name: str, usual: int) -> int:
        """A whole number; raises InputRefusedError invalid_arguments."""
        try:
            return int(self.arguments.get(name) or usual)
        except ValueError:
            wrong = f"must be a valid number [json-pointer:/{name}]"
            raise InputRefusedError("invalid_arguments", [wrong]) from None

    def value(self, name: str) -> Any:
        """A structured argument, None if absent."""
        return self.arguments.get(name)


async def read_arguments(request: Request) -> Json:
    """The arguments in query, form or JSON body; raises SlackError for JSON that is none."""
    arguments: Json = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        return arguments | _json_body(await request.body())
    async with request.form(max_part_size=4 * 1024 * 1024) as form:
        arguments |= {name: value for name, value in form.items() if isinstance(value, str)}
    for name, refusal in JSON_ARGUMENTS.items():
        if isinstance(arguments.get(name), str) and arguments[name]:
            arguments[name] = _json_argument(arguments[name], refusal)
    return arguments


def _json_body(body: bytes) -> Json:
    try:
        told = json.loads(body or b"{}")
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(told, dict):
        raise SlackError("json_not_object")
    for name, refusal in JSON_ARGUMENTS.items():
        if isinstance(told.get(name), str) and told[name]:
            told[name] = _json_argument(told[name], refusal)
    return told


def _json_argument(value: str, refusal: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        raise SlackError(refusal) from None
