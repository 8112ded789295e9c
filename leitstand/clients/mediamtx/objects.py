"""The API's objects, as far as anybody here needs them, with the names that the API gives them.

Every version's names stand side by side; what a version does not have is None. Fields that are not
named here are skipped while the answer is read, so that addresses, users, queries and secrets never
get any further. Source: api/openapi.yaml of MediaMTX v1.12 to v1.20.
"""

from __future__ import annotations

import msgspec

Number = int | float | None


class Object(msgspec.Struct):
    """An object of the API. `lacking` is the field that no version has."""

    lacking: None = None


class Info(Object):
    version: str | None = None
    started: str | None = None


class Typed(Object):
    """A source or reader of a path."""

    type: str = ""


class CodecProps(Object):
    width: int = 0
    height: int = 0
    profile: str | int | None = None
    level: str | int | float | None = None
    channelCount: int = 0
    sampleRate: int = 0


class Track(Object):
    codec: str = ""
    codecProps: CodecProps | None = None


class Path(Object, kw_only=True):
    name: str
    confName: str
    ready: bool = False
    readyTime: str | None = None
    available: bool | None = None
    availableTime: str | None = None
    online: bool | None = None
    onlineTime: str | None = None
    source: Typed | None = None
    tracks: list[str] | None = None
    tracks2: list[Track] | None = None
    readers: list[Typed] | None = None
    inboundBytes: Number = None
    outboundBytes: Number = None
    inboundFramesInError: Number = None
    bytesReceived: Number = None
    bytesSent: Number = None


class Session(Object, kw_only=True):
    """A session or conn of any protocol. Those of HLS have no state: they read."""

    id: str
    path: str
    state: str = "read"
    inboundBytes: Number = None
    outboundBytes: Number = None
    bytesReceived: Number = None
    bytesSent: Number = None


class RtpSession(Session):
    inboundRTPPackets: Number = None
    inboundRTPPacketsLost: Number = None
    inboundRTPPacketsInError: Number = None
    outboundRTPPackets: Number = None
    outboundRTPPacketsReportedLost: Number = None
    outboundRTPPacketsDiscarded: Number = None
    outboundFramesDiscarded: Number = None
    rtpPacketsReceived: Number = None
    rtpPacketsLost: Number = None
    rtpPacketsInError: Number = None
    rtpPacketsSent: Number = None


class RtmpConn(Session):
    outboundFramesDiscarded: Number = None


class SrtConn(Session):
    packetsReceived: Number = None
    packetsReceivedLoss: Number = None
    packetsReceivedRetrans: Number = None
    packetsReceivedDrop: Number = None
    packetsReceivedBelated: Number = None
    packetsReceivedUndecrypt: Number = None
    packetsSent: Number = None
    packetsSendLoss: Number = None
    packetsRetrans: Number = None
    packetsSendDrop: Number = None
    outboundFramesDiscarded: Number = None
    msRTT: float | None = None
    msReceiveBuf: float | None = None
    msSendBuf: float | None = None
    mbpsLinkCapacity: float | None = None


class HlsMuxer(Object, kw_only=True):
    path: str
    created: str
    outboundBytes: Number = None
    outboundFramesDiscarded: Number = None
    bytesSent: Number = None


class Forward(Object, kw_only=True):
    """A forward destination, without its address."""

    id: str
    protocol: str
    state: str
    outboundBytes: int | float = 0


class Segment(Object, kw_only=True):
    start: str


class Recording(Object, kw_only=True):
    name: str
    segments: list[Segment]


class Nothing(Object):
    """An object of which only its being there matters."""


class PathConf(Object, kw_only=True):
    """An entry of the configuration. `source` may hold a password: look, and let go of it."""

    name: str
    source: str = ""
    sourceOnDemand: bool = False
    runOnDemand: str = ""
    forward: list[Nothing] | None = None
