"""The sessions and conns of every protocol -> readings for the counters, counts by role."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from exporter.counters import Counters, Reading, Totals, add
from exporter.sources.mediamtx.answers import INBOUND_BYTES, OUTBOUND_BYTES, Names, numbers
from exporter.sources.mediamtx.state import SessionCount, SessionTotals
from leitstand.clients.mediamtx.objects import RtmpConn, RtpSession, Session, SrtConn

ROLES = frozenset({"publish", "read"})


@dataclass(frozen=True, slots=True)
class Protocol:
    """Where a protocol's sessions are listed, as what, and what they call what they count.

    `fields` are in the order of `SessionTotals`.
    """

    name: str
    list: str
    object: type[Session]
    fields: tuple[Names, ...]


_RTSP: tuple[Names, ...] = (
    INBOUND_BYTES,
    OUTBOUND_BYTES,
    ("inboundRTPPackets", "rtpPacketsReceived"),
    ("inboundRTPPacketsLost", "rtpPacketsLost"),
    ("inboundRTPPacketsInError", "rtpPacketsInError"),
    ("outboundRTPPackets", "rtpPacketsSent"),
    ("outboundRTPPacketsReportedLost",),
    ("outboundRTPPacketsDiscarded",),
    (),
)
_RTMP: tuple[Names, ...] = (
    *(INBOUND_BYTES, OUTBOUND_BYTES),
    *((), (), (), (), (), ()),
    ("outboundFramesDiscarded",),
)
_SRT: tuple[Names, ...] = (
    ("bytesReceived",),
    ("bytesSent",),
    ("packetsReceived",),
    ("packetsReceivedLoss",),
    (),
    ("packetsSent",),
    ("packetsSendLoss",),
    (),
    ("outboundFramesDiscarded",),
)
_WEBRTC: tuple[Names, ...] = (
    INBOUND_BYTES,
    OUTBOUND_BYTES,
    ("inboundRTPPackets", "rtpPacketsReceived"),
    ("inboundRTPPacketsLost", "rtpPacketsLost"),
    (),
    ("outboundRTPPackets", "rtpPacketsSent"),
    (),
    (),
    ("outboundFramesDiscarded",),
)
_BYTES_ONLY: tuple[Names, ...] = (INBOUND_BYTES, OUTBOUND_BYTES, (), (), (), (), (), (), ())

PROTOCOLS = (
    Protocol("rtsp", "rtspsessions", RtpSession, _RTSP),
    Protocol("rtsps", "rtspssessions", RtpSession, _RTSP),
    Protocol("rtmp", "rtmpconns", RtmpConn, _RTMP),
    Protocol("rtmps", "rtmpsconns", RtmpConn, _RTMP),
    Protocol("srt", "srtconns", SrtConn, _SRT),
    Protocol("webrtc", "webrtcsessions", RtpSession, _WEBRTC),
    Protocol("hls", "hlssessions", Session, _BYTES_ONLY),
    Protocol("moq", "moqsessions", Session, _BYTES_ONLY),
)


def role(session: Session) -> str | None:
    """publish or read; None while idle, and for a state that a newer version may have."""
    return session.state if session.state in ROLES and session.path else None


class Sessions:
    """Sums over sessions, those that ended included: per path, protocol and role."""

    def __init__(self) -> None:
        self._counters = Counters()
        self._now: Counter[tuple[str, str, str]] = Counter()

    def update(
        self, lists: Mapping[Protocol, Sequence[Session]], label_of: Callable[[str], str]
    ) -> None:
        """Take in all sessions of one poll; `label_of` gives the path label of a path."""
        self._now.clear()
        readings = (_readings(protocol, items, label_of) for protocol, items in lists.items())
        self._counters.update(self._counted(reading for some in readings for reading in some))

    def _counted(self, readings: Iterable[Reading]) -> Iterator[Reading]:
        for reading in readings:
            if reading.group is not None:
                self._now[(reading.group, *reading.series)] += 1  # type: ignore[index]
            yield reading

    def totals(self, paths: Iterable[str]) -> Iterator[SessionTotals]:
        for path in paths:
            by_protocol: dict[str, Totals] = {}
            for (protocol, _), values in self._counters.of(path):
                before = by_protocol.get(protocol)
                by_protocol[protocol] = values if before is None else add(before, values)
            for protocol, (_, *totals) in by_protocol.items():
                yield SessionTotals(path, protocol, *totals)

    def counts(self, paths: Iterable[str]) -> Iterator[SessionCount]:
        for path in paths:
            for (protocol, role), (opened, *_) in self._counters.of(path):
                now = self._now[path, protocol, role]
                yield SessionCount(path, protocol, role, now, opened or 0)

    def readers_ever(self, path: str) -> Iterator[str]:
        """The protocols over which the path was ever read."""
        return (protocol for (protocol, role), _ in self._counters.of(path) if role == "read")


def _readings(
    protocol: Protocol, sessions: Sequence[Session], label_of: Callable[[str], str]
) -> Iterator[Reading]:
    series = {its_role: (protocol.name, its_role) for its_role in ROLES}
    for session, values in zip(sessions, numbers(sessions, protocol.fields), strict=True):
        its_role = role(session)
        group = None if its_role is None else label_of(session.path)
        # The leading 1 makes the sum of what "moved" the number of sessions that began.
        yield Reading(session.id, (1, *values), group, series.get(its_role or "", ()))
