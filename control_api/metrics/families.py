"""The table of families: name, help, and what their value is made of. A new one is one row."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from control_api.metrics.readings import Sources
from control_api.metrics.times import Times
from leitstand import __version__

logger = logging.getLogger(__name__)

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A family over what one source read; without a value no series. `_total` is a counter.

    The values of a histogram are `Times`.
    """

    name: str
    help: str
    labels: Labels
    samples: Callable[[Any], Iterable[tuple[Labels, float | Times | None]]]
    is_histogram: bool = False


def _each(value: Callable[[Any], float | None]) -> Callable[[Any], Any]:
    """One sample a studio."""
    return lambda readings: [((reading.studio,), value(reading)) for reading in readings]


_STUDIO = ("studio",)

_STUDIOS = (
    Row(
        "leitstand_recording_desired",
        "Whether the studio should record now.",
        _STUDIO,
        _each(lambda reading: reading.desired),
    ),
    Row(
        "leitstand_recording_active",
        "Whether the studio records, by OBS's word.",
        _STUDIO,
        _each(lambda reading: reading.active),
    ),
    Row(
        "leitstand_recording_stalled",
        "Whether OBS says that it records while the file stands still.",
        _STUDIO,
        _each(lambda reading: reading.stalled),
    ),
    Row(
        "leitstand_recording_desired_seconds_total",
        "For how long the studio should have recorded.",
        _STUDIO,
        _each(lambda reading: reading.desired_seconds),
    ),
    Row(
        "leitstand_recording_verified_seconds_total",
        "For how long it should have recorded and its file was seen to grow.",
        _STUDIO,
        _each(lambda reading: reading.verified_seconds),
    ),
)

_SCHEDULES = (
    Row(
        "leitstand_schedule_seconds_next_day",
        "How much of the next 24 hours is scheduled.",
        _STUDIO,
        _each(lambda reading: reading.seconds_next_day),
    ),
    Row(
        "leitstand_schedule_next_start_timestamp_seconds",
        "When the next window begins, Unix time; no series if none is to come.",
        _STUDIO,
        _each(lambda reading: reading.next_start),
    ),
    Row(
        "leitstand_schedule_missed_total",
        "Windows that were not recorded, or only partly.",
        _STUDIO,
        _each(lambda reading: reading.missed),
    ),
)

_OUTCOMES = (
    Row(
        "leitstand_recordings_total",
        "Recordings that have ended, by how.",
        ("studio", "outcome"),
        lambda counted: sorted(counted.items()),
    ),
)

_LIBRARY = (
    Row(
        "leitstand_library_disk_available_bytes",
        "What is free on the disk of the library; no series while that cannot be seen.",
        (),
        lambda free: [((), free)],
    ),
)

_VIDEOS = (
    Row(
        "leitstand_library_videos",
        "Videos in the library, those in the trash left out.",
        (),
        lambda reading: [((), reading.videos)],
    ),
    Row(
        "leitstand_library_bytes",
        "What they take.",
        (),
        lambda reading: [((), reading.bytes)],
    ),
    Row(
        "leitstand_retention_deleted_total",
        "Videos that retention took, since the service began.",
        ("reason",),
        lambda reading: [((reason,), n) for reason, n in sorted(reading.deleted.items())],
    ),
)

_JOBS = (
    Row(
        "leitstand_jobs",
        "Jobs that are known, by state.",
        ("kind", "state"),
        lambda counted: sorted(counted.items()),
    ),
)

_ENDED = (
    Row(
        "leitstand_jobs_total",
        "Jobs that are over, since the service began.",
        ("kind", "outcome"),
        lambda counted: sorted(counted.items()),
    ),
)

_CLIPS = (
    Row(
        "leitstand_clip_seconds",
        "How long making a clip took, from the start of the work to its end.",
        (),
        lambda times: [((), times)],
        is_histogram=True,
    ),
)

_BUILD = (
    Row(
        "leitstand_build_info",
        "The version that runs.",
        ("version",),
        lambda version: [((version,), 1)],
    ),
)


class Readings(Collector):
    """Reads every source anew for each page; one that fails takes only its own series away."""

    def __init__(self, sources: Sources) -> None:
        self._table: Sequence[tuple[Callable[[], Any], Sequence[Row]]] = (
            (lambda: __version__, _BUILD),
            (sources.studios, _STUDIOS),
            (sources.schedules, _SCHEDULES),
            (sources.outcomes, _OUTCOMES),
            (sources.library_bytes, _LIBRARY),
            (sources.library, _VIDEOS),
            (sources.jobs, _JOBS),
            (sources.ended, _ENDED),
            (sources.clips, _CLIPS),
        )

    def collect(self) -> Iterator[Metric]:
        for read, rows in self._table:
            try:
                families = [_family(row, read_) for read_ in [read()] for row in rows]
            except Exception:
                logger.exception("%s and its neighbours cannot be read", rows[0].name)
                continue
            yield from families


def _family(row: Row, reading: Any) -> Metric:
    family: Any = _kind(row)(row.name, row.help, labels=row.labels)
    for labels, value in row.samples(reading):
        if isinstance(value, Times):
            family.add_metric(labels, value.buckets(), value.total)
        elif value is not None:
            family.add_metric(labels, float(value))
    return family  # type: ignore[no-any-return]


def _kind(row: Row) -> Callable[..., Metric]:
    if row.is_histogram:
        return HistogramMetricFamily
    return CounterMetricFamily if row.name.endswith("_total") else GaugeMetricFamily
