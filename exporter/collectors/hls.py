"""mediamtx_hls_*: the HLS packagers."""

from __future__ import annotations

from exporter.family import Metrics, counter, gauge
from exporter.sources.mediamtx.state import MediaMTXState

_LABELS = ("server", "path", "protocol")

_MUXERS = gauge(
    "mediamtx_hls_muxers", "HLS muxers of the path; there while somebody asks for one.", *_LABELS
)
_BYTES = counter(
    "mediamtx_hls_muxer_outbound_bytes_total",
    "Bytes that the path's HLS muxer served (outboundBytes).",
    *_LABELS,
)
_DISCARDED = counter(
    "mediamtx_hls_muxer_outbound_frames_discarded_total",
    "Frames that the path's HLS muxer could not take in time (outboundFramesDiscarded); "
    "since v1.17.",
    *_LABELS,
)

FAMILIES = (_MUXERS, _BYTES, _DISCARDED)


def collect(state: MediaMTXState) -> Metrics:
    muxers = [((state.server, m.path, "hls"), m) for m in state.muxers]
    yield _MUXERS, [(at, m.count) for at, m in muxers]
    yield _BYTES, [(at, m.outbound_bytes) for at, m in muxers if m.outbound_bytes is not None]
    yield (
        _DISCARDED,
        [
            (at, m.outbound_frames_discarded)
            for at, m in muxers
            if m.outbound_frames_discarded is not None
        ],
    )
