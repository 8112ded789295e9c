"""From the ranges of an order to seconds into videos, and where in the clip they lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from pathlib import Path

from control_api.clips import order as orders
from control_api.clips.shapes import ChapterIn, ClipIn, RangeIn
from control_api.clips.when import Span, in_one, in_range, moments, offset_said, ranges
from control_api.errors import ApiError, BadInput, Conflict
from control_api.evenings.grouping import APART_SECONDS
from control_api.evenings.service import Evening, EveningService
from control_api.library.portrait import READY, WRITING
from control_api.library.service import LibraryService
from control_api.library.tables import VideoRow
from control_api.timeline.footage import footage
from control_api.timeline.gaps import Gap
from control_api.timeline.service import Recorded, Running, Timelines, footage_of

_GOES_ON_SECONDS = 12 * 3600.0
_ONE_OF = "one of video_id, studio and evening_id is needed"
JOIN, REFUSE = "join", "refuse"
"""The two ways to handle gaps of an order: join the recorded parts, or refuse the order."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A start or end at which nothing was recorded, and the nearest recorded moment inside the
    range, which is taken instead; Unix seconds."""

    field: str
    asked: float
    taken: float


@dataclass(frozen=True, slots=True)
class Found:
    """One range: its spans in order, the gaps in it, and which of its ends were moved."""

    rows: Mapping[str, VideoRow]
    spans: Sequence[Span]
    gaps: Sequence[Gap] = ()
    moved: Sequence[Moved] = ()
    written: Mapping[str, int] = field(default_factory=dict)
    """How many bytes are final of those videos that are being written."""


@dataclass(frozen=True, slots=True)
class Picked:
    """What was found for each range, in the order asked for."""

    found: Sequence[Found]

    @property
    def rows(self) -> Mapping[str, VideoRow]:
        """All videos by id."""
        return {id: row for one in self.found for id, row in one.rows.items()}

    @property
    def written(self) -> Mapping[str, int]:
        """How many bytes are final of the videos that are being written, by id."""
        return {id: size for one in self.found for id, size in one.written.items()}

    @property
    def spans(self) -> list[Span]:
        return [span for one in self.found for span in one.spans]

    @property
    def gaps(self) -> list[Gap]:
        return [gap for one in self.found for gap in one.gaps]

    @property
    def moved(self) -> list[Moved]:
        return [moved for one in self.found for moved in one.moved]

    @property
    def seconds(self) -> float:
        return sum(span.length for span in self.spans)

    @property
    def title(self) -> str:
        """That of the first video, or of its evening."""
        return self.first.title or self.first.evening_title

    @property
    def first(self) -> VideoRow:
        return self.rows[self.spans[0].id]


class Picker:
    """Finds the files and seconds that an order is about."""

    def __init__(
        self, timelines: Timelines, evenings: EveningService, library: LibraryService
    ) -> None:
        self.zone = library.zone
        self._timelines = timelines
        self._evenings = evenings
        self._library = library

    def held(self) -> AbstractContextManager[None]:
        """Meanwhile the files stay where they are."""
        return self._library.held()

    def path(self, id: str) -> Path:
        """The file of a video."""
        return self._library.path(id)

    def pick(self, order: ClipIn) -> Picked:
        """Raises BadInput, NotFound and Conflict, which name the range where there are several."""
        given = (order.video_id, order.studio, order.evening_id)
        if sum(one is not None for one in given) > 1:
            raise BadInput(f"video_id: {_ONE_OF}, and no second one")
        if order.last is not None:
            found = [self._last(order, order.last)]
            if order.gaps == REFUSE:
                _require_whole(found[0], self.zone)
            return Picked(found)
        found = []
        for place, one in enumerate(orders.ranges(order)):
            with _named("" if order.ranges is None else f"ranges.{place}."):
                found.append(self._found(order, one))
                if order.gaps == REFUSE:
                    _require_whole(found[-1], self.zone)
        return Picked(found)

    def _found(self, order: ClipIn, one: RangeIn) -> Found:
        id = one.video_id or order.video_id
        if id is not None:
            row = self._library.get(id)
            if row.state == WRITING:
                return self._in_written(self._readable(row), one)
            return self._in_video(_ready(row), one)
        if order.evening_id is not None:
            return self._in_evening(self._evenings.get(order.evening_id), one)
        if order.studio is None:
            raise BadInput(f"video_id: {_ONE_OF}")
        return self._in_studio(order.studio, one)

    def _in_video(self, row: VideoRow, one: RangeIn) -> Found:
        asked = in_one(footage_of(row), one.start, one.end, self.zone)
        span = asked.span
        first = span.wall if asked.begin is None else asked.begin
        if first is None or asked.end is None:
            return Found({row.id: row}, [span])
        gaps = self._timelines.gaps_in(row, first, asked.end)
        return Found({row.id: row}, [span], gaps, _moved(gaps, first, asked.end))

    def _in_studio(self, studio: str, one: RangeIn) -> Found:
        newest = self._timelines.newest_moment(studio)
        if newest is None:
            raise BadInput("start: there is no video of this studio whose time is known")
        asked = ranges(str(one.start), str(one.end), self.zone, newest)
        begin, end = self._timelines.newest_shown(studio, asked) or asked[0]
        recorded = self._timelines.recorded(studio, begin, end)
        return _on_timeline(recorded, one, "a recording of this studio")

    def _in_evening(self, evening: Evening, one: RangeIn) -> Found:
        until = max(evening.end, self._library.now()) if evening.is_running else evening.end
        begin, end = in_range(
            *(str(one.start), str(one.end), self.zone, evening.start, until),
            goes_on=evening.is_running,
        )
        recorded = self._evenings.recorded(evening, begin, end)
        return _on_timeline(recorded, one, "a part of this evening")

    def _readable(self, row: VideoRow) -> Running:
        """A video that is being written and can be read meanwhile. Raises Conflict."""
        running = self._timelines.grown(row)
        if running.end is None:
            raise _not_readable(running)
        return running

    def _in_written(self, running: Running, one: RangeIn) -> Found:
        """As in a video that goes on for hours, up to the newest second that there is."""
        row = running.row
        lasting = footage(row.id, row.duration + _GOES_ON_SECONDS, row.sort_start, row.anchors)
        asked = in_one(lasting, one.start, one.end, self.zone)
        span = asked.span
        if span.start >= row.duration:
            newest = datetime.fromtimestamp(running.end or 0.0, self.zone)
            raise BadInput(
                f"start: {one.start!r} is not on the disk yet; the newest second that can be read "
                f"is {row.duration:.3f} s, {newest:%H:%M:%S}"
            )
        begin = span.wall if asked.begin is None else asked.begin
        begin = row.sort_start + span.start if begin is None else begin
        end = begin + span.length if asked.end is None else asked.end
        span = replace(span, end=min(span.end, row.duration))
        gaps = self._timelines.gaps_in(row, begin, end)
        return Found({row.id: row}, [span], gaps, _moved(gaps, begin, end), _sizes([running]))

    def _last(self, order: ClipIn, seconds: float) -> Found:
        """The last seconds of what there is, by the clock. Raises BadInput, NotFound, Conflict."""
        asked = RangeIn(start=f"the last {seconds:g} s", end="now")
        if order.video_id is not None:
            row = self._library.get(order.video_id)
            running = self._readable(row) if row.state == WRITING else Running(_ready(row))
            start = max(0.0, row.duration - seconds)
            span = Span(row.id, start, row.duration, footage_of(row).wall_at(start))
            moved: list[Moved] = []
            if seconds > row.duration and span.wall is not None:
                moved.append(Moved("start", span.wall + row.duration - seconds, span.wall))
            return Found({row.id: row}, [span], moved=moved, written=_sizes([running]))
        if order.evening_id is not None:
            evening = self._evenings.get(order.evening_id)
            if evening.is_running and evening.newest is None:
                self._newest_second(evening.row.studio)
            recorded = self._evenings.recorded(evening, evening.end - seconds, evening.end)
            return _on_timeline(recorded, asked, "a part of this evening")
        if order.studio is None:
            raise BadInput(f"video_id: {_ONE_OF}")
        end = self._newest_second(order.studio)
        recorded = self._timelines.recorded(order.studio, end - seconds, end)
        return _on_timeline(recorded, asked, "a recording of this studio")

    def _newest_second(self, studio: str) -> float:
        """Up to when a studio's recording can be read. Raises Conflict."""
        running = self._timelines.running(studio)
        ends = [one.end for one in running if one.end is not None]
        if running and not ends:
            raise _not_readable(running[0])
        newest = max(ends, default=None) or self._timelines.newest_end(studio)
        if newest is None or newest < self._library.now() - APART_SECONDS:
            raise Conflict(
                "last: nothing of this studio is being recorded, nor was in the last 30 minutes; "
                "give start and end, or its evening"
            )
        return newest


