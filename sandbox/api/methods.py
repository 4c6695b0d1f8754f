"""Which methods there are, what each needs, and who answers it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sandbox.api import chat, conversations, files, people, views
from sandbox.api.calls import Call
from sandbox.errors import Json

# In `scope`, `*:` stands for the family of the channel asked about: channels, groups or im.
FAMILIES = {"channel": "channels", "group": "groups", "im": "im"}


@dataclass(frozen=True)
class Method:
    """One Web API method. `scope` is '' where a token is enough; `open_to_all` needs no token.

    `of_app` needs the app's own token, which opens no workspace.
    """

    answer: Callable[[Call], Awaitable[Json]]
    scope: str = ""
    open_to_all: bool = False
    of_app: bool = False


METHODS: dict[str, Method] = {
    "api.test": Method(people.api_test, open_to_all=True),
    "apps.connections.open": Method(people.socket_mode, of_app=True),
    "auth.test": Method(people.auth_test),
    "blocks.validate": Method(people.validate_blocks, open_to_all=True),
    "chat.delete": Method(chat.delete, "chat:write"),
    "chat.getPermalink": Method(chat.permalink),
    "chat.postEphemeral": Method(chat.post_ephemeral, "chat:write"),
    "chat.postMessage": Method(chat.post_message, "chat:write"),
    "chat.update": Method(chat.update, "chat:write"),
    "conversations.history": Method(conversations.history, "*:history"),
    "conversations.info": Method(conversations.info, "*:read"),
    "conversations.join": Method(conversations.join, "channels:join"),
    "conversations.list": Method(conversations.list_all, "channels:read"),
    "conversations.members": Method(conversations.members, "*:read"),
    "conversations.open": Method(conversations.open_dm, "im:write"),
    "conversations.replies": Method(conversations.replies, "*:history"),
    "files.completeUploadExternal": Method(files.complete_upload, "files:write"),
    "files.delete": Method(files.delete, "files:write"),
    "files.getUploadURLExternal": Method(files.get_upload_url, "files:write"),
    "files.info": Method(files.info, "files:read"),
    "team.info": Method(people.team_info, "team:read"),
    "usergroups.users.list": Method(people.usergroup_users, "usergroups:read"),
    "users.info": Method(people.users_info, "users:read"),
    "users.list": Method(people.users_list, "users:read"),
    "views.open": Method(views.open_view),
    "views.publish": Method(views.publish),
    "views.push": Method(views.push),
    "views.update": Method(views.update),
}


def scope_for(method: Method, call: Call) -> str:
    """The scope this very call needs."""
    if not method.scope.startswith("*:"):
        return method.scope
    room = call.workspace.channels.find(call.text("channel"))
    family = FAMILIES[room.kind] if room else "channels"
    return method.scope.replace("*", family)
