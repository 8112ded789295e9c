"""What is known of a video, from all that tell of it. No I/O."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import PurePosixPath
from typing import Any

from control_api.library.attempts import Attempts
from control_api.library.folders import Folder, Stat
from control_api.library.names import TRASH, start_told
from control_api.library.probing import Probe
from control_api.library.reasons import FileCode, FileReason
from control_api.library.renditions import content_of
from control_api.library.sidecar import Sidecar
from control_api.library.tables import VideoRow
from control_api.recordings.tables import RecordingRow
from control_api.timeline.footage import until

READY, WRITING, DAMAGED, TRASHED = "ready", "writing", "damaged", "trashed"
UNEXAMINED = "unexamined"
"""The examination did not work: nothing is known about the file yet, and it is tried again."""
_LONGEST_SEARCH = 600


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file lies and how it was when it was looked at."""

    folder: Folder
    name: str
    stat: Stat

    @property
    def is_trash(self) -> bool:
        return self.name.startswith(f"{TRASH}/")

    @property
    def mtime(self) -> float:
        return self.stat[1] / 1e9


@dataclass(frozen=True, slots=True)
class Told:
    """What there is beside the file itself."""

    sidecar: Sidecar | None = None
    recording: RecordingRow | None = None


def id_of(place: Place, salt: int = 0) -> str:
    """The same after the index was lost."""
    text = f"{place.folder.key}\0{place.name}\0{salt or ''}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def new(id: str, place: Place, now: float) -> VideoRow:
    """A row that nothing is known for yet."""
    row = VideoRow(
        id=id,
        folder=place.folder.key,
        name=place.name,
        studio=place.folder.studio,
        title="",
        notes="",
        start=None,
        start_estimated=True,
        duration=0.0,
        size=place.stat[0],
        mtime_ns=place.stat[1],
        tracks=[],
        state=WRITING,
        reason="",
        reason_code="",
        reason_params={},
        examination=None,
        protected=False,
        created_at=now,
        trashed_at=None,
        missing_since=None,
        anchors=[],
        evening=None,
        recording_id=None,
        added_by="scan",
        evening_id=None,
        evening_title="",
        evening_by_hand=False,
        source="",
        rendition_of=None,
        is_edited=False,
        fingerprint=None,
        content=None,
    )
    return row


def is_indexed(row: VideoRow) -> VideoRow:
    """Bring up to date what its indexes need."""
    is_there = row.state != TRASHED and row.missing_since is None
    row.listed = is_there and row.rendition_of is None
    row.on_timeline = is_there and not row.is_edited
    row.sort_start = row.mtime_ns / 1e9 if row.start is None else row.start
    row.clock_seconds = until(row.sort_start, row.duration, row.anchors) - row.sort_start
    row.search = searchable(" ".join((row.title, PurePosixPath(row.name).name, row.notes)))
    return row


def searchable(text: str) -> str:
    """Case does not count, nor how an umlaut was typed."""
    return unicodedata.normalize("NFC", text.casefold())[:_LONGEST_SEARCH]


def remember(row: VideoRow, kept: Sidecar) -> None:
    """Take over what the sidecar says."""
    for name in Sidecar.model_fields:
        if name not in ("version", "id", "anchors", "studio", "created_at"):
            setattr(row, name, getattr(kept, name))
    row.anchors = [list(anchor) for anchor in kept.anchors]
    row.studio = kept.studio or row.studio
    row.created_at = kept.created_at or row.created_at


def recorded(row: VideoRow, recording: RecordingRow) -> None:
    """Take over what the recording says; what people wrote stays."""
    row.start, row.start_estimated = recording.started_at, False
    row.studio = recording.studio
    row.title = row.title or recording.title
    row.anchors = recording.anchors
    row.evening, row.recording_id = recording.evening, recording.id
    row.added_by = "recording"


def running(row: VideoRow, recording: RecordingRow) -> None:
    """Copy the recorder's data of a running recording into the row; the rest follows at its end."""
    if row.start is None or row.start_estimated:
        row.start, row.start_estimated = recording.started_at, False
    row.studio = recording.studio
    row.title = row.title or recording.title
    row.anchors = recording.anchors


def examined(row: VideoRow, place: Place, probe: Probe, told: Told, zone: tzinfo) -> None:
    """Take over what the file itself says."""
    row.size, row.mtime_ns = place.stat
    row.tracks, row.examination = probe.tracks, None
    _reason(row, probe.reason)
    row.fingerprint, row.content = probe.fingerprint, content_of(probe.fingerprint)
    recording = told.recording
    row.duration = probe.duration or (recording.duration if recording else row.duration)
    row.state = DAMAGED if probe.damaged else READY
    _date(row, place, probe, told, zone)


def unexamined(row: VideoRow, place: Place, attempts: Attempts, told: Told, zone: tzinfo) -> None:
    """Note that the examination failed. What is known of an unchanged file stays."""
    is_known = row.state == READY and (row.size, row.mtime_ns) == place.stat
    row.size, row.mtime_ns = place.stat
    row.examination = attempts.stored
    if is_known:
        return
    row.state = UNEXAMINED
    _reason(row, FileReason(FileCode.NOT_EXAMINED, {"detail": attempts.reason}))
    row.duration = row.duration or (told.recording.duration if told.recording else 0.0)
    _date(row, place, Probe(), told, zone)


def _reason(row: VideoRow, reason: FileReason | None) -> None:
    row.reason = reason.text if reason is not None else ""
    row.reason_code = str(reason.code) if reason is not None else ""
    row.reason_params = dict(reason.params) if reason is not None else {}


def _date(row: VideoRow, place: Place, probe: Probe, told: Told, zone: tzinfo) -> None:
    if row.start is None or (row.start_estimated and told.sidecar is None):
        row.start, row.start_estimated = _estimate(place, probe, row.duration, zone), True


def _estimate(place: Place, probe: Probe, duration: float, zone: tzinfo) -> float:
    guesses: Sequence[Any] = (
        start_told(place.name, zone, duration),
        probe.created,
        max(0.0, place.mtime - duration),
    )
    return float(next(guess for guess in guesses if guess is not None))
