"""All workspaces of one sandbox: one app and one Web API for all, a page and people for each."""

from dataclasses import replace

from sandbox.config import Config
from sandbox.grants import Grants
from sandbox.sockets import Sockets
from sandbox.stamps import Clock
from sandbox.workspace import Workspace


class Town:
    """The workspace at the front, its neighbours, and the installations under way."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self.config = config
        self.sockets = Sockets(config, clock)
        self.front = Workspace(config, clock, self.sockets)
        self.neighbours = [
            Workspace(
                replace(
                    config, team=team, bot_token="", public_url=f"{config.public_url}/{team.id}"
                ),
                clock,
                self.sockets,
            )
            for team in config.neighbours
        ]
        self.grants = Grants(clock)

    @property
    def all(self) -> list[Workspace]:
        """Every workspace, the front one first."""
        return [self.front, *self.neighbours]

    def find(self, team: str) -> Workspace | None:
        """The workspace of that id."""
        return next((one for one in self.all if one.config.team.id == team), None)

    def of_token(self, token: str) -> Workspace:
        """The workspace a token belongs to or did; the front one for a token of none."""
        return next((one for one in self.all if one.keys.knows(token)), self.front)
