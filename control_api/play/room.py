"""Everything that makes videos playable, put together."""

from __future__ import annotations

from pathlib import Path

from control_api.database import Database
from control_api.jobs.kinds import Kind
from control_api.jobs.service import JobService
from control_api.library.service import LibraryService
from control_api.library.store import VideoStore
from control_api.play.ahead import Ahead
from control_api.play.reading import Reader
from control_api.play.service import PlayService
from control_api.play.store import PlayStore, sweep
from control_api.provide import Provided
from control_api.timer import Timer

_SWEEP_SECONDS = 3600.0
_AHEAD_SECONDS = 60.0
_FOLDERS = ("play", "strips")


class Play:
    """`provided` is for the app, `kind` for the queue; `cache` also holds the strips of pictures,
    which go with their videos too."""

    def __init__(
        self, database: Database, library: LibraryService, jobs: JobService, cache: Path
    ) -> None:
        self._videos = VideoStore(database)
        self._cache = cache
        self._store = PlayStore(cache / "play")
        service = PlayService(library, jobs, Reader(), self._store)
        self._ahead = Ahead(self._videos, service)
        self.kind: Kind = service.kind()
        self.provided: Provided = {PlayService: service}

    def begin(self, timer: Timer) -> None:
        timer.every(_SWEEP_SECONDS, "what was made of videos", self.sweep)
        timer.every(_AHEAD_SECONDS, "the newest videos, before they are played", self._ahead.run)

    def sweep(self) -> None:
        """Remove what was made of videos that are gone for good, and what is too much."""
        self._store.make_room()
        for name in _FOLDERS:
            sweep(self._cache / name, lambda id: self._videos.get(id) is not None)
