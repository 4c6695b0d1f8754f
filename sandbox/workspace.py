"""The workspace: everything there is, in memory, in one place."""

from collections import deque
from dataclasses import asdict, dataclass

from sandbox.config import Config
from sandbox.courier import Courier, Outcome
from sandbox.errors import Json
from sandbox.faults import Faults
from sandbox.feed import Feed
from sandbox.files import Files
from sandbox.identity import Channels, People
from sandbox.keys import Keys
from sandbox.messages import Messages
from sandbox.sockets import Sockets
from sandbox.stamps import Clock, Stamps
from sandbox.tiers import Tiers
from sandbox.triggers import ResponseUrls, Triggers
from sandbox.views import Views

CALLS_KEPT = 500


@dataclass(frozen=True)
class ApiCall:
    """One Web API call the app made; `error` is None when it worked."""

    method: str
    at: float
    arguments: Json
    error: str | None

    def as_json(self) -> Json:
        """For the developer log."""
        return asdict(self)


class Workspace:
    """One team, its app, and all that was said. Lives on one event loop; nothing is locked."""

    def __init__(self, config: Config, clock: Clock, sockets: Sockets) -> None:
        self.config = config
        self.clock = clock
        self.sockets = sockets
        self.feed = Feed()
        self.courier = Courier(config, clock, sockets)
        self.courier.on_outcome = self._tell_outcome
        self.reset()

    def reset(self) -> None:
        """Start over with an empty workspace, without faults, the app installed as configured."""
        config = self.config
        self.courier.forget()
        self.stamps = Stamps(self.clock)
        self.scopes = set(config.scopes)
        self.refused_blocks = set(config.refused_blocks)
        self.keys = Keys(config.bot_token)
        self.people = People(config.app_name, config.team)
        self.channels = Channels(config.team.id)
        self.files = Files(self.stamps, config.public_url, config.team.id)
        self.messages = Messages(self.stamps, self.files, config.team.id)
        self.views = Views(self.stamps, config.team.id)
        self.triggers = Triggers(self.clock, config.trigger_seconds)
        self.response_urls = ResponseUrls(
            self.clock, config.response_url_seconds, config.response_url_uses
        )
        self.faults = Faults()
        self.tiers = Tiers(self.clock)
        self.calls: deque[ApiCall] = deque(maxlen=CALLS_KEPT)
        # What each person has chosen in a message's menus, and the options last suggested to them.
        self.message_values: dict[tuple[str, str], Json] = {}
        self.suggested: dict[tuple[str, str, str], list[Json]] = {}

    @property
    def installed(self) -> bool:
        """Whether the app is in the workspace."""
        return self.keys.any

    def note_call(self, call: ApiCall) -> None:
        """Remember a Web API call and show it."""
        self.calls.append(call)
        self.feed.tell("call", call=call.as_json())

    def _tell_outcome(self, outcome: Outcome) -> None:
        self.feed.tell("delivery", delivery=outcome.as_json())
