"""One recording as a row: what a look at OBS says about it. No I/O."""

from __future__ import annotations

import enum

from control_api.recordings.recorder import Seen
from control_api.recordings.tables import RecordingRow
from control_api.recordings.wish import Wish


class State(enum.StrEnum):
    """From the wish to the file. `failed` never recorded anything."""

    STARTING = "starting"
    RECORDING = "recording"
    STOPPING = "stopping"
    CHECKING = "checking"
    FINISHED = "finished"
    DAMAGED = "damaged"


class Origin(enum.StrEnum):
    """Who began it: an operator, a schedule, or somebody in OBS itself."""

    MANUAL = "manual"
    SCHEDULE = "schedule"
    FOREIGN = "foreign"


IN_OBS = "somebody in OBS itself"
_SAME_SECONDS = 1.0


def begun(studio: str, wish: Wish, now: float) -> RecordingRow:
    """The row of a recording that is about to be started."""
    origin = Origin.MANUAL if wish.reason.startswith("started by ") else Origin.SCHEDULE
    row = _row(studio, origin, now)
    row.title, row.who, row.reason = (
        wish.title,
        wish.reason.removeprefix("started by "),
        wish.reason,
    )
    row.schedule_ids = [window.schedule_id for window in wish.windows]
    return row


def found(studio: str, now: float) -> RecordingRow:
    """The row of a recording that somebody else started."""
    row = _row(studio, Origin.FOREIGN, now)
    row.who, row.reason = IN_OBS, f"started by {IN_OBS}"
    return row


def is_another(row: RecordingRow, seen: Seen) -> bool:
    """Whether OBS records something else than this."""
    if row.state == State.STARTING:
        return False
    if row.obs_path and seen.path:
        return row.obs_path != seen.path
    return seen.duration + _SAME_SECONDS < row.duration


def update(row: RecordingRow, seen: Seen, now: float) -> bool:
    """Take a look at a running recording into its row; True if that is worth saving at once."""
    before = row.state, row.obs_path, row.file, len(row.anchors), is_paused(row)
    if row.state == State.STARTING:
        row.state = State.RECORDING
        row.started_at = seen.began or now - seen.duration
        row.anchors = [[0.0, row.started_at]]
    if is_paused(row) and not seen.paused:
        row.anchors = [*row.anchors, [seen.duration, now]]
    row.extra = {**row.extra, "paused": seen.paused}
    row.obs_path = seen.path or row.obs_path
    row.file = str(seen.file) if seen.file else row.file
    row.seen_at, row.duration, row.bytes = now, seen.duration, seen.bytes
    return before != (row.state, row.obs_path, row.file, len(row.anchors), is_paused(row))


def is_paused(row: RecordingRow) -> bool:
    return bool(row.extra.get("paused"))


def runs_since(row: RecordingRow) -> float:
    """Since when it records without a break: its start, or the end of its last pause."""
    return row.anchors[-1][1] if row.anchors else row.started_at


def _row(studio: str, origin: Origin, now: float) -> RecordingRow:
    return RecordingRow(
        studio=studio,
        origin=str(origin),
        title="",
        who="",
        state=str(State.STARTING),
        obs_path=None,
        file=None,
        started_at=now,
        ended_at=None,
        seen_at=now,
        duration=0.0,
        bytes=0.0,
        anchors=[],
        reason="",
        evening=None,
        schedule_ids=[],
        stop_wanted=False,
        extra={},
    )
