"""The library put together: for the app, the timer, and whoever reads its figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

from control_api.clock import Clock
from control_api.database import Database
from control_api.events.service import Event, EventService, Kind
from control_api.library.changes import Changes
from control_api.library.folders import configured
from control_api.library.intake import Intake
from control_api.library.probing import Prober, probe
from control_api.library.retention import Retention
from control_api.library.scan import Scanner
from control_api.library.service import LibraryService
from control_api.library.store import VideoStore
from control_api.library.worker import ScanWorker
from control_api.metrics.readings import LibraryReading
from control_api.provide import Provided
from control_api.recordings.store import RecordingStore
from control_api.recordings.tables import RecordingRow
from control_api.settings.service import SettingsService
from control_api.timer import Timer
from leitstand.config import Config

_SCAN_SECONDS = 60.0
_RETENTION_SECONDS = 3600.0


class Library:
    """`provided` is for the app; `in_use` says of a video's id whether an export reads it."""

    def __init__(
        self,
        config: Config,
        database: Database,
        events: EventService,
        settings: SettingsService,
        clock: Clock,
        *,
        in_use: Callable[[str], bool] = lambda _: False,
        prober: Prober = probe,
    ) -> None:
        zone = ZoneInfo(config.control_api.timezone)
        folders = configured(config)
        self._store = store = VideoStore(database)
        self._recordings = RecordingStore(database)
        changes = Changes(store, folders)
        self.service = LibraryService(store, changes, clock, zone, in_use=in_use)
        intake = Intake(store, changes, prober, clock=clock, zone=zone, tell=events.tell)
        self._scanner = Scanner(store, folders, changes, intake, clock)
        self.worker = ScanWorker(self._scanner, clock, changes.finish)
        self.retention = Retention(
            store,
            folders,
            lambda: settings.current.retention,
            clock,
            tell=events.tell,
            in_use=in_use,
            throw=self.service.throw,
            empty=self.service.empty,
        )
        self.provided: Provided = {
            LibraryService: self.service,
            ScanWorker: self.worker,
            Retention: self.retention,
        }

    def begin(self, timer: Timer) -> None:
        timer.every(_SCAN_SECONDS, "library", self.worker.scan)
        timer.every(_RETENTION_SECONDS, "retention", self.retention.run)

    def start(self) -> None:
        self.worker.start()

    def stop(self) -> None:
        self.worker.stop()

    def arrived(self, row: RecordingRow) -> None:
        """A recording is finished or damaged: its file is a video now. Does not block."""
        if row.file is not None:
            path = Path(row.file)
            self.worker.soon(lambda: self._scanner.take(path))

    def heard(self, event: Event) -> None:
        """What is to listen to the events: takes each recording whose file was examined."""
        if event.kind is Kind.RECORDING_EXAMINED and "recording_id" in event.data:
            self.worker.soon(lambda: self._fetch(event.data["recording_id"]))

    def _fetch(self, recording_id: int) -> None:
        if row := self._recordings.get(recording_id):
            self.arrived(row)

    def readings(self) -> LibraryReading:
        videos, size = self._store.totals()
        return LibraryReading(videos, size, dict(self.retention.deleted))
