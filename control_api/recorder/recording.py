"""One recorded file as the recorder keeps it, and what a look at OBS changes of it. No I/O."""

from __future__ import annotations

import enum
import uuid
from typing import Any

import msgspec

from control_api.recorder.desired_state import Desired
from control_api.recorder.observation import Observation
from control_api.recordings.reasons import Code, Reason

IN_OBS = "somebody in OBS itself"
_SAME_SECONDS = 1.0


class State(enum.StrEnum):
    """From the start to the examined file."""

    STARTING = "starting"
    RECORDING = "recording"
    STOPPING = "stopping"
    CHECKING = "checking"
    FINISHED = "finished"
    DAMAGED = "damaged"


class Origin(enum.StrEnum):
    """Who began it: an operator, a schedule, somebody in OBS itself, or another Leitstand.

    One that another Leitstand began has that origin only as long as nothing here wants it.
    """

    MANUAL = "manual"
    SCHEDULE = "schedule"
    FOREIGN = "foreign"
    LEITSTAND = "leitstand"

    @property
    def is_ours(self) -> bool:
        """Whether this recorder ends it when nothing wants it any longer."""
        return self in (Origin.MANUAL, Origin.SCHEDULE)


class Recording(msgspec.Struct):
    """One file. Files of one evening share `evening`, the uid of the first of them.

    `offset` is OBS's duration at the file's beginning: after a split OBS goes on counting, while
    `duration` is that of this file alone. `anchors` are `[seconds into the file, Unix time]` of the
    beginning and of the end of each pause. `row` and
    `evening_row` are its id and that of its evening in the database, once it has them.
    """

    uid: str
    studio: str
    origin: Origin
    state: State
    started_at: float
    seen_at: float
    title: str = ""
    by: str = ""
    reason_code: Code = Code.STARTED_IN_OBS
    reason_params: dict[str, Any] = {}
    obs_path: str | None = None
    file: str | None = None
    ended_at: float | None = None
    duration: float = 0.0
    offset: float = 0.0
    bytes: float = 0.0
    anchors: list[tuple[float, float]] = []
    evening: str | None = None
    schedule_ids: list[int] = []
    stop_wanted: bool = False
    stopped_by: str = ""
    paused: bool = False
    paused_by: str = ""
    row: int | None = None
    evening_row: int | None = None

    @property
    def reason(self) -> Reason:
        return Reason(self.reason_code, self.reason_params)

    @property
    def total(self) -> float:
        """OBS's duration when it was last seen, over all files of a split recording."""
        return self.offset + self.duration

    @property
    def running_since(self) -> float:
        """Since when it records without a break: its beginning, or the end of its last pause."""
        return self.anchors[-1][1] if self.anchors else self.started_at


def begun(studio: str, desired: Desired, now: float) -> Recording:
    """A recording that is about to be started."""
    recording = _new(studio, Origin.SCHEDULE, now)
    _ascribe(recording, desired)
    recording.reason_code = desired.reason.code
    recording.reason_params = dict(desired.reason.params)
    return recording


def adopted(studio: str, now: float) -> Recording:
    """A recording that somebody started in OBS itself."""
    recording = _new(studio, Origin.FOREIGN, now)
    recording.by = IN_OBS
    return recording


def left_by(studio: str, host: str, now: float) -> Recording:
    """A recording that a Leitstand on `host` started, which no longer controls the studio."""
    recording = _new(studio, Origin.LEITSTAND, now)
    recording.by = f"the Leitstand on {host}"
    recording.reason_code, recording.reason_params = Code.STARTED_BY_LEITSTAND, {"host": host}
    return recording


def take_over(recording: Recording, desired: Desired) -> None:
    """Make what another Leitstand left the recording that is wanted here; why it began stays."""
    recording.by = ""
    _ascribe(recording, desired)


def next_file(before: Recording, seen: Observation, now: float) -> Recording:
    """The recording of the file that follows after a split."""
    after = msgspec.structs.replace(
        before,
        uid=uuid.uuid4().hex,
        row=None,
        evening_row=before.evening_row,
        started_at=now,
        ended_at=None,
        offset=seen.duration,
        duration=0.0,
        anchors=[(0.0, now)],
        obs_path=seen.path,
        file=str(seen.file) if seen.file else None,
    )
    after.evening = before.evening or before.uid
    return after


def is_split(recording: Recording, seen: Observation, elapsed: float) -> bool:
    """Whether OBS writes the next file of the same recording; looks were `elapsed` seconds apart.

    OBS's duration goes on over a split. A recording that was started meanwhile cannot be longer
    than the time that has passed.
    """
    changed = bool(recording.obs_path and seen.path and recording.obs_path != seen.path)
    goes_on = seen.duration >= recording.total and seen.duration > elapsed + _SAME_SECONDS
    return changed and goes_on


def is_another(recording: Recording, seen: Observation) -> bool:
    """Whether OBS records something else than this, a split set aside."""
    if recording.state is State.STARTING:
        return False
    if recording.obs_path and seen.path:
        return recording.obs_path != seen.path
    return seen.duration + _SAME_SECONDS < recording.total


def update(recording: Recording, seen: Observation, now: float) -> bool:
    """Take a look into a running recording; True if that is worth saving at once."""
    before = _essence(recording)
    if recording.state is State.STARTING:
        recording.state = State.RECORDING
        recording.started_at = seen.began or now - seen.duration
        recording.anchors = [(0.0, recording.started_at)]
    recording.duration = max(0.0, seen.duration - recording.offset)
    if recording.paused and not seen.paused:
        recording.anchors = [*recording.anchors, (recording.duration, now)]
    recording.paused = seen.paused
    recording.obs_path = seen.path or recording.obs_path
    recording.file = str(seen.file) if seen.file else recording.file
    recording.seen_at, recording.bytes = now, seen.bytes
    return before != _essence(recording)


def _essence(recording: Recording) -> tuple[object, ...]:
    paths = recording.obs_path, recording.file
    return recording.state, *paths, len(recording.anchors), recording.paused


def _ascribe(recording: Recording, desired: Desired) -> None:
    recording.origin = Origin.SCHEDULE
    if desired.reason.code is Code.STARTED_BY:
        recording.origin, recording.by = Origin.MANUAL, str(desired.reason.params["by"])
    recording.title = desired.title
    recording.schedule_ids = [window.schedule_id for window in desired.windows]


def _new(studio: str, origin: Origin, now: float) -> Recording:
    return Recording(
        uid=uuid.uuid4().hex,
        studio=studio,
        origin=origin,
        state=State.STARTING,
        started_at=now,
        seen_at=now,
    )
