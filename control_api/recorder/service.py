"""The recorder's composition root: configuration -> journal, studios, database, socket."""

from __future__ import annotations

import logging
import os
import socket
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from control_api.clock import Clock, SystemClock
from control_api.instance import sqlite_file
from control_api.recorder import takeover
from control_api.recorder.actuator import Actuator
from control_api.recorder.commands import Commands
from control_api.recorder.control_rights import ControlRights
from control_api.recorder.database_link import DatabaseLink
from control_api.recorder.database_sync import DatabaseSync
from control_api.recorder.journal import Journal
from control_api.recorder.obs_mark import Identity, ObsMark
from control_api.recorder.obs_output import ObsOutput
from control_api.recorder.ownership import Held, Ownership
from control_api.recorder.plan import Plan, PlanData, Settings, plan_of
from control_api.recorder.reconciler import Reconciler
from control_api.recorder.recording import Recording
from control_api.recorder.records import Records, merge_repetitions
from control_api.recorder.relay import Relay
from control_api.recorder.server import CommandServer
from control_api.recorder.socket_address import address_of, private_folder
from control_api.recorder.status import (
    RecorderStatus,
    StorageStatus,
    storage_faults,
    with_faults,
)
from control_api.recorder.studio_records import StudioRecords
from control_api.recorder.supervisor import StudioSupervisor
from control_api.recorder.window_coverage import WindowCoverage
from control_api.studios.studio import Studio
from leitstand import __version__
from leitstand.clients.obs import Address, ObsLink, Subscription
from leitstand.config import Config, ConfigError, ObsConfig
from leitstand.exclusive import ExclusiveFile, ExclusiveFolder, Taken, exclusive
from leitstand.survivor import LOCK

logger = logging.getLogger(__name__)

_JOURNAL = "recorder"
_LATE_SECONDS = 30.0
"""A studio that was not looked at for so long is not looked after any more."""


