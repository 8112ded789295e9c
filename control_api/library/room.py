"""The library put together: for the app, the timer, and whoever reads its figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

from control_api.clock import Clock
from control_api.database import Database
from control_api.evenings.accounts import LateAccounts
from control_api.evenings.assign import Assigner
from control_api.evenings.store import EveningStore
from control_api.events.service import Event, EventService, Kind
from control_api.library.changes import Changes
from control_api.library.folders import Folders, configured
from control_api.library.growing import Growing
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
from control_api.reserve import Reserve, Reserves
from control_api.settings.service import SettingsService
from control_api.timer import Timer
from leitstand.config import Config

_SCAN_SECONDS = 60.0
_RUNNING_SECONDS = 5.0
_RETENTION_SECONDS = 3600.0
_RESERVE_SECONDS = 10.0
_RESERVE_BYTES = 1024**2
_RESERVE_STEP = 128 * 1024
_RESERVE = ".leitstand-reserve"
"""The file in a folder of videos that keeps space for moving one to the trash."""


class Library:
    """`provided` is for the app; `in_use` says of a video's id whether an export reads it, and
    `is_leader` whether this is the process that looks after the files."""

    def __init__(
        self,
        config: Config,
        database: Database,
        events: EventService,
        settings: SettingsService,
        clock: Clock,
        *,
        in_use: Callable[[str], bool] = lambda _: False,
        is_leader: Callable[[], bool] = lambda: True,
        prober: Prober = probe,
    ) -> None:
        zone = ZoneInfo(config.control_api.timezone)
        folders = configured(config)
        self._store = store = VideoStore(database)
        self._recordings = RecordingStore(database)
        self._reserves = _reserves(database, folders)
        changes = Changes(store, folders, reserves=self._reserves)
        growing = Growing()
        self.service = LibraryService(store, changes, clock, zone, in_use=in_use, growing=growing)
        evenings = EveningStore(database)
        self._evenings = Assigner(evenings, store, changes, zone)
        self._accounts = LateAccounts(evenings, self._evenings)
        settled = self._evenings.assign
        intake = Intake(
            *(store, changes, prober),
            clock=clock,
            zone=zone,
            tell=events.tell,
            settled=settled,
            growing=growing,
        )
        self._scanner = Scanner(store, folders, changes, intake, clock)
        self._changes = changes
        self._is_leader = is_leader
        self._is_finished = False
        self.worker = ScanWorker(self._scanner, clock, self._finish)
        self.retention = Retention(
            store,
            folders,
            lambda: settings.current.retention,
            clock,
            tell=events.tell,
            in_use=in_use,
            throw=self.service.throw,
            delete=self.service.delete,
            empty=self.service.empty,
        )
        self.provided: Provided = {
            LibraryService: self.service,
            ScanWorker: self.worker,
            Retention: self.retention,
        }

    def begin(self, timer: Timer) -> None:
        timer.every(_SCAN_SECONDS, "library", self._look, in_one=True)
        timer.every(_RUNNING_SECONDS, "running recordings", self._look_at_running, in_one=True)
        timer.every(_RETENTION_SECONDS, "retention", self.retention.run, in_one=True)
        timer.every(_RESERVE_SECONDS, "reserve", self._reserves.restore)

    def start(self) -> None:
        self.worker.soon(self._reserves.restore)
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

    def _look(self) -> None:
        self.worker.soon(self._finish)
        self.worker.soon(self._regroup)
        self.worker.scan()

    def _look_at_running(self) -> None:
        self.worker.soon(self._scanner.show_running)

    def _finish(self) -> None:
        """Once, and only where no other process may be in the middle of these changes."""
        if not self._is_finished and self._is_leader():
            self._changes.finish()
            self._is_finished = True
            self.worker.soon(self._assign_missing)

    def _assign_missing(self) -> None:
        """Assign evenings to a batch of videos, so that urgent work can run between two batches."""
        with self._changes.lock:
            is_more = self._evenings.assign_missing()
        if is_more:
            self.worker.soon(self._assign_missing)

    def _regroup(self) -> None:
        with self._changes.lock:
            self._accounts.look()

    def _fetch(self, recording_id: int) -> None:
        if row := self._recordings.get(recording_id):
            self.arrived(row)

    def readings(self) -> LibraryReading:
        videos, size = self._store.totals()
        return LibraryReading(videos, size, dict(self.retention.deleted))


def _reserves(database: Database, folders: Folders) -> Reserves:
    """The database's counts for the folders on its own file system too."""
    own = [database.reserve] if database.reserve else []
    others = [Reserve(one.root / _RESERVE, _RESERVE_BYTES, _RESERVE_STEP) for one in folders]
    return Reserves([*own, *others])
