"""The kinds of events."""

from __future__ import annotations

import enum


class Kind(enum.StrEnum):
    """What can happen. The level of the log line is how bad it is."""

    RECORDING_STARTED = "recording_started"
    RECORDING_STOPPED = "recording_stopped"
    RECORDING_FILE = "recording_file"
    """A split: the recording goes on in the next file."""
    RECORDING_PAUSED = "recording_paused"
    RECORDING_RESUMED = "recording_resumed"
    RECORDING_TAKEN_OVER = "recording_taken_over"
    """A recording that another Leitstand began has become the one that is wanted here."""
    RECORDING_EXAMINED = "recording_examined"
    """Its file was looked into: it plays, or is damaged."""
    RECORDING_FAILED = "recording_failed"
    RECORDING_STALLED = "recording_stalled"
    RECORDING_RECOVERED = "recording_recovered"
    FAULT_CLEARED = "fault_cleared"
    """A fault that does not matter any longer, though nothing was recorded since."""
    WINDOW_MISSED = "window_missed"
    OVERRIDE_CHANGED = "override_changed"
    """An operator started, stopped or extended, or went back to the schedule."""
    OTHER_LEITSTAND = "other_leitstand"
    OBS_LOST = "obs_lost"
    OBS_BACK = "obs_back"
    RECORDER_LOST = "recorder_lost"
    RECORDER_BACK = "recorder_back"
    DATABASE_LOST = "database_lost"
    DATABASE_BACK = "database_back"
    DATABASE_FRESH = "database_fresh"
    CAMERA_RELOADED = "camera_reloaded"
    SETTINGS_CHANGED = "settings_changed"
    SHUTDOWN = "shutdown"
    RETENTION = "retention"
    LIBRARY = "library"


BAD = frozenset(
    {
        Kind.RECORDING_FAILED,
        Kind.RECORDING_STALLED,
        Kind.WINDOW_MISSED,
        Kind.OBS_LOST,
        Kind.OTHER_LEITSTAND,
        Kind.RECORDER_LOST,
        Kind.DATABASE_LOST,
        Kind.DATABASE_FRESH,
    }
)
"""The kinds that are logged as warnings."""
