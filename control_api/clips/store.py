"""Clips and links in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from control_api.clips.tables import ClipRow, LinkRow
from control_api.database import Database


class ClipStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, row: ClipRow | LinkRow) -> None:
        """Insert or update."""
        with self._database.begin() as session:
            session.merge(row)

    def save_in(self, session: Session, row: ClipRow) -> None:
        """The same, as part of a transaction."""
        session.merge(row)

    def get(self, id: str) -> ClipRow | None:
        with self._database.reading() as session:
            return session.get(ClipRow, id)

    def newest(self, limit: int, before: float | None = None) -> Sequence[ClipRow]:
        """Newest first, of those made before that moment."""
        query = select(ClipRow).order_by(ClipRow.created_at.desc(), ClipRow.id).limit(limit)
        if before is not None:
            query = query.where(ClipRow.created_at < before)
        with self._database.reading() as session:
            return session.scalars(query).all()

    def delete(self, id: str) -> None:
        """The clip and its links."""
        with self._database.begin() as session:
            session.execute(delete(LinkRow).where(LinkRow.clip_id == id))
            session.execute(delete(ClipRow).where(ClipRow.id == id))

    def add_link(self, row: LinkRow, most: int) -> bool:
        """False, and nothing written, where so many are good. As many that ended are kept."""
        mine = select(LinkRow).filter_by(clip_id=row.clip_id).order_by(LinkRow.created_at)
        with self._database.begin() as session:
            known = session.scalars(mine).all()
            good = [
                one for one in known if one.revoked_at is None and one.expires_at > row.created_at
            ]
            if len(good) >= most:
                return False
            ended = [one for one in known if one not in good]
            for one in ended[: max(0, len(ended) - most)]:
                session.delete(one)
            session.add(row)
            return True

    def link(self, id: str) -> LinkRow | None:
        with self._database.reading() as session:
            return session.get(LinkRow, id)

    def links(self, clip_id: str) -> Sequence[LinkRow]:
        query = select(LinkRow).filter_by(clip_id=clip_id).order_by(LinkRow.created_at)
        with self._database.reading() as session:
            return session.scalars(query).all()
