"""What the counters of a session show at a moment, derived from the bytes its path has moved."""

from __future__ import annotations

import math

from leitstand.demo.entities import WIRES, Path, Session

Numbers = dict[str, float]

PACKET_BYTES = 1180
RTP_PACKETS_PER_RTCP = 180
RTCP_BYTES = 48
RTMP_HANDSHAKE_BYTES = 3467
AT_REST: Numbers = dict.fromkeys(
    ("rtp_in", "rtp_out", "rtcp_in", "rtcp_out", "lost", "reported", "discarded")
    + ("frames_discarded", "jitter"),
    0,
)


def carried(session: Session, now: float) -> int:
    """Bytes of the stream in the session's own direction, its protocol's overhead included."""
    moved = session.path.meter.read(now) - session.joined
    wire = WIRES[session.client.protocol]
    resent = session.client.loss if session.client.protocol == "srt" else 0.0
    return int(moved * wire.overhead * (1 + resent))


def traffic(session: Session, now: float) -> tuple[int, int]:
    """Inbound and outbound bytes, as the session's own counters say."""
    return _directed(session, carried(session, now))


def numbers(session: Session, now: float) -> Numbers:
    stream = carried(session, now)
    packets = stream // PACKET_BYTES
    inbound, outbound = _directed(session, stream)
    client = session.client
    lost, discarded = int(packets * client.loss), int(packets * client.slow)
    moving: Numbers = {
        "rtp_out": packets,
        "rtcp_out": _rtcp(packets),
        "reported": lost,
        "discarded": discarded,
        "frames_discarded": discarded // 4,
    }
    if session.is_publisher:
        jitter = 330.5 + 120 * math.sin(now / 7 + session.path.meter.phase)
        moving = {"rtp_in": packets, "rtcp_in": _rtcp(packets), "lost": lost, "jitter": jitter}
    return AT_REST | moving | {"in": inbound, "out": outbound}


def conn_numbers(session: Session, now: float) -> Numbers:
    """The TCP connection below an RTSP session: packets that were discarded never reached it."""
    inbound, outbound = traffic(session, now)
    arrived = int(outbound * (1 - session.client.slow) * 1.004)
    return {"in": int(inbound * 1.004) + 1500, "out": arrived + 425}


def muxer_bytes(path: Path, now: float) -> int:
    settled = path.muxer.settled if path.muxer else 0
    reading = (r for r in path.readers.values() if r.client.protocol == "hls")
    return settled + sum(carried(reader, now) for reader in reading)


def _directed(session: Session, stream: int) -> tuple[int, int]:
    """RTMP answers a handshake, WebRTC sends RTCP back; the others return nothing."""
    returned = 0
    if session.client.protocol in ("rtmp", "rtmps"):
        returned = RTMP_HANDSHAKE_BYTES
    elif session.client.protocol == "webrtc":
        returned = _rtcp(stream // PACKET_BYTES) * RTCP_BYTES
    return (stream, returned) if session.is_publisher else (returned, stream)


def _rtcp(packets: int) -> int:
    return packets // RTP_PACKETS_PER_RTCP
