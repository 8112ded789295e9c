"""What others see of the service, put together: pictures, events as they happen, health, metrics,
logs; and the shutdown of the machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from fastapi import FastAPI

from control_api.clock import Clock
from control_api.database import Database
from control_api.events.history import EventHistory
from control_api.events.live import LiveEvents
from control_api.events.service import EventService
from control_api.health import checks
from control_api.health.fresh_database import FreshDatabase
from control_api.health.service import Check, HealthService
from control_api.jobs.service import JobService
from control_api.library.room import Library
from control_api.logs import service as logs
from control_api.logs.service import LogService
from control_api.machine.service import ShutdownService, Wishes
from control_api.metrics.page import MetricsPage, free_bytes
from control_api.metrics.readings import (
    DatabaseReading,
    RecorderReading,
    ScheduleReading,
    Sources,
    StudioReading,
)
from control_api.metrics.recorder import (
    is_database_fresh,
    is_database_writable,
    recorder_reading,
    studio_readings,
)
from control_api.metrics.requests import Measured, Requests
from control_api.previews.service import PreviewService
from control_api.provide import Provided
from control_api.recorder.recording import State
from control_api.recordings.service import RecordingService
from control_api.recordings.store import OPEN, RecordingStore
from control_api.schedules.runs import RunStore
from control_api.schedules.service import ScheduleService
from control_api.settings.memory import Memory
from control_api.settings.service import SettingsService
from control_api.settings.store import SettingStore
from control_api.studios.studio import Studios
from control_api.timer import Timer
from leitstand.config import ControlApiConfig

_LEAST_FREE_BYTES = 1e9
_OVER = (State.FINISHED, State.DAMAGED)
_SOON_SECONDS = 15 * 60
_HEALTH_SECONDS = 5.0
_FRESH_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Sights:
    """What there is to be seen."""

    studios: Studios
    events: EventService
    settings: SettingsService
    schedules: ScheduleService
    recordings: RecordingService
    runs: RunStore
    database: Database
    library: Library
    jobs: JobService
    is_leader: Callable[[], bool]

    def busy(self) -> str | None:
        """What would be lost if the machine were shut down now."""
        return self.recordings.busy() or self.jobs.busy()


class Outlook:
    """`provided` is for the app; `is_alive` says whether somebody looks after the recordings."""

    def __init__(
        self, sights: Sights, config: ControlApiConfig, clock: Clock, is_alive: Callable[[], bool]
    ) -> None:
        self._sights = sights
        self._clock = clock
        self._requests = Requests()
        self._fresh = FreshDatabase(sights.database, sights.events)
        self.logs = logs.set_up(config.state / "logs")
        self.health = HealthService(
            _checks(sights, config, is_alive, self._fresh), clock, due_soon=self._due_soon
        )
        wishes = Wishes(
            sights.busy,
            grace=lambda: sights.settings.current.shutdown.grace,
            daily=lambda: sights.settings.current.shutdown.at,
            is_leader=sights.is_leader,
        )
        self.shutdown = ShutdownService(
            *(config.shutdown_command, sights.events, clock, ZoneInfo(config.timezone), wishes),
            memory=Memory(SettingStore(sights.database), clock),
        )
        free = free_bytes(config.library) if config.library else lambda: None
        sources = Sources(
            self._recorder,
            self._database,
            self._studios,
            self._schedules,
            self._outcomes,
            free,
            library=sights.library.readings,
            jobs=sights.jobs.counts,
            ended=sights.jobs.outcomes,
            clips=lambda: sights.jobs.took("clip"),
        )
        self.provided: Provided = {
            PreviewService: PreviewService(
                sights.studios,
                clock,
                interval=lambda: sights.settings.current.preview.interval,
                width=lambda: sights.settings.current.preview.width,
                microphone=lambda name: sights.settings.current.studio(name).microphone_input,
            ),
            LiveEvents: LiveEvents(sights.events, EventHistory(sights.database)),
            HealthService: self.health,
            MetricsPage: MetricsPage(sources, self._requests),
            LogService: self.logs,
            ShutdownService: self.shutdown,
        }

    def measure(self, app: FastAPI) -> None:
        """To be called last: what is put around the app later is not counted."""
        app.add_middleware(Measured, requests=self._requests)

    def begin(self, timer: Timer) -> None:
        timer.every(1, "shutdown", self.shutdown.tick)
        timer.every(_HEALTH_SECONDS, "health", self.health.report)
        timer.every(_FRESH_SECONDS, "fresh database", self._fresh.look)

    def close(self) -> None:
        self.logs.close()

    def _due_soon(self, studio: str) -> bool:
        if self._sights.recordings.status(studio)[studio].desired:
            return True
        start = self._sights.schedules.next_start(studio)
        return start is not None and start - self._clock.now() < _SOON_SECONDS

    def _recorder(self) -> RecorderReading:
        recorder = self._sights.recordings.recorder
        return recorder_reading(recorder.status, is_up=checks.recorder(recorder).look().ok)

    def _database(self) -> DatabaseReading:
        by_api = self.health.is_ok("database")
        status = self._sights.recordings.recorder.status
        return DatabaseReading(
            is_database_writable(by_api, status), is_database_fresh(self._fresh.is_fresh, status)
        )

    def _studios(self) -> Sequence[StudioReading]:
        return studio_readings(self._sights.recordings.recorder.status)

    def _schedules(self) -> Sequence[ScheduleReading]:
        schedules, runs = self._sights.schedules, self._sights.runs
        coming = schedules.seconds_until(self._clock.now())
        return [
            ScheduleReading(name, coming[name], schedules.next_start(name), runs.missed(name))
            for name in self._sights.studios.names
        ]

    def _outcomes(self) -> Mapping[tuple[str, str], float]:
        found = RecordingStore(self._sights.database).outcomes()
        # A first failure is an increase only over a series that was there before it.
        none = {(studio, str(state)): 0 for studio in self._sights.studios.names for state in _OVER}
        return none | {at: count for at, count in found.items() if at[1] not in OPEN}


def _checks(
    sights: Sights, config: ControlApiConfig, is_alive: Callable[[], bool], fresh: FreshDatabase
) -> list[Check]:
    def least() -> float:
        return _LEAST_FREE_BYTES

    recorder = sights.recordings.recorder
    found = [
        checks.recorder(recorder),
        checks.database(config.database_url),
        checks.scheduler(is_alive),
        checks.journal(recorder),
        checks.schedules(fresh),
    ]
    if config.library is not None:
        found += [checks.library(config.library), checks.disk("disk", config.library, least)]
    for studio in sights.studios:
        found += [checks.obs(studio), checks.recordings(studio, least)]
        found.append(checks.studio(recorder, studio.name))
    return found
