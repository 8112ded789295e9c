"""obs_stream_*: the stream that OBS sends."""

from __future__ import annotations

from collections.abc import Callable

from exporter.family import Family, Metrics, counter, gauge
from exporter.sources.obs.state import Stream, StudioState

_ROWS: tuple[tuple[Family, Callable[[Stream], float | None]], ...] = (
    (
        gauge("obs_stream_active", "Whether OBS streams (outputActive).", "studio"),
        lambda stream: stream.active,
    ),
    (
        gauge(
            "obs_stream_reconnecting",
            "Whether the stream has lost its server (outputReconnecting).",
            "studio",
        ),
        lambda stream: stream.reconnecting,
    ),
    (
        gauge(
            "obs_stream_duration_seconds",
            "How long this stream has run; begins again with a reconnect (outputDuration).",
            "studio",
        ),
        lambda stream: stream.duration,
    ),
    (
        gauge(
            "obs_stream_congestion_ratio",
            "How full the way to the server is, 0 to 1 (outputCongestion).",
            "studio",
        ),
        lambda stream: stream.congestion,
    ),
    (
        counter("obs_stream_bytes_total", "Bytes streamed (outputBytes).", "studio"),
        lambda stream: stream.bytes,
    ),
    (
        counter("obs_stream_frames_total", "Frames streamed (outputTotalFrames).", "studio"),
        lambda stream: stream.frames,
    ),
    (
        counter(
            "obs_stream_skipped_frames_total",
            "Frames that the network had no room for (outputSkippedFrames).",
            "studio",
        ),
        lambda stream: stream.skipped_frames,
    ),
)

FAMILIES = tuple(family for family, _ in _ROWS)


def collect(state: StudioState) -> Metrics:
    for family, value_of in _ROWS:
        if (value := value_of(state.stream)) is not None:
            yield family, [((state.studio,), value)]
