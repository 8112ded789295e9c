"""*_up and leitstand_*: what the exporter knows of its own sources. Never gone."""

from __future__ import annotations

from exporter.family import Family, Metrics, counter, gauge
from exporter.snapshot import Snapshot
from leitstand import __version__

_UP: dict[str, Family] = {
    "mediamtx": gauge(
        "mediamtx_up", "Whether the last good answer is at most three intervals old.", "server"
    ),
    "obs": gauge(
        "obs_up", "Whether the last good answer is at most three intervals old.", "studio"
    ),
}
_SOURCE = ("source", "name")
_BUILD = gauge("leitstand_build_info", "1; the version of Leitstand.", "version")
_SOURCE_UP = gauge(
    "leitstand_source_up", "Whether the source's last good answer is recent enough.", *_SOURCE
)
_DURATION = gauge(
    "leitstand_source_poll_duration_seconds", "How long the last poll took.", *_SOURCE
)
_FAILURES = counter("leitstand_source_poll_failures_total", "Polls that failed.", *_SOURCE)
_SUCCESS = gauge(
    "leitstand_source_last_success_timestamp_seconds",
    "When the source last gave a good answer, Unix time.",
    *_SOURCE,
)

FAMILIES = (*_UP.values(), _BUILD, _SOURCE_UP, _DURATION, _FAILURES, _SUCCESS)


def collect(snapshot: Snapshot, now: float) -> Metrics:
    """`now` is monotonic: what was good three intervals ago is down."""
    reports = snapshot.reports.values()
    live = snapshot.live(now)
    for kind, family in _UP.items():
        ups = [((r.source.name,), r.source in live) for r in reports if r.source.kind == kind]
        if ups:
            yield family, ups
    yield _BUILD, [((__version__,), 1)]
    labelled = [((r.source.kind, r.source.name), r) for r in reports]
    yield _SOURCE_UP, [(at, r.source in live) for at, r in labelled]
    yield _DURATION, [(at, r.duration) for at, r in labelled if r.duration is not None]
    yield _FAILURES, [(at, r.failures) for at, r in labelled]
    yield _SUCCESS, [(at, r.good_time) for at, r in labelled if r.good_time is not None]
