"""users.*, team.*, auth.* and the small rest."""

from sandbox.api.calls import Call
from sandbox.blocks.kit import HOME, MODAL
from sandbox.blocks.surfaces import check_message, check_view
from sandbox.errors import Json, SlackError
from sandbox.identity import BOT_ID, BOT_USER


async def auth_test(call: Call) -> Json:
    """`auth.test`."""
    return {
        "url": f"{call.workspace.config.public_url}/",
        "team": call.workspace.config.team.name,
        "team_id": call.workspace.config.team.id,
        "user": call.workspace.people.by_id[BOT_USER].name,
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


async def api_test(call: Call) -> Json:
    """`api.test`: echoes, or fails as asked."""
    if call.text("error"):
        raise SlackError(call.text("error"), args=call.arguments)
    return {"args": call.arguments}


async def users_info(call: Call) -> Json:
    """`users.info`."""
    user = call.workspace.people.by_id.get(call.need("user"))
    if user is None:
        raise SlackError("user_not_found")
    return {"user": user.as_slack()}


async def users_list(call: Call) -> Json:
    """`users.list`."""
    people = [user.as_slack() for user in call.workspace.people.by_id.values()]
    return {"members": people, "cache_ts": 1, "response_metadata": {"next_cursor": ""}}


async def usergroup_users(call: Call) -> Json:
    """`usergroups.users.list`: the workspace has one group, `S0SALES`, of ana and ben."""
    if call.need("usergroup") != "S0SALES":
        raise SlackError("no_such_subteam")
    return {"users": ["U0ANA", "U0BEN"]}


async def team_info(call: Call) -> Json:
    """`team.info`."""
    return {"team": {**vars(call.workspace.config.team), "icon": {}}}


async def socket_mode(call: Call) -> Json:
    """`apps.connections.open`: where a WebSocket can be opened, once and soon."""
    return {"url": call.workspace.sockets.address()}


async def validate_blocks(call: Call) -> Json:
    """`blocks.validate`: blocks, a message or a view."""
    refused = call.workspace.refused_blocks
    view = call.value("view")
    if view is not None:
        surface = HOME if isinstance(view, dict) and view.get("type") == "home" else MODAL
        check_view(view, surface, refused)
        return {}
    message = call.value("message")
    check_message(message.get("blocks") if message else call.value("blocks"), refused)
    return {}
