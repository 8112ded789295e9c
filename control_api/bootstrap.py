"""The control API's composition root: configuration -> database, services, timer, server."""

from __future__ import annotations

import socket
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError

from control_api.admin.desk import Desk
from control_api.app import create_app
from control_api.audit.service import AuditService
from control_api.audit.store import AuditStore
from control_api.auth.access import Gate
from control_api.auth.fence import put_fence
from control_api.auth.first_admin import ensure_admin, terminal
from control_api.auth.gate import TokenGate
from control_api.auth.service import AuthService
from control_api.auth.store import AuthStore
from control_api.clips.room import Clips
from control_api.clock import Clock, SystemClock
from control_api.events.history import EventHistory
from control_api.events.kinds import Kind as EventKind
from control_api.events.service import Event, EventService
from control_api.events.store import EventStore
from control_api.events.tail import EventTail
from control_api.frames.reading import Reader
from control_api.frames.service import FrameService
from control_api.frames.store import StripStore
from control_api.instance import Instance
from control_api.jobs.kinds import Kind
from control_api.jobs.service import JobService
from control_api.jobs.store import JobStore
from control_api.leadership import Leadership
from control_api.leases import Leases
from control_api.library.room import Library
from control_api.limits import Limits
from control_api.migrations.migrate import opened
from control_api.outlook import Outlook, Sights
from control_api.play.room import Play
from control_api.provide import Provided
from control_api.recorder.plan_source import published_recorder
from control_api.recorder.socket_address import SocketAddress, address_of
from control_api.recordings.examination import Examination
from control_api.recordings.recorder_client import RecorderClient
from control_api.recordings.remote_recorders import RemoteRecorders
from control_api.recordings.service import RecordingService
from control_api.recordings.store import RecordingStore
from control_api.revisions import RevisionWatch
from control_api.schedules.runs import RunStore
from control_api.schedules.service import ScheduleService
from control_api.schedules.store import REVISION as SCHEDULES_REVISION
from control_api.schedules.store import ScheduleStore
from control_api.settings.fixed import fixed
from control_api.settings.memory import Memory
from control_api.settings.service import SettingsService
from control_api.settings.store import REVISION as SETTINGS_REVISION
from control_api.settings.store import SettingStore
from control_api.streams.room import Streams
from control_api.studios.studio import Studio, Studios
from control_api.timer import Timer
from leitstand.clients.obs import Address, ObsLink
from leitstand.config import Config, ObsConfig
from leitstand.serving import HttpServer

_FORGET_SECONDS = 3600.0
_WATCH_SECONDS = 1.0


