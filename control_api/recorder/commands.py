"""What the API may ask of the recorder. Each answer comes within 2 s and says what has happened."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from control_api.clock import Clock
from control_api.events.kinds import Kind
from control_api.recorder import protocol
from control_api.recorder.database_sync import DatabaseSync
from control_api.recorder.desired_state import Override, Want
from control_api.recorder.observation import Refused, Unreachable
from control_api.recorder.plan import Settings
from control_api.recorder.protocol import Answer
from control_api.recorder.reconciler import Reconciler
from control_api.recorder.recording import Origin, Recording, State
from control_api.recorder.records import AuditRecord, Records
from control_api.recorder.status import RecorderStatus, StudioStatus
from control_api.recordings.reasons import Code

_ANSWER_SECONDS = 1.5
_SETTLE_SECONDS = 0.2
_ROW_SECONDS = 0.4
"""How long a stop waits for the number that the database gives to the recording."""
_LOCK_SECONDS = 1.0
_AGAIN_SECONDS = 0.05
_LONGEST_EXTENSION = 86_400.0
_REFUSALS = (Code.OBS_REFUSES, Code.DISK_FULL)


class CommandError(Exception):
    """Why a command was not carried out, with the HTTP status that says the same."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class Commands:
    """`status` gives the whole recorder's, `settings` those of the plan of the moment."""

    def __init__(
        self,
        reconcilers: Mapping[str, Reconciler],
        records: Records,
        clock: Clock,
        *,
        status: Callable[[], RecorderStatus],
        settings: Callable[[], Settings],
        sync: DatabaseSync,
    ) -> None:
        self._reconcilers = reconcilers
        self._records = records
        self._clock = clock
        self._status = status
        self._settings = settings
        self._settle = sync.settle
        self._handlers: Mapping[str, tuple[type[Any], Callable[[Any], Any]]] = {
            "status": (dict, lambda _: self._status()),
            "start": (protocol.Start, self._start),
            "stop": (protocol.OfStudio, self._stop),
            "pause": (protocol.Pause, self._pause),
            "extend": (protocol.Extend, self._extend),
            "follow_schedule": (protocol.OfStudio, self._follow_schedule),
            "refresh": (protocol.Refresh, lambda body: sync.refresh(body.seconds)),
            "audit": (protocol.Audit, self._audit),
        }

    def answer(self, command: str, body: Any) -> Answer:
        """Carry out one command; does not raise."""
        if command not in self._handlers:
            return Answer(error=f"there is no command {command!r}", status=404)
        kind, handler = self._handlers[command]
        try:
            answer = Answer(data=handler(msgspec.convert(body, kind)))
        except CommandError as error:
            answer = Answer(error=error.detail, status=error.status)
        except msgspec.ValidationError as error:
            answer = Answer(error=str(error), status=422)
        if command not in ("status", "audit"):
            # So that whoever asks the database next reads what has happened.
            self._settle(_SETTLE_SECONDS)
        return answer

    def _start(self, body: protocol.Start) -> StudioStatus:
        reconciler, until = self._reconciler(body.studio), time.monotonic() + _ANSWER_SECONDS
        # Before there is a wait for the studio: of many at once, all but one are refused.
        _refuse_second_start(reconciler.status)
        with self._locked(body.studio, reconciler):
            status = reconciler.look()
            _refuse_second_start(status)
            self._need_connection(body.studio, status)
            settings = self._settings()
            seconds = body.seconds or settings.max_duration
            title = body.title or settings.titles.get(body.studio, "")
            reconciler.start(body.by, seconds, title)
            override = reconciler.status.override
        _wait(reconciler, lambda s: s.active or bool(_refusal(s)), until)
        if _refusal(reconciler.status) is None and reconciler.status.connected:
            # On a busy machine OBS takes its time: it is asked until it records, or a stop comes.
            return reconciler.status
        return self._withdrawn(body.studio, reconciler, override)

    def _withdrawn(
        self, studio: str, reconciler: Reconciler, override: Override | None
    ) -> StudioStatus:
        """Leave nothing behind that would start a recording later; raises what stood in the way."""
        with reconciler.lock:
            status = reconciler.status
            if status.active:
                return status
            why = _refusal(status) or status.fault or "OBS accepts the start and does not record"
            if status.override == override:
                reconciler.follow_schedule()
        raise CommandError(502, f"studio {studio}: {why}")

    def _stop(self, body: protocol.OfStudio) -> protocol.Stopped:
        reconciler, until = self._reconciler(body.studio), time.monotonic() + _ANSWER_SECONDS
        _refuse_second_stop(body.studio, reconciler.status.recording)
        with self._locked(body.studio, reconciler):
            status = reconciler.look()
            recording = status.recording
            if recording is None and not status.desired:
                raise CommandError(409, f"studio {body.studio}: nothing is being recorded")
            _refuse_second_stop(body.studio, recording)
            reconciler.end(body.by)
        if recording is None:
            return protocol.Stopped(None, is_over=True)
        if _wait(reconciler, lambda s: _has_ended(s, recording.uid), until):
            until = min(until, time.monotonic() + _ROW_SECONDS)
            _wait(reconciler, lambda s: s.last is not None and s.last.row is not None, until)
        return _stopped(reconciler.status, recording)

    def _pause(self, body: protocol.Pause) -> StudioStatus:
        reconciler, until = self._reconciler(body.studio), time.monotonic() + _ANSWER_SECONDS
        with self._locked(body.studio, reconciler):
            status = reconciler.look()
            if not status.active:
                raise CommandError(409, f"studio {body.studio}: nothing is being recorded")
            if status.paused == body.paused:
                now = "paused" if body.paused else "not paused"
                raise CommandError(409, f"studio {body.studio}: it is {now} already")
            try:
                reconciler.pause(body.paused, body.by)
            except (Unreachable, Refused) as error:
                raise CommandError(502, f"studio {body.studio}: OBS {error}") from None
        if not _wait(reconciler, lambda s: s.paused == body.paused, until):
            raise CommandError(
                502,
                f"studio {body.studio}: OBS accepts it and does not do it; "
                'at the recording quality "Same as stream" it cannot pause',
            )
        return reconciler.status

    def _extend(self, body: protocol.Extend) -> StudioStatus:
        reconciler = self._reconciler(body.studio)
        with self._locked(body.studio, reconciler):
            status, now = reconciler.look(), self._clock.now()
            if not status.desired or status.until is None:
                raise CommandError(
                    409, f"studio {body.studio}: nothing should be recording now; start it instead"
                )
            until = body.until if body.until is not None else status.until + (body.seconds or 0.0)
            if until <= status.until:
                raise CommandError(
                    422, f"studio {body.studio}: until: it records until then anyway, or longer"
                )
            if until - now > _LONGEST_EXTENSION:
                raise CommandError(422, f"studio {body.studio}: until: more than 24 hours from now")
            self._say(body.studio, f"{body.by} extends the recording", by=body.by, until=until)
            return reconciler.extend(until, body.by)

    def _follow_schedule(self, body: protocol.OfStudio) -> StudioStatus:
        reconciler = self._reconciler(body.studio)
        with self._locked(body.studio, reconciler):
            if not reconciler.look().is_overridden:
                raise CommandError(409, f"studio {body.studio}: it follows its schedule already")
            self._say(body.studio, f"{body.by} goes back to the schedule", by=body.by)
            return reconciler.follow_schedule()

    def _audit(self, body: protocol.Audit) -> None:
        self._records.send(AuditRecord(**msgspec.structs.asdict(body)), body.uid)

    def _say(self, studio: str, message: str, **data: Any) -> None:
        self._records.report(Kind.OVERRIDE_CHANGED, studio, message, **data)

    def _reconciler(self, studio: str) -> Reconciler:
        if studio not in self._reconcilers:
            known = ", ".join(self._reconcilers) or "none"
            raise CommandError(404, f"studio: there is no {studio!r}; there are: {known}")
        return self._reconcilers[studio]

    @contextlib.contextmanager
    def _locked(self, studio: str, reconciler: Reconciler) -> Iterator[None]:
        """The studio's lock; while OBS hangs, a look holds it for as long as OBS is given."""
        if not reconciler.lock.acquire(timeout=_LOCK_SECONDS):
            raise CommandError(503, f"studio {studio}: OBS does not answer; nothing was changed")
        try:
            if reconciler.block is not None:
                raise CommandError(409, f"studio {studio}: {reconciler.block.reason.text}")
            yield
        finally:
            reconciler.lock.release()

    @staticmethod
    def _need_connection(studio: str, status: StudioStatus) -> None:
        if not status.connected:
            raise CommandError(503, f"studio {studio}: {status.fault}")


