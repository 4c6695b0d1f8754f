"""Webhooks: what Leadport tells others of imports, and single leads that others send."""
