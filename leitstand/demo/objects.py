"""The JSON objects of the API, fields in MediaMTX's order; "@x" stands for the counter x."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from leitstand.demo import srt
from leitstand.demo.counters import muxer_bytes
from leitstand.demo.entities import WIRES, Forward, Muxer, Path, PathConf, Session, Track
from leitstand.demo.pathdefaults import PATH_DEFAULTS

ZERO_TIME = "0001-01-01T00:00:00Z"

Object = dict[str, Any]
Stamp = Callable[[float], str]

_SLOT = re.compile(r'"@(\w+)"')


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def template(shape: Object) -> str:
    """Rendered once per object: filling in numbers is far cheaper than encoding it each time."""
    return _SLOT.sub(r"%(\1)s", compact(shape).replace("%", "%%"))


def rfc3339(wall: float) -> str:
    """Nanoseconds, trailing zeros cut, as Go writes them."""
    seconds = int(wall)
    nanoseconds = min(round((wall - seconds) * 1e9), 999_999_999)
    fraction = f".{nanoseconds:09d}".rstrip("0") if nanoseconds else ""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}{fraction}Z"


def path(path: Path, stamp: Stamp) -> Object:
    available = path.available_at is not None
    since = stamp(path.available_at) if path.available_at is not None else None
    tracks = path.feed.tracks if available else ()
    readers = ({"type": WIRES[r.client.protocol].type, "id": r.id} for r in path.readers.values())
    return {
        "name": path.name,
        "confName": path.conf.name,
        "ready": available,
        "readyTime": since,
        "available": available,
        "availableTime": since,
        **_online(path, stamp),
        "tracks": [track.codec for track in tracks],
        "tracks2": [_track(track) for track in tracks],
        "readers": sorted(readers, key=lambda reader: (reader["type"], reader["id"])),
        "inboundBytes": "@in",
        "outboundBytes": "@out",
        "inboundFramesInError": 0,
        "bytesReceived": "@in",
        "bytesSent": "@out",
    }


def _online(path: Path, stamp: Stamp) -> Object:
    """A static source is online whether it runs or not; its time is that of its last start."""
    source: Object | None = None
    if path.publisher is not None:
        source = {"type": WIRES[path.publisher.client.protocol].type, "id": path.publisher.id}
    elif path.conf.source_type is not None:
        source = {"type": path.conf.source_type, "id": ""}
    online_time = stamp(path.online_at) if path.online_at is not None else ZERO_TIME
    online = source is not None
    return {"online": online, "onlineTime": online_time if online else None, "source": source}


def _track(track: Track) -> Object:
    return {"codec": track.codec, "codecProps": dict(track.props) or None}


def path_conf(conf: PathConf) -> Object:
    return {"name": conf.name} | PATH_DEFAULTS | conf.settings


def forward(forward: Forward, path: Path, now: float, stamp: Stamp) -> Object:
    state, error, outbound = "idle", "", 0
    if path.available_at is not None and forward.is_failing:
        state, error = "error", f"dial tcp {_host(forward.dest)}: connect: connection refused"
    elif path.available_at is not None:
        state, outbound = "forwarding", path.meter.read(now) - forward.joined
    pos = path.forwards.index(forward)
    return {
        "id": forward.id,
        "pos": pos + 1,
        "created": stamp(forward.created_at),
        "conf": path.conf.settings["forward"][pos],
        "protocol": forward.dest.partition("://")[0],
        "state": state,
        "lastError": error,
        "outboundBytes": outbound,
    }


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def session(session: Session, stamp: Stamp) -> Object:
    """The object by which a session's own list shows it."""
    return SHAPES[session.client.protocol](session, stamp)


def rtsp_conn(session: Session, stamp: Stamp) -> Object:
    return {
        "id": session.conn_id,
        "created": stamp(session.created_at),
        "remoteAddr": _address(session),
        "session": session.id,
        "tunnel": "none",
        "inboundBytes": "@in",
        "outboundBytes": "@out",
        "bytesReceived": "@in",
        "bytesSent": "@out",
    }