def _refuse_second_start(status: StudioStatus) -> None:
    override, recording = status.override, status.recording
    if override is not None and override.want is Want.START:
        raise CommandError(
            409,
            f"it was started already, by {override.by} at {_clock(override.since)}; stop it first",
        )
    is_foreign = recording is not None and recording.origin is Origin.FOREIGN
    if recording is not None and is_foreign and status.active:
        raise CommandError(
            409,
            f"it records already, started by {recording.by} at {_clock(recording.started_at)}; "
            "stop it first",
        )


def _refuse_second_stop(studio: str, recording: Recording | None) -> None:
    if recording is not None and recording.stop_wanted:
        by = recording.stopped_by or "somebody"
        raise CommandError(409, f"studio {studio}: it is being stopped already, by {by}")


def _clock(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(seconds))


def _refusal(status: StudioStatus) -> str | None:
    found = (fault.reason.text for fault in status.faults if fault.code in _REFUSALS)
    return next(found, None)


def _has_ended(status: StudioStatus, uid: str) -> bool:
    last = status.last
    return last is not None and last.uid == uid


def _stopped(status: StudioStatus, recording: Recording) -> protocol.Stopped:
    last = status.last
    found = last if last is not None and last.uid == recording.uid else recording
    is_over = found.state in (State.CHECKING, State.FINISHED, State.DAMAGED)
    return protocol.Stopped(msgspec.to_builtins(found), is_over)


def _wait(reconciler: Reconciler, is_so: Callable[[StudioStatus], bool], until: float) -> bool:
    """Look again and again until it is so, or the time is up."""
    pause = threading.Event()
    while not is_so(reconciler.look()):
        if time.monotonic() >= until:
            return False
        pause.wait(_AGAIN_SECONDS)
    return True
