"""whether an operator has made the evening of a video, for its sidecar"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("videos") as batch:
        batch.add_column(
            sa.Column("evening_by_hand", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    op.execute(
        "UPDATE videos SET evening_by_hand = true WHERE evening_id IN"
        " (SELECT id FROM evenings WHERE is_by_hand)"
    )


def downgrade() -> None:
    with op.batch_alter_table("videos") as batch:
        batch.drop_column("evening_by_hand")
