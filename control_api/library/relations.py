"""Keeps in the index which videos are renditions of which, whenever one comes or goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from control_api.library.renditions import Copy, Link, linked
from control_api.library.store import VideoStore
from control_api.library.tables import VideoRow


class Relations:
    """Called with the lock of the changes held; `keep` saves a row and its sidecar."""

    def __init__(self, store: VideoStore, keep: Callable[[VideoRow], None]) -> None:
        self._store = store
        self._keep = keep

    def relate(self, row: VideoRow) -> None:
        """Find out what a video and those like it are to each other."""
        rows = {one.id: one for one in self._store.alike(row)}
        links = linked([_copy(one) for one in rows.values()])
        changed = [rows[id] for id, link in links.items() if _take(rows, id, link)]
        if changed:
            self._store.save(*changed)
        for id in links:
            if _share_evening(rows, id):
                self._keep(rows[id])

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


def _share_evening(rows: dict[str, VideoRow], id: str) -> bool:
    """Whether a video takes over the evening of its original, or of a rendition that was there
    before it."""
    row = rows[id]
    others = [rows[row.rendition_of]] if row.rendition_of in rows else []
    if row.rendition_of is None and row.evening_id is None:
        others = [one for one in rows.values() if one.rendition_of == id]
    known = next((one for one in others if one.evening_id is not None), None)
    if known is None or row.evening_id == known.evening_id:
        return False
    row.evening_id, row.evening_title = known.evening_id, known.evening_title
    row.evening_by_hand = known.evening_by_hand
    return True
