"""What runs in the background: the queue, the sweeper, the Slack card and thread."""