class ControlApi:
    """The running service."""

    def __init__(self, config: Config, clock: Clock | None = None) -> None:
        clock = clock or SystemClock()
        self.instance = Instance(config.control_api)
        self.database = opened(config.control_api.database_url)
        self.studios = Studios([_studio(each) for each in config.obs])
        self.events = EventService(EventStore(self.database), clock)
        self.tail = EventTail(self.events, EventHistory(self.database))
        self.recorder = self._recorder_client(config, clock)
        self.leadership = Leadership(Leases(self.database), self.instance, clock)
        self.settings = self._settings_service(config, clock)
        self.desk = self._desk(config, clock)
        self.auth = AuthService(AuthStore(self.database), clock)
        self.runs = RunStore(self.database)
        self.examination = Examination(self.database, self.events.tell, clock)
        self.events.listen(self._look_into)
        self.schedules = ScheduleService(
            ScheduleStore(self.database),
            self.studios.names,
            ZoneInfo(config.control_api.timezone),
            clock,
            self.recorder.refresh,
            runs=self.runs,
        )
        self.recordings = self._recordings(config, clock)
        self.kinds: dict[str, Kind] = {}
        self.jobs = self._job_service(config, clock)
        self.library = self._library(config, clock)
        self.clips = self._clips(config, clock)
        self.play = self._play(config)
        self.streams = Streams(config, clock)
        self.timer = Timer(self.leadership.is_leader)
        self.outlook = self._outlook(config, clock)
        self._set_timer()
        limits = Limits(clock)
        self.audit = AuditService(AuditStore(self.database), clock, self.recorder.keep_audit)
        self.app = create_app(self._provided(config, limits))
        settings = config.control_api
        put_fence(self.app, limits, self.audit, settings.cors)
        self.outlook.measure(self.app)
        self._settings = settings
        self._server = HttpServer(
            self.app, settings.listen, settings.tls, "control_api.listen", websockets=True
        )

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def is_alive(self) -> bool:
        """Whether the timer runs and requests are answered."""
        return self.timer.is_running and self._server.is_alive

    def start(self) -> None:
        """Raises ConfigError if the first admin's token cannot be told."""
        settings = self._settings
        ensure_admin(self.auth, settings.admin_token, settings.state, terminal())
        self.timer.start()
        self.library.start()
        self.recorder.start()
        # The recorder may have waited for this database to get its tables.
        self.recorder.refresh()
        self.tail.start()
        self.examination.start()
        self.streams.start()
        self._server.start()
        # Last: where the port is taken already, the jobs are somebody else's.
        self.jobs.start()

    def stop(self) -> None:
        self._server.stop()
        self.audit.stop()
        self.auth.stop()
        self.streams.stop()
        self.timer.stop()
        self.examination.stop()
        self.tail.stop()
        self.recorder.stop()
        self.library.stop()
        self.jobs.stop()
        self.leadership.resign()
        self.desk.close()
        self.studios.close()
        self.database.close()
        self.outlook.close()
        self.instance.release()

    def _provided(self, config: Config, limits: Limits) -> Provided:
        """What the routes work with."""
        return {
            Studios: self.studios,
            EventService: self.events,
            SettingsService: self.settings,
            **self.desk.provided,
            **self.outlook.provided,
            **self.streams.provided,
            **self.library.provided,
            **self.clips.provided,
            **self.play.provided,
            FrameService: self._frames(config),
            JobService: self.jobs,
            ScheduleService: self.schedules,
            RecordingService: self.recordings,
            Examination: self.examination,
            AuthService: self.auth,
            AuditService: self.audit,
            Limits: limits,
            Gate: TokenGate(self.auth, limits),
        }

    def _set_timer(self) -> None:
        for room in (self.auth, self.library, self.jobs, self.play, self.desk, self.outlook):
            room.begin(self.timer)
        self.timer.every(_FORGET_SECONDS, "forget events", self._forget, in_one=True)
        # What other processes on the database change is in force here within seconds.
        revisions = RevisionWatch(self.database)
        revisions.listen(SETTINGS_REVISION, self.settings.refresh)
        revisions.listen(SCHEDULES_REVISION, self.schedules.refresh)
        self.timer.every(_WATCH_SECONDS, "changes by others", revisions.look)

    def _recorder_client(self, config: Config, clock: Clock) -> RecorderClient:
        """On SQLite every process is on this host."""
        is_sqlite = config.control_api.database_url.startswith("sqlite")
        remote = None if is_sqlite else RemoteRecorders(self.database, self.studios.names)
        return RecorderClient(address_of(config), clock, self._recorder_elsewhere, remote)

    def _recorder_elsewhere(self) -> SocketAddress | None:
        """Where a recorder on this host, of another configuration, controls the studios."""
        try:
            with self.database.reading() as session:
                place = published_recorder(session)
        except SQLAlchemyError:
            return None
        if place is None or place.get("host") != socket.gethostname():
            return None
        return SocketAddress(Path(place["folder"]))

    def _look_into(self, event: Event) -> None:
        """Have a recording's file examined as soon as it has ended."""
        if event.kind in (EventKind.RECORDING_STOPPED, EventKind.RECORDING_FILE):
            self.examination.wake()

    def _forget(self) -> None:
        self.events.forget(self.settings.current.events.keep_days)

    def _recordings(self, config: Config, clock: Clock) -> RecordingService:
        return RecordingService(
            self.studios,
            self.recorder,
            RecordingStore(self.database),
            clock,
            ZoneInfo(config.control_api.timezone),
            is_scheduled=lambda studio: bool(self.schedules.calendar_of(studio).at(clock.now())),
        )

    def _outlook(self, config: Config, clock: Clock) -> Outlook:
        sights = Sights(
            self.studios,
            self.events,
            self.settings,
            self.schedules,
            self.recordings,
            self.runs,
            self.database,
            self.library,
            self.jobs,
            self.leadership.is_leader,
        )
        return Outlook(sights, config.control_api, clock, lambda: self.timer.is_running)

    def _library(self, config: Config, clock: Clock) -> Library:
        library = Library(
            *(config, self.database, self.events, self.settings, clock),
            in_use=self.jobs.in_use,
            is_leader=self.leadership.is_leader,
        )
        self.events.listen(library.heard)
        return library

    def _clips(self, config: Config, clock: Clock) -> Clips:
        folder = config.control_api.state / "clips"
        memory = Memory(SettingStore(self.database), clock)
        clips = Clips(self.database, self.library.service, memory, folder, clock)
        self.kinds[clips.kind.name] = clips.kind
        return clips

    def _play(self, config: Config) -> Play:
        cache = config.control_api.state / "cache"
        play = Play(self.database, self.library.service, self.jobs, cache)
        self.kinds[play.kind.name] = play.kind
        return play

    def _frames(self, config: Config) -> FrameService:
        strips = StripStore(config.control_api.state / "cache" / "strips")
        return FrameService(self.library.service, Reader(), strips)

    def _job_service(self, config: Config, clock: Clock) -> JobService:
        return JobService(
            JobStore(self.database),
            self.kinds,
            clock,
            workers=lambda: self.settings.current.jobs.workers,
            most_queued=lambda: self.settings.current.jobs.most_queued_per_token,
            zone=ZoneInfo(config.control_api.timezone),
            owner=self.instance.identity,
            has_ended=self.instance.has_ended,
        )

    def _settings_service(self, config: Config, clock: Clock) -> SettingsService:
        return SettingsService(
            SettingStore(self.database),
            self.events,
            clock,
            studios=self.studios.names,
            fixed=fixed(config),
            zone=ZoneInfo(config.control_api.timezone),
        )

    def _desk(self, config: Config, clock: Clock) -> Desk:
        return Desk(
            self.studios,
            self.settings,
            self.events,
            clock,
            memory=Memory(SettingStore(self.database), clock),
            state=config.control_api.state,
        )


def _studio(config: ObsConfig) -> Studio:
    password = config.password
    address = Address(
        config.host, config.port, lambda: password.get_secret_value() if password else None
    )
    return Studio(config.name, ObsLink(address), config.recordings, address)
