"""What is known of one MediaMTX after a poll, in base units; None is unknown or not offered.

Structs, since there are thousands a poll: they are made in a fifth of a frozen dataclass's time.
"""

from __future__ import annotations

import msgspec

OTHER = "(other)"
"""The path label of everything beyond the limit of paths."""


class Video(msgspec.Struct, frozen=True):
    codec: str
    profile: str = ""
    level: str = ""
    width: int | None = None
    height: int | None = None


class Audio(msgspec.Struct, frozen=True):
    codec: str
    channels: int | None = None
    sample_rate: int | None = None


class Path(msgspec.Struct, frozen=True):
    """One path. One that is expected but not listed has no `conf`; `(other)` has only sums."""

    name: str
    conf: str | None = None
    source_type: str = ""
    on_demand: bool = False
    available: bool | None = None
    online: bool | None = None
    expected: bool | None = None
    online_since: float | None = None
    last_data: float | None = None
    readers: dict[str, int] | None = None
    video: Video | None = None
    audio: Audio | None = None
    inbound_bytes: float | None = None
    outbound_bytes: float | None = None
    inbound_frame_errors: float | None = None
    reconnects: float | None = None


class SessionTotals(msgspec.Struct, frozen=True):
    """What all sessions of one path and protocol moved, those that ended included."""

    path: str
    protocol: str
    inbound_bytes: float | None
    outbound_bytes: float | None
    inbound_packets: float | None
    inbound_packets_lost: float | None
    inbound_packets_in_error: float | None
    outbound_packets: float | None
    outbound_packets_lost: float | None
    outbound_packets_discarded: float | None
    outbound_frames_discarded: float | None


class SessionCount(msgspec.Struct, frozen=True):
    """How many sessions a path has now, and how many were ever seen to begin."""

    path: str
    protocol: str
    role: str
    now: int
    opened: float


class Srt(msgspec.Struct, frozen=True):
    """The SRT links of one path and role: the worst of the gauges, the sum of the counters."""

    path: str
    role: str
    retransmitted_packets: float
    dropped_packets: float
    belated_packets: float
    undecrypted_packets: float
    rtt: float | None = None
    receive_buffer: float | None = None
    send_buffer: float | None = None
    link_capacity: float | None = None


class Muxers(msgspec.Struct, frozen=True):
    """The HLS muxers of one path."""

    path: str
    count: int
    outbound_bytes: float | None
    outbound_frames_discarded: float | None


class MediaMTXState(msgspec.Struct, frozen=True):
    server: str
    version: str | None
    started_at: float | None
    paths: tuple[Path, ...]
    paths_listed: int
    paths_folded: int
    session_totals: tuple[SessionTotals, ...]
    session_counts: tuple[SessionCount, ...]
    srt: tuple[Srt, ...]
    muxers: tuple[Muxers, ...]


class Forwards(msgspec.Struct, frozen=True):
    """The forward destinations of one path and protocol."""

    path: str
    protocol: str
    count: int
    failing: int
    outbound_bytes: float


class ForwardsState(msgspec.Struct, frozen=True):
    server: str
    forwards: tuple[Forwards, ...]


class Recording(msgspec.Struct, frozen=True):
    """What a path has recorded to disk."""

    path: str
    segments: int
    newest_segment_at: float | None


class RecordingsState(msgspec.Struct, frozen=True):
    server: str
    recordings: tuple[Recording, ...]
