"""A path of the API -> what it says of itself, before anything is added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from exporter.sources.mediamtx.answers import (
    PROTOCOLS,
    UNKNOWN_PROTOCOL,
    first,
    positive,
    seconds,
)
from exporter.sources.mediamtx.state import Audio, Video
from leitstand.clients.mediamtx import Item

_VIDEO_CODECS = frozenset(
    {"AV1", "VP9", "VP8", "H265", "H264", "MPEG-4 Video", "MPEG-1/2 Video", "M-JPEG"}
)
_AUDIO_CODECS = frozenset(
    {
        *("Opus", "FLAC", "Vorbis", "MPEG-4 Audio", "MPEG-4 Audio LATM", "MPEG-1/2 Audio"),
        *("AC3", "Speex", "G726", "G722", "G711", "LPCM"),
    }
)
# `hidden` readers are the server's own; upstream keeps them out of its counts as well.
_NOT_A_READER = "hidden"


def is_available(item: Item) -> bool:
    """Readable now. `ready` until v1.15."""
    return bool(first(item, ("available", "ready")))


def available_time(item: Item) -> str | None:
    """Since when its stream exists: every path counter begins at 0 with it."""
    return first(item, ("availableTime", "readyTime")) if is_available(item) else None


def online_time(item: Item) -> str | None:
    """Since when something real feeds the path; None if nothing does.

    Upstream's `online` alone is no health: a static source that never ran and a redirect are
    `online` since the year 1, and an always-available path is available while nobody publishes.
    Before v1.16 online is ready.
    """
    if not is_available(item):
        return None
    if "online" not in item:
        return available_time(item)
    text: str | None = item.get("onlineTime")
    return text if item["online"] and seconds(text) is not None else None


def source_type(item: Item) -> str:
    source = item.get("source")
    return str(source.get("type", "")) if source else ""


def protocol_of(type_name: str) -> str:
    """`rtspSession`, `srtConn`, v1.17's `hlsMuxer`, … -> the protocol, `other` if it is new."""
    word = type_name.removesuffix("Session").removesuffix("Conn").removesuffix("Muxer").lower()
    return word if word in PROTOCOLS else UNKNOWN_PROTOCOL


def readers(item: Item) -> Mapping[str, int]:
    types = [reader["type"] for reader in item.get("readers") or ()]
    return Counter(protocol_of(name) for name in types if name != _NOT_A_READER)


def tracks(item: Item) -> tuple[Video | None, Audio | None]:
    """The first video and the first audio track."""
    found = [_track(track) for track in _track_objects(item)]
    video = next((track for track in found if isinstance(track, Video)), None)
    audio = next((track for track in found if isinstance(track, Audio)), None)
    return video, audio


def _track_objects(item: Item) -> list[dict[str, Any]]:
    if "tracks2" in item:
        return item["tracks2"] or []
    return [{"codec": codec} for codec in item.get("tracks") or ()]


def _track(track: dict[str, Any]) -> Video | Audio | None:
    codec, props = track["codec"], track.get("codecProps") or {}
    if codec in _VIDEO_CODECS:
        width, height = positive(props.get("width")), positive(props.get("height"))
        return Video(codec, _word(props.get("profile")), _word(props.get("level")), width, height)
    if codec in _AUDIO_CODECS:
        rate = positive(props.get("sampleRate"))
        return Audio(codec, positive(props.get("channelCount")), rate)
    return None


def _word(value: Any) -> str:
    """Profiles and levels are words for some codecs and numbers for others."""
    return "" if value is None else str(value)
