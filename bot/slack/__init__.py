"""The Slack conversation."""
