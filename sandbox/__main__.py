"""`python -m sandbox`: a workspace with one app, until interrupted.

The app's bot token and signing secret come from SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET, never
from the command line, where every user of the machine could read them. With SLACK_CLIENT_ID and
SLACK_CLIENT_SECRET the app can be installed by OAuth, in a second workspace as well. With
--socket-mode the app opens a WebSocket with the token in SLACK_APP_TOKEN, and needs no address.
"""

import argparse
import os

from sandbox.config import Config, Team
from sandbox.main import run

NEIGHBOUR = Team("T0FJORD", "Fjord Labs", "fjord-labs")


def main() -> None:
    """Read the command line and the environment, and serve."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=3100)
    parser.add_argument("--app-url", default="http://127.0.0.1:3000/slack/events", metavar="URL")
    parser.add_argument("--socket-mode", action="store_true")
    asked = parser.parse_args()
    signing_secret = os.environ.get("SLACK_SIGNING_SECRET", "")
    bot_token = os.environ.get("SLACK_BOT_TOKEN", "")
    client_id = os.environ.get("SLACK_CLIENT_ID", "")
    if not ((signing_secret or asked.socket_mode) and (bot_token or client_id)):
        parser.error(
            "SLACK_SIGNING_SECRET and SLACK_BOT_TOKEN or SLACK_CLIENT_ID must be set, "
            "to any values."
        )
    app_token = os.environ.get("SLACK_APP_TOKEN", "")
    if asked.socket_mode and not app_token:
        parser.error("--socket-mode needs SLACK_APP_TOKEN, of any value.")
    config = Config(
        asked.app_url,
        signing_secret,
        bot_token,
        public_url=f"http://{asked.host}:{asked.port}",
        socket_mode=asked.socket_mode,
        app_token=app_token,
        client_id=client_id,
        client_secret=os.environ.get("SLACK_CLIENT_SECRET", ""),
        neighbours=(NEIGHBOUR,) if client_id else (),
    )
    print(f"The sandbox is at {config.public_url}", flush=True)  # noqa: T201  (for a person)
    run(config, asked.host, asked.port)


if __name__ == "__main__":
    main()