class Recorder:
    """The running service. It starts whatever the database does."""

    def __init__(self, config: Config, clock: Clock | None = None) -> None:
        """Raises ConfigError if another recorder has one of the folders, or the studios."""
        self._clock = clock or SystemClock()
        self._started_at = self._clock.now()
        runtime = _runtime(config)
        self._locks = _locks(config, runtime)
        self._journal = Journal(_places(config, runtime), merge=merge_repetitions)
        self.records = Records(self._journal, self._known(config), self._clock.now)
        self._plan: Plan | None = None
        if (known := self.records.plan) is not None:
            self._plan = plan_of(known)
        self._ownership = self._owned(config)
        self._reconcilers: dict[str, Reconciler] = {}
        self._studios: dict[str, StudioRecords] = {}
        self._supervisors = [self._supervisor(_studio(each)) for each in config.obs]
        self._sync = DatabaseSync(
            DatabaseLink(config.control_api.database_url),
            self.records,
            take=self._take_plan,
            recorded=self._recorded,
            ownership=self._ownership,
            take_over=self._take_over,
            now=self._clock.now,
        )
        self.commands = Commands(
            self._reconcilers,
            self.records,
            self._clock,
            status=self.status,
            settings=self._settings,
            sync=self._sync,
        )
        self.address = address_of(config)
        self._server = CommandServer(self.address, self.commands)
        self._relay = self._relay_of(config)

    @property
    def is_alive(self) -> bool:
        """Whether every studio is looked after."""
        return all(each.is_alive and each.idle < _LATE_SECONDS for each in self._supervisors)

    def start(self) -> None:
        self._journal.start()
        for supervisor in self._supervisors:
            supervisor.start()
        self._server.start()
        self._sync.start()
        if self._relay is not None:
            self._relay.start()

    def stop(self) -> None:
        """Studios go on with what they do."""
        self._server.stop()
        if self._relay is not None:
            self._relay.stop()
        for supervisor in self._supervisors:
            supervisor.stop()
        self._sync.stop()
        self._journal.stop()
        for lock in self._locks:
            lock.release()

    def status(self) -> RecorderStatus:
        """What is known at this moment."""
        storage = self._storage()
        faults = storage_faults(storage)
        return RecorderStatus(
            version=__version__,
            pid=os.getpid(),
            host=socket.gethostname(),
            started_at=self._started_at,
            studios=[with_faults(each.status, faults) for each in self._reconcilers.values()],
            storage=storage,
            idle=max((each.idle for each in self._supervisors), default=0.0),
        )

    def _storage(self) -> StorageStatus:
        health, problem = self._journal.health, self._sync.problem
        stalled_for = 0.0 if health.since is None else time.monotonic() - health.since
        return StorageStatus(
            database=problem[0] if problem else None,
            database_since=problem[1] if problem else None,
            is_database_replaced=self._sync.is_replaced,
            journal=health.error,
            journal_since=self._clock.now() - stalled_for if health.error else None,
            place=str(health.place) if health.place else None,
            pending=self.records.waiting,
            replacement=self._sync.replacement,
        )

    def _known(self, config: Config) -> dict[str, Any]:
        known = dict(self._journal.load())
        if not known:
            studios = [studio.name for studio in config.obs]
            known = takeover.from_database(config.control_api.database_url, studios)
            for key, value in known.items():
                self._journal.put(key, value)
        return known

    def _take_plan(self, plan: PlanData) -> None:
        self._plan = plan_of(plan)

    def _settings(self) -> Settings:
        return self._plan.data.settings if self._plan else Settings()

    def _wanted_from(self, schedule_id: int) -> float:
        return self._plan.wanted_from(schedule_id) if self._plan else 0.0

    def _begins_from(self, schedule_id: int) -> float:
        return self._plan.begins_from(schedule_id) if self._plan else 0.0

    def _take_over(self, studio: str, state: dict[str, Any]) -> None:
        """Go on with what the recorder left that held the studio before."""
        for key, value in state.items():
            self._journal.put(key, value)
        left = StudioRecords(studio, Records(self._journal, state, self._clock.now), self._clock)
        self._reconcilers[studio].take_over(
            left.remembered, left.override, left.extensions, left.runs, left.looked_at
        )

    def _recorded(self, recording: Recording) -> None:
        self._reconcilers[recording.studio].take_row(recording)

    def _identity(self, studio: str) -> Identity:
        database = self._plan.data.database if self._plan else ""
        if self._ownership is not None:
            return self._ownership.identity(studio, database)
        return Identity(self.records.instance, studio, socket.gethostname(), database)

    def _owned(self, config: Config) -> Ownership | None:
        """The leases; where the database is SQLite, locks on files do the same.

        Raises ConfigError if another recorder holds a studio and this one is no stand-by.
        """
        url, studios = config.control_api.database_url, [studio.name for studio in config.obs]
        if url.startswith("sqlite"):
            return None
        held = {
            studio: found
            for studio in studios
            if (found := self.records.recall(f"lease/{studio}", Held)) is not None
        }
        keep = self.records.keep
        ownership = Ownership(
            self.records.instance,
            studios,
            held,
            lambda name, lease: keep(f"lease/{name}", lease),
            folder=str(address_of(config).folder.absolute()),
        )
        takeover.acquire(url, ownership)
        others = [each for each in map(ownership.other_holder, studios) if each is not None]
        if others and not config.recorder.standby:
            first = others[0]
            since = datetime.fromtimestamp(int(first.since)).astimezone().isoformat()
            raise ConfigError(
                f"recorder: studio {first.studio} is controlled by the recorder on {first.host} "
                f"since {since}; stop that one, or set recorder.standby: true"
            )
        return ownership

    def _relay_of(self, config: Config) -> Relay | None:
        """For APIs on other hosts, which there are on PostgreSQL alone."""
        if self._ownership is None:
            return None
        link = DatabaseLink(config.control_api.database_url)
        return Relay(link, self._ownership, status=self.status, answer=self.commands.answer)

    def _supervisor(self, studio: Studio) -> StudioSupervisor:
        output, name = ObsOutput(studio, self._clock), studio.name
        records = StudioRecords(name, self.records, self._clock)
        actuator = Actuator(
            name,
            output,
            records,
            remembered=records.remembered,
            report=records.report,
            clock=self._clock,
        )
        coverage = WindowCoverage(
            records.runs,
            save=records.save_run,
            forget=records.forget_run,
            report=records.report_missing,
            wanted_from=self._wanted_from,
            begins_from=self._begins_from,
        )
        mark = ObsMark(
            studio.link,
            lambda: self._identity(name),
            now=self._clock.now,
            monotonic=self._clock.monotonic,
            paths=lambda: _paths_of_own(actuator, output),
        )
        self._reconcilers[name] = reconciler = Reconciler(
            name,
            actuator,
            coverage,
            records,
            rights=ControlRights(name, mark, self._ownership, lambda: self._identity(name)),
            plan=lambda: self._plan,
            override=records.override,
            extensions=records.extensions,
            looked_at=records.looked_at,
            clock=self._clock,
        )
        return StudioSupervisor(name, studio.link, output.hear, reconciler)