def _on_timeline(recorded: Recorded, one: RangeIn, what: str) -> Found:
    """Raises BadInput and Conflict where there is nothing."""
    if not recorded.spans:
        for running in recorded.running:
            if running.end is None:
                raise _not_readable(running)
        for row in recorded.unusable:
            _ready(row)
        raise BadInput(f"start: from {one.start!r} to {one.end!r} nothing is in {what}")
    spans = [
        Span(span.id, span.offset, span.offset + span.length, span.wall) for span in recorded.spans
    ]
    rows = {span.id: recorded.rows[span.id] for span in spans}
    moved = _moved(recorded.gaps, recorded.begin, recorded.end)
    return Found(rows, spans, recorded.gaps, moved, _sizes(recorded.running))


def _sizes(running: Sequence[Running]) -> Mapping[str, int]:
    return {one.row.id: one.size for one in running if one.end is not None}


def _not_readable(running: Running) -> Conflict:
    """Says which format can be read meanwhile, where it is the format."""
    row, reason = running.row, running.reason
    if reason is None:
        return Conflict(f"video_id: {row.id!r} is being written and cannot be read now; try again")
    error = Conflict(f"video_id: {row.id!r} is being written: {reason.text}")
    return error.coded(reason.code, reason.params)


def _moved(gaps: Sequence[Gap], begin: float, end: float) -> list[Moved]:
    """The ends of [begin, end) that lie in a gap; gaps that touch are one there."""
    first, last = begin, end
    for gap in gaps:
        first = gap.end if gap.start <= first else first
    for gap in reversed(gaps):
        last = gap.start if gap.end >= last else last
    found = [Moved("start", begin, first), Moved("end", end, last)]
    return [one for one in found if one.asked != one.taken]


