"""Gives each video its evening when it arrives; the id is kept in the sidecars of the parts."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime, tzinfo

from control_api.errors import ApiError
from control_api.evenings.grouping import (
    APART_SECONDS,
    Group,
    Part,
    claims,
    grouped,
    merged_windows,
)
from control_api.evenings.store import EveningStore
from control_api.evenings.tables import EveningRow
from control_api.library.changes import Changes
from control_api.library.store import VideoStore
from control_api.library.tables import VideoRow

logger = logging.getLogger(__name__)

_AT_ONCE = 100


class Assigner:
    """Called with the lock of the changes held."""

    def __init__(
        self, evenings: EveningStore, videos: VideoStore, changes: Changes, zone: tzinfo
    ) -> None:
        self._evenings = evenings
        self._videos = videos
        self._changes = changes
        self._zone = zone

    def assign(self, row: VideoRow) -> None:
        """Find the evening of a video, or begin one; what has one keeps it."""
        if row.studio is None or row.is_edited or row.rendition_of:
            return
        if row.evening_id is not None:
            evening = self._known(row)
            self._widen(evening, [row])
            if row.evening_by_hand != evening.is_by_hand:
                # A sidecar of a version that did not keep it.
                self._put(row, evening)
            return
        group = self._group(row)
        evening = self._chosen(row, group)
        self._widen(evening, [row])
        self._put(row, evening)
        if not evening.is_by_hand:
            self._merge(evening, group)

    def assign_missing(self) -> bool:
        """Some videos that have none, as after an update; whether there were any."""
        ids, failed = self._evenings.without(_AT_ONCE), 0
        for id in ids:
            try:
                if row := self._videos.get(id):
                    self.assign(row)
            except ApiError as error:
                failed += 1
                logger.warning("the video %s gets no evening: %s", id, error)
        return len(ids) > failed

    def regroup(self, studio: str, begin: float, end: float) -> None:
        """Regroup the evenings of [begin, end) after the account of a window has come; those
        that an operator has joined or split stay."""
        for source in self._evenings.sources(studio, begin - APART_SECONDS, end + APART_SECONDS):
            groups = self._groups(studio, source, begin - APART_SECONDS, end + APART_SECONDS)
            ids = {part.evening for group in groups for part in group.parts if part.evening}
            known = {id: one for id in ids if (one := self._evenings.get(id)) is not None}
            fixed = {id for id, one in known.items() if one.is_by_hand}
            for group, id in claims(groups, fixed):
                self._gather(group, known.get(id or ""))
            for evening in known.values():
                self._fit(evening)

    def _gather(self, group: Group, evening: EveningRow | None) -> None:
        """Move the parts of a group into one evening, or into a new one."""
        title = group.window.title if group.window else ""
        for part in group.parts:
            row = self._videos.get(part.id)
            if row is None or part.evening is None:
                continue
            if evening is None:
                row.evening_id = None
                evening = self._new(row, title or row.title)
            if row.evening_id != evening.id or (title and not evening.title):
                evening.title = evening.title or title
                self._widen(evening, [row])
                self._put(row, evening)

    def _fit(self, evening: EveningRow) -> None:
        """From the begin of its first part to the end of its last."""
        parts = self._evenings.all_parts(evening.id)
        if parts:
            evening.start = min(row.sort_start for row in parts)
            evening.end = max(map(_end, parts))
            evening.date = self._date(evening.start)
            self._evenings.save(evening)

    def _group(self, row: VideoRow) -> Group:
        begin, end = row.sort_start - APART_SECONDS, _end(row) + APART_SECONDS
        mine = Part(row.id, row.sort_start, _end(row))
        groups = self._groups(row.studio or "", row.source, begin, end, mine)
        return next(one for one in groups if any(part.id == row.id for part in one.parts))

    def _groups(
        self, studio: str, source: str, begin: float, end: float, *more: Part
    ) -> list[Group]:
        """The groups of all recordings in [begin, end) and in the windows that touch it."""
        windows = merged_windows(self._evenings.windows(studio, begin, end))
        first = min([begin, *(one.begin - APART_SECONDS for one in windows)])
        last = max([end, *(one.end + APART_SECONDS for one in windows)])
        windows = merged_windows(self._evenings.windows(studio, first, last))
        parts = {one.id: one for one in self._evenings.around(studio, source, first, last)}
        return grouped((parts | {one.id: one for one in more}).values(), windows)

    def _chosen(self, row: VideoRow, group: Group) -> EveningRow:
        """The earliest evening of the group; where an operator has a hand in it, the nearest."""
        ids = dict.fromkeys(part.evening for part in group.parts if part.evening)
        known = [one for id in ids if (one := self._evenings.get(id)) is not None]
        if any(one.is_by_hand for one in known):
            return min(known, key=lambda one: (_distance(row, one), one.start))
        if known:
            return min(known, key=lambda one: (one.start, one.id))
        title = group.window.title if group.window else ""
        return self._new(row, title or row.title)

    def _new(self, row: VideoRow, title: str) -> EveningRow:
        id, salt = row.evening_id, 0
        while id is None or (row.evening_id is None and self._evenings.get(id)):
            text = f"evening\0{row.id}\0{salt or ''}"
            id, salt = hashlib.sha256(text.encode()).hexdigest()[:16], salt + 1
        return EveningRow(
            id=id,
            studio=row.studio or "",
            source=row.source,
            title=title,
            start=row.sort_start,
            end=_end(row),
            date=self._date(row.sort_start),
            is_by_hand=row.evening_by_hand,
        )

    def _known(self, row: VideoRow) -> EveningRow:
        """The evening of a video; after the database was lost, made from its sidecar."""
        found = self._evenings.get(row.evening_id or "") or self._new(row, row.evening_title)
        found.is_by_hand = found.is_by_hand or row.evening_by_hand
        return found

    def _widen(self, evening: EveningRow, rows: Sequence[VideoRow]) -> None:
        evening.start = min([evening.start, *(row.sort_start for row in rows)])
        evening.end = max([evening.end, *map(_end, rows)])
        evening.date = self._date(evening.start)
        self._evenings.save(evening)

    def _merge(self, evening: EveningRow, group: Group) -> None:
        """A video that comes between two evenings makes them one, unless an operator has split
        them."""
        others = dict.fromkeys(part.evening for part in group.parts)
        for id in others:
            other = self._evenings.get(id) if id and id != evening.id else None
            if other is None or other.is_by_hand:
                continue
            moved = [row for row in self._evenings.all_parts(other.id) if _moves(row, group)]
            self._widen(evening, moved)
            for row in moved:
                self._put(row, evening)

    def _put(self, row: VideoRow, evening: EveningRow) -> None:
        row.evening_id, row.evening_title = evening.id, evening.title
        row.evening_by_hand = evening.is_by_hand
        self._changes.keep(row)

    def _date(self, moment: float) -> str:
        return datetime.fromtimestamp(moment, self._zone).date().isoformat()


def _moves(row: VideoRow, group: Group) -> bool:
    """Whether a video of a merged evening moves to the group: those of its window, if any."""
    return group.window is None or any(part.id == row.id for part in group.parts)


def _end(row: VideoRow) -> float:
    return row.sort_start + row.clock_seconds


def _distance(row: VideoRow, evening: EveningRow) -> float:
    """Seconds between a video and an evening; 0 where they overlap."""
    return max(0.0, row.sort_start - evening.end, evening.start - _end(row))
