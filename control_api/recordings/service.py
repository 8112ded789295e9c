"""What can be done with recordings: the recorder carries it out, the database has the history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

import msgspec

from control_api.clock import Clock, local
from control_api.errors import BadInput, NotFound
from control_api.recorder import protocol
from control_api.recorder.faults import Fault
from control_api.recorder.recording import Recording
from control_api.recorder.status import StudioStatus
from control_api.recordings.reasons import Code
from control_api.recordings.recorder_client import RecorderClient
from control_api.recordings.store import RecordingStore
from control_api.recordings.tables import RecordingRow
from control_api.studios.studio import Studios

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Zone:
    """The zone that times are given in."""

    zone: tzinfo

    def tell(self, seconds: float) -> datetime:
        return local(seconds, self.zone)


class RecordingService:
    """Recordings of all studios. `is_scheduled` says whether a studio's schedule asks for one now.

    Every command raises ApiError.
    """

    def __init__(
        self,
        studios: Studios,
        recorder: RecorderClient,
        store: RecordingStore,
        clock: Clock,
        zone: tzinfo,
        *,
        is_scheduled: Callable[[str], bool],
    ) -> None:
        self.recorder = recorder
        self.zone = Zone(zone)
        self._studios = studios
        self._store = store
        self._clock = clock
        self._is_scheduled = is_scheduled

    def status(self, studio: str | None = None) -> dict[str, StudioStatus]:
        """By studio: that one, or all; without the recorder what can be said without it."""
        names = self._studios.names if studio is None else (self._studios.get(studio).name,)
        return {name: self.recorder.studio(name) or self._without_recorder(name) for name in names}

    def start(
        self, studio: str | None, who: str, title: str, max_seconds: float | None
    ) -> tuple[str, StudioStatus]:
        """Record from now on, whatever the schedules say, until a stop or for `max_seconds`.

        Returns when OBS records; an error leaves nothing behind that would start one later.
        """
        name = self._studios.get(studio).name
        return name, self.recorder.begin(protocol.Start(name, who, title, max_seconds))

    def stop(self, studio: str | None, who: str) -> tuple[str, Recording | None, bool]:
        """Stop what records now; in a window, until that window ends.

        Returns the recording (None if none ran yet), and whether OBS has ended it already.
        """
        name = self._studios.get(studio).name
        stopped = self.recorder.end(protocol.OfStudio(name, who))
        if stopped.recording is None:
            return name, None, stopped.is_over
        return name, msgspec.convert(stopped.recording, Recording), stopped.is_over

    def pause(self, studio: str | None, who: str, *, paused: bool) -> tuple[str, StudioStatus]:
        """Pause the recording, or go on with it. Returns when OBS has done it."""
        name = self._studios.get(studio).name
        return name, self.recorder.pause(protocol.Pause(name, who, paused))

    def extend(
        self, studio: str | None, who: str, until: datetime | str | None, seconds: float | None
    ) -> tuple[str, StudioStatus]:
        """Go on until a moment, the next time the clock shows `HH:MM`, or for `seconds` longer."""
        if (until is None) == (seconds is None):
            raise BadInput("until, longer_by: exactly one of them is needed")
        name = self._studios.get(studio).name
        moment = None if until is None else self._moment(until)
        return name, self.recorder.extend(protocol.Extend(name, who, moment, seconds))

    def follow_schedule(self, studio: str | None, who: str) -> tuple[str, StudioStatus]:
        """Undo an operator's start, stop and extension."""
        name = self._studios.get(studio).name
        return name, self.recorder.follow_schedule(protocol.OfStudio(name, who))

    def get(self, number: int) -> RecordingRow:
        row = self._store.get(number)
        if row is None:
            raise NotFound(f"id: there is no recording {number}")
        return row

    def newest(self, limit: int, before: int | None, studio: str | None) -> Sequence[RecordingRow]:
        """Newest first."""
        name = None if studio is None else self._studios.get(studio).name
        return self._store.newest(limit, before, name)

    def busy(self) -> str | None:
        """What would be lost if the machine were shut down now."""
        for name, status in self.status().items():
            if status.active or status.desired:
                return f"studio {name} records ({status.reason.text})"
        return None

    def _moment(self, until: datetime | str) -> float:
        if isinstance(until, datetime):
            return until.timestamp()
        now = self.zone.tell(self._clock.now())
        hours, minutes, *_ = (int(part) for part in until.split(":"))
        shown = now.replace(hour=hours, minute=minutes, second=0, microsecond=0)
        return (shown if shown > now else shown + _DAY).timestamp()

    def _without_recorder(self, name: str) -> StudioStatus:
        away = self.recorder.away
        since = away.since if away else self._clock.now()
        desired = self._is_scheduled(name)
        return StudioStatus(
            name,
            desired=desired,
            reason_code=Code.RECORDER_NOT_RUNNING,
            faults=[Fault(Code.RECORDER_NOT_RUNNING, since)],
        )
