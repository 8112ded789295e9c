"""Keeps in the index which videos are renditions of which, whenever one comes or goes."""

from __future__ import annotations

from collections.abc import Iterable

from control_api.library.renditions import Copy, Link, linked
from control_api.library.store import VideoStore
from control_api.library.tables import VideoRow


class Relations:
    """Called with the lock of the changes held."""

    def __init__(self, store: VideoStore) -> None:
        self._store = store

    def relate(self, row: VideoRow) -> None:
        """Find out what a video and those like it are to each other."""
        rows = {one.id: one for one in self._store.alike(row)}
        links = linked([_copy(one) for one in rows.values()])
        changed = [rows[id] for id, link in links.items() if _take(rows, id, link)]
        if changed:
            self._store.save(*changed)

    def without(self, ids: Iterable[str]) -> None:
        """Give renditions of videos that are gone another original: one of them."""
        for row in self._store.renditions(ids):
            self.relate(row)


def _copy(row: VideoRow) -> Copy:
    return Copy(
        row.id,
        row.name,
        row.start,
        row.start_estimated,
        bool(row.reason),
        row.duration,
        row.mtime_ns,
        row.fingerprint,
    )


def _take(rows: dict[str, VideoRow], id: str, link: Link) -> bool:
    """Whether that is new. A rendition shows what its original does, at the same time."""
    row, before = rows[id], (rows[id].rendition_of, rows[id].is_edited)
    row.rendition_of, row.is_edited = link.original, link.is_edited
    is_new = before != (row.rendition_of, row.is_edited)
    original = rows.get(link.original or "")
    if original is not None and row.start_estimated and not original.start_estimated:
        row.start, row.start_estimated = original.start, False
        row.anchors, row.studio = original.anchors, original.studio
        is_new = True
    if original is not None and original.protected and not row.protected:
        row.protected = is_new = True
    return is_new
