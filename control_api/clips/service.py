"""From an order to a job, and from a finished job to a clip."""

from __future__ import annotations

import contextlib
import secrets
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from control_api.clips.store import ClipStore
from control_api.clips.tables import ClipRow
from control_api.clips.when import Footage, Span, footage, in_evening, in_one
from control_api.clock import Clock
from control_api.errors import BadInput, Conflict, NotFound
from control_api.jobs.kinds import Kind
from control_api.jobs.service import Job, JobService
from control_api.library.portrait import READY
from control_api.library.service import LibraryService
from control_api.library.store import Sort, VideoStore, Wanted
from control_api.library.tables import VideoRow

KIND = "clip"
_LONGEST_SECONDS = 12 * 3600.0
_WORK_SECONDS = 6 * 3600.0
_WORK_BYTES = 4 << 30
_SPARE_BYTES = 64 << 20
_NEWEST_VIDEOS = 500
"""Among so many of a studio a time without its video is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody wants. Either a video or a studio; times as people say them."""

    start: str | float
    end: str | float
    video_id: str | None = None
    studio: str | None = None
    mode: str = "exact"
    container: str = "mp4"
    title: str = ""
    width: int | None = None
    height: int | None = None
    video_bitrate: int | None = None
    audio_only: bool = False


class ClipService:
    """`folder` is where clips lie, under names that nobody outside chose."""

    def __init__(
        self,
        store: ClipStore,
        videos: VideoStore,
        library: LibraryService,
        folder: Path,
        clock: Clock,
    ) -> None:
        self._store = store
        self._videos = videos
        self._library = library
        self._folder = folder
        self._clock = clock

    def kind(self) -> Kind:
        """For the queue."""
        return Kind(
            KIND,
            "control_api.clips.work",
            seconds_at_most=_WORK_SECONDS,
            memory_bytes_at_most=_WORK_BYTES,
            clean=_clean,
            needs=lambda params: int(params["bytes"]),
            folder=self._folder,
            finish=self._finish,
        )

    def order(self, order: Order, jobs: JobService, by: str) -> Job:
        """Queue it. Raises BadInput, NotFound, Conflict, TooMany."""
        rows, spans = self._spans(order)
        seconds = sum(span.end - span.start for span in spans)
        if seconds > _LONGEST_SECONDS:
            hours = _LONGEST_SECONDS / 3600
            raise BadInput(f"end: {seconds:.0f} s is too long; a clip has {hours:g} h at most")
        self._folder.mkdir(parents=True, exist_ok=True)
        params = {**self._params(order, rows, spans), "by": by}
        first, *others = dict.fromkeys(span.id for span in spans)
        return jobs.add(KIND, params, by, first, also_reads=others)

    def get(self, id: str) -> ClipRow:
        """Raises NotFound."""
        if row := self._store.get(id):
            return row
        raise NotFound(f"there is no clip {id!r}; GET /api/clips lists them")

    def newest(self, limit: int, before: float | None = None) -> Sequence[ClipRow]:
        return self._store.newest(limit, before)

    def path(self, id: str) -> Path:
        """Its file. Raises NotFound."""
        path = self._folder / self.get(id).name
        if not path.exists() or not stat.S_ISREG(path.lstat().st_mode):
            raise NotFound(f"the file of the clip {id!r} is gone")
        return path

    def delete(self, id: str) -> None:
        """The clip, its file and its links; what it was cut from stays."""
        row = self.get(id)
        with contextlib.suppress(FileNotFoundError):
            (self._folder / row.name).unlink()
        self._store.delete(id)

    def _spans(self, order: Order) -> tuple[dict[str, VideoRow], list[Span]]:
        if (order.video_id is None) == (order.studio is None):
            raise BadInput("video_id: either video_id or studio is needed, and not both")
        if order.video_id is not None:
            row = self._ready(self._library.get(order.video_id))
            span = in_one(_footage(row), order.start, order.end, self._library.zone)
            return {row.id: row}, [span]
        wanted = Wanted(studio=order.studio, sort=Sort.NEWEST)
        rows = [*reversed(self._videos.page(wanted, 0, _NEWEST_VIDEOS)[0])]
        shot = [_footage(row) for row in rows]
        texts = str(order.start), str(order.end)
        spans = in_evening(shot, *texts, self._library.zone)
        by_id = {row.id: row for row in rows}
        for span in spans:
            self._ready(by_id[span.id])
        return by_id, spans

    def _ready(self, row: VideoRow) -> VideoRow:
        if row.state != READY:
            raise Conflict(f"video_id: {row.id!r} is {row.state}; a clip needs one that is ready")
        return row

    def _params(
        self, order: Order, rows: Mapping[str, VideoRow], spans: Sequence[Span]
    ) -> dict[str, Any]:
        id = secrets.token_hex(8)
        parts = [[str(self._library.path(span.id)), span.start, span.end] for span in spans]
        first = rows[spans[0].id]
        start = _wall(_footage(first), spans[0].start)
        return {
            "id": id,
            "output": str(self._folder / f"{id}.{order.container}"),
            "parts": parts,
            "spans": [[span.id, span.start, span.end] for span in spans],
            "mode": order.mode,
            "title": order.title or first.title,
            "studio": first.studio,
            "start": start,
            "width": order.width,
            "height": order.height,
            "video_bitrate": order.video_bitrate,
            "audio_only": order.audio_only,
            "bytes": _SPARE_BYTES + sum(_bytes(rows[span.id], span) for span in spans),
        }

    def _finish(self, params: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
        """The clip is made; called again after a crash it writes the same row."""
        output = Path(params["output"])
        known = self._store.get(params["id"])
        self._store.save(
            ClipRow(
                id=params["id"],
                name=output.name,
                title=params["title"],
                studio=params["studio"],
                start=params["start"],
                duration=result["duration"],
                size=result["size"],
                mode_used=result["mode_used"],
                verified=result["verified"],
                reason=result["reason"],
                spans=params["spans"],
                by=params["by"],
                created_at=known.created_at if known else self._clock.now(),
            )
        )
        return {
            "clip_id": params["id"],
            "download_url": f"/api/clips/{params['id']}/download",
            "mode_used": result["mode_used"],
            "reason": result["reason"],
            "verified": result["verified"],
        }


def _footage(row: VideoRow) -> Footage:
    return footage(row.id, row.duration, row.start, row.anchors)


def _wall(video: Footage, offset: float) -> float | None:
    pieces = [piece for piece in video.stretches if piece.offset <= offset]
    return pieces[-1].wall + offset - pieces[-1].offset if pieces else None


def _bytes(row: VideoRow, span: Span) -> int:
    """What the span takes, twice: it may have to be made anew."""
    share = (span.end - span.start) / row.duration if row.duration else 1.0
    return int(2 * share * row.size)


def _clean(params: Mapping[str, Any]) -> None:
    output = Path(params["output"])
    for left in (output, output.with_name(f"{output.name}.part")):
        with contextlib.suppress(FileNotFoundError):
            left.unlink()
