"""What is sent to the app, before it is known which way it goes."""

import json
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from sandbox.errors import Json, NotPossibleError

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
#: The envelope that each kind travels in over a socket. A challenge never does: it proves a URL.
ENVELOPES = {
    "event": "events_api",
    "interaction": "interactive",
    "options": "interactive",
    "command": "slash_commands",
}


@dataclass(frozen=True)
class Parcel:
    """A request for the app: `kind` is event, interaction, options, command or challenge."""

    kind: str
    what: str
    body: bytes
    content_type: str

    def payload(self) -> Json:
        """What the body says, without the form around it; raises NotPossibleError."""
        text = self.body.decode("utf-8", "replace")
        fields = dict(parse_qsl(text, keep_blank_values=True))
        packed = text if self.content_type == JSON_TYPE else fields.get("payload")
        if packed is None:
            return dict(fields)
        try:
            told = json.loads(packed)
        except ValueError:
            raise NotPossibleError("an envelope cannot hold what is not JSON") from None
        if not isinstance(told, dict):
            raise NotPossibleError("an envelope holds a JSON object")
        return told


def event_parcel(envelope: Json) -> Parcel:
    """An Events API request."""
    event = envelope.get("event", {})
    what = ".".join(filter(None, (event.get("type", envelope["type"]), event.get("subtype"))))
    return Parcel("event", what, json.dumps(envelope).encode(), JSON_TYPE)


def form_parcel(kind: str, what: str, fields: dict[str, str]) -> Parcel:
    """A form-encoded request: slash commands, and interactions in their `payload` field."""
    return Parcel(kind, what, urlencode(fields).encode(), FORM_TYPE)


def envelope_of(parcel: Parcel, envelope_id: str, attempt: int, reason: str | None) -> Json:
    """A parcel as it travels over a socket; raises NotPossibleError."""
    payload = parcel.payload()
    envelope: Json = {
        "envelope_id": envelope_id,
        "payload": payload,
        "type": ENVELOPES[parcel.kind],
        "accepts_response_payload": _takes_an_answer(parcel.kind, payload),
    }
    if parcel.kind == "event":
        envelope |= {"retry_attempt": attempt, "retry_reason": reason or ""}
    return envelope


def _takes_an_answer(kind: str, payload: Json) -> bool:
    """Whether the acknowledgement may bring something: errors, options, the words of a command."""
    return kind in ("options", "command") or payload.get("type") == "view_submission"
