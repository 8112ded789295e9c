"""From the ranges of an order to seconds into videos, and where in the clip they lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from control_api.clips.order import Mark, Order, Range
from control_api.clips.when import Footage, Span, footage, in_evening, in_one, moments, offset_said
from control_api.errors import ApiError, BadInput, Conflict
from control_api.library.listing import Sort, Wanted
from control_api.library.portrait import READY
from control_api.library.service import LibraryService
from control_api.library.store import VideoStore
from control_api.library.tables import VideoRow

_NEWEST_VIDEOS = 500
"""Among so many of a studio a time without its video is looked for."""


@dataclass(frozen=True, slots=True)
class Picked:
    """For each range its spans, in the order asked for; `rows` by id."""

    rows: Mapping[str, VideoRow]
    groups: Sequence[Sequence[Span]]

    @property
    def spans(self) -> list[Span]:
        return [span for group in self.groups for span in group]

    @property
    def seconds(self) -> float:
        return sum(span.end - span.start for span in self.spans)

    @property
    def first(self) -> VideoRow:
        return self.rows[self.spans[0].id]

    def wall(self, span: Span) -> float | None:
        """When it was shot, where that is known."""
        pieces = footage_of(self.rows[span.id]).stretches
        before = [piece for piece in pieces if piece.offset <= span.start]
        return before[-1].wall + span.start - before[-1].offset if before else None


def footage_of(row: VideoRow) -> Footage:
    return footage(row.id, row.duration, row.start, row.anchors)


class Picker:
    def __init__(self, videos: VideoStore, library: LibraryService) -> None:
        self.zone = library.zone
        self._videos = videos
        self._library = library

    def held(self) -> AbstractContextManager[None]:
        """Meanwhile the files stay where they are."""
        return self._library.held()

    def path(self, id: str) -> Path:
        """The file of a video."""
        return self._library.path(id)

    def pick(self, order: Order) -> Picked:
        """Raises BadInput, NotFound and Conflict, which name the range where there are several."""
        if order.video_id is not None and order.studio is not None:
            raise BadInput("video_id: either video_id or studio is needed, and not both")
        rows: dict[str, VideoRow] = {}
        groups = []
        for place, one in enumerate(order.several):
            where = "" if order.ranges is None else f"ranges.{place}."
            with _named(where):
                found, spans = self._spans(order, one)
            rows |= found
            groups.append(spans)
        return Picked(rows, groups)

    def _spans(self, order: Order, one: Range) -> tuple[dict[str, VideoRow], list[Span]]:
        id = one.video_id or order.video_id
        if id is None and order.studio is None:
            raise BadInput("video_id: either video_id or studio is needed, and not both")
        if id is not None:
            row = _ready(self._library.get(id))
            return {row.id: row}, [in_one(footage_of(row), one.start, one.end, self.zone)]
        wanted = Wanted(studio=order.studio, sort=Sort.NEWEST)
        rows = [*reversed(self._videos.page(wanted, 0, _NEWEST_VIDEOS)[0])]
        shot = [footage_of(row) for row in rows]
        spans = in_evening(shot, str(one.start), str(one.end), self.zone)
        by_id = {row.id: row for row in rows}
        return {span.id: _ready(by_id[span.id]) for span in spans}, spans


def chapters(order: Order, picked: Picked, zone: tzinfo) -> list[tuple[float, str]]:
    """Seconds into the clip, and the title, of each. Raises BadInput that names the mark."""
    if order.marks is not None:
        return [
            (_placed(mark, picked, zone, f"chapters.{place}.at"), mark.title)
            for place, mark in enumerate(order.marks)
        ]
    if len(picked.groups) < 2:
        return []
    found, at = [], 0.0
    for group in picked.groups:
        found.append((at, _title(picked.wall(group[0]), group[0].start, zone)))
        at += sum(span.end - span.start for span in group)
    return found


def _placed(mark: Mark, picked: Picked, zone: tzinfo, field: str) -> float:
    seconds = offset_said(mark.at)
    if seconds is not None:
        if seconds >= picked.seconds:
            raise BadInput(f"{field}: {seconds:g} s: the clip has {picked.seconds:.3f} s")
        return seconds
    at = 0.0
    for span in picked.spans:
        length = span.end - span.start
        wall = picked.wall(span)
        for moment in moments(str(mark.at), zone, field, wall, length) if wall is not None else ():
            if wall is not None and wall <= moment < wall + length:
                return at + moment - wall
        at += length
    raise BadInput(f"{field}: {mark.at!r} is in no part of the clip")


def _title(wall: float | None, offset: float, zone: tzinfo) -> str:
    """20:31:10; without a known time how far into the video."""
    if wall is not None:
        return datetime.fromtimestamp(wall, zone).strftime("%H:%M:%S")
    minutes, seconds = divmod(int(offset), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


def _ready(row: VideoRow) -> VideoRow:
    if row.state != READY:
        why = f" ({row.reason})" if row.reason else ""
        raise Conflict(f"video_id: {row.id!r} is {row.state}{why}; a clip needs one that is ready")
    return row


@contextmanager
def _named(where: str) -> Iterator[None]:
    """Says in an error which of several ranges it is about."""
    try:
        yield
    except ApiError as error:
        if not where:
            raise
        has_field = error.detail.startswith(("start:", "end:", "video_id:"))
        field = "" if has_field else "video_id: "
        raise type(error)(f"{where}{field}{error.detail}") from None
