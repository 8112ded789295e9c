"""From an order to a job, and from a finished job to a clip."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import stat
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from control_api.clips.job import ClipJob, tags
from control_api.clips.logo import LogoService
from control_api.clips.order import checked, has_effects, suffix
from control_api.clips.pick import Picked, Picker, chapters
from control_api.clips.shapes import ClipIn
from control_api.clips.store import ClipStore
from control_api.clips.strays import PART, WORK, Strays
from control_api.clips.tables import ClipRow
from control_api.clips.when import Span
from control_api.clock import Clock, local
from control_api.errors import BadInput, NotFound
from control_api.jobs.kinds import Kind, OpenParams
from control_api.jobs.publish import publish
from control_api.jobs.service import Job, JobService
from control_api.jobs.work import attempt_path
from control_api.library.probing import probe
from control_api.library.tables import VideoRow
from leitstand.cut.request import Effects, Logo, Mode, Part, Request

KIND = "clip"
_LONGEST_SECONDS = 12 * 3600.0
_WORK_SECONDS = 600.0
_WORK_SECONDS_A_SECOND = 10.0
"""Made anew, large pictures take a slow machine some seconds for each."""
_WORK_BYTES = 4 << 30
_SPARE_BYTES = 64 << 20
_MOST_PARTS = 50
"""As many as the cutter joins."""


class ClipService:
    """`folder` is where clips lie, under names that nobody outside chose."""

    def __init__(
        self,
        store: ClipStore,
        picker: Picker,
        logo: LogoService,
        folder: Path,
        clock: Clock,
    ) -> None:
        self._store = store
        self._picker = picker
        self._logo = logo
        self._folder = folder
        self._clock = clock
        self._strays = Strays(store, folder, probe)

    def kind(self) -> Kind:
        """For the queue."""
        return Kind(
            KIND,
            "control_api.clips.work",
            seconds_at_most=_seconds,
            memory_bytes_at_most=_WORK_BYTES,
            clean=_clean,
            needs=lambda params: ClipJob.of(params).bytes,
            folder=self._folder,
            finish=self._finish,
            withdraw=_withdraw,
            tidy=self._tidy,
        )

    def order(self, order: ClipIn, jobs: JobService, by: str) -> Job:
        """Queue it. Raises BadInput, NotFound, Conflict, TooMany; then nothing is written."""
        order = checked(order)
        with self._picker.held():
            picked = self._picker.pick(order)
            _check(order, picked)
            params = self._job(order, picked, by).params()
            self._folder.mkdir(parents=True, exist_ok=True)
            first, *others = dict.fromkeys(span.id for span in picked.spans)
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

    def _job(self, order: ClipIn, picked: Picked, by: str) -> ClipJob:
        id, spans, share = secrets.token_hex(8), picked.spans, 2 if has_effects(order) else 1
        marks = chapters(order, picked, self._picker.zone)
        return ClipJob(
            id=id,
            request=Request(
                parts=[self._part(span, picked) for span in spans],
                output=self._folder / f"{id}.{suffix(order)}",
                mode=Mode(order.mode),
                container=order.container,
                width=order.width,
                height=order.height,
                video_bitrate=order.video_bitrate,
                audio_bitrate=order.audio_bitrate,
                audio_only=order.audio_only,
                title=tags(order.title or picked.title, marks, picked.seconds),
                effects=self._effects(order),
            ),
            spans=[(span.id, span.start, span.end) for span in spans],
            studio=picked.first.studio,
            start=spans[0].wall,
            bytes=_SPARE_BYTES + share * sum(_bytes(picked.rows[span.id], span) for span in spans),
            by=by,
            details=_details(picked, self._picker.zone),
        )

    def _part(self, span: Span, picked: Picked) -> Part:
        path, size = self._picker.path(span.id), picked.written.get(span.id)
        return Part(path, span.start, span.end, span.wall, size)

    def _effects(self, order: ClipIn) -> Effects | None:
        if not has_effects(order):
            return None
        logo = None
        if (given := order.logo) is not None:
            logo = Logo(self._logo.needed(), given.corner, given.width, given.opacity)
        return Effects(order.fade_in, order.fade_out, logo)

    def _tidy(self, waiting: OpenParams) -> None:
        self._strays.tidy(lambda: {params["id"] for params in waiting()})

    def _finish(
        self, params: Mapping[str, Any], result: Mapping[str, Any], session: Session
    ) -> dict[str, Any]:
        """The clip is there with its job's success, or neither is."""
        job, output = ClipJob.of(params), Path(params["output"])
        publish(attempt_path(params), output)
        self._store.save_in(
            session,
            ClipRow(
                id=job.id,
                name=output.name,
                title=job.title,
                studio=job.studio,
                start=job.start,
                duration=result["duration"],
                size=result["size"],
                mode_used=result["mode_used"],
                verified=result["verified"],
                reason=result["reason"],
                notes=result.get("notes", []),
                spans=[list(span) for span in job.spans],
                by=job.by,
                created_at=self._clock.now(),
            ),
        )
        return {
            "clip_id": job.id,
            "download_url": f"/api/clips/{job.id}/download",
            "mode_used": result["mode_used"],
            "reason": result["reason"],
            "notes": result.get("notes", []),
            "verified": result["verified"],
            "duration": result["duration"],
            "seconds_taken": result.get("seconds_taken"),
            **job.details,
        }


