"""Alembic's entry: runs the migrations on the connection that ``core.db.upgrade`` hands over."""

from __future__ import annotations

from alembic import context

from core import models

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=models.Account.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
