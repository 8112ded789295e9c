"""What the demo MediaMTX keeps track of: configurations, paths, sessions, muxers, forwards."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

WOBBLE = 0.6
WAVE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Wire:
    """How MediaMTX names a protocol, and what it counts per byte of the stream."""

    type: str
    overhead: float


WIRES = {
    "rtsp": Wire("rtspSession", 1.0),
    "rtsps": Wire("rtspsSession", 1.0),
    "rtmp": Wire("rtmpConn", 0.988),
    "rtmps": Wire("rtmpsConn", 0.988),
    "srt": Wire("srtConn", 1.21),
    "webrtc": Wire("webRTCSession", 1.02),
    "hls": Wire("hlsSession", 1.08),
    "moq": Wire("moqSession", 0.99),
}

SOURCE_TYPES = {
    "rtsp": "rtspSource",
    "rtsps": "rtspSource",
    "rtmp": "rtmpSource",
    "rtmps": "rtmpSource",
    "srt": "srtSource",
    "http": "hlsSource",
    "https": "hlsSource",
    "whep": "webRTCSource",
    "moqt": "moqSource",
    "redirect": "redirect",
}


@dataclass(frozen=True, slots=True)
class Track:
    codec: str
    props: tuple[tuple[str, Any], ...] = ()


def h264(width: int, height: int, profile: str = "High", level: str = "4") -> Track:
    props = (("width", width), ("height", height), ("profile", profile), ("level", level))
    return Track("H264", props)


def aac(channels: int = 2, rate: int = 48000) -> Track:
    return Track("MPEG-4 Audio", (("sampleRate", rate), ("channelCount", channels)))


BITRATE = 2_000_000.0
TRACKS = (h264(1280, 720), aac())


@dataclass(frozen=True, slots=True)
class Feed:
    """What is sent into a path; the bit rate is per second."""

    bitrate: float = BITRATE
    tracks: tuple[Track, ...] = TRACKS


@dataclass(frozen=True, slots=True)
class Client:
    """A publisher or a reader; of its packets the share `loss` is lost, `slow` discarded."""

    protocol: str = "rtsp"
    loss: float = 0.0
    slow: float = 0.0
    user: str = ""
    query: str = ""

    def __post_init__(self) -> None:
        if self.protocol not in WIRES:
            raise ValueError(f"protocol {self.protocol!r} is none of {', '.join(WIRES)}")


@dataclass(frozen=True, slots=True)
class PathConf:
    """One entry of the configuration; `unreachable` are the URLs in it that never answer."""

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    unreachable: frozenset[str] = frozenset()
    feed: Feed = Feed()

    @property
    def source(self) -> str:
        return str(self.settings.get("source", "publisher"))

    @property
    def source_type(self) -> str | None:
        """None for a path that waits for a publisher."""
        return SOURCE_TYPES.get(self.source.partition("://")[0])

    @property
    def is_pattern(self) -> bool:
        return self.name == "all_others" or self.name.startswith("~")

    @property
    def is_static(self) -> bool:
        return self.source_type not in (None, "redirect")

    def has(self, setting: str) -> bool:
        return bool(self.settings.get(setting))


@dataclass(slots=True)
class Meter:
    """Bytes at a wobbling rate, an exact function of time: how often it is read changes nothing."""

    phase: float
    settled: int = 0
    rate: float = 0.0
    since: float | None = None

    def read(self, now: float) -> int:
        if self.since is None:
            return self.settled
        seconds = now - self.since
        wave = math.sin(seconds / WAVE_SECONDS + self.phase) - math.sin(self.phase)
        return self.settled + int(self.rate * (seconds + WOBBLE * wave))

    def run(self, now: float, rate: float) -> None:
        self.stop(now)
        self.since, self.rate = now, rate

    def stop(self, now: float) -> None:
        self.settled, self.since = self.read(now), None


@dataclass(slots=True)
class Forward:
    id: str
    dest: str
    created_at: float
    is_failing: bool
    joined: int = 0


@dataclass(slots=True)
class Muxer:
    """`last_request_at` is None while somebody reads."""

    created_at: float
    settled: int = 0
    last_request_at: float | None = None


@dataclass(slots=True)
class Path:
    name: str
    conf: PathConf
    meter: Meter
    feed: Feed
    available_at: float | None = None
    online_at: float | None = None
    publisher: Session | None = None
    frozen_at: float | None = None
    readers: dict[str, Session] = field(default_factory=dict)
    forwards: list[Forward] = field(default_factory=list)
    muxer: Muxer | None = None
    consumers: int = 0
    outbound_offset: int = 0
    template: str | None = None

    def outbound(self, now: float) -> int:
        """Every reader and forward is sent the whole stream from the moment it joined."""
        return self.consumers * self.meter.read(now) + self.outbound_offset

    @property
    def is_recording(self) -> bool:
        return self.available_at is not None and self.conf.has("record")

    def audience(self) -> list[Client]:
        return [reader.client for reader in self.readers.values()]

    def add_consumer(self, now: float) -> int:
        joined = self.meter.read(now)
        self.consumers += 1
        self.outbound_offset -= joined
        return joined

    def remove_consumer(self, now: float) -> None:
        self.consumers -= 1
        self.outbound_offset += self.meter.read(now)


@dataclass(slots=True)
class Session:
    """One publisher or reader; `conn_id` is the RTSP connection below it."""

    id: str
    conn_id: str
    path: Path
    client: Client
    is_publisher: bool
    created_at: float
    port: int
    joined: int
    template: str | None = None
    conn_template: str | None = None

    @property
    def state(self) -> str:
        return "publish" if self.is_publisher else "read"