def _rtsp_session(session: Session, stamp: Stamp) -> Object:
    return {
        **_head(session, stamp),
        "state": session.state,
        **_who(session),
        "userAgent": "Lavf59.27.100" if session.is_publisher else "gortsplib",
        "transport": "TCP",
        "profile": "SAVP" if session.client.protocol == "rtsps" else "AVP",
        "conns": [session.conn_id],
        "inboundBytes": "@in",
        "inboundRTPPackets": "@rtp_in",
        "inboundRTPPacketsLost": "@lost",
        "inboundRTPPacketsInError": 0,
        "inboundRTPPacketsJitter": "@jitter",
        "inboundRTCPPackets": "@rtcp_in",
        "inboundRTCPPacketsInError": 0,
        "outboundBytes": "@out",
        "outboundRTPPackets": "@rtp_out",
        "outboundRTPPacketsReportedLost": "@reported",
        "outboundRTPPacketsDiscarded": "@discarded",
        "outboundRTCPPackets": "@rtcp_out",
        "bytesReceived": "@in",
        "bytesSent": "@out",
        "rtpPacketsReceived": "@rtp_in",
        "rtpPacketsSent": "@rtp_out",
        "rtpPacketsLost": "@lost",
        "rtpPacketsInError": 0,
        "rtpPacketsJitter": "@jitter",
        "rtcpPacketsReceived": "@rtcp_in",
        "rtcpPacketsSent": "@rtcp_out",
        "rtcpPacketsInError": 0,
    }


def _rtmp_conn(session: Session, stamp: Stamp) -> Object:
    return {
        **_head(session, stamp),
        "state": session.state,
        **_who(session),
        "userAgent": "FMLE/3.0 (compatible; Lavf59.27.100)",
        "inboundBytes": "@in",
        "outboundBytes": "@out",
        "outboundFramesDiscarded": "@frames_discarded",
        "bytesReceived": "@in",
        "bytesSent": "@out",
    }


def _srt_conn(session: Session, stamp: Stamp) -> Object:
    counters = {name: f"@{name}" for name in srt.FIELDS}
    return {**_head(session, stamp), "state": session.state, **_who(session), **counters}


def _webrtc_session(session: Session, stamp: Stamp) -> Object:
    return {
        **_head(session, stamp),
        "peerConnectionEstablished": True,
        "localCandidate": "host/udp/127.0.0.1/8189",
        "remoteCandidate": f"host/udp/127.0.0.1/{session.port}",
        "state": session.state,
        **_who(session),
        "userAgent": "Mozilla/5.0",
        "inboundBytes": "@in",
        "inboundRTPPackets": "@rtp_in",
        "inboundRTPPacketsLost": "@lost",
        "inboundRTPPacketsJitter": "@jitter",
        "inboundRTCPPackets": "@rtcp_in",
        "outboundBytes": "@out",
        "outboundRTPPackets": "@rtp_out",
        "outboundRTCPPackets": "@rtcp_out",
        "outboundFramesDiscarded": "@frames_discarded",
        "bytesReceived": "@in",
        "bytesSent": "@out",
        "rtpPacketsReceived": "@rtp_in",
        "rtpPacketsSent": "@rtp_out",
        "rtpPacketsLost": "@lost",
        "rtpPacketsJitter": "@jitter",
        "rtcpPacketsReceived": "@rtcp_in",
        "rtcpPacketsSent": "@rtcp_out",
    }


def _hls_session(session: Session, stamp: Stamp) -> Object:
    return {
        **_head(session, stamp),
        **_who(session),
        "userAgent": "Mozilla/5.0",
        "isCDN": False,
        "outboundBytes": "@out",
    }


def _moq_session(session: Session, stamp: Stamp) -> Object:
    return {
        **_head(session, stamp),
        "state": session.state,
        "path": session.path.name,
        "query": session.client.query,
        "userAgent": "",
        "transport": "quic",
        "version": "moqt-19",
        "inboundBytes": "@in",
        "outboundBytes": "@out",
    }


def hls_muxer(path: Path, muxer: Muxer, now: float, stamp: Stamp) -> Object:
    outbound = muxer_bytes(path, now)
    last_request_at = now if muxer.last_request_at is None else muxer.last_request_at
    return {
        "path": path.name,
        "created": stamp(muxer.created_at),
        "lastRequest": stamp(last_request_at),
        "outboundBytes": outbound,
        "outboundFramesDiscarded": 0,
        "bytesSent": outbound,
    }


def _head(session: Session, stamp: Stamp) -> Object:
    created = stamp(session.created_at)
    return {"id": session.id, "created": created, "remoteAddr": _address(session)}


def _who(session: Session) -> Object:
    client = session.client
    return {"path": session.path.name, "query": client.query, "user": client.user}


def _address(session: Session) -> str:
    return f"127.0.0.1:{session.port}"


SHAPES: dict[str, Callable[[Session, Stamp], Object]] = {
    "rtsp": _rtsp_session,
    "rtsps": _rtsp_session,
    "rtmp": _rtmp_conn,
    "rtmps": _rtmp_conn,
    "srt": _srt_conn,
    "webrtc": _webrtc_session,
    "hls": _hls_session,
    "moq": _moq_session,
}
