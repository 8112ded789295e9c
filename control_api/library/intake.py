"""Takes one file into the index: what it is by itself, its sidecar and its recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import tzinfo
from pathlib import Path

from control_api.clock import Clock
from control_api.events.service import Kind
from control_api.library import portrait, sidecar
from control_api.library.attempts import Attempts
from control_api.library.changes import Changes
from control_api.library.growing import Growing
from control_api.library.names import start_told
from control_api.library.portrait import (
    DAMAGED,
    READY,
    TRASHED,
    UNEXAMINED,
    WRITING,
    Place,
    Told,
)
from control_api.library.presence import is_gone, stat_of
from control_api.library.probing import NotExamined, Probe, Prober
from control_api.library.reasons import FileCode, FileReason
from control_api.library.relations import Relations
from control_api.library.store import Known, VideoStore
from control_api.library.tables import VideoRow
from control_api.recordings.tables import RecordingRow


class Intake:
    """`tell` is the events'; `probe` looks into one file; `settled` is called with each video that
    was taken in, and is known to be a rendition or none, and with each that is being recorded.
    `growing` looks into files that are being written."""

    def __init__(
        self,
        store: VideoStore,
        changes: Changes,
        probe: Prober,
        *,
        clock: Clock,
        zone: tzinfo,
        tell: Callable[..., object],
        settled: Callable[[VideoRow], object] = lambda _: None,
        growing: Growing | None = None,
    ) -> None:
        self._store = store
        self._changes = changes
        self._probe = probe
        self._clock = clock
        self._zone = zone
        self._tell = tell
        self._relations = Relations(store, changes.keep)
        self._settled = settled
        self._growing = growing

    def show_writing(self, place: Place, known: Known | None) -> str:
        """Note a file that is being written, and how much of it can be read by now."""
        path = place.folder.at(place.name)
        grown = self._growing.at(path) if self._growing is not None else None
        recording = self._store.running_recording(path)
        with self._changes.lock:
            row = self._store.get(known.id) if known else None
            if row is None:
                row = portrait.new(self._free_id(place, None), place, self._clock.now())
            row.size, row.mtime_ns = place.stat
            row.state, row.missing_since = WRITING, None
            if recording is not None:
                portrait.running(row, recording)
            row.start = row.start or start_told(place.name, self._zone)
            row.duration = grown.newest if grown is not None else row.duration
            if stat_of(path) is not None:
                self._store.save(row)
                if recording is not None:
                    self._settled(portrait.is_indexed(row))
        return WRITING

    def examine(self, place: Place, is_final: bool = False) -> str:
        """The state that it is found in."""
        path = place.folder.at(place.name)
        probe = self._probed(path)
        with self._changes.lock:
            if stat_of(path) != place.stat and not is_final:
                # It is being written after all, or has another name by now.
                return WRITING
            row, told = self._known(place, path)
            if told.sidecar:
                portrait.remember(row, told.sidecar)
            certain = row.start is not None and not row.start_estimated
            if told.recording and (not certain or row.recording_id is None):
                self._record(row, told.recording)
            self._take_over(row, place, probe, told)
            self._trashed(row, place)
            is_taken = not told.sidecar and row.id != portrait.id_of(place)
            if is_taken or (told.recording and told.sidecar != sidecar.of(row)):
                self._changes.keep(row)
            else:
                self._store.save(row)
            self._relations.relate(row)
            if row.state != TRASHED and (kept := self._store.get(row.id)):
                self._settled(kept)
            return row.state

    def without(self, ids: Iterable[str]) -> None:
        """These videos are gone."""
        with self._changes.lock:
            self._relations.without(ids)

    def _probed(self, path: Path) -> Probe | NotExamined:
        try:
            return self._probe(path)
        except NotExamined as failure:
            return failure

    def _take_over(
        self, row: VideoRow, place: Place, probe: Probe | NotExamined, told: Told
    ) -> None:
        """What the file says of itself; a failed examination says nothing, unless it crashes
        every time."""
        if isinstance(probe, NotExamined):
            attempts = Attempts.from_stored(row.examination).after(probe, self._clock.now())
            if not attempts.is_hopeless:
                portrait.unexamined(row, place, attempts, told, self._zone)
                return
            probe = Probe(reason=FileReason(FileCode.CRASHES_READER, {"detail": str(probe)}))
        portrait.examined(row, place, probe, told, self._zone)

    def _record(self, row: VideoRow, recording: RecordingRow) -> None:
        start = row.start if not row.start_estimated else None
        portrait.recorded(row, recording)
        row.start = recording.started_at if start is None else start

    def _trashed(self, row: VideoRow, place: Place) -> None:
        row.missing_since = None
        if place.is_trash:
            row.state, row.trashed_at = TRASHED, row.trashed_at or self._clock.now()
        else:
            row.trashed_at = None

    def _known(self, place: Place, path: Path) -> tuple[VideoRow, Told]:
        """The row that the file has or gets, and what is told of it."""
        row = self._store.by_name(place.folder.key, place.name)
        is_new = row is None or row.state not in (READY, DAMAGED, UNEXAMINED, TRASHED)
        kept = self._sidecar(place, path) if is_new else None
        if row is None:
            row = self._moved(kept, place)
        if row is None:
            row = portrait.new(self._free_id(place, kept), place, self._clock.now())
        is_told = is_new or row.start_estimated
        recording = self._store.recording_of(path) if is_told and not place.is_trash else None
        return row, Told(kept, recording)

    def _sidecar(self, place: Place, path: Path) -> sidecar.Sidecar | None:
        try:
            return sidecar.read(path)
        except sidecar.Broken as error:
            aside = sidecar.set_aside(path)
            said = f"the sidecar of {path.name} {error}; it is kept as {aside}"
            self._tell(Kind.LIBRARY, place.folder.studio, said, problem="sidecar")
            return None

    def _moved(self, kept: sidecar.Sidecar | None, place: Place) -> VideoRow | None:
        """The row of a file that somebody moved within its folder, together with its sidecar."""
        row = self._store.get(kept.id) if kept and kept.id else None
        if row is None or row.folder != place.folder.key or not is_gone(place.folder, row.name):
            return None
        row.name = place.name
        return row

    def _free_id(self, place: Place, kept: sidecar.Sidecar | None) -> str:
        wanted = [kept.id] if kept and kept.id else []
        wanted += [portrait.id_of(place, salt) for salt in range(100)]
        return next(id for id in wanted if self._store.get(id) is None)
