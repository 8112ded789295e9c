"""obs_record_*: the recording, by OBS's word and by its file."""

from __future__ import annotations

from collections.abc import Callable

from exporter.family import Family, Metrics, counter, gauge
from exporter.sources.obs.state import Record, StudioState

_ROWS: tuple[tuple[Family, Callable[[Record], float | None]], ...] = (
    (
        gauge("obs_record_active", "Whether OBS says that it records (outputActive).", "studio"),
        lambda record: record.active,
    ),
    (
        gauge("obs_record_paused", "Whether the recording is paused (outputPaused).", "studio"),
        lambda record: record.paused,
    ),
    (
        gauge(
            "obs_record_duration_seconds",
            "How long this recording has run, pauses left out (outputDuration).",
            "studio",
        ),
        lambda record: record.duration,
    ),
    (
        counter(
            "obs_record_bytes_total",
            "Bytes that OBS says it recorded (outputBytes), over all recordings.",
            "studio",
        ),
        lambda record: record.bytes,
    ),
    (
        gauge(
            "obs_record_file_bytes",
            "Size of the file that is being recorded, where its folder is visible.",
            "studio",
        ),
        lambda record: record.file_bytes,
    ),
    (
        gauge(
            "obs_record_last_growth_timestamp_seconds",
            "When the record file (where it is not visible: OBS's byte count) was last seen to "
            "grow, Unix time by the present wall clock; while one is recorded.",
            "studio",
        ),
        lambda record: record.last_growth,
    ),
    (
        gauge(
            "obs_record_stalled",
            "Whether OBS's byte count runs ahead of the record file by more than a healthy muxer "
            "holds back, or neither has grown for 15 s; while one is recorded.",
            "studio",
        ),
        lambda record: record.stalled,
    ),
)

FAMILIES = tuple(family for family, _ in _ROWS)


def collect(state: StudioState) -> Metrics:
    for family, value_of in _ROWS:
        if (value := value_of(state.record)) is not None:
            yield family, [((state.studio,), value)]
