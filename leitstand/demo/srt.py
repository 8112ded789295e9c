"""The many fields of an SRT connection, and what they show at a moment."""

from __future__ import annotations

import math

from leitstand.demo.counters import PACKET_BYTES, Numbers, carried
from leitstand.demo.entities import Session

FIELDS = tuple(
    """
packetsSent packetsReceived packetsSentUnique packetsReceivedUnique packetsSendLoss
packetsReceivedLoss packetsRetrans packetsReceivedRetrans packetsSentACK packetsReceivedACK
packetsSentNAK packetsReceivedNAK packetsSentKM packetsReceivedKM usSndDuration
packetsReceivedBelated packetsSendDrop packetsReceivedDrop packetsReceivedUndecrypt
bytesReceived bytesSent bytesSentUnique bytesReceivedUnique bytesReceivedLoss bytesRetrans
bytesReceivedRetrans bytesReceivedBelated bytesSendDrop bytesReceivedDrop
bytesReceivedUndecrypt usPacketsSendPeriod packetsFlowWindow packetsFlightSize msRTT
mbpsSendRate mbpsReceiveRate mbpsLinkCapacity bytesAvailSendBuf bytesAvailReceiveBuf mbpsMaxBW
byteMSS packetsSendBuf bytesSendBuf msSendBuf msSendTsbPdDelay packetsReceiveBuf
bytesReceiveBuf msReceiveBuf msReceiveTsbPdDelay packetsReorderTolerance
packetsReceivedAvgBelatedTime packetsSendLossRate packetsReceivedLossRate
outboundFramesDiscarded
""".split()
)

AT_REST: Numbers = dict.fromkeys(FIELDS, 0) | {
    "mbpsLinkCapacity": 853.5,
    "usPacketsSendPeriod": 10.97,
    "packetsFlowWindow": 25600,
    "mbpsMaxBW": -1,
    "byteMSS": 1500,
    "msReceiveTsbPdDelay": 120,
    "msSendTsbPdDelay": 120,
}


def srt_numbers(session: Session, now: float) -> Numbers:
    loss = session.client.loss
    moving = _received(session, now) if session.is_publisher else _sent(session, now)
    return AT_REST | moving | {"msRTT": 0.24 + 400 * loss * (1 + 0.2 * math.sin(now / 5))}


def _received(session: Session, now: float) -> Numbers:
    stream, packets, lost = _amounts(session, now)
    return {
        "packetsSentACK": packets,
        "packetsSentNAK": lost,
        "packetsReceived": packets,
        "packetsReceivedUnique": packets - lost,
        "packetsReceivedLoss": lost,
        "packetsReceivedRetrans": lost,
        "packetsReceivedBelated": lost // 10,
        "packetsReceivedDrop": lost // 20,
        "packetsReceivedLossRate": session.client.loss * 100,
        "bytesReceived": stream,
        "bytesReceivedUnique": int(stream * (1 - session.client.loss)),
        "bytesReceivedLoss": lost * PACKET_BYTES,
        "bytesReceivedRetrans": lost * PACKET_BYTES,
        "bytesReceivedBelated": lost // 10 * PACKET_BYTES,
        "bytesReceivedDrop": lost // 20 * PACKET_BYTES,
        "mbpsReceiveRate": _mbps(session, stream, now),
        "packetsReceiveBuf": 3,
        "bytesReceiveBuf": 2820,
        "msReceiveBuf": 91,
    }


def _sent(session: Session, now: float) -> Numbers:
    stream, packets, lost = _amounts(session, now)
    return {
        "packetsReceivedACK": packets,
        "packetsReceivedNAK": lost,
        "packetsSent": packets,
        "packetsSentUnique": packets - lost,
        "packetsSendLoss": lost,
        "packetsRetrans": lost,
        "packetsSendDrop": lost // 20,
        "packetsSendLossRate": session.client.loss * 100,
        "bytesSent": stream,
        "bytesSentUnique": int(stream * (1 - session.client.loss)),
        "bytesRetrans": lost * PACKET_BYTES,
        "bytesSendDrop": lost // 20 * PACKET_BYTES,
        "mbpsSendRate": _mbps(session, stream, now),
        "usSndDuration": packets * 7,
        "packetsFlightSize": 3,
        "packetsSendBuf": 3,
        "bytesSendBuf": 3384,
        "msSendBuf": 12,
        "outboundFramesDiscarded": int(packets * session.client.slow) // 4,
    }


def _amounts(session: Session, now: float) -> tuple[int, int, int]:
    stream = carried(session, now)
    packets = stream // PACKET_BYTES
    return stream, packets, int(packets * session.client.loss)


def _mbps(session: Session, stream: int, now: float) -> float:
    return stream * 8 / 1e6 / max(now - session.created_at, 1.0)
