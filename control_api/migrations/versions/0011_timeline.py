"""videos are found by the time that they show, and renditions by their content"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from control_api.timeline.footage import until

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_AT_ONCE = 1000
_START_SECONDS = 2.0
_INDEXES = {
    "ix_videos_by_time": ["on_timeline", "studio", "sort_start", "clock_seconds"],
    "ix_videos_by_clock_seconds": ["on_timeline", "studio", "clock_seconds"],
    "ix_videos_rendition_of": ["rendition_of"],
    "ix_videos_content": ["content"],
}


def upgrade() -> None:
    with op.batch_alter_table("videos") as batch:
        batch.add_column(
            sa.Column("on_timeline", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch.add_column(
            sa.Column("clock_seconds", sa.Double(), server_default="0", nullable=False)
        )
        batch.add_column(sa.Column("rendition_of", sa.String(16), nullable=True))
        batch.add_column(
            sa.Column("is_edited", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch.add_column(sa.Column("fingerprint", sa.JSON(), nullable=True))
        batch.add_column(sa.Column("content", sa.String(32), nullable=True))
    _fill()
    _examine_again()
    for name, columns in _INDEXES.items():
        op.create_index(name, "videos", columns)


def downgrade() -> None:
    for name in _INDEXES:
        op.drop_index(name, "videos")
    with op.batch_alter_table("videos") as batch:
        for name in ("content", "fingerprint", "is_edited", "rendition_of"):
            batch.drop_column(name)
        batch.drop_column("clock_seconds")
        batch.drop_column("on_timeline")


def _fill() -> None:
    videos = sa.table(
        "videos",
        sa.column("id", sa.String),
        sa.column("listed", sa.Boolean),
        sa.column("on_timeline", sa.Boolean),
        sa.column("sort_start", sa.Float),
        sa.column("duration", sa.Float),
        sa.column("anchors", sa.JSON),
        sa.column("clock_seconds", sa.Float),
    )
    connection = op.get_bind()
    connection.execute(videos.update().values(on_timeline=videos.c.listed))
    columns = videos.c.id, videos.c.sort_start, videos.c.duration, videos.c.anchors
    lengths: list[dict[str, Any]] = [
        {"this": id, "seconds": until(start, duration, anchors) - start}
        for id, start, duration, anchors in connection.execute(sa.select(*columns))
    ]
    one = videos.update().where(videos.c.id == sa.bindparam("this"))
    for at in range(0, len(lengths), _AT_ONCE):
        connection.execute(
            one.values(clock_seconds=sa.bindparam("seconds")), lengths[at : at + _AT_ONCE]
        )


def _examine_again() -> None:
    """Have the files looked into that may be renditions: those that begin when another one does."""
    videos = sa.table(
        "videos",
        sa.column("id", sa.String),
        sa.column("listed", sa.Boolean),
        sa.column("state", sa.String),
        sa.column("sort_start", sa.Float),
        sa.column("examination", sa.JSON(none_as_null=True)),
    )
    other = videos.alias()
    is_near = other.c.sort_start.between(
        videos.c.sort_start - _START_SECONDS, videos.c.sort_start + _START_SECONDS
    )
    has_twin = sa.exists().where(other.c.listed, is_near, other.c.id != videos.c.id)
    ready = sa.and_(videos.c.listed, videos.c.state == "ready", has_twin)
    op.execute(videos.update().where(ready).values(examination={}))
