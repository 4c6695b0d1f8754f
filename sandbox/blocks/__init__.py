"""Block Kit: what Slack would refuse, found before anything is shown."""
