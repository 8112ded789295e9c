"""Readings of the recorder and of what it stores, made from its status. No I/O."""

from __future__ import annotations

from collections.abc import Sequence

from control_api.metrics.readings import RecorderReading, StudioReading
from control_api.recorder.status import RecorderStatus, StudioStatus
from control_api.recordings.reasons import Code


def recorder_reading(status: RecorderStatus | None, *, is_up: bool) -> RecorderReading:
    """Without a status only that it is away is known."""
    if status is None:
        return RecorderReading(is_up=False)
    return RecorderReading(
        is_up=is_up,
        started_at=status.started_at,
        is_journal_writable=status.storage.journal is None,
        pending_entries=status.storage.pending,
    )


def studio_readings(status: RecorderStatus | None) -> Sequence[StudioReading]:
    """None while the recorder is away: what it said last may not be true any longer."""
    return [_studio(each) for each in (status.studios if status else ())]


def is_database_writable(by_api: bool | None, status: RecorderStatus | None) -> bool | None:
    """Whether both can write; None while the control API has not tried yet.

    While the recorder is away, the control API's own try decides.
    """
    if by_api is None or status is None:
        return by_api
    return by_api and status.storage.database is None


def is_database_fresh(by_api: bool | None, status: RecorderStatus | None) -> bool | None:
    """Whether it lacks schedules that there were; None while the control API has not looked."""
    replacement = status.storage.replacement if status else None
    if replacement is not None and replacement.is_older:
        return True
    return by_api


def _studio(status: StudioStatus) -> StudioReading:
    faults = [str(fault.code) for fault in status.faults]
    return StudioReading(
        status.studio,
        desired=status.desired,
        active=status.active,
        stalled=status.stalled,
        desired_seconds=status.desired_seconds,
        verified_seconds=status.verified_seconds,
        faults=faults,
        is_controlled_elsewhere=str(Code.OTHER_LEITSTAND) in faults,
    )