def _require_whole(found: Found, zone: tzinfo) -> None:
    """Raises BadInput where nothing was recorded for a while."""
    if found.gaps:
        gap = found.gaps[0]
        from_, to = (datetime.fromtimestamp(at, zone) for at in (gap.start, gap.end))
        raise BadInput(
            f"gaps: nothing was recorded from {from_:%Y-%m-%d %H:%M:%S} to {to:%H:%M:%S} "
            f"({gap.text}); with {JOIN!r} what there is is joined"
        )


def chapters(order: ClipIn, picked: Picked, zone: tzinfo) -> list[tuple[float, str]]:
    """Seconds into the clip, and the title, of each. Raises BadInput that names the mark."""
    if order.chapters is not None:
        return [
            (_placed(mark, picked, zone, f"chapters.{place}.at"), mark.title)
            for place, mark in enumerate(order.chapters)
        ]
    if len(picked.found) < 2:
        return []
    titles, at = [], 0.0
    for one in picked.found:
        titles.append((at, _title(one.spans[0], zone)))
        at += sum(span.length for span in one.spans)
    return titles


def _placed(mark: ChapterIn, picked: Picked, zone: tzinfo, field: str) -> float:
    seconds = offset_said(mark.at)
    if seconds is not None:
        if seconds >= picked.seconds:
            raise BadInput(f"{field}: {seconds:g} s: the clip has {picked.seconds:.3f} s")
        return seconds
    at = 0.0
    for span in picked.spans:
        wall = span.wall
        for moment in () if wall is None else moments(str(mark.at), zone, field, wall, span.length):
            if wall is not None and wall <= moment < wall + span.length:
                return at + moment - wall
        at += span.length
    raise BadInput(f"{field}: {mark.at!r} is in no part of the clip")


def _title(span: Span, zone: tzinfo) -> str:
    """20:31:10; without a known time how far into the video."""
    if span.wall is not None:
        return datetime.fromtimestamp(span.wall, zone).strftime("%H:%M:%S")
    minutes, seconds = divmod(int(span.start), 60)
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
        has_field = error.detail.startswith(("start:", "end:", "video_id:", "gaps:"))
        field = "" if has_field else "video_id: "
        named = type(error)(f"{where}{field}{error.detail}")
        raise named.coded(error.code, error.params) from None
