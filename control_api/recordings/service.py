"""What an operator may do with recordings. Answers come when it is done, not when it is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from control_api.clock import Clock, local
from control_api.errors import BadGateway, Conflict, NotFound, Unavailable
from control_api.recordings.part import Origin, State
from control_api.recordings.reconciler import Reconciler, Status
from control_api.recordings.store import RecordingStore
from control_api.recordings.tables import RecordingRow
from control_api.recordings.wish import Override, Want
from control_api.studios.studio import Studio, Studios

_START_SECONDS = 8.0
_STOP_SECONDS = 25.0
_PAUSE_SECONDS = 5.0
_AGAIN_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Zone:
    """The zone that times are told in."""

    zone: tzinfo

    def tell(self, seconds: float) -> datetime:
        return local(seconds, self.zone)


class RecordingService:
    """Recordings of all studios."""

    def __init__(
        self,
        studios: Studios,
        reconcilers: Mapping[str, Reconciler],
        store: RecordingStore,
        clock: Clock,
        zone: tzinfo,
        *,
        longest: Callable[[], float],
        default_title: Callable[[str], str],
    ) -> None:
        self._studios = studios
        self._reconcilers = reconcilers
        self._store = store
        self._clock = clock
        self._longest = longest
        self._default_title = default_title
        self.zone = Zone(zone)

    def status(self, studio: str | None = None) -> dict[str, Status]:
        """By studio: that one, or all."""
        names = self._studios.names if studio is None else (self._studios.get(studio).name,)
        return {name: self._reconcilers[name].status for name in names}

    def start(
        self, studio: str | None, who: str, title: str, max_seconds: float | None
    ) -> tuple[str, Status]:
        """Record from now on, whatever the schedules say, until a stop or for `max_seconds`.

        Returns when OBS records. Raises Conflict, Unavailable or BadGateway; then nothing is left
        behind that would start a recording later.
        """
        name, reconciler = self._found(studio)
        with reconciler.lock:
            status = reconciler.look()
            self._refuse_second_start(status, reconciler.override)
            if not status.connected:
                raise Unavailable(f"studio {name}: {status.fault}")
            now = self._clock.now()
            until = now + (max_seconds or self._longest())
            override = Override(Want.START, now, until, who, title or self._default_title(name))
            reconciler.want(override)
        if self._until(reconciler, lambda s: s.active, _START_SECONDS):
            return name, reconciler.status
        with reconciler.lock:
            if reconciler.override == override:
                reconciler.want(None)
        raise BadGateway(f"studio {name}: {reconciler.status.fault or 'OBS does not record'}")

    def stop(self, studio: str | None, who: str) -> tuple[str, RecordingRow | None]:
        """Stop what records now; in a window, until that window ends.

        Returns the recording when its file is final; None if there was none yet.
        """
        name, reconciler = self._found(studio)
        with reconciler.lock:
            status = reconciler.look()
            row = status.recording
            if row is None and not status.wish.on:
                raise Conflict(f"studio {name}: nothing is being recorded")
            if row is not None and row.stop_wanted:
                by = row.extra.get("stopped_by", "somebody")
                raise Conflict(f"studio {name}: it is being stopped already, by {by}")
            reconciler.end(who)
        if row is None:
            return name, None
        if not self._until(reconciler, lambda _: self._is_over(row), _STOP_SECONDS):
            fault = reconciler.status.fault or "OBS has not stopped yet"
            raise BadGateway(f"studio {name}: {fault}; it is asked again until it does")
        return name, self._store.get(row.id)

    def pause(self, studio: str | None, *, paused: bool) -> tuple[str, Status]:
        """Pause the recording, or go on with it. Returns when OBS has done it."""
        name, reconciler = self._found(studio)
        status = reconciler.look()
        if not status.active:
            raise Conflict(f"studio {name}: nothing is being recorded")
        if status.paused == paused:
            raise Conflict(f"studio {name}: it is {'paused' if paused else 'not paused'} already")
        self._studio(name).request("PauseRecord" if paused else "ResumeRecord")
        if not self._until(reconciler, lambda s: s.paused == paused, _PAUSE_SECONDS):
            raise BadGateway(
                f"studio {name}: OBS accepts it and does not do it; "
                'at the recording quality "Same as stream" it cannot pause'
            )
        return name, reconciler.status

    def get(self, id: int) -> RecordingRow:
        row = self._store.get(id)
        if row is None:
            raise NotFound(f"id: there is no recording {id}")
        return row

    def newest(self, limit: int, before: int | None, studio: str | None) -> Sequence[RecordingRow]:
        """Newest first."""
        name = None if studio is None else self._studios.get(studio).name
        return self._store.newest(limit, before, name)

    def busy(self) -> str | None:
        """What would be lost if the machine were shut down now."""
        for name, reconciler in self._reconcilers.items():
            status = reconciler.status
            if status.active or status.wish.on:
                return f"studio {name} records ({status.wish.reason})"
        return None

    def _found(self, studio: str | None) -> tuple[str, Reconciler]:
        name = self._studios.get(studio).name
        return name, self._reconcilers[name]

    def _studio(self, name: str) -> Studio:
        return self._studios.get(name)

    def _refuse_second_start(self, status: Status, override: Override | None) -> None:
        if override is not None and override.want is Want.START:
            since = self.zone.tell(override.since).isoformat(timespec="seconds")
            raise Conflict(f"it was started already, by {override.who} at {since}; stop it first")
        row = status.recording
        if row is not None and row.origin == Origin.FOREIGN and status.active:
            since = self.zone.tell(row.started_at).isoformat(timespec="seconds")
            raise Conflict(f"it records already, started by {row.who} at {since}; stop it first")

    def _is_over(self, row: RecordingRow) -> bool:
        found = self._store.get(row.id)
        return found is None or found.state in (State.FINISHED, State.DAMAGED)

    def _until(
        self, reconciler: Reconciler, is_so: Callable[[Status], bool], seconds: float
    ) -> bool:
        """Look again and again until it is so, or the time is up."""
        until = time.monotonic() + seconds
        while not is_so(reconciler.look()):
            if time.monotonic() >= until:
                return False
            time.sleep(_AGAIN_SECONDS)
        return True
