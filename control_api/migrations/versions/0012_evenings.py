"""evenings, and which of them a video is a part of"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evenings",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("studio", sa.String(63), nullable=False),
        sa.Column("source", sa.String(63), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("start", sa.Double(), nullable=False),
        sa.Column("end", sa.Double(), nullable=False),
        sa.Column("date", sa.String(10), nullable=False),
        sa.Column("is_by_hand", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_evenings_by_start", "evenings", ["studio", "source", "start"])
    op.create_index("ix_evenings_start", "evenings", ["start"])
    op.create_index("ix_evenings_date", "evenings", ["date"])
    with op.batch_alter_table("videos") as batch:
        batch.add_column(sa.Column("evening_id", sa.String(16), nullable=True))
        batch.add_column(
            sa.Column("evening_title", sa.String(200), server_default="", nullable=False)
        )
        batch.add_column(sa.Column("source", sa.String(63), server_default="", nullable=False))
    op.create_index("ix_videos_by_evening", "videos", ["evening_id", "listed"])


def downgrade() -> None:
    op.drop_index("ix_videos_by_evening", "videos")
    with op.batch_alter_table("videos") as batch:
        for name in ("source", "evening_title", "evening_id"):
            batch.drop_column(name)
    op.drop_table("evenings")
