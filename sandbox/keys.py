"""The app's tokens in one workspace: those that open it, and those that did."""

import secrets


class Keys:
    """Bot tokens. Each installation gives a new one; uninstalling ends all of them."""

    def __init__(self, first: str = "") -> None:
        """`first` opens the workspace from the beginning, unless it is empty."""
        self._live = {first} if first else set()
        self._dead: set[str] = set()

    @property
    def any(self) -> bool:
        """Whether any token opens the workspace."""
        return bool(self._live)

    def new(self, team: str) -> str:
        """One more token."""
        token = f"xoxb-{team.lower()}-{secrets.token_hex(12)}"
        self._live.add(token)
        return token

    def revoke(self) -> None:
        """End all tokens; they stay known, as Slack tells an ended one from one it never gave."""
        self._dead |= self._live
        self._live = set()

    def opens(self, token: str) -> bool:
        """Whether a token opens the workspace."""
        return token in self._live

    def knows(self, token: str) -> bool:
        """Whether a token opens it or did."""
        return token in self._live or token in self._dead
