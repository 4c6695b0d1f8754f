"""Since when a message could not be delivered"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("failing_since", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("outbox", "failing_since")
