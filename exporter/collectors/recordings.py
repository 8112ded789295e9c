"""mediamtx_recording_*: what MediaMTX has recorded to its disk."""

from __future__ import annotations

from exporter.family import Metrics, gauge
from exporter.sources.mediamtx.state import RecordingsState

_SEGMENTS = gauge(
    "mediamtx_recording_segments", "Segments of the path on the server's disk.", "server", "path"
)
_NEWEST = gauge(
    "mediamtx_recording_newest_segment_timestamp_seconds",
    "When the newest segment began, Unix time.",
    *("server", "path"),
)

FAMILIES = (_SEGMENTS, _NEWEST)


def collect(state: RecordingsState) -> Metrics:
    recordings = [((state.server, r.path), r) for r in state.recordings]
    yield _SEGMENTS, [(at, r.segments) for at, r in recordings]
    yield (
        _NEWEST,
        [(at, r.newest_segment_at) for at, r in recordings if r.newest_segment_at is not None],
    )
