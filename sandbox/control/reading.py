"""Reading the workspace as JSON."""

from sandbox import posting
from sandbox.control.asked import Asked
from sandbox.errors import Json
from sandbox.identity import APP_ID, BOT_ID, BOT_USER, Channel, User
from sandbox.views import View


async def workspace(asked: Asked) -> Json:
    """Team, app, people, and the channels of one person."""
    here, config = asked.workspace, asked.workspace.config
    people = [user.as_slack() for user in here.people.by_id.values()]
    commands = [vars(command) for command in config.commands]
    app = {"id": APP_ID, "bot_id": BOT_ID, "user": BOT_USER, "name": config.app_name}
    return {
        "ok": True,
        "team": {"id": config.team.id, "name": config.team.name},
        "app": app | {"installed": here.installed, "url": config.app_url},
        "users": people,
        "channels": [_channel(room) for room in _rooms(asked)],
        "commands": commands,
        "shortcuts": [vars(shortcut) for shortcut in config.shortcuts],
        "scopes": sorted(here.scopes),
        "refused_blocks": sorted(here.refused_blocks),
        "socket_mode": here.sockets.on,
        "sockets": len(here.sockets.open),
    }


def _rooms(asked: Asked) -> list[Channel]:
    rooms = asked.workspace.channels.by_id.values()
    return [room for room in rooms if not asked.get("user") or asked.user.id in room.members]


def _channel(room: Channel) -> Json:
    return {
        "id": room.id,
        "name": room.name,
        "kind": room.kind,
        "topic": room.topic,
        "members": sorted(room.members),
        "app_is_member": BOT_USER in room.members,
    }


async def messages(asked: Asked) -> Json:
    """What a person sees in a channel, or in one thread of it (`thread_ts`)."""
    room, user = asked.room, asked.user
    found = asked.workspace.messages.in_channel(room.id, user.id)
    root = asked.get("thread_ts")
    if root:
        found = [message for message in found if message.root == root]
    shown = [posting.as_shown(asked.workspace, message) for message in found]
    return {"ok": True, "channel": room.id, "messages": shown}


async def views(asked: Asked) -> Json:
    """The modals a person has open, root first, and their Home tab."""
    user = asked.user
    stack = [_view(asked, user, view) for view in asked.workspace.views.stack(user.id)]
    home = asked.workspace.views.homes.get(user.id)
    return {"ok": True, "views": stack, "home": home.as_slack() if home else None}


def _view(asked: Asked, user: User, view: View) -> Json:
    return view.as_slack() | {"errors": view.errors}


async def deliveries(asked: Asked) -> Json:
    """What was sent to the app and how it went, oldest first."""
    wanted = asked.get("kind")
    log = [o.as_json() for o in asked.workspace.courier.log if not wanted or o.kind == wanted]
    parcels = asked.workspace.courier.parcels
    shown = [entry | {"body": parcels[entry["id"]].body.decode()} for entry in log]
    return {"ok": True, "deliveries": shown}


async def calls(asked: Asked) -> Json:
    """What the app called, oldest first."""
    wanted = asked.get("method")
    kept = [call for call in asked.workspace.calls if not wanted or call.method == wanted]
    return {"ok": True, "calls": [call.as_json() for call in kept]}
