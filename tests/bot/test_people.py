from __future__ import annotations

from typing import Any

import pytest

from bot.slack.people import REMEMBERED_SECONDS, People, is_outsider
from tests.bot.conftest import Office

TEAM = "T0SANDBOX"


def test_people_are_asked_for_once_a_minute(office: Office) -> None:
    """Slack is asked again only after a minute, so that a new admin is known soon."""
    now = [0.0]
    people = People(office.station.workspaces, lambda: now[0])
    people.get(TEAM, "U0ANA")
    now[0] = REMEMBERED_SECONDS - 1
    people.get(TEAM, "U0ANA")
    before = len(office.sandbox.calls("users.info"))
    now[0] = REMEMBERED_SECONDS + 1
    people.get(TEAM, "U0ANA")

    assert before == 1
    assert len(office.sandbox.calls("users.info")) == 2


def test_admins_and_guests_are_told_apart(office: Office) -> None:
    """Ana runs the workspace, Ben is in it, the guest is an outsider, and so is nobody."""
    people = People(office.station.workspaces)
    known = {user: people.get(TEAM, user) for user in ("U0ANA", "U0BEN", "U0GUEST", "U0NOBODY")}

    assert [p.id for p in known.values() if p.is_admin] == ["U0ANA"]
    assert [p.id for p in known.values() if p.is_outsider] == ["U0GUEST", "U0NOBODY"]


@pytest.mark.parametrize(
    ("user", "outside"),
    [
        ({"team_id": "T1"}, False),
        ({}, False),
        ({"team_id": "T1", "is_stranger": True}, True),
        ({"team_id": "T1", "is_ultra_restricted": True}, True),
        ({"team_id": "T2"}, True),
        ({"team_id": "T2", "enterprise_user": {"teams": ["T1", "T2"]}}, False),
    ],
)
def test_who_is_an_outsider(user: dict[str, Any], outside: bool) -> None:
    """Guests, strangers and members of other workspaces; an organisation's own people are not."""
    assert is_outsider(user, "T1") is outside