def _check(order: ClipIn, picked: Picked) -> None:
    """What only the videos themselves tell. Raises BadInput."""
    field, seconds = "end" if order.ranges is None else "ranges", picked.seconds
    if seconds > _LONGEST_SECONDS:
        hours = _LONGEST_SECONDS / 3600
        raise BadInput(f"{field}: {seconds:.0f} s is too long; a clip has {hours:g} h at most")
    if (count := len(picked.spans)) > _MOST_PARTS:
        raise BadInput(
            f"{field}: it takes {count} pieces of files, with the pauses and seams between them; "
            f"at most {_MOST_PARTS} can be joined"
        )
    fades = order.fade_in + order.fade_out
    if fades > seconds:
        raise BadInput(f"fade_in: the fades take {fades:g} s, the clip has {seconds:.3f} s")
    kinds = {track["kind"] for row in picked.rows.values() for track in row.tracks}
    if order.audio_only and kinds and "audio" not in kinds:
        raise BadInput("audio_only: what is asked for has no sound")
    if order.logo is not None and kinds and "video" not in kinds:
        raise BadInput("logo: what is asked for has no pictures to put it on")


def _details(picked: Picked, zone: tzinfo) -> dict[str, Any]:
    """What of the ranges was not recorded: part of the job, before and after it is done."""
    return {
        "gaps": [
            {
                "start": local(gap.start, zone).isoformat(),
                "end": local(gap.end, zone).isoformat(),
                "code": gap.code,
                "params": dict(gap.params),
                "reason": gap.text,
            }
            for gap in picked.gaps
        ],
        "moved": [
            {
                "field": moved.field,
                "asked": local(moved.asked, zone).isoformat(),
                "taken": local(moved.taken, zone).isoformat(),
            }
            for moved in picked.moved
        ],
    }


def _seconds(params: Mapping[str, Any]) -> float:
    """How long a worker may take for it, however the clip is made."""
    return _WORK_SECONDS + _WORK_SECONDS_A_SECOND * ClipJob.of(params).seconds


def _bytes(row: VideoRow, span: Span) -> int:
    """What the span takes, twice: it may have to be made anew."""
    share = (span.end - span.start) / row.duration if row.duration else 1.0
    return int(2 * share * row.size)


def _clean(params: Mapping[str, Any]) -> None:
    """Take away what one attempt has left."""
    made = attempt_path(params)
    shutil.rmtree(made.with_name(made.name + WORK), ignore_errors=True)
    for left in (made, made.with_name(made.name + PART)):
        left.unlink(missing_ok=True)


def _withdraw(params: Mapping[str, Any]) -> None:
    Path(params["output"]).unlink(missing_ok=True)
