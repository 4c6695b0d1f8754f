"""The conversation, one module per step. ``bot.slack.app.STEPS`` is the table of contents."""
