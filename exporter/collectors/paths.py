"""mediamtx_path_*: what is known of each path."""

from __future__ import annotations

from collections.abc import Callable

from exporter.family import Family, Metrics, counter, gauge
from exporter.sources.mediamtx.state import MediaMTXState, Path

_PATH = ("server", "path")

_ROWS: tuple[tuple[Family, Callable[[Path], float | None]], ...] = (
    (
        gauge("mediamtx_path_available", "Whether the path can be read right now.", *_PATH),
        lambda path: path.available,
    ),
    (
        gauge(
            "mediamtx_path_online",
            "Whether a real source feeds the path right now; an always-available picture or a "
            "source that never started is none.",
            *_PATH,
        ),
        lambda path: path.online,
    ),
    (
        gauge(
            "mediamtx_path_expected",
            "Whether the path should be online: named in expected_paths, or a static source that "
            "is not on demand.",
            *_PATH,
        ),
        lambda path: path.expected,
    ),
    (
        gauge(
            "mediamtx_path_online_since_timestamp_seconds",
            "When the path came online (onlineTime), Unix time.",
            *_PATH,
        ),
        lambda path: path.online_since,
    ),
    (
        gauge(
            "mediamtx_path_last_data_timestamp_seconds",
            "When inbound bytes were last seen to grow, Unix time; stands still when a publisher "
            "freezes.",
            *_PATH,
        ),
        lambda path: path.last_data,
    ),
    (
        counter(
            "mediamtx_path_inbound_bytes_total",
            "Bytes received into the path (inboundBytes), over all its publishers.",
            *_PATH,
        ),
        lambda path: path.inbound_bytes,
    ),
    (
        counter(
            "mediamtx_path_outbound_bytes_total",
            "Bytes queued towards readers and forward destinations (outboundBytes), those "
            "discarded for slow readers included.",
            *_PATH,
        ),
        lambda path: path.outbound_bytes,
    ),
    (
        counter(
            "mediamtx_path_inbound_frame_errors_total",
            "Frames that could not be processed (inboundFramesInError); since v1.17.",
            *_PATH,
        ),
        lambda path: path.inbound_frame_errors,
    ),
    (
        counter(
            "mediamtx_path_reconnects_total",
            "How often the path came online again after it had been online before.",
            *_PATH,
        ),
        lambda path: path.reconnects,
    ),
)

_INFO = gauge(
    "mediamtx_path_info",
    "1; the configuration entry that serves the path, what feeds it, and whether only on demand.",
    *_PATH,
    "conf",
    "source_type",
    "on_demand",
)
_READERS = gauge(
    "mediamtx_path_readers",
    "Readers of the path (readers); 0 for a protocol over which it was read before.",
    *_PATH,
    "protocol",
)

FAMILIES = (*(family for family, _ in _ROWS), _INFO, _READERS)


def collect(state: MediaMTXState) -> Metrics:
    server = state.server
    labelled = [((server, path.name), path) for path in state.paths]
    for family, value_of in _ROWS:
        yield family, [(at, v) for at, path in labelled if (v := value_of(path)) is not None]
    yield (
        _INFO,
        [
            ((server, p.name, p.conf, p.source_type, "true" if p.on_demand else "false"), 1)
            for p in state.paths
            if p.conf is not None
        ],
    )
    yield (
        _READERS,
        [
            ((server, p.name, protocol), count)
            for p in state.paths
            for protocol, count in (p.readers or {}).items()
        ],
    )
