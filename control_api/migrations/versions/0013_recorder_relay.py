"""the status of recorders, and requests to them, for APIs on other hosts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recorder_status",
        sa.Column("studio", sa.String(63), nullable=False),
        sa.Column("published_at", sa.Double(), nullable=False),
        sa.Column("status", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("studio"),
    )
    op.create_table(
        "recorder_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("studio", sa.String(63), nullable=False),
        sa.Column("command", sa.String(32), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("asked_at", sa.Double(), nullable=False),
        sa.Column("claimed_at", sa.Double(), nullable=True),
        sa.Column("answered_at", sa.Double(), nullable=True),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    op.drop_table("recorder_requests")
    op.drop_table("recorder_status")
