"""recorder: identities of what it sends, codes instead of sentences, the database's identity"""

from __future__ import annotations

import time
import uuid
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None

_CODES = (
    ("Leitstand was not running", "recorder_not_running"),
    ("stopped by ", "stopped_by"),
    ("paused", "paused_by"),
    ("starting", "starting"),
    ("stalled", "stalled"),
    ("cannot record: the disk of", "disk_full"),
    ("cannot record", "obs_refuses"),
    ("the recording ended by itself", "obs_refuses"),
    ("OBS accepts", "obs_refuses"),
    ("OBS was asked to stop", "stalled"),
    ("OBS", "obs_away"),
    ("nothing is scheduled", "not_wanted"),
)
"""How the sentences of earlier versions began, and the codes that say the same now."""


def upgrade() -> None:
    with op.batch_alter_table("recordings") as batch:
        batch.add_column(sa.Column("uid", sa.String(32), nullable=True))
        batch.add_column(sa.Column("reason_code", sa.String(40), nullable=True))
        batch.add_column(sa.Column("reason_params", sa.JSON(), nullable=True))
        batch.create_index("ix_recordings_uid", ["uid"], unique=True)
    with op.batch_alter_table("runs") as batch:
        batch.add_column(sa.Column("date", sa.String(10), nullable=True))
        batch.create_index("ix_runs_date", ["schedule_id", "date"], unique=False)
    for table in ("events", "audit"):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("uid", sa.String(32), nullable=True))
            batch.create_index(f"ix_{table}_uid", ["uid"], unique=True)
    with op.batch_alter_table("overrides") as batch:
        batch.add_column(sa.Column("windows", sa.JSON(), nullable=True))
    op.create_table(
        "extensions",
        sa.Column("schedule_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("date", sa.String(10), nullable=False),
        sa.Column("studio", sa.String(63), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("who", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("schedule_id", "date"),
    )
    op.create_index("ix_extensions_studio", "extensions", ["studio"])
    installation = op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("written_at", sa.Double(), nullable=False),
        sa.Column("recorder", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    now = time.time()
    row = {"id": 1, "uid": uuid.uuid4().hex, "created_at": _made_at() or now, "written_at": now}
    op.bulk_insert(installation, [row])
    _give_gaps_codes()


def _made_at() -> float | None:
    """When a database of an earlier version was made: with its first token; None for a new one."""
    tokens = sa.table("tokens", sa.column("created_at", sa.Double))
    first: float | None = op.get_bind().scalar(sa.select(sa.func.min(tokens.c.created_at)))
    return first


def _give_gaps_codes() -> None:
    runs = sa.table("runs", sa.column("id", sa.Integer), sa.column("gaps", sa.JSON))
    connection = op.get_bind()
    for number, gaps in connection.execute(sa.select(runs.c.id, runs.c.gaps)).all():
        coded = [gap if "code" in gap else {**gap, **_code_of(gap["reason"])} for gap in gaps]
        connection.execute(runs.update().where(runs.c.id == number).values(gaps=coded))


def _code_of(sentence: str) -> dict[str, Any]:
    code = next((code for start, code in _CODES if sentence.startswith(start)), "obs_refuses")
    by = sentence.removeprefix("stopped by ") if code == "stopped_by" else ""
    params = {"by": by} if by else {"detail": sentence} if code == "obs_refuses" else {}
    return {"code": code, "params": params}


def downgrade() -> None:
    op.drop_table("installation")
    op.drop_table("extensions")
    with op.batch_alter_table("overrides") as batch:
        batch.drop_column("windows")
    for table in ("events", "audit"):
        with op.batch_alter_table(table) as batch:
            batch.drop_index(f"ix_{table}_uid")
            batch.drop_column("uid")
    with op.batch_alter_table("runs") as batch:
        batch.drop_index("ix_runs_date")
        batch.drop_column("date")
    with op.batch_alter_table("recordings") as batch:
        batch.drop_index("ix_recordings_uid")
        for name in ("uid", "reason_code", "reason_params"):
            batch.drop_column(name)
