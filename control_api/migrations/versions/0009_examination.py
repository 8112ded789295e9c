"""examinations that did not work are made again, also those of earlier versions"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_FAILED = ("it could not be examined in %", "it brings down what examines it")
"""What earlier versions took for damage. It says nothing about the file."""


def upgrade() -> None:
    with op.batch_alter_table("videos") as batch:
        batch.add_column(sa.Column("examination", sa.JSON(), nullable=True))
    videos = sa.table(
        "videos",
        sa.column("state", sa.String),
        sa.column("reason", sa.Text),
        sa.column("examination", sa.JSON(none_as_null=True)),
    )
    failed = sa.or_(*(videos.c.reason.like(reason) for reason in _FAILED))
    again: dict[str, Any] = {"examination": {}, "reason": "not examined yet"}
    op.execute(videos.update().where(failed).values(again))
    op.execute(
        videos.update()
        .where(videos.c.reason == "not examined yet", videos.c.state == "damaged")
        .values(state="unexamined")
    )
    recordings = sa.table("recordings", sa.column("state", sa.String), sa.column("file", sa.Text))
    # Earlier versions did not keep why a recording was damaged.
    damaged = sa.and_(recordings.c.state == "damaged", recordings.c.file.is_not(None))
    op.execute(recordings.update().where(damaged).values(state="checking"))


def downgrade() -> None:
    op.execute("UPDATE videos SET state = 'damaged' WHERE state = 'unexamined'")
    with op.batch_alter_table("videos") as batch:
        batch.drop_column("examination")
