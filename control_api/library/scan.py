"""Brings the index in step with the folders; opens only files that changed."""

from __future__ import annotations

import enum
import logging
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from itertools import islice
from pathlib import Path

from control_api.clock import Clock
from control_api.errors import Unavailable
from control_api.events.service import Kind
from control_api.library import portrait, sidecar
from control_api.library.changes import Changes
from control_api.library.folders import Folder, Folders, Stat, Walk
from control_api.library.names import start_told
from control_api.library.portrait import DAMAGED, READY, TRASHED, WRITING, Place, Told
from control_api.library.probing import Prober
from control_api.library.store import Known, VideoStore
from control_api.library.tables import VideoRow
from control_api.recordings.tables import RecordingRow

logger = logging.getLogger(__name__)

DAY = 86_400.0
_QUIET_SECONDS = 10.0
_AT_ONCE = 500


class What(enum.StrEnum):
    """What a scan can find of a file."""

    NEW = "new"
    CHANGED = "changed"
    DAMAGED = "damaged"
    WRITING = "writing"
    GONE = "gone"
    FAILED = "failed"


_FOUND = {DAMAGED: What.DAMAGED, WRITING: What.WRITING}
"""What a state amounts to; every other is that of a whole file."""


@dataclass
class Tally:
    """What a scan saw and did, in files."""

    seen: int = 0
    pending: int = 0
    examined: int = 0
    writing: int = 0
    vanished: int = 0
    failed: int = 0

    def tell(self, what: What, name: str) -> None:
        """Called for each file that is not as it was, for whoever wants to name them."""


