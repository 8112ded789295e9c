"""The table of families: name, help, and what their value is made of. A new one is one row."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from control_api.metrics.readings import Sources
from control_api.metrics.times import Times
from leitstand import __version__
from leitstand.calls import Call

logger = logging.getLogger(__name__)

_PATIENCE_SECONDS = 2.0
"""Less than a scrape may take."""

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

_RECORDER = (
    Row(
        "leitstand_recorder_up",
        "Whether a recorder answers and looks after every studio, on this host or on another.",
        (),
        lambda reading: [((), reading.is_up)],
    ),
    Row(
        "leitstand_recorder_start_time_seconds",
        "When the recorder was started, Unix time; no series while it is away.",
        (),
        lambda reading: [((), reading.started_at)],
    ),
    Row(
        "leitstand_journal_writable",
        "Whether what the recorder has to keep reaches a disk; no series while it is away.",
        (),
        lambda reading: [((), reading.is_journal_writable)],
    ),
    Row(
        "leitstand_journal_pending_entries",
        "What the recorder keeps until the database takes it; no series while it is away.",
        (),
        lambda reading: [((), reading.pending_entries)],
    ),
)

_DATABASE = (
    Row(
        "leitstand_database_writable",
        "Whether the database takes what the control API and the recorder write.",
        (),
        lambda reading: [((), reading.is_writable)],
    ),
    Row(
        "leitstand_database_fresh",
        "Whether the database is newer than the videos beside it and nothing was ever scheduled, "
        "or is older than the recorder's plan.",
        (),
        lambda reading: [((), reading.is_fresh)],
    ),
)

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
    Row(
        "leitstand_recording_fault",
        "1 for each thing that is wrong with the studio's recording now, by its code.",
        ("studio", "code"),
        lambda readings: [((each.studio, code), 1) for each in readings for code in each.faults],
    ),
    Row(
        "leitstand_studio_controlled_elsewhere",
        "Whether another Leitstand controls the studio, so that this one does not.",
        _STUDIO,
        _each(lambda reading: reading.is_controlled_elsewhere),
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
    """Reads every source for each page; one that fails or hangs takes only its own series away."""

    def __init__(self, sources: Sources) -> None:
        table: Sequence[tuple[Callable[[], Any], Sequence[Row]]] = (
            (lambda: __version__, _BUILD),
            (sources.recorder, _RECORDER),
            (sources.database, _DATABASE),
            (sources.studios, _STUDIOS),
            (sources.schedules, _SCHEDULES),
            (sources.outcomes, _OUTCOMES),
            (sources.library_bytes, _LIBRARY),
            (sources.library, _VIDEOS),
            (sources.jobs, _JOBS),
            (sources.ended, _ENDED),
            (sources.clips, _CLIPS),
        )
        self._table = [(_call(read, rows), rows) for read, rows in table]

    def collect(self) -> Iterator[Metric]:
        for call, _ in self._table:
            call.start()
        until = time.monotonic() + _PATIENCE_SECONDS
        for call, rows in self._table:
            yield from _families(call, rows, until)


def _call(read: Callable[[], Any], rows: Sequence[Row]) -> Call[tuple[Any]]:
    return Call(f"metrics {rows[0].name}", lambda: (read(),))


def _families(call: Call[tuple[Any]], rows: Sequence[Row], until: float) -> Sequence[Metric]:
    """None of a source that has no answer by then; a database that fails is reported elsewhere."""
    try:
        answer = call.answer(until)
        return [] if answer is None else [_family(row, answer[0]) for row in rows]
    except SQLAlchemyError:
        return []
    except Exception:
        logger.exception("%s and its neighbours cannot be read", rows[0].name)
        return []


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
