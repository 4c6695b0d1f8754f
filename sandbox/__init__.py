"""A local Slack look-alike to try, demo and test against. It knows nothing of Leadport."""
