"""two processes: owners of jobs, leases, revisions"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Added one by one: SQLite then keeps the table, and with it the ids of deleted jobs.
    op.add_column("jobs", sa.Column("owner", sa.String(length=64), nullable=True))
    op.add_column("jobs", sa.Column("heartbeat_at", sa.Double(), nullable=True))
    number = sa.Column("attempt_number", sa.Integer(), nullable=False, server_default="0")
    op.add_column("jobs", number)
    no = sa.false()
    op.add_column("jobs", sa.Column("cancelling", sa.Boolean(), nullable=False, server_default=no))
    op.execute("UPDATE jobs SET attempt_number = attempts")
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "revisions",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def downgrade() -> None:
    op.drop_table("revisions")
    op.drop_table("leases")
    for column in ("cancelling", "attempt_number", "heartbeat_at", "owner"):
        op.drop_column("jobs", column)
