"""The front doors: Slack listeners, HTTP, and the command line."""