def _paths_of_own(actuator: Actuator, output: ObsOutput) -> list[str]:
    """OBS's paths of the files of the recording that runs, if the recorder is to end it."""
    current = actuator.current
    return [file.path for file in output.files] if current and current.origin.is_ours else []


def _locks(config: Config, runtime: Path | None) -> list[ExclusiveFile | ExclusiveFolder]:
    """The locks on the state folder, the runtime folder and a SQLite database.

    That on the runtime folder holds also where the state folder is removed. What cannot be locked
    is passed over. Raises ConfigError if another recorder holds one.
    """
    state, database = config.control_api.state, sqlite_file(config.control_api.database_url)
    locks = [_locked(state, state / LOCK, "control_api.state")]
    if runtime is not None:
        locks.append(_locked(runtime, runtime / LOCK, "recorder.runtime"))
    # Where no file can be made the folder itself is locked, which serves for both.
    is_locked = isinstance(locks[0], ExclusiveFolder) and database is not None
    if database is not None and not (is_locked and database.parent == state.resolve()):
        lock = database.with_name(f"{database.name}.{LOCK}")
        locks.append(_locked(database, lock, "control_api.database"))
    return [lock for lock in locks if lock is not None]


def _locked(what: Path, file: Path, key: str) -> ExclusiveFile | ExclusiveFolder | None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return exclusive(file, "recorder")
    except Taken as error:
        raise ConfigError(
            f"{key}: {what} is used by another recorder ({error}); "
            "stop that one, or name another one here"
        ) from None
    except OSError as error:
        _warn(key, what, error)
        return None


def _warn(key: str, what: Path, error: OSError) -> None:
    logger.warning(
        "%s: %s cannot be used (%s); see that this user may write there, or name another one; "
        "recording goes on without it",
        *(key, what, error.strerror or type(error).__name__),
    )


def _runtime(config: Config) -> Path | None:
    """The runtime folder; None if it cannot be used."""
    runtime = config.recorder.runtime_folder(config.control_api.state)
    try:
        private_folder(runtime)
    except OSError as error:
        _warn("recorder.runtime", runtime, error)
        return None
    return runtime


def _places(config: Config, runtime: Path | None) -> list[Path]:
    """Where the journal may be, the preferred folder first."""
    folders = (config.control_api.state, runtime, config.recorder.fallback)
    return [folder / _JOURNAL for folder in folders if folder is not None]


def _studio(config: ObsConfig) -> Studio:
    password = config.password
    address = Address(
        config.host, config.port, lambda: password.get_secret_value() if password else None
    )
    # Levels, which come 20 times a second, are nothing to it.
    link = ObsLink(address, subscriptions=Subscription.OUTPUTS)
    return Studio(config.name, link, config.recordings, address)
