"""Who is in the workspace: the team, its people, the app and its bot user, the channels."""

from dataclasses import dataclass, replace

from sandbox.config import Team
from sandbox.errors import Json, NotPossibleError, SlackError

APP_ID = "A0SANDBOX"
BOT_ID = "B0SANDBOX"
BOT_USER = "U0SANDBOX"


@dataclass(frozen=True)
class User:
    """A member of the workspace."""

    id: str
    team: Team
    name: str
    title: str
    is_admin: bool = False
    is_restricted: bool = False
    is_bot: bool = False

    def as_slack(self) -> Json:
        """The user object of `users.info`."""
        profile = {"real_name": self.name.title(), "display_name": self.name, "title": self.title}
        return {
            "id": self.id,
            "team_id": self.team.id,
            "name": self.name,
            "real_name": self.name.title(),
            "deleted": False,
            "tz": "Europe/Berlin",
            "tz_offset": 3600,
            "locale": "en-US",
            "profile": profile | ({"bot_id": BOT_ID, "api_app_id": APP_ID} if self.is_bot else {}),
            "is_admin": self.is_admin,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": self.is_restricted,
            "is_ultra_restricted": self.is_restricted,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "is_stranger": False,
        }


@dataclass(frozen=True)
class Channel:
    """A conversation. `kind` is channel, group (private) or im."""

    id: str
    team: str
    name: str
    kind: str
    members: frozenset[str]
    topic: str = ""

    def as_slack(self) -> Json:
        """The conversation object of `conversations.info`, as the bot sees it."""
        if self.kind == "im":
            person = next(iter(self.members - {BOT_USER}))
            return {"id": self.id, "is_im": True, "user": person, "is_open": True, "created": 1}
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": True,
            "is_group": False,
            "is_im": False,
            "is_mpim": False,
            "is_private": self.kind == "group",
            "is_archived": False,
            "is_general": False,
            "is_member": BOT_USER in self.members,
            "is_ext_shared": False,
            "is_shared": False,
            "created": 1,
            "context_team_id": self.team,
            "topic": {"value": self.topic, "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
            "num_members": len(self.members),
        }


class People:
    """The users, by id or by name."""

    def __init__(self, app_name: str, team: Team) -> None:
        users = (
            User("U0ANA", team, "ana", "Workspace admin", is_admin=True),
            User("U0BEN", team, "ben", "Member"),
            User("U0GUEST", team, "guest", "Single-channel guest", is_restricted=True),
            User(BOT_USER, team, app_name.lower(), "App", is_bot=True),
        )
        self.by_id = {user.id: user for user in users}

    def find(self, wanted: str) -> User | None:
        """The user with this id or name (`@ana` works), else None."""
        name = wanted.removeprefix("@").lower()
        return self.by_id.get(wanted) or next(
            (user for user in self.by_id.values() if user.name == name), None
        )

    def person(self, wanted: str) -> User:
        """The human of this id or name; raises NotPossibleError."""
        user = self.find(wanted)
        if user is None or user.is_bot:
            raise NotPossibleError(f"nobody here is called {wanted!r}")
        return user


class Channels:
    """The conversations, by id or by name."""

    def __init__(self, team: str) -> None:
        humans = frozenset({"U0ANA", "U0BEN"})
        leads = frozenset({*humans, "U0GUEST", BOT_USER})
        rooms = (
            Channel(
                "C0LEADS",
                team,
                "leads",
                "channel",
                leads,
                "Lists from trade shows, forms and exports. Drop a CSV to import it.",
            ),
            Channel(
                "C0RANDOM", team, "random", "channel", humans, "The app is not in this channel"
            ),
            Channel("C0PRIVATE", team, "sales-private", "group", frozenset({*humans, BOT_USER})),
            Channel(
                "C0SECRET", team, "board", "group", frozenset({"U0ANA"}), "The app cannot see this"
            ),
            Channel("D0ANA", team, "dm-ana", "im", frozenset({"U0ANA", BOT_USER})),
            Channel("D0BEN", team, "dm-ben", "im", frozenset({"U0BEN", BOT_USER})),
            Channel("D0GUEST", team, "dm-guest", "im", frozenset({"U0GUEST", BOT_USER})),
        )
        self.by_id = {room.id: room for room in rooms}

    def find(self, wanted: str) -> Channel | None:
        """The channel with this id or name (`#leads` works), else None."""
        name = wanted.removeprefix("#")
        return self.by_id.get(wanted) or next(
            (room for room in self.by_id.values() if room.name == name and room.kind != "im"), None
        )

    def dm_with(self, user_id: str) -> Channel:
        """The direct message between the bot and a person; raises SlackError user_not_found."""
        for room in self.by_id.values():
            if room.kind == "im" and user_id in room.members:
                return room
        raise SlackError("user_not_found")

    def visible_to_bot(self, wanted: str) -> Channel:
        """A channel as the app may name it: ids, names of public channels, users (their DM).

        Raises SlackError channel_not_found, also for a private channel the bot is not in.
        """
        if wanted.startswith("U") and wanted != BOT_USER:
            return self.dm_with(wanted)
        room = self.find(wanted)
        if room is None or (room.kind != "channel" and BOT_USER not in room.members):
            raise SlackError("channel_not_found")
        return room

    def change_members(self, room: Channel, members: frozenset[str]) -> Channel:
        """Replace who is in a channel."""
        changed = replace(room, members=members)
        self.by_id[room.id] = changed
        return changed
