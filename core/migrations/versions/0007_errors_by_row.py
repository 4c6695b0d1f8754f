"""The errors of an import, apart from its notes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ERRORS = sa.text("severity = 'error'")


def upgrade() -> None:
    op.create_index(
        "ix_row_problem_error", "row_problem", ["account_id", "import_id", "row", "seq"],
        sqlite_where=_ERRORS, postgresql_where=_ERRORS,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_row_problem_error", table_name="row_problem")
