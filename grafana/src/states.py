"""What things are in, as numbers that `words` names: paths, recordings, OBS and its stream."""

from __future__ import annotations

SERVER_UP = "mediamtx_up == 1"

_LAST_SIGN = (
    "(mediamtx_path_last_data_timestamp_seconds or mediamtx_path_online_since_timestamp_seconds)"
)
FROZEN = f"(mediamtx_path_online == 1 and time() - {_LAST_SIGN} > 10)"
"""Online, and no data for 10 s, or none ever since it came."""

UNSEEN = "(mediamtx_path_expected == 1 unless mediamtx_path_online == 1)"

PATH = (
    f"{FROZEN} + 2 or (mediamtx_path_online == 1) + 1"
    " or mediamtx_path_expected == 1 or mediamtx_path_online"
)
"""words.PATH_STATE: 3 frozen, 2 live, 1 offline though expected, 0 idle."""

RECORDING = (
    "max by (studio) (leitstand_recording_stalled == 1) + 2"
    " or max by (studio) (leitstand_recording_active == 1) + 1"
    " or max by (studio) (leitstand_recording_desired)"
)
"""words.RECORDING_STATE: 3 stalled, 2 recording, 1 should record, 0 idle."""

UNRECORDED = (
    "(leitstand_recording_desired == 1"
    " unless on (studio) (leitstand_recording_active == 1 unless leitstand_recording_stalled == 1))"
)

OBS = (
    "max by (studio) (obs_record_stalled == 1) + 3"
    " or max by (studio) (obs_record_paused == 1) + 2"
    " or max by (studio) (obs_record_active == 1) + 1"
    " or max by (studio) (obs_up)"
)
"""words.OBS_STATE: 4 stalled, 3 paused, 2 recording, 1 ready, 0 down."""

STREAM = "max by (studio) (obs_stream_reconnecting == 1) + 1 or max by (studio) (obs_stream_active)"
"""words.STREAM_STATE: 2 reconnecting, 1 streaming, 0 not."""