class Scanner:
    """`tell` is the events'; `probe` looks into one file."""

    def __init__(
        self,
        store: VideoStore,
        folders: Folders,
        changes: Changes,
        probe: Prober,
        *,
        clock: Clock,
        zone: tzinfo,
        tell: Callable[..., object],
    ) -> None:
        self._store = store
        self._folders = folders
        self._changes = changes
        self._probe = probe
        self._clock = clock
        self._zone = zone
        self._tell = tell
        self._seen: dict[tuple[str, str], tuple[Stat, float]] = {}

    def run(self, tally: Tally, go_on: Callable[[], bool] = lambda: True) -> None:
        """One look at everything, counted in `tally`; ends early where `go_on` says False."""
        open_files = self._store.being_recorded()
        for folder in self._folders:
            if go_on():
                self._look(folder, open_files, tally, go_on)
        for key in set(self._store.folders()) - {folder.key for folder in self._folders}:
            # It is no longer in the configuration.
            gone = [one.id for _, one in self._store.known(key) if one.missing_since is None]
            self._store.missing(gone, self._clock.now())
        self._store.forget(self._clock.now() - DAY)

    def take(self, path: Path) -> None:
        """Index a file that is known to be final. Does nothing outside the library."""
        found = self._folders.locate(path)
        if found is None or (now := _stat(path)) is None:
            return
        self._examine(Place(*found, now), is_final=True)

    def _look(
        self, folder: Folder, open_files: set[Path], tally: Tally, go_on: Callable[[], bool]
    ) -> None:
        walk = self._folders.walk(folder)
        pending = self._compare(folder, walk, tally)
        if walk.is_complete:
            self._miss(folder, tally)
        tally.pending += len(pending)
        # A video that was renamed has the id that another's name would give: it gets it first.
        for place, known in sorted(pending, key=lambda one: not _has_sidecar(one[0])):
            if not go_on():
                return
            self._handle(place, known, open_files, tally)
            tally.pending -= 1

    def _compare(
        self, folder: Folder, walk: Walk, tally: Tally
    ) -> list[tuple[Place, Known | None]]:
        """What is new or has changed, with what is known of it. What is as it was is not kept:
        a large library takes no memory."""
        pending = []
        for some in _chunks(walk):
            files = dict(some)
            tally.seen += len(files)
            known = self._store.known_by(folder.key, files)
            same = {name for name, one in known.items() if _is_unchanged(one, files[name])}
            back = [known[name].id for name in same if known[name].missing_since is not None]
            self._store.missing(back, None)
            for name in files.keys() - same:
                pending.append((Place(folder, name, files[name]), known.get(name)))
        return pending

    def _handle(
        self, place: Place, known: Known | None, open_files: set[Path], tally: Tally
    ) -> None:
        """One file that is new or has changed; what fails with it concerns no other."""
        try:
            path = place.folder.at(place.name)
            if place.is_trash or self._is_settled(place, path in open_files):
                state = self._examine(place)
                tally.examined += 1
            else:
                state = self._show_writing(place, known)
                tally.writing += 1
        except (OSError, Unavailable) as error:
            if not _is_gone(place.folder, place.name):
                logger.warning("%s cannot be looked at: %s", place.name, error)
                tally.failed += 1
                tally.tell(What.FAILED, place.name)
            return
        if not place.is_trash:
            otherwise = What.NEW if known is None else What.CHANGED
            tally.tell(_FOUND.get(state, otherwise), place.name)

    def _miss(self, folder: Folder, tally: Tally) -> None:
        is_gone = _Absence(folder)
        names = [
            name
            for name, one in self._store.known(folder.key)
            if one.missing_since is None and is_gone(name)
        ]
        if not names:
            return
        with self._changes.lock:
            # The files first, then the index: what another process renames is noted before and
            # has its new name after.
            gone = self._store.unmoved(folder.key, [n for n in names if _is_gone(folder, n)])
            self._store.missing(gone.values(), self._clock.now())
        tally.vanished += len(gone)
        for name in gone:
            tally.tell(What.GONE, name)

    def _is_settled(self, place: Place, is_open: bool) -> bool:
        """Whether nobody writes it: it is quiet for 10 s by its own time and by our looks."""
        key = place.folder.key, place.name
        now, before = self._clock.monotonic(), self._seen.get(key)
        if before is None or before[0] != place.stat:
            self._seen[key] = place.stat, now
        if is_open or (before is not None and before[0] != place.stat):
            return False
        age = self._clock.now() - place.mtime
        # A time in the future says nothing; then only our own looks do.
        quiet = now - self._seen[key][1] if age < 0 else age
        if quiet >= _QUIET_SECONDS:
            del self._seen[key]
        return quiet >= _QUIET_SECONDS

    def _show_writing(self, place: Place, known: Known | None) -> str:
        row = self._store.get(known.id) if known else None
        if row is None:
            row = portrait.new(self._free_id(place, None), place, self._clock.now())
        row.size, row.mtime_ns = place.stat
        row.state, row.missing_since = WRITING, None
        row.start = row.start or start_told(place.name, self._zone)
        with self._changes.lock:
            if _stat(place.folder.at(place.name)) is not None:
                self._store.save(row)
        return WRITING

    def _examine(self, place: Place, is_final: bool = False) -> str:
        """The state that it is found in."""
        path = place.folder.at(place.name)
        probe = self._probe(path)
        with self._changes.lock:
            if _stat(path) != place.stat and not is_final:
                # It is being written after all, or has another name by now.
                return WRITING
            row, told = self._known(place, path)
            if told.sidecar:
                portrait.remember(row, told.sidecar)
            certain = row.start is not None and not row.start_estimated
            if told.recording and (not certain or row.recording_id is None):
                self._record(row, told.recording)
            portrait.examined(row, place, probe, told, self._zone)
            self._trashed(row, place)
            is_taken = not told.sidecar and row.id != portrait.id_of(place)
            if is_taken or (told.recording and told.sidecar != sidecar.of(row)):
                self._changes.keep(row)
            else:
                self._store.save(row)
            return row.state

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
        is_new = row is None or row.state not in (READY, DAMAGED, TRASHED)
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
        if row is None or row.folder != place.folder.key or not _is_gone(place.folder, row.name):
            return None
        row.name = place.name
        return row

    def _free_id(self, place: Place, kept: sidecar.Sidecar | None) -> str:
        wanted = [kept.id] if kept and kept.id else []
        wanted += [portrait.id_of(place, salt) for salt in range(100)]
        return next(id for id in wanted if self._store.get(id) is None)


class _Absence:
    """`_is_gone` for very many names: what concerns their folders is looked up once for each."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._parents: dict[str, str | None] = {}

    def __call__(self, name: str) -> bool:
        parent, _, base = name.rpartition("/")
        if parent not in self._parents:
            self._parents[parent] = self._real(name)
        at = self._parents[parent]
        return at is None or _stat(f"{at}/{base}") is None

    def _real(self, name: str) -> str | None:
        try:
            return str(self._folder.at(name).parent)
        except Unavailable:
            return None


def _chunks(walk: Walk) -> Iterator[list[tuple[str, Stat]]]:
    files = iter(walk)
    while some := list(islice(files, _AT_ONCE)):
        yield some


def _has_sidecar(place: Place) -> bool:
    return os.path.lexists(place.folder.root / sidecar.beside_name(place.name))


def _is_unchanged(known: Known, now: Stat) -> bool:
    return (known.size, known.mtime_ns) == now and known.state != WRITING


def _stat(path: Path | str) -> Stat | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return (found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None


def _is_gone(folder: Folder, name: str) -> bool:
    try:
        return _stat(folder.at(name)) is None
    except Unavailable:
        return True
