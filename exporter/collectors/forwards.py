"""mediamtx_forward*: where paths are forwarded to, and whether it works."""

from __future__ import annotations

from exporter.family import Metrics, counter, gauge
from exporter.sources.mediamtx.state import ForwardsState

_LABELS = ("server", "path", "protocol")

_FORWARDS = gauge("mediamtx_forwards", "Forward destinations of the path.", *_LABELS)
_FAILING = gauge(
    "mediamtx_forward_failing", "Forward destinations of the path in state error.", *_LABELS
)
_BYTES = counter(
    "mediamtx_forward_outbound_bytes_total",
    "Bytes sent to forward destinations (outboundBytes).",
    *_LABELS,
)

FAMILIES = (_FORWARDS, _FAILING, _BYTES)


def collect(state: ForwardsState) -> Metrics:
    forwards = [((state.server, f.path, f.protocol), f) for f in state.forwards]
    yield _FORWARDS, [(at, f.count) for at, f in forwards]
    yield _FAILING, [(at, f.failing) for at, f in forwards]
    yield _BYTES, [(at, f.outbound_bytes) for at, f in forwards]
