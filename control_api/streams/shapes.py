"""What comes out of /api/streams. The snapshot itself is the exporter's own schema."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict

from control_api.envelope import Shape
from control_api.streams.history import viewers
from control_api.streams.rates import Json

State = Literal["live", "frozen", "offline", "idle"]
Track = dict[str, Any]
_LENIENT = ConfigDict(extra="allow")


class FeedOut(Shape):
    """Whether snapshots come."""

    connected: bool
    since: float
    """Unix seconds."""
    error: str | None
    """Why none come."""


class SnapshotOut(Shape):
    """The newest snapshot of the exporter, or the merge of several exporters'."""

    model_config = _LENIENT

    sequence: int
    time: float
    """Unix seconds."""
    servers: list[dict[str, Any]]
    """Each with its paths; of a path also `state` and bitrates."""
    studios: list[dict[str, Any]]
    host: dict[str, Any] | None
    feed: FeedOut


class StreamOut(Shape):
    """One path of one server, its sessions summed."""

    server: str
    path: str
    state: State
    """frozen: online, but no data for 5 s; offline: expected and not there; idle: neither."""
    expected: bool
    source_type: str | None
    online_since: float | None
    """Unix seconds."""
    last_data: float | None
    """When inbound bytes last grew, Unix seconds."""
    inbound_bitrate: float | None
    """Bits per second, over the last polls; null while unknown."""
    outbound_bitrate: float | None
    viewers: int
    readers: dict[str, int]
    """Viewers by protocol."""
    video: Track | None
    audio: Track | None
    curve: list[float | None] | None = None
    """Inbound bitrates of the last ten minutes, oldest first, where asked for."""


class MinutesOut(Shape):
    """The last ten minutes, every 2 s; null is unknown."""

    times: list[float]
    """Unix seconds, oldest first."""
    inbound_bitrate: list[float | None]
    outbound_bitrate: list[float | None]
    viewers: list[float | None]


class StreamWithMinutes(StreamOut):
    """One path in full."""

    sessions: list[dict[str, Any]]
    """Summed by protocol."""
    srt: list[dict[str, Any]]
    forwards: list[dict[str, Any]]
    minutes: MinutesOut


class HourOut(Shape):
    """The last hour of everything, every 10 s; null is unknown."""

    times: list[float]
    inbound_bitrate: list[float | None]
    outbound_bitrate: list[float | None]
    viewers: list[float | None]
    dropped_frames: list[float | None]
    """Frames that the studios' OBS skipped, since its start."""
    disk_available_bytes: list[float | None]
    """Of the studio that has least."""


class StreamPage(Shape):
    items: list[StreamOut]
    total: int


def stream(server: Json, path: Json, curve: list[float | None] | None = None) -> StreamOut:
    return StreamOut(**_fields(server, path), curve=curve)


def stream_with_minutes(server: Json, path: Json, minutes: Any) -> StreamWithMinutes:
    return StreamWithMinutes(
        **_fields(server, path),
        sessions=path["sessions"],
        srt=path.get("srt", []),
        forwards=path.get("forwards", []),
        minutes=MinutesOut(**minutes),
    )


def _fields(server: Json, path: Json) -> Json:
    same = (
        "state expected source_type online_since last_data inbound_bitrate outbound_bitrate "
        "readers video audio"
    )
    known = {name: path[name] for name in same.split()}
    return {"server": server["name"], "path": path["name"], "viewers": viewers(path), **known}
