"""Making things go wrong: faults, missing scopes, repeated and forged deliveries."""

import asyncio
from dataclasses import replace

from sandbox import acting, events
from sandbox.control.asked import Asked
from sandbox.courier import Outcome
from sandbox.errors import Json, NotPossibleError
from sandbox.faults import KINDS, Fault
from sandbox.files import FAULTS
from sandbox.parcels import Parcel
from sandbox.signing import MANNERS


async def lay_fault(asked: Asked) -> Json:
    """Spoil Web API calls: method (or *), kind, times, error, retry_after, seconds."""
    kind = str(asked.need("kind"))
    if kind not in KINDS:
        raise NotPossibleError(f"kind must be one of {', '.join(KINDS)}")
    fault = Fault(
        kind,
        str(asked.get("error", "internal_error")),
        int(asked.get("retry_after", 1)),
        float(asked.get("seconds", 0)),
    )
    asked.workspace.faults.lay(str(asked.need("method")), fault, int(asked.get("times", 1)))
    return {"ok": True}


async def clear_faults(asked: Asked) -> Json:
    """Take all Web API faults away."""
    asked.workspace.faults.clear()
    return {"ok": True}


async def spoil_file(asked: Asked) -> Json:
    """Spoil downloads of a file: file (its id), fault, times."""
    fault = str(asked.need("fault"))
    if fault not in FAULTS:
        raise NotPossibleError(f"fault must be one of {', '.join(FAULTS)}")
    times = int(asked.get("times", 1))
    asked.workspace.files.lay_fault(str(asked.need("file")), fault, times)
    return {"ok": True}


async def settings(asked: Asked) -> Json:
    """Change what was granted or is known: scopes, refused_blocks (whole lists), socket_mode."""
    here = asked.workspace
    if asked.get("scopes") is not None:
        here.scopes = set(asked.get("scopes"))
    if asked.get("refused_blocks") is not None:
        here.refused_blocks = set(asked.get("refused_blocks"))
    if asked.get("socket_mode") is not None:
        await here.sockets.switch(bool(asked.get("socket_mode")))
    return {
        "ok": True,
        "scopes": sorted(here.scopes),
        "refused_blocks": sorted(here.refused_blocks),
        "socket_mode": here.sockets.on,
    }


async def disconnect(asked: Asked) -> Json:
    """End the app's sockets: reason (refresh_requested by default), abruptly. How many it was."""
    reason = str(asked.get("reason", "refresh_requested"))
    ended = await asked.workspace.sockets.disconnect(reason, bool(asked.get("abruptly")))
    return {"ok": True, "ended": ended}


async def redeliver(asked: Asked) -> Json:
    """Deliver something again.

    delivery (its id; else the latest, of `event` type if given), times, together (at once),
    signature (right, wrong, stale, missing), attempt (retry number), body (sent instead).
    """
    parcel = _wanted(asked)
    manner = str(asked.get("signature", "right"))
    if manner not in MANNERS:
        raise NotPossibleError(f"signature must be one of {', '.join(MANNERS)}")
    if asked.get("body") is not None:
        parcel = replace(parcel, body=str(asked.get("body")).encode())
    attempt = int(asked.get("attempt", 0))
    send = asked.workspace.courier.send
    again = [
        send(parcel, attempt=attempt, reason="http_timeout", manner=manner)
        for _ in range(int(asked.get("times", 1)))
    ]
    if asked.get("together"):
        outcomes: list[Outcome] = list(await asyncio.gather(*again))
    else:
        outcomes = [await one for one in again]
    return {"ok": True, "deliveries": [outcome.as_json() for outcome in outcomes]}


def _wanted(asked: Asked) -> Parcel:
    courier, wanted = asked.workspace.courier, asked.get("delivery")
    if wanted is not None:
        parcel = courier.parcels.get(int(wanted))
        if parcel is None:
            raise NotPossibleError(f"there is no delivery {wanted}")
        return parcel
    event = asked.get("event")
    for parcel in reversed(courier.sent):
        if event is None or (parcel.kind == "event" and events.type_of(parcel.body) == event):
            return parcel
    raise NotPossibleError("nothing was delivered yet")


async def challenge(asked: Asked) -> Json:
    """Ask the app to prove its address: `url_verification`. True if it echoes the challenge."""
    outcome, word = await events.verify_url(asked.workspace)
    return {"ok": outcome.ok and word in outcome.answer, "delivery": outcome.as_json()}


async def uninstall(asked: Asked) -> Json:
    """Take the app out of the workspace."""
    acting.uninstall(asked.workspace)
    return {"ok": True}


async def reset(asked: Asked) -> Json:
    """Start over with an empty workspace."""
    asked.workspace.reset()
    asked.workspace.feed.tell("reset")
    return {"ok": True}
