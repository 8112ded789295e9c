"""mediamtx_sessions and mediamtx_session_*: sums over the sessions of a path and protocol."""

from __future__ import annotations

from collections.abc import Callable

from exporter.family import Family, Metrics, counter, gauge
from exporter.sources.mediamtx.state import MediaMTXState, SessionTotals

_BY_ROLE = ("server", "path", "protocol", "role")
_BY_PROTOCOL = ("server", "path", "protocol")

_NOW = gauge("mediamtx_sessions", "Sessions and conns that publish or read now.", *_BY_ROLE)
_OPENED = counter(
    "mediamtx_sessions_opened_total", "Sessions and conns that were seen to begin.", *_BY_ROLE
)
_ROWS: tuple[tuple[Family, Callable[[SessionTotals], float | None]], ...] = (
    (
        counter(
            "mediamtx_session_inbound_bytes_total",
            "Bytes received by sessions (inboundBytes; SRT bytesReceived).",
            *_BY_PROTOCOL,
        ),
        lambda totals: totals.inbound_bytes,
    ),
    (
        counter(
            "mediamtx_session_outbound_bytes_total",
            "Bytes sent by sessions (outboundBytes; SRT bytesSent); of RTSP those queued, "
            "discarded ones included.",
            *_BY_PROTOCOL,
        ),
        lambda totals: totals.outbound_bytes,
    ),
    (
        counter(
            "mediamtx_session_inbound_packets_total",
            "Packets received (inboundRTPPackets; SRT packetsReceived).",
            *_BY_PROTOCOL,
        ),
        lambda totals: totals.inbound_packets,
    ),
    (
        counter(
            "mediamtx_session_inbound_packets_lost_total",
            "Packets missing on the way in (inboundRTPPacketsLost; SRT packetsReceivedLoss).",
            *_BY_PROTOCOL,
        ),
        lambda totals: totals.inbound_packets_lost,
    ),
    (
        counter(
            "mediamtx_session_inbound_packets_in_error_total",
            "Packets received but unusable (inboundRTPPacketsInError); only RTSP counts them.",
            *_BY_PROTOCOL,
        ),
        lambda totals: totals.inbound_packets_in_error,
    ),
    (
        counter(
            "mediamtx_session_outbound_packets_total",
            "Packets sent (outboundRTPPackets; SRT packetsSent); of RTSP those queued, discarded "
            "ones included.",
            *_BY_PROTOCOL,
        ),
        lambda totals: totals.outbound_packets,
    ),
    (
        counter(
            "mediamtx_session_outbound_packets_lost_total",
            "Packets that readers reported lost (outboundRTPPacketsReportedLost; SRT "
            "packetsSendLoss).",
            *_BY_PROTOCOL,
        ),
        lambda totals: totals.outbound_packets_lost,
    ),
    (
        counter(
            "mediamtx_session_outbound_packets_discarded_total",
            "Packets discarded because a reader was too slow (outboundRTPPacketsDiscarded).",
            *_BY_PROTOCOL,
        ),
        lambda totals: totals.outbound_packets_discarded,
    ),
    (
        counter(
            "mediamtx_session_outbound_frames_discarded_total",
            "Frames discarded because a reader was too slow (outboundFramesDiscarded).",
            *_BY_PROTOCOL,
        ),
        lambda totals: totals.outbound_frames_discarded,
    ),
)

FAMILIES = (_NOW, _OPENED, *(family for family, _ in _ROWS))


def collect(state: MediaMTXState) -> Metrics:
    server = state.server
    counts = [((server, c.path, c.protocol, c.role), c) for c in state.session_counts]
    yield _NOW, [(at, count.now) for at, count in counts]
    yield _OPENED, [(at, count.opened) for at, count in counts]
    totals = [((server, t.path, t.protocol), t) for t in state.session_totals]
    for family, value_of in _ROWS:
        yield family, [(at, v) for at, total in totals if (v := value_of(total)) is not None]
