"""add a reason code to each video; name codecs instead of decoders in its tracks"""

from __future__ import annotations

import json
import re
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_CODES = (
    (re.compile(r"it does not play \((.*)\)"), "unreadable"),
    (re.compile(r"it has neither picture nor sound"), "no_tracks"),
    (re.compile(r"not examined yet:? ?(.*)", re.DOTALL), "not_examined"),
    (re.compile(r"(.*)", re.DOTALL), "crashes_reader"),
)
"""Sentences of earlier versions, with their detail; any other one was that of a crash."""
_DECODERS = {
    **{"libdav1d": "av1", "libaom-av1": "av1", "libvpx": "vp8", "libvpx-vp9": "vp9"},
    **{"libopus": "opus", "libvorbis": "vorbis", "mp3float": "mp3", "mp2float": "mp2"},
    **{"mp1float": "mp1", "libspeex": "speex"},
}
"""What earlier versions listed instead of a codec: the name of its decoder."""

_VIDEOS = sa.table(
    "videos",
    sa.column("id", sa.String),
    sa.column("reason", sa.Text),
    sa.column("reason_code", sa.String),
    sa.column("reason_params", sa.JSON),
    sa.column("tracks", sa.JSON),
)


def upgrade() -> None:
    with op.batch_alter_table("videos") as batch:
        code = sa.Column("reason_code", sa.String(40), nullable=False, server_default="")
        batch.add_column(code)
        batch.add_column(sa.Column("reason_params", sa.JSON(), nullable=False, server_default="{}"))
    with op.batch_alter_table("videos") as batch:
        batch.alter_column("reason_code", server_default=None)
        batch.alter_column("reason_params", server_default=None)
    _give_codes()
    _name_codecs()


def _give_codes() -> None:
    connection = op.get_bind()
    known = sa.select(_VIDEOS.c.id, _VIDEOS.c.reason).where(_VIDEOS.c.reason != "")
    for id, reason in connection.execute(known).all():
        found, code = next(
            (match, code) for form, code in _CODES if (match := form.fullmatch(reason))
        )
        params = {"detail": found[1]} if found.re.groups else {}
        values = {"reason_code": code, "reason_params": params}
        connection.execute(_VIDEOS.update().where(_VIDEOS.c.id == id).values(values))


def _name_codecs() -> None:
    connection = op.get_bind()
    text = sa.cast(_VIDEOS.c.tracks, sa.Text)
    named = sa.or_(*(text.like(f'%"{name}"%') for name in _DECODERS))
    for id, tracks in connection.execute(
        sa.select(_VIDEOS.c.id, _VIDEOS.c.tracks).where(named)
    ).all():
        connection.execute(
            _VIDEOS.update().where(_VIDEOS.c.id == id).values(tracks=_renamed(tracks))
        )


def _renamed(tracks: Any) -> Any:
    listed = json.loads(tracks) if isinstance(tracks, str) else tracks
    return [
        {**track, "codec": _DECODERS.get(track.get("codec", ""), track.get("codec", ""))}
        for track in listed
    ]


def downgrade() -> None:
    with op.batch_alter_table("videos") as batch:
        batch.drop_column("reason_params")
        batch.drop_column("reason_code")
