"""Everything that makes videos playable, put together."""

from __future__ import annotations

from pathlib import Path

from control_api.database import Database
from control_api.evenings.service import EveningService
from control_api.evenings.store import EveningStore
from control_api.jobs.kinds import Kind
from control_api.jobs.service import JobService
from control_api.library.service import LibraryService
from control_api.library.store import VideoStore
from control_api.play.ahead import Ahead
from control_api.play.evening import EveningPlay
from control_api.play.reading import Reader
from control_api.play.service import PlayService
from control_api.play.store import PlayStore, sweep
from control_api.provide import Provided
from control_api.timeline.service import Timelines
from control_api.timeline.store import TimelineStore
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
        reader = Reader()
        service = PlayService(library, jobs, reader, self._store)
        self._evenings = EveningStore(database)
        timelines = Timelines(TimelineStore(database))
        evenings = EveningService(self._evenings, timelines, library)
        self._ahead = Ahead(self._videos, service)
        self.kind: Kind = service.kind()
        self.provided: Provided = {
            PlayService: service,
            EveningPlay: EveningPlay(evenings, service, reader, self._store),
        }

    def begin(self, timer: Timer) -> None:
        timer.every(_SWEEP_SECONDS, "what was made of videos", self.sweep)
        timer.every(_AHEAD_SECONDS, "the newest videos, before they are played", self._ahead.run)

    def sweep(self) -> None:
        """Remove what was made of what is gone for good, and what is too much."""
        self._store.make_room()
        for name in _FOLDERS:
            sweep(self._cache / name, self._is_known)

    def _is_known(self, id: str) -> bool:
        return self._videos.get(id) is not None or self._evenings.get(id) is not None
