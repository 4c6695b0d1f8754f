"""Naturalead's API: a preview, then a mapping and its confirmation; leads, history and rollback."""
