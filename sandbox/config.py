"""What a sandbox workspace is told when it starts."""

from dataclasses import dataclass, field

DEFAULT_SCOPES = frozenset(
    {
        "channels:history",
        "channels:join",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "mpim:history",
        "mpim:read",
        "team:read",
        "usergroups:read",
        "users:read",
    }
)

# `file_shared` is left out: it and the `file_share` message both fire for one share, and only
# the message says where in which thread. Add it here to see what an app does with both.
DEFAULT_EVENTS = frozenset(
    {
        "app_home_opened",
        "app_uninstalled",
        "file_deleted",
        "member_joined_channel",
        "member_left_channel",
        "message.channels",
        "message.groups",
        "message.im",
        "message.mpim",
        "tokens_revoked",
    }
)


@dataclass(frozen=True)
class Command:
    """A slash command the app has registered."""

    name: str
    description: str = ""
    usage_hint: str = ""


@dataclass(frozen=True)
class Shortcut:
    """A message shortcut the app has registered."""

    callback_id: str
    name: str


@dataclass(frozen=True)
class Team:
    """A workspace by its name."""

    id: str
    name: str
    domain: str


@dataclass(frozen=True)
class Config:
    """One workspace with one app installed, and others beside it.

    Without a `bot_token` the app is not installed yet. With a `client_id` and `client_secret` any
    workspace can install it by OAuth, the `neighbours` as well, which begin without it.
    `app_url` is where the app takes events, interactions and commands; `public_url` is where this
    sandbox itself can be reached, for it puts its own address into file and response URLs.
    With `socket_mode` all that goes to the app goes over its sockets instead, which it opens with
    the `app_token`. Times are in seconds. `retry_delays` are those of the Events API (at once, a
    minute, five). A socket ends after `socket_seconds`, when it waits `parting_seconds` at most for
    what it has carried; a ticket for one ends after `ticket_seconds`.
    """

    app_url: str
    signing_secret: str
    bot_token: str
    public_url: str = "http://127.0.0.1:3100"
    app_name: str = "Leadport"
    socket_mode: bool = False
    app_token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    team: Team = Team("T0SANDBOX", "Sandbox", "sandbox")
    neighbours: tuple[Team, ...] = ()
    scopes: frozenset[str] = DEFAULT_SCOPES
    events: frozenset[str] = DEFAULT_EVENTS
    commands: tuple[Command, ...] = (Command("/import", "Import leads", "help | status [job]"),)
    shortcuts: tuple[Shortcut, ...] = (Shortcut("import_this", "Import leads from this file"),)
    refused_blocks: frozenset[str] = frozenset()
    deadline_seconds: float = 3.0
    trigger_seconds: float = 3.0
    ticket_seconds: float = 30.0
    socket_seconds: float = 3600.0
    parting_seconds: float = 1.0
    retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0)
    share_delay_seconds: float = 0.05
    response_url_seconds: float = 1800.0
    response_url_uses: int = 5
    echo_own_messages: bool = True
    enforce_tiers: bool = False
    max_file_bytes: int = 1024 * 1024 * 1024
