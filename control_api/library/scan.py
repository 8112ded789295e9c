"""Brings the index in step with the folders; opens only files that changed."""

from __future__ import annotations

import enum
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from control_api.clock import Clock
from control_api.errors import Unavailable
from control_api.library import sidecar
from control_api.library.changes import Changes
from control_api.library.folders import Folder, Folders, Stat, Walk
from control_api.library.intake import Intake
from control_api.library.portrait import DAMAGED, UNEXAMINED, WRITING, Place
from control_api.library.presence import Absence, is_gone, stat_of
from control_api.library.store import Known, VideoStore

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


_FOUND = {DAMAGED: What.DAMAGED, WRITING: What.WRITING, UNEXAMINED: What.FAILED}
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
    """Walks the folders; `intake` takes in what is not as it was."""

    def __init__(
        self, store: VideoStore, folders: Folders, changes: Changes, intake: Intake, clock: Clock
    ) -> None:
        self._store = store
        self._folders = folders
        self._changes = changes
        self._intake = intake
        self._clock = clock
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
        if found is None or (now := stat_of(path)) is None:
            return
        self._intake.examine(Place(*found, now), is_final=True)

    def show_running(self) -> None:
        """Note the files of recordings that have begun since the last look; none is opened that is
        known already."""
        for path in self._store.being_recorded():
            found = self._folders.locate(path)
            if found is None or self._store.by_name(found[0].key, found[1]) is not None:
                continue
            if (now := stat_of(path)) is not None:
                self._intake.show_writing(Place(*found, now), None)

    def examine(self, path: Path) -> None:
        """Examine a file now, changed or not. Does nothing outside the library."""
        found = self._folders.locate(path)
        if found is not None and (now := stat_of(path)) is not None:
            self._intake.examine(Place(*found, now))

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
        """What is new, has changed or could not be examined before, with what is known of it. What
        is as it was is not kept: a large library takes no memory."""
        pending, now = [], self._clock.now()
        for some in _chunks(walk):
            files = dict(some)
            tally.seen += len(files)
            known = self._store.known_by(folder.key, files)
            same = {
                name
                for name, one in known.items()
                if _is_unchanged(one, files[name]) and not one.is_due(now)
            }
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
            if self._is_final(place, known, path in open_files):
                state = self._intake.examine(place)
                tally.examined += 1
                tally.failed += state == UNEXAMINED
            else:
                state = self._intake.show_writing(place, known)
                tally.writing += 1
        except (OSError, Unavailable) as error:
            if not is_gone(place.folder, place.name):
                logger.warning("%s cannot be looked at: %s", place.name, error)
                tally.failed += 1
                tally.tell(What.FAILED, place.name)
            return
        if not place.is_trash:
            otherwise = What.NEW if known is None else What.CHANGED
            tally.tell(_FOUND.get(state, otherwise), place.name)

    def _is_final(self, place: Place, known: Known | None, is_open: bool) -> bool:
        """What lies in the trash or was only not examined yet has been final before."""
        is_same = known is not None and _is_unchanged(known, place.stat)
        return place.is_trash or is_same or self._is_settled(place, is_open)

    def _miss(self, folder: Folder, tally: Tally) -> None:
        is_absent = Absence(folder)
        names = [
            name
            for name, one in self._store.known(folder.key)
            if one.missing_since is None and is_absent(name)
        ]
        if not names:
            return
        with self._changes.lock:
            # The files first, then the index: what another process renames is noted before and
            # has its new name after.
            gone = self._store.unmoved(folder.key, [n for n in names if is_gone(folder, n)])
            self._store.missing(gone.values(), self._clock.now())
            self._intake.without(gone.values())
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


def _chunks(walk: Walk) -> Iterator[list[tuple[str, Stat]]]:
    files = iter(walk)
    while some := list(islice(files, _AT_ONCE)):
        yield some


def _has_sidecar(place: Place) -> bool:
    return os.path.lexists(place.folder.root / sidecar.beside_name(place.name))


def _is_unchanged(known: Known, now: Stat) -> bool:
    return (known.size, known.mtime_ns) == now and known.state != WRITING
