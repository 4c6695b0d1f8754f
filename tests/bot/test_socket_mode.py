from __future__ import annotations

import json

from slack_bolt.adapter.socket_mode.internals import run_bolt_app
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.slack import app
from bot.web import door
from core.models import Import
from tests.bot.conftest import LEADS, Office


def test_the_same_steps_over_socket_mode(office: Office) -> None:
    """An event that comes over a socket is taken in like one over HTTP, and only once."""
    station = office.station
    bolt = app.build(door(station.database, station.bell, station.workspaces))
    shared = office.ben.share(("leads.csv", LEADS))
    office.taken(shared)
    payload = json.loads(office.heard("message.file_share")["body"])
    again = run_bolt_app(bolt, SocketModeRequest("events_api", "e1", payload))
    payload["event_id"], payload["event"]["ts"] = "EvNEW", "1790000000.000001"
    new = run_bolt_app(bolt, SocketModeRequest("events_api", "e2", payload))

    assert (again.status, new.status) == (200, 200)
    assert office.count(Import) == 2
