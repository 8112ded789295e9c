"""mediamtx_srt_*: how good the SRT links of a path are."""

from __future__ import annotations

from collections.abc import Callable

from exporter.family import Family, Metrics, counter, gauge
from exporter.sources.mediamtx.state import MediaMTXState, Srt

_LABELS = ("server", "path", "role")

_ROWS: tuple[tuple[Family, Callable[[Srt], float | None]], ...] = (
    (
        gauge("mediamtx_srt_rtt_seconds", "Round trip of the slowest link (msRTT).", *_LABELS),
        lambda srt: srt.rtt,
    ),
    (
        gauge(
            "mediamtx_srt_receive_buffer_seconds",
            "Media waiting in the fullest receive buffer (msReceiveBuf).",
            *_LABELS,
        ),
        lambda srt: srt.receive_buffer,
    ),
    (
        gauge(
            "mediamtx_srt_send_buffer_seconds",
            "Media waiting in the fullest send buffer (msSendBuf).",
            *_LABELS,
        ),
        lambda srt: srt.send_buffer,
    ),
    (
        gauge(
            "mediamtx_srt_link_capacity_bytes_per_second",
            "Estimated capacity of the narrowest link (mbpsLinkCapacity).",
            *_LABELS,
        ),
        lambda srt: srt.link_capacity,
    ),
    (
        counter(
            "mediamtx_srt_retransmitted_packets_total",
            "Packets sent again or received again (packetsRetrans, packetsReceivedRetrans).",
            *_LABELS,
        ),
        lambda srt: srt.retransmitted_packets,
    ),
    (
        counter(
            "mediamtx_srt_dropped_packets_total",
            "Packets dropped as too late (packetsSendDrop, packetsReceivedDrop).",
            *_LABELS,
        ),
        lambda srt: srt.dropped_packets,
    ),
    (
        counter(
            "mediamtx_srt_belated_packets_total",
            "Packets that came after their time to play (packetsReceivedBelated).",
            *_LABELS,
        ),
        lambda srt: srt.belated_packets,
    ),
    (
        counter(
            "mediamtx_srt_undecrypted_packets_total",
            "Packets that could not be decrypted (packetsReceivedUndecrypt).",
            *_LABELS,
        ),
        lambda srt: srt.undecrypted_packets,
    ),
)

FAMILIES = tuple(family for family, _ in _ROWS)


def collect(state: MediaMTXState) -> Metrics:
    links = [((state.server, srt.path, srt.role), srt) for srt in state.srt]
    for family, value_of in _ROWS:
        yield family, [(at, v) for at, srt in links if (v := value_of(srt)) is not None]
